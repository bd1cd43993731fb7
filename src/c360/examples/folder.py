"""The files that an example wants to write in, a fault out when that would overwrite something."""

from collections.abc import Sequence
from pathlib import Path

from c360.errors import Fault, ProjectError


def claim_files(folder: Path, names: Sequence[str], *, overwrite: bool) -> list[Path]:
    """Make the folders of the files and return their paths, in the order of `names`.

    Raises:
        ProjectError: one of the files is there already and `overwrite` is not set, or the folder is a file.
    """
    paths = [folder / name for name in names]
    there = [path.relative_to(folder).as_posix() for path in paths if path.exists()]
    if there and not overwrite:
        shown = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
        fix = "choose another folder, or move these files away"
        raise ProjectError(Fault("folder-not-empty", f"'{folder}' already holds {shown}", fix=fix))
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fix = "choose a folder that you may write to"
        raise ProjectError(
            Fault("folder-not-writable", f"'{folder}' cannot be made: {error.strerror}", fix=fix)
        ) from error
    return paths


def refuse_sizes(example: str, wrong: Sequence[str]) -> None:
    """Stop when sizes make no sense.

    Raises:
        ProjectError: one fault per wrong size.
    """
    if wrong:
        raise ProjectError(*(Fault("example-size", f"{example}: {reason}") for reason in wrong))
