"""The wheel holds everything that is needed at run time: a template written and run from it, far from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

root = Path(__file__).parents[2]


def call(*words: str, folder: Path, path: Path | None = None) -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), folder=root)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:  # what installing does, without a package manager
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_package_that_is_tried_is_the_one_from_the_wheel(installed: Path) -> None:
    found = call("-c", "import c360; print(c360.__file__)", folder=installed.parent, path=installed)
    assert Path(found.strip()).is_relative_to(installed)


def test_every_file_of_the_package_is_in_the_wheel(installed: Path) -> None:
    source = root / "src" / "c360"
    files = (file for file in source.rglob("*") if file.is_file() and file.parent.name != "__pycache__")
    wanted = {file.relative_to(source) for file in files}
    assert not wanted - {file.relative_to(installed / "c360") for file in (installed / "c360").rglob("*")}


def test_a_template_runs_from_the_wheel_and_is_documented(installed: Path, tmp_path: Path) -> None:
    call("-m", "c360.cli", "init", "team", "--template", "saas", folder=tmp_path, path=installed)
    printed = call("-m", "c360.cli", "run", "--project", "team", "--quiet", folder=tmp_path, path=installed)
    assert "checks hold" in printed
    call("-m", "c360.cli", "docs", "--project", "team", "--to", "site", folder=tmp_path, path=installed)
    assert (tmp_path / "site" / "style.css").read_text(encoding="utf-8")
