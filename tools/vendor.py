"""`vendor.toml` beside it in, the named files of npm packages out: fetched, verified, with version in the name and licence.

    python tools/vendor.py            fetch what is missing and verify everything
    python tools/vendor.py --check    verify what is committed, without a network

Neither building nor running c360 needs Node; only whoever raises a version here does.
"""

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

root = Path(__file__).parents[1]
folders = (root / "src/c360/web/static/vendor", root / "tests/web/static")


@dataclass(frozen=True)
class Vendored:
    """One file of one package.

    Attributes:
        integrity: of the package, as package-lock.json writes it.
        file: path inside the package.
        save_as: name here; holds the version.
        sha256: of the file.
        legal: licence and notice files of the package that go with it.
    """

    package: str
    version: str
    integrity: str
    file: str
    save_as: str
    sha256: str
    licence: str
    legal: tuple[str, ...]

    def legal_name(self, path: str) -> str:
        """Where a licence file lies here."""
        return f"{self.save_as.split('-')[0]}-{self.version}.{Path(path).name}"


def read(folder: Path) -> list[Vendored]:
    """The entries of a folder's vendor.toml."""
    text = (folder / "vendor.toml").read_text(encoding="utf-8")
    return [Vendored(**{**entry, "legal": tuple(entry["legal"])}) for entry in tomllib.loads(text)["vendored"]]


def faults(folder: Path) -> list[str]:
    """What is wrong with the committed files of a folder."""
    found = []
    for entry in read(folder):
        path = folder / entry.save_as
        if not path.is_file():
            found.append(f"{path}: missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
            found.append(f"{path}: its sha256 is not the one of vendor.toml")
        if entry.version not in entry.save_as:
            found.append(f"{path}: the name does not hold the version")
        found += [
            f"{folder / entry.legal_name(name)}: missing"
            for name in entry.legal
            if not (folder / entry.legal_name(name)).is_file()
        ]
    return found


def fetch(entry: Vendored, folder: Path) -> None:
    """Pack one package and copy its file and licence here."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            ["npm", "pack", "--silent", f"{entry.package}@{entry.version}"],
            cwd=scratch,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        data = next(Path(scratch).glob("*.tgz")).read_bytes()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if integrity != entry.integrity:
        sys.exit(f"{entry.package}@{entry.version}: integrity is {integrity}, not {entry.integrity}")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for inside, here in [(entry.file, entry.save_as), *((name, entry.legal_name(name)) for name in entry.legal)]:
            member = archive.extractfile(f"package/{inside}")
            if member is None:
                sys.exit(f"{entry.package}@{entry.version} has no {inside}")
            (folder / here).write_bytes(member.read())


def main() -> None:
    """Fetch unless only checking, then verify."""
    for folder in folders:
        for entry in read(folder):
            if "--check" not in sys.argv and not (folder / entry.save_as).is_file():
                fetch(entry, folder)
        wrong = faults(folder)
        print("\n".join(wrong) or f"{folder.relative_to(root)}: as declared")
        if wrong:
            sys.exit(1)


if __name__ == "__main__":
    main()
