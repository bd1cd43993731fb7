"""A project folder in, a checked `Project` out; all faults of all files are raised together."""

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from c360.errors import Fault, Position, ProjectError, suggest
from c360.project.model import Project, ProjectFile
from c360.project.references import check_references
from c360.project.yaml import Document, read_yaml
from c360.project.yaml import Path as YamlPath

file_name = "c360.yaml"


def load_project(root: Path) -> Project:
    """Read `c360.yaml`, or the YAML files of the folder `c360/`, merged by top-level key.

    Raises:
        ProjectError: every fault of every file, each with its position, code and fix.
    """
    files = find_files(root)
    merged, faults = merge([read_yaml(path, shown(path, root)) for path in files])
    if faults:
        raise ProjectError(*faults)
    positions = {**merged.positions, **merged.key_positions}
    try:
        parsed = ProjectFile.model_validate(merged.value or {})
    except ValidationError as error:
        raise ProjectError(*faults_of(error, positions)) from None
    project = Project(root=root.resolve(), file=parsed, positions=positions)
    faults = check_references(project)
    if faults:
        raise ProjectError(*faults)
    return project


def find_files(root: Path) -> list[Path]:
    """The project's YAML files: `c360.yaml`, else `c360/*.yaml` sorted by name.

    Raises:
        ProjectError: there are none; names every place looked.
    """
    single, folder = root / file_name, root / "c360"
    if single.is_file():
        return [single]
    several = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    if several:
        return several
    if root.is_file():
        fix = f"name the folder that it is in: --project {root.parent}"
        raise ProjectError(Fault("project-is-a-file", f"'{root}' is a file, no project folder", None, fix))
    looked = (str(single), f"{folder}/*.yaml")
    fix = "run `c360 init` for a new project, or name the folder with --project DIR"
    raise ProjectError(Fault("project-missing", "there is no project here", None, fix, looked))


def shown(path: Path, root: Path) -> str:
    """How a file is named in messages: relative to the project folder."""
    return path.relative_to(root).as_posix()


def merge(documents: list[Document]) -> tuple[Document, list[Fault]]:
    """Join files by top-level key; mappings are united, and a name that stands in two files is a fault."""
    whole, faults = Document(value={}), []
    for document in documents:
        faults += document.faults
        if document.value is None:
            whole.positions = {**document.positions, **whole.positions}
            continue
        if not isinstance(document.value, dict):
            at = document.positions.get(())
            faults.append(Fault("yaml-not-a-mapping", "a project file is a mapping of top-level keys", at))
            continue
        for key, value in document.value.items():
            faults += merge_key(whole, document, key, value)
        for path, position in document.positions.items():
            whole.positions.setdefault(path, position)
        for path, position in document.key_positions.items():
            whole.key_positions.setdefault(path, position)
    return whole, faults


def merge_key(whole: Document, document: Document, key: str, value: Any) -> list[Fault]:
    """Add one top-level key to the whole."""
    before = whole.value.get(key)
    if before is None:
        whole.value[key] = value
        return []
    if isinstance(before, dict) and isinstance(value, dict):
        twice = before.keys() & value.keys()
        whole.value[key] = {**before, **value}
        return [
            Fault("project-name-twice", f"'{key}.{name}' stands in two files", document.key_positions.get((key, name)))
            for name in sorted(twice)
        ]
    if isinstance(before, list) and isinstance(value, list):
        whole.value[key] = [*before, *value]
        return []
    return [Fault("project-name-twice", f"the key '{key}' stands in two files", document.key_positions.get((key,)))]


def faults_of(
    error: ValidationError, positions: dict[YamlPath, Position], root: type[BaseModel] = ProjectFile
) -> list[Fault]:
    """Pydantic's findings on a file of the model `root` as faults: position, plain words and the nearest known key."""
    faults, seen = [], set()
    for item in error.errors(include_url=False):
        loc = tuple(part for part in item["loc"] if part not in ("own", "[key]"))
        at = nearest(loc, positions)
        kind = str(item["type"])
        name = ".".join(str(part) for part in loc) or "the project"
        if kind == "extra_forbidden":
            known = known_keys(item["loc"][:-1], root)
            fault = Fault("unknown-key", f"unknown key '{name}'", at, suggest(str(loc[-1]), known) or listed(known))
        elif kind == "missing":
            fault = Fault("missing-key", f"'{name}' is missing", at, f"add `{loc[-1]}:`")
        else:
            message = str(item["msg"]).removeprefix("Value error, ")
            message = plain_words.get(kind, f"{message[:1].lower()}{message[1:]}")
            fault = Fault("invalid-value", f"'{name}': {message}", at)
        if (text := str(fault)) not in seen:
            seen.add(text)
            faults.append(fault)
    return faults


plain_words = {
    "dict_type": "it must be a mapping: `name: value` lines, indented under it",
    "model_type": "it must be a mapping: `key: value` lines, indented under it",
    "model_attributes_type": "it must be a mapping: `key: value` lines, indented under it",
    "list_type": "it must be a list: [a, b], or lines that begin with `- `",
    "tuple_type": "it must be a list: [a, b], or lines that begin with `- `",
    "string_type": "it must be text",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
}


def nearest(loc: tuple[int | str, ...], positions: dict[YamlPath, Position]) -> Position | None:
    """The position of a path, or of its nearest written parent."""
    while loc not in positions and loc:
        loc = loc[:-1]
    return positions.get(loc)


def listed(known: list[str]) -> str | None:
    """The known keys as a fix, when there are few enough to read."""
    return f"known keys: {', '.join(sorted(known))}" if known else None


def known_keys(loc: tuple[int | str, ...], root: type[BaseModel] = ProjectFile) -> list[str]:
    """The keys that the block at a pydantic location knows, by walking the model."""
    current: Any = root
    for part in loc:
        current = step(current, part)
        if current is None:
            return []
    model = model_in(current)
    return [field.alias or name for name, field in model.model_fields.items() if name != "own"] if model else []


def step(annotation: Any, part: int | str) -> Any:
    """The type that lies one location part below a type."""
    model = model_in(annotation)
    if model is not None and isinstance(part, str):
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
    args = [arg for arg in get_args(annotation) if model_in(arg) is not None]
    return args[-1] if args else None


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The first pydantic model inside a type: `dict[Name, Source]` holds Source."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for arg in get_args(annotation):
        found = model_in(arg)
        if found is not None:
            return found
    return None
