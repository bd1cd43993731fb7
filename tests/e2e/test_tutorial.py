"""The tutorial can be followed: its commands run in order on the demo, and what it says is what they print."""

import re
import shlex
import sys
from pathlib import Path
from subprocess import run as run_process

from c360.warehouse.snapshots import list_snapshots

tutorial = Path(__file__).parents[2] / "docs" / "tutorial" / "five-minutes.md"
fence = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def c360(line: str, folder: Path) -> str:
    words = [sys.executable, "-m", "c360.cli", *shlex.split(line)[1:]]
    done = run_process(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    printed: dict[str, str] = {"demo": c360("c360 demo demo", tmp_path)}
    for kind, text in fence.findall(tutorial.read_text(encoding="utf-8")):
        if kind == "yaml":
            change_project(tmp_path / "demo" / "c360.yaml", text)
        for line in text.splitlines() if kind == "sh" else ():
            if line.startswith("c360 "):
                printed[line.split()[1]] = c360(line, tmp_path)
    assert re.search(r"5,774 contact\n +823 group\n +581 account", printed["demo"])
    assert re.search(r"5,774 contact\n +823 group\n +581 account", printed["run"])
    show = printed["show"]
    assert show.count("helena.bramhurst@") == 2
    assert "replaced" in show
    assert (tmp_path / "site" / "index.html").is_file()
    assert len(list_snapshots(tmp_path / "demo" / ".c360")) == printed["publish"].count("\n") - 2


def change_project(file: Path, text: str) -> None:
    """Put the changed lines of a block into the project file, by their keys."""
    whole = file.read_text(encoding="utf-8")
    for line in text.splitlines():
        key = line.partition(":")[0]
        if line.startswith(" "):
            whole, changed = re.subn(rf"^{re.escape(key)}:.*$", line, whole, flags=re.MULTILINE)
            assert changed == 1, key
    file.write_text(whole, encoding="utf-8")
