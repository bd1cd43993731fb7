"""The wheel holds everything that running needs, and works far from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

root = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def python(installed: Path, folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    result = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    assert python(installed, tmp_path, "-c", "import c360; print(c360.__file__)").startswith(str(installed))


def test_every_file_of_the_package_that_is_no_code_is_in_the_wheel(installed: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "src/c360"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    missing = [name for name in tracked.splitlines() if not (installed / name.removeprefix("src/")).is_file()]
    assert missing == []


def test_the_wheel_offers_the_command(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "c360 = c360.cli:main" in entry_points.read_text(encoding="utf-8")


def test_a_demo_runs_from_the_wheel_in_another_folder(installed: Path, tmp_path: Path) -> None:
    out = python(installed, tmp_path, "-m", "c360.cli", "demo", "d", "--users", "60", "--events", "300", "--quiet")
    assert "published" in out
    python(installed, tmp_path, "-m", "c360.cli", "docs", "--project", "d")
    assert (tmp_path / "site" / "index.html").is_file()
