"""A log that only gained files in; its table with their rows added out, equal to what reading all files would give."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from c360.project import Project
from c360.sources.files.land import Job, fingerprint, read_source, shape_of
from c360.sources.files.loading.settle import (
    Rules,
    Summary,
    Table,
    hashed_key,
    pick_winners,
    summary,
)
from c360.sources.files.opening.source import Opened
from c360.sources.files.splitting.refusals import Refusals
from c360.sources.landed import FileState, SourceState, Tally, schema
from c360.warehouse import Connection, comma, qualified, quote


def may_append(project: Project, name: str, state: SourceState, *, unchanged: bool) -> bool:
    """Whether new files of a source can be added without reading the others again.

    Not when rows are kept that no file holds, and not when deletes were let go: an older row could come back.
    """
    source = project.file.sources[name]
    return (
        source.append_only and source.key is not None and source.deleted is None and unchanged and not state.tally.kept
    )


def append(job: Job, opened: Opened, folder: Path, state: SourceState) -> tuple[SourceState, Refusals] | None:
    """Read new files of a log and add their rows to its table.

    Args:
        job: the run that this is part of.
        opened: the source with its new files only.
        folder: an empty folder for copies.
        state: the source as the last run left it.

    Returns:
        The source as it is now; None when the new files change its columns or types, so that all must be read.
    """
    work = job.work
    target = state.landed
    new = Table(qualified(schema, f"_new_{opened.name}"), {})
    added, refusals = read_source(job, opened, folder, new.name)
    new.columns = added.landed.columns
    if not fits(state, added):
        work.execute(f"DROP TABLE {new.name}", portable=False)
        return None
    names = {name.lower(): name for name in target.columns}
    chosen = {names[name.lower()]: quote(name) for name in new.columns}
    computed = {name: quote(name) for name in added.computed}
    listed = comma(quote(name) for name in (*chosen, *computed))
    values = comma([*(f"CAST({sql} AS {target.columns[name]})" for name, sql in chosen.items()), *computed.values()])
    place = int(work.scalar(f"SELECT coalesce(max(rowid), -1) + 1 FROM {target.table}", portable=False))
    work.execute(f"INSERT INTO {target.table} ({listed}) SELECT {values} FROM {new.name}", portable=False)
    work.execute(f"DROP TABLE {new.name}", portable=False)
    return merged(work, job.project, opened, state, added, place), refusals


def merged(
    work: Connection, project: Project, opened: Opened, state: SourceState, added: SourceState, place: int
) -> SourceState:
    """The state of a log after rows were added from a place on: one row per key again, and the sums of both."""
    source = project.file.sources[opened.name]
    names = {name.lower(): name for name in state.landed.columns}
    order = names[source.order.lower()] if source.order else None
    rules = Rules(tuple(names[key.lower()] for key in source.key or ()), order, None, None, None)
    table = Table(state.landed.table, state.landed.columns)
    tally = add(state.tally, added.tally)
    rows, distinct, *sums = continued(work, table, rules, state, place) or summary(work, table, rules)
    if distinct < rows:
        pick_winners(work, table, rules, tally)
        rows, _, *sums = summary(work, table, rules)
    tally.row_count = rows
    landed = replace(
        state.landed,
        rows=rows,
        quarantined=tally.quarantined,
        fingerprint=fingerprint(shape_of(state.landed), "-".join(map(str, (rows, *sums)))),
        warnings=tuple(dict.fromkeys((*state.landed.warnings, *added.landed.warnings))),
    )
    files: Mapping[str, FileState] = {**state.files, **added.files}
    empty = [name for name in state.empty if name in added.empty or name.lower() not in lowered(added)]
    return SourceState(landed, state.definition, tally, dict(files), empty, state.computed)


def continued(work: Connection, table: Table, rules: Rules, state: SourceState, place: int) -> Summary | None:
    """The summary of a table from that of before and of the rows from a place on; None when it must be made of all rows.

    All keys are different when those before were, those after are, and no row before has the key of one after: only
    the keys of the rows before are read.
    """
    before = state.landed.fingerprint.split("-")[1:4]
    if state.landed.fingerprint != fingerprint(shape_of(state.landed), "-".join(before)):
        return None
    key, old = hashed_key(rules.key), [int(value) for value in before]
    after = f"SELECT {key} AS key_hash FROM {table.name} WHERE rowid >= {place}"
    again = work.scalar(
        f"SELECT count(*) FROM {table.name} WHERE rowid < {place} AND {key} IN ({after})", portable=False
    )
    rows, distinct, total, mixed = summary(
        work, Table(f"(SELECT * FROM {table.name} WHERE rowid >= {place})", table.columns), rules
    )
    if again or distinct < rows or rows + old[0] != work.scalar(f"SELECT count(*) FROM {table.name}", portable=False):
        return None
    return old[0] + rows, old[0] + rows, old[1] + total, old[2] ^ mixed


def lowered(state: SourceState) -> set[str]:
    """Column names in lower case."""
    return {name.lower() for name in state.landed.columns}


def add(one: Tally, other: Tally) -> Tally:
    """The sums of two tallies."""
    second = asdict(other)
    return Tally(**{name: count + second[name] for name, count in asdict(one).items()})


def fits(state: SourceState, added: SourceState) -> bool:
    """Whether the values of new files, in the types they have alone, are what they would be among all files."""
    if state.computed != added.computed or state.landed.time_sql != added.landed.time_sql:
        return False
    known = {name.lower(): (name, kind) for name, kind in state.landed.columns.items()}
    for name, kind in added.landed.columns.items():
        if name.lower() not in known:
            return False
        own, old = known[name.lower()]
        if name in added.empty or (kind == old and own not in state.empty):
            continue
        exact = (kind, old) in (("BIGINT", "VARCHAR"), ("DATE", "VARCHAR")) or (
            kind == "BIGINT" and old.startswith("DECIMAL")
        )
        if not exact or own in state.empty:
            return False
    return True
