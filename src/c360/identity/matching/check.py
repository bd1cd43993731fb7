"""A project in, what is wrong with its `match:` block out: names that are none, conditions that cannot be read."""

from collections.abc import Iterator
from importlib.util import find_spec

from c360.errors import Fault, suggest
from c360.project import Project
from c360.project.blocks.match import Match


def check_matches(project: Project) -> Iterator[Fault]:
    """Columns, sources and conditions of `match:`; and whether what it needs is installed."""
    if not project.file.match:
        return
    if find_spec("splink") is None:
        message = "`match:` needs Splink, which is not installed"
        yield project.fault("match-not-installed", message, "match", fix="pip install 'c360[match]'")
    for name, match in project.file.match.items():
        if name not in project.file.entities:  # reported where names are checked
            continue
        known = comparable(project, name)
        yield from check_columns(project, name, match, known)
        yield from check_rules(project, name, match, known)
        yield from check_sources(project, name, match)


def comparable(project: Project, name: str) -> list[str]:
    """The traits and identifiers of an entity that can be compared."""
    entity = project.file.entities[name]
    single = [kind for kind in entity.ids if not (kind in project.file.ids and project.file.ids[kind].columns)]
    return list(dict.fromkeys([*single, *(trait for item in entity.from_ for trait in item.traits)]))


def check_columns(project: Project, name: str, match: Match, known: list[str]) -> Iterator[Fault]:
    """There must be something to compare, and what is compared must be there."""
    if not known or all(match.comparisons.get(column) == "ignore" for column in known):
        message = f"'{name}' has nothing to compare"
        yield project.fault("match-without-columns", message, "match", name, fix=f"add traits to entity '{name}'")
    for column in match.comparisons:
        if column not in known:
            yield no_column(project, name, column, known, "comparisons", column)


def no_column(project: Project, name: str, column: str, known: list[str], *path: str | int) -> Fault:
    """The fault for a column that is none."""
    fix = suggest(column, known) or f"known: {', '.join(known)}"
    message = f"'{column}' is no trait or identifier of '{name}'"
    return project.fault("match-unknown-column", message, "match", name, *path, fix=fix)


def check_rules(project: Project, name: str, match: Match, known: list[str]) -> Iterator[Fault]:
    """Blocking rules must be columns, or SQL over columns of both sides."""
    for index, rule in enumerate(match.blocking):
        path = ("blocking", index)
        try:
            columns = columns_of(rule)
        except ValueError as error:
            fix = "write columns that must be equal (`surname, postcode`), or SQL such as `l.surname = r.surname`"
            yield project.fault("match-blocking", f"'{rule}': {error}", "match", name, *path, fix=fix)
            continue
        for column in columns:
            if column not in known:
                yield no_column(project, name, column, known, *path)


def columns_of(rule: str) -> list[str]:
    """The columns that a blocking rule names.

    Raises:
        ValueError: it cannot be read, or does not say of which record it means a column.
    """
    from sqlglot import ParseError, exp, parse_one

    if "l." not in rule:
        return [part.strip() for part in rule.split(",")]
    try:
        tree = parse_one(rule, dialect="duckdb")
    except ParseError as error:
        raise ValueError(f"cannot be read: {error.errors[0]['description'] if error.errors else error}") from error
    columns = list(tree.find_all(exp.Column))
    if tree.find(exp.Query) or not columns or any(column.table not in ("l", "r") for column in columns):
        raise ValueError("every column needs its side, `l.` or `r.`")
    return [column.name for column in columns]


def check_sources(project: Project, name: str, match: Match) -> Iterator[Fault]:
    """Sources without duplicates must be sources of the entity."""
    if isinstance(match.one_to_one, bool):
        return
    known = list(dict.fromkeys(item.source for item in project.file.entities[name].from_))
    for source in match.one_to_one:
        if source not in known:
            fix = suggest(source, known) or f"sources of '{name}': {', '.join(known)}"
            message = f"'{source}' is no source of '{name}'"
            yield project.fault("match-unknown-source", message, "match", name, "one_to_one", fix=fix)
