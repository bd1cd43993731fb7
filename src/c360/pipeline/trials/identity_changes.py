"""Two states of a project's identities in, who merged and who split and why out.

A state is a published snapshot, or what a run of the project would make now, tried on a copy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from c360.pipeline.reports.evidence import link_table
from c360.pipeline.trials.plan import trial
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, Row, comma, literal, qualified, quote
from c360.warehouse.control import open_control
from c360.warehouse.control.decisions import list_decisions
from c360.warehouse.engines.duckdb_beside import attach, open_beside
from c360.warehouse.snapshots import open_snapshot

most_reasons = 3


@dataclass(frozen=True)
class Part:
    """One side of a merge or split: its id, how many of the identifiers, and one of them."""

    entity_id: int
    identifiers: int
    example: str


@dataclass(frozen=True)
class Change:
    """A merge (several ids, then one) or a split (one id, then several), and what says so."""

    entity_id: int
    parts: tuple[Part, ...]
    why: tuple[str, ...]


@dataclass(frozen=True)
class EntityChanges:
    """How the clusters of one entity differ.

    Attributes:
        same: how many entities hold exactly the same identifiers.
        new, gone: how many identifiers came and went.
        merged, split: how many there are, of which `merges` and `splits` are the largest.
    """

    entity: str
    before: int
    after: int
    same: int
    new: int
    gone: int
    merged: int
    split: int
    merges: tuple[Change, ...]
    splits: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """How the identities of two states differ."""

    before: str
    after: str
    entities: tuple[EntityChanges, ...]

    @property
    def is_empty(self) -> bool:
        """Whether every entity holds what it held."""
        return not any(one.new or one.gone or one.merged or one.split for one in self.entities)

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def compare_snapshots(project: Project, before: str | None, after: str, *, most: int = 20) -> Difference:
    """Compare two published snapshots; `before` None is the current one."""
    with (
        open_snapshot(project.store, before, sealed=False) as first,
        open_snapshot(project.store, after, sealed=False) as second,
        open_beside(first) as work,
    ):
        attach(work, second, "after")
        names = [name for name in project.file.entities if {name} <= first.tables().keys() & second.tables().keys()]
        found = tuple(compare_entity(work, project, name, most) for name in names)
        return Difference(first.snapshot_id, second.snapshot_id, found)


def compare_project(
    project: Project, before: str | None = None, *, as_of: datetime | None = None, most: int = 20
) -> Difference:
    """Compare a published snapshot (None: the current one) with what a run would make of the project and its data now."""
    with open_snapshot(project.store, before, sealed=False) as reader, tried(project, as_of) as work:
        attach(work, reader)
        names = [name for name in project.file.entities if name in reader.tables()]
        return Difference(
            reader.snapshot_id, "project", tuple(compare_entity(work, project, name, most) for name in names)
        )


@contextmanager
def tried(project: Project, as_of: datetime | None) -> Iterator[Connection]:
    """A copy of the work store after a trial, with its identities in the form of published tables, in schema `after`."""
    with trial(project, as_of, only_identity=True) as path:
        work = path.work
        work.create_schema("after")
        for name in project.file.entities:
            select = f"SELECT id_kind, value, entity_id FROM identity.lookup WHERE entity = {literal(name)}"
            work.execute(f"CREATE VIEW {qualified('after', f'{name}_identifier')} AS {select}")
        work.execute(f"CREATE VIEW after.identity_link AS {link_table().select}")
        yield work


def compare_entity(work: Connection, project: Project, name: str, most: int) -> EntityChanges:
    """Compare the clusters of one entity in the schemas `published` and `after`."""
    table = quote(f"{name}_identifier")
    work.execute("DROP TABLE IF EXISTS cell")
    work.execute(
        "CREATE TEMP TABLE cell AS SELECT COALESCE(b.id_kind, a.id_kind) AS id_kind, COALESCE(b.value, a.value) AS value, "
        f"b.entity_id AS was, a.entity_id AS now_id FROM published.{table} b "
        f"FULL JOIN after.{table} a ON a.id_kind = b.id_kind AND a.value = b.value"
    )
    before, after, new, gone = work.rows(
        "SELECT COUNT(DISTINCT was), COUNT(DISTINCT now_id), COUNT(CASE WHEN was IS NULL THEN 1 END), "
        "COUNT(CASE WHEN now_id IS NULL THEN 1 END) FROM cell"
    )[0]
    same = work.scalar(
        "SELECT COUNT(*) FROM (SELECT was, MIN(now_id) AS now_id FROM cell GROUP BY was HAVING COUNT(*) = COUNT(now_id) "
        "AND COUNT(DISTINCT now_id) = 1) b JOIN (SELECT now_id FROM cell GROUP BY now_id HAVING COUNT(*) = COUNT(was) "
        "AND COUNT(DISTINCT was) = 1) a ON a.now_id = b.now_id"
    )
    said = said_of(project)
    merged, merges = changes(work, "now_id", "was", most)
    split, splits = changes(work, "was", "now_id", most)
    return EntityChanges(
        name, before, after, int(same), new, gone, merged, split,
        tuple(Change(number, parts, why_merged(work, name, number, said)) for number, parts in merges),
        tuple(Change(number, parts, why_split(work, name, number)) for number, parts in splits),
    )  # fmt: skip


def changes(work: Connection, whole: str, part: str, most: int) -> tuple[int, list[tuple[int, tuple[Part, ...]]]]:
    """The ids of one state whose identifiers are of several ids in the other: how many, and the largest."""
    several = (
        f"SELECT {whole}, COUNT(*) AS size FROM cell WHERE was IS NOT NULL AND now_id IS NOT NULL "
        f"GROUP BY {whole} HAVING COUNT(DISTINCT {part}) > 1"
    )
    count = int(work.scalar(f"SELECT COUNT(*) FROM ({several}) s"))
    rows = work.rows(
        f"SELECT c.{whole}, c.{part}, COUNT(*), MIN(c.id_kind || ' ' || c.value) FROM cell c "
        f"JOIN (SELECT * FROM ({several}) s ORDER BY size DESC, {whole} LIMIT {most}) s ON s.{whole} = c.{whole} "
        f"WHERE c.{part} IS NOT NULL GROUP BY c.{whole}, c.{part}, s.size ORDER BY s.size DESC, c.{whole}, 3 DESC, 2"
    )
    found: dict[int, tuple[Part, ...]] = {}
    for number, other, size, example in rows:
        found[number] = (*found.get(number, ()), Part(other, size, example))
    return count, list(found.items())


def crossing(name: str, number: int, links: str, whole: str, part: str) -> str:
    """FROM and WHERE of the links of one state whose two ends are one entity there, and two in the other state."""
    return (
        f"FROM {links}.identity_link l JOIN cell x ON x.id_kind = l.id_kind_a AND x.value = l.value_a "
        "JOIN cell y ON y.id_kind = l.id_kind_b AND y.value = l.value_b "
        f"WHERE l.entity = {literal(name)} AND l.blocked IS NULL AND x.{whole} = {number} AND y.{whole} = {number} "
        f"AND x.{part} <> y.{part}"
    )


def why_merged(work: Connection, name: str, number: int, said: dict[str, str]) -> tuple[str, ...]:
    """The links that tie former entities together, the most trusted first; direct ones, else those of new identifiers."""
    columns = "l.id_kind_a, l.value_a, l.id_kind_b, l.value_b, l.rule, l.rule_kind, l.row_key, l.n_seen, l.first_seen"
    order = f"ORDER BY l.trust DESC, l.first_seen, l.value_a, l.value_b LIMIT {most_reasons}"
    rows = work.rows(f"SELECT {columns} {crossing(name, number, 'after', 'now_id', 'was')} {order}")
    if not rows:
        new = (
            "FROM after.identity_link l JOIN cell x ON x.id_kind = l.id_kind_a AND x.value = l.value_a "
            "JOIN cell y ON y.id_kind = l.id_kind_b AND y.value = l.value_b "
            f"WHERE l.entity = {literal(name)} AND l.blocked IS NULL AND x.now_id = {number} AND y.now_id = {number} "
            "AND (x.was IS NULL OR y.was IS NULL)"
        )
        rows = work.rows(f"SELECT {columns} {new} {order}")
    return tuple(words_of(row, said) for row in rows)


def words_of(row: Row, said: dict[str, str]) -> str:
    """A link in words."""
    kind_a, value_a, kind_b, value_b, rule, rule_kind, key, seen, first = row
    who = f" ({said[key]})" if rule_kind == "decision" and key in said else ""
    when = f", {first:%Y-%m-%d}" if first is not None else ""
    rows = f"{seen:,} rows" if seen > 1 else f"row {key}" if key and rule_kind == "record" else "1 row"
    evidence = f"decision {key}" if rule_kind == "decision" else rows
    return f"{kind_a} {value_a} = {kind_b} {value_b} by {rule}: {evidence}{when}{who}"


def why_split(work: Connection, name: str, number: int) -> tuple[str, ...]:
    """What became of the links that tied the parts together: gone, or not used any more, and why."""
    rows = work.rows(
        "SELECT DISTINCT l.id_kind_a, l.value_a, l.id_kind_b, l.value_b, l.rule, n.blocked, n.rule IS NOT NULL, l.trust "
        f"{crossing(name, number, 'published', 'was', 'now_id').replace('WHERE', away + 'WHERE', 1)} "
        f"ORDER BY l.trust DESC, 2, 4 LIMIT {most_reasons}"
    )
    found = [
        f"{kind_a} {value_a} = {kind_b} {value_b} by {rule}: "
        + (f"not used: {blocked}" if blocked else "still said, by a weaker chain" if is_there else "no longer said")
        for kind_a, value_a, kind_b, value_b, rule, blocked, is_there, _ in rows
    ]
    return tuple(found) or ("the identifiers that tied them together are gone",)


away = (
    "LEFT JOIN (SELECT entity, id_kind_a, value_a, id_kind_b, value_b, MIN(rule) AS rule, MAX(blocked) AS blocked "
    f"FROM after.identity_link GROUP BY {comma(['entity', 'id_kind_a', 'value_a', 'id_kind_b', 'value_b'])}) n "
    "ON n.entity = l.entity AND n.id_kind_a = l.id_kind_a AND n.value_a = l.value_a AND n.id_kind_b = l.id_kind_b "
    "AND n.value_b = l.value_b "
)


def said_of(project: Project) -> dict[str, str]:
    """Who made each decision and why, by its number."""
    if not (project.store / "control.sqlite").exists():
        return {}
    with open_control(project.store) as control:
        found = list_decisions(control, in_force=False)
    return {str(one.decision_id): f"{one.author}: {one.note}" if one.note else one.author for one in found}
