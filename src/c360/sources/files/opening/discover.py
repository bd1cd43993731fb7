"""A source's paths and globs in, the files they name out, with what is wrong with them."""

import errno
import os
import stat
from glob import glob, has_magic
from pathlib import Path

from c360.errors import Fault, suggest
from c360.project import Project
from c360.records import dataclass

packed = (".gz", ".gzip", ".zst", ".zstd", ".parquet", ".pq")
times_unpacked = 4  # the demo's events as text: 4.4 times their gzip


@dataclass(frozen=True)
class Found:
    """A file of a source.

    Attributes:
        shown: how messages and tables name it: relative to the project folder where it lies inside.
    """

    path: Path
    shown: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Changes when the file is written or replaced."""
        return (self.size, self.mtime_ns, self.inode)


def find_files(project: Project, name: str) -> tuple[list[Found], list[Fault]]:
    """The files of a source, sorted by name, each once."""
    source = project.file.sources[name]
    found: dict[str, Found] = {}
    faults: list[Fault] = []
    for pattern in source.file:
        paths = expand(project.root, pattern)
        if not paths and not source.optional:
            faults.append(nothing_matches(project, name, pattern))
        for path in paths:
            shown = shown_path(path, project.root)
            if shown in found:
                continue
            file = look_at(path, shown)
            if isinstance(file, Found):
                found[shown] = file
            else:
                faults.append(pointed(project, name, file))
    return [found[shown] for shown in sorted(found)], faults


def input_bytes(project: Project) -> int:
    """How large the files of all sources are together, as far as they are there; packed ones about as if unpacked."""
    files = (file for name in project.file.sources for file in find_files(project, name)[0])
    return sum(file.size * (times_unpacked if file.path.suffix.lower() in packed else 1) for file in files)


def expand(root: Path, pattern: str) -> list[str]:
    """The paths that a pattern names; a plain path names itself, whether it is there or not."""
    whole = os.path.join(root, pattern)  # noqa: PTH118 - keeps `..` and symbolic links as they are written
    if not has_magic(whole) or os.path.lexists(whole):
        return [whole]
    return [path for path in glob(whole, recursive=True) if not os.path.isdir(path)]  # noqa: PTH112, PTH207


def shown_path(path: str, root: Path) -> str:
    """A path for people: relative to the project folder where it lies inside."""
    prefix = f"{root}{os.sep}"
    return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else path


def look_at(path: str, shown: str) -> Found | Fault:
    """The file's stamp, or why it cannot be read."""
    try:
        state = os.stat(path)  # noqa: PTH116 - ten thousand files are looked at before each run
    except OSError as error:
        return unreadable(error, shown, path)
    if stat.S_ISDIR(state.st_mode):
        return Fault("source-directory", f"'{shown}' is a folder", fix=f"name the files in it, e.g. `{shown}/*.csv`")
    if not stat.S_ISREG(state.st_mode):
        return Fault("source-not-a-file", f"'{shown}' is no regular file", fix="name a file")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return unreadable(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), shown, path)
    return Found(Path(path), shown, state.st_size, state.st_mtime_ns, state.st_ino)


def unreadable(error: OSError, shown: str, path: str) -> Fault:
    """Why a file cannot be opened, in words."""
    if error.errno == errno.ENOENT:
        folder = os.path.dirname(path)  # noqa: PTH120
        siblings = os.listdir(folder) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208
        near = suggest(os.path.basename(path), siblings)  # noqa: PTH119
        return Fault("source-file-missing", f"there is no file '{shown}'", fix=near, looked=(path,))
    if error.errno == errno.ELOOP:
        return Fault("source-link-loop", f"'{shown}' is a symbolic link that leads back to itself", fix="mend the link")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Fault("source-unreadable", f"'{shown}' may not be read", fix=f"give read access: chmod u+r '{path}'")
    return Fault("source-unreadable", f"'{shown}' cannot be read: {error.strerror}", looked=(path,))


def nothing_matches(project: Project, name: str, pattern: str) -> Fault:
    """The fault for a glob that finds nothing."""
    fix = "correct the pattern, or write `optional: true` if there may be no file"
    fault = project.fault("source-no-match", f"no file matches '{pattern}'", "sources", name, "file", fix=fix)
    return Fault(fault.code, fault.message, fault.at, fault.fix, (str(project.root / pattern),))


def pointed(project: Project, name: str, fault: Fault) -> Fault:
    """A fault of a file with the place in the project that names the file."""
    at = fault.at or project.at("sources", name, "file")
    return Fault(fault.code, f"source '{name}': {fault.message}", at, fault.fix, fault.looked)
