# Every target needs only git, Python 3.11+ and make. uv is used when it is there, venv and pip otherwise.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= demo
# a variable, because a comma would end the argument of `call`
EVERYTHING := -e '.[web,match,fast]' --group dev

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit soak bench screenshots clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# $(call install,EXTRAS AND GROUPS): c360 itself, editable, into the virtual environment
define install
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1); \
	else \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' && $(BIN)/python -m pip install --quiet $(1); \
	fi
	@$(BIN)/python -m compileall -q src
	@touch $@
endef

$(VENV)/.run: pyproject.toml
	@echo "installing c360 into $(VENV) ..."
	$(call install,-e '.[web]')

$(VENV)/.dev: pyproject.toml
	@echo "installing c360 and what its tests need into $(VENV) ..."
	$(call install,$(EVERYTHING))
	@touch $(VENV)/.run

setup: $(VENV)/.dev  ## make .venv with c360 and everything its tests need

demo: $(VENV)/.run  ## write the JaffleGaggle demo, run it, say what to try next
	@$(BIN)/c360 demo $(DEMO)

test: setup lint unit  ## install what the tests need and pass them

lint: setup  ## style, types and the one-way import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup  ## the tests alone
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not soak'

soak: setup  ## the long campaigns
	$(BIN)/python -m pytest -m soak

bench: setup  ## seconds, rows per second, memory and the ratio to reading the input once
	$(BIN)/python -m bench.spine

screenshots: setup  ## pictures of every page of the web application into docs/pictures (needs Chromium)
	$(BIN)/python -m tools.screenshots
	$(BIN)/python -m tools.take_pictures

clean:  ## remove what make made
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
