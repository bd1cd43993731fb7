"""Features that were computed in, what the next run must know to carry them over out."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import blake2b

from c360.entities import is_many
from c360.features.compiler.nulls import null_policy
from c360.features.compiler.rows import Tables
from c360.features.language.definition import Key
from c360.features.language.reads import Read
from c360.features.language.relations import upward
from c360.features.rollups import rollups_of
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote

state_table = qualified("features", "_state")
bridge_columns = ("joined_at", "left_at", "share")
unsaid = {"description", "owner", "unit", "tier", "version", "previous", "replaces", "history", "pii", "signal"}


@dataclass(frozen=True)
class Past:
    """The state of the last run's features.

    Attributes:
        as_of: its date, naive UTC.
        code: what values hang on beside declarations and data.
        streams: stream -> its name and version then.
        features: feature -> fingerprint of its definition.
        rollups: (entity, history) -> fingerprint of its table.
        days: stream -> activities per identifier and day, where it is long; with enough of them, sums of days are kept.
        settled: stream -> the last day of which there are sums per identifier alone.
        entities: a name of all that the tables of entities were built from; None for small projects.
    """

    as_of: datetime
    code: str
    streams: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    features: Mapping[Key, str] = field(default_factory=dict)
    rollups: Mapping[Key, str] = field(default_factory=dict)
    days: Mapping[str, float] = field(default_factory=dict)
    settled: Mapping[str, datetime] = field(default_factory=dict)
    entities: str | None = None


@dataclass(frozen=True)
class Inputs:
    """The columns of entities and the memberships that features read beside streams."""

    columns: Mapping[str, frozenset[str]]
    bridges: frozenset[tuple[str, str]]


def was_table(entity: str) -> str:
    """The quoted name of the columns that the last run's features read of an entity."""
    return qualified("features", f"_was_{entity}")


def was_bridge(entity: str, target: str) -> str:
    """The quoted name of the memberships that the last run's features read."""
    return qualified("features", f"_was_{entity}_{target}")


def read_past(work: Connection) -> Past | None:
    """What the last run left; None when it left nothing."""
    if not work.table_exists("features", "_state"):
        return None
    rows = work.rows(f"SELECT kind, entity, name, value FROM {state_table}")
    of_kind: dict[str, dict[Key, str]] = {}
    for kind, entity, name, value in rows:
        of_kind.setdefault(kind, {})[entity, name] = value
    run = of_kind["run"]
    streams = {
        entity: (value.partition(" ")[0], int(value.partition(" ")[2]))
        for (entity, _), value in of_kind.get("stream", {}).items()
    }
    return Past(
        datetime.fromisoformat(run["", "as_of"]), run["", "code"], streams, of_kind.get("feature", {}),
        of_kind.get("rollup", {}), {entity: float(value) for (entity, _), value in of_kind.get("days", {}).items()},
        {entity: datetime.fromisoformat(value) for (entity, _), value in of_kind.get("settled", {}).items()},
        of_kind.get("entities", {}).get(("", "")),
    )  # fmt: skip


def remember(
    work: Connection, tables: Tables, reads: Mapping[Key, Read], now: Past, renewed: frozenset[str] = frozenset()
) -> None:
    """Keep what the next run must know; of the renewed entities it is there already.

    Grain:  features._state: one row per fact; _was_<entity>: one per entity; _was_<a>_<b>: one per membership.
    Reads:  entities.<entity>, entities.member_<a>_<b>
    Writes: features._state(kind, entity, name, value), features._was_<entity>, features._was_<a>_<b>
    """
    rows = [("run", "", "as_of", now.as_of.isoformat()), ("run", "", "code", now.code)]
    rows += [("entities", "", "", now.entities)] if now.entities is not None else []
    rows += [("stream", entity, "", f"{build} {version}") for entity, (build, version) in now.streams.items()]
    rows += [("feature", *key, value) for key, value in now.features.items()]
    rows += [("rollup", *key, value) for key, value in now.rollups.items()]
    rows += [("days", stream, "", repr(value)) for stream, value in now.days.items()]
    rows += [("settled", stream, "", day.isoformat()) for stream, day in now.settled.items()]
    work.execute(f"DROP TABLE IF EXISTS {state_table}")
    work.execute(f"CREATE TABLE {state_table} (kind VARCHAR, entity VARCHAR, name VARCHAR, value VARCHAR)")
    listed = comma(f"({comma(literal(cell) for cell in row)})" for row in rows)
    work.execute(f"INSERT INTO {state_table} VALUES {listed}")
    inputs = inputs_of(tables.project, reads.values())
    for entity, columns in inputs.columns.items():
        if entity in renewed:
            continue
        chosen = comma(quote(column) for column in ("entity_id", *sorted(columns)))
        work.replace_table(was_table(entity), f"SELECT {chosen} FROM {qualified('entities', entity)}")
    for entity, target in sorted(inputs.bridges):
        chosen = comma(quote(column) for column in (f"{entity}_id", f"{target}_id", *bridge_columns))
        source = qualified("entities", f"member_{entity}_{target}")
        work.replace_table(was_bridge(entity, target), f"SELECT {chosen} FROM {source}")


def inputs_of(project: Project, reads: Iterable[Read]) -> Inputs:
    """What features read of entities: traits and relations that are no features themselves."""
    reads = list(reads)
    computed = {read.key for read in reads}
    columns: dict[str, set[str]] = {name: set() for read in reads for name in (read.definition.entity, read.source)}
    bridges = set()
    for read in reads:
        for entity, column in read.needs:
            if (entity, column) not in computed and column != "entity_id":
                columns.setdefault(entity, set()).add(column)
        for here, step in steps(read.source, read.chain):
            if is_many(project.file.entities[here].belongs_to[step]):
                bridges.add((here, step))
            else:
                columns.setdefault(here, set()).add(f"{step}_id")
            columns.setdefault(step, set())
        for target in uppers(read):
            for here, step in steps(read.definition.entity, upward(project, read.definition.entity, target) or ()):
                columns.setdefault(here, set()).add(f"{step}_id")
                columns.setdefault(step, set())
    return Inputs({name: frozenset(found) for name, found in columns.items()}, frozenset(bridges))


def steps(start: str, chain: tuple[str, ...]) -> list[tuple[str, str]]:
    """The relations of a chain, one after the other."""
    return list(zip((start, *chain), chain, strict=False))


def uppers(read: Read) -> list[str]:
    """What the owner belongs to, as far as a formula reads it."""
    return sorted(alias[2:] for alias in read.aliases if alias.startswith("u_"))


def fingerprint(read: Read, tables: Tables) -> str:
    """A hash of everything that a feature's values hang on beside data: its declaration with every name resolved."""
    said = read.definition.feature.model_dump(exclude=unsaid, exclude_defaults=True)
    types = [tables.types.get((f"{space}.{entity}", column)) for space in ("activity", "entities")
             for entity, column in sorted({*read.needs, *([read.value_key] if read.value_key else [])})]  # fmt: skip
    parts = (
        sorted(said.items(), key=str), read.definition.via, null_policy(read, tables), read.kind, read.source, read.chain,
        read.activities, read.value, read.condition, read.order, read.anchor, sorted(read.needs), sorted(read.aliases),
        read.gap, read.sessions, read.following, types, ways_of(tables.project, read),
    )  # fmt: skip
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def ways_of(project: Project, read: Read) -> list[tuple[str, bool, bool]]:
    """How the relations that a feature walks are kept: one or several, and whether credit is shared."""
    found = []
    for here, step in steps(read.source, read.chain):
        options = project.file.entities[here].belongs_to[step]
        found.append((step, is_many(options), any(option.choose == "share" for option in options)))
    return found


def fingerprints(tables: Tables, reads: Mapping[Key, Read]) -> dict[Key, str]:
    """Feature -> fingerprint."""
    return {key: fingerprint(read, tables) for key, read in reads.items()}


def rollup_fingerprints(reads: dict[Key, Read], features: Mapping[Key, str]) -> dict[Key, str]:
    """(entity, history) -> fingerprint of the features in that time series."""
    return {
        key: blake2b(repr([(r.key, features[r.key]) for r in chosen]).encode(), digest_size=16).hexdigest()
        for key, chosen in rollups_of(reads).items()
    }
