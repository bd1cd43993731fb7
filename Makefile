# Every target needs only git, Python 3.11+ and make. uv is used when it is there, venv and pip otherwise.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO   ?= demo
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit soak bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP)  ## make .venv and install c360 with everything that runs here

$(STAMP): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && uv pip install --quiet --python $(BIN)/python -e '.[web,match,fast]' --group dev; \
	else \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' && $(BIN)/python -m pip install --quiet -e '.[web,match,fast]' --group dev; \
	fi
	@touch $@

demo: setup  ## write the JaffleGaggle demo, run it, say what to try next
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

clean:  ## remove what make made
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
