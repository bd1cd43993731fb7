"""Reads that share their rows in, the FROM and WHERE of one pass over those rows out."""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime

from c360.entities import is_many
from c360.features.compiler.frame import Frame
from c360.features.language.derived import session_gap_seconds
from c360.features.language.reads import Following, Read, Steps
from c360.features.language.relations import Chain
from c360.features.language.windows import longest_days
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import comma, literal, qualified, quote


@dataclass(frozen=True)
class Tables:
    """Where the columns of entities are found: SQL of a row source with the keys and the wanted columns.

    Attributes:
        located: features that are computed already -> the table that holds them.
        edges: scores -> the numbers that part their classes.
        only: entity -> a table of the ids that are computed; all where it is not named.
        streams: entity -> a table that holds the activities which those need, instead of the whole stream.
        entities: entity -> what stands for its table: entities as they were known at a past date.
        days: stream -> the table of its sums per identifier and day, where there is one.
        settled: stream -> the last day that is in its sums per identifier, where there are such.
    """

    project: Project
    frame: Frame
    types: dict[tuple[str, str], str]
    located: dict[tuple[str, str], str]
    edges: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    only: dict[str, str] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    settled: dict[str, datetime] = field(default_factory=dict)

    def stream(self, name: str) -> str:
        """The quoted name of the table of an entity's activities."""
        return self.streams.get(name) or qualified("activity", name)

    def chosen(self, name: str, column: str) -> list[str]:
        """SQL conditions that keep the ids which are computed."""
        return [f"{column} IN (SELECT entity_id FROM {self.only[name]})"] if name in self.only else []

    def rows_of(self, name: str, columns: Iterable[str]) -> str:
        """SQL of one row per entity that is computed."""
        where = self.chosen(name, "e.entity_id")
        return self.entity(name, columns) + (f" WHERE {where[0]}" if where else "")

    def entity(self, name: str, columns: Iterable[str]) -> str:
        """SQL of one row per entity (and cut) with traits and computed features."""
        wanted = sorted(set(columns))
        chosen = [f"e.entity_id AS {quote('entity_id')}"]
        joins = ""
        if self.frame.is_panel:
            chosen += ["c.cut AS cut", "c.cut_at AS cut_at"]
            joins = " CROSS JOIN features._cut c"
        tables: dict[str, str] = {}
        for column in wanted:
            table = self.located.get((name, column))
            if column == "entity_id":
                continue
            if table is None:
                chosen.append(f"e.{quote(column)} AS {quote(column)}")
            else:
                alias = tables.setdefault(table, f"f{len(tables)}")
                chosen.append(f"{alias}.{quote(column)} AS {quote(column)}")
        for table, alias in tables.items():
            same = f"{alias}.entity_id = e.entity_id" + (f" AND {alias}.cut = c.cut" if self.frame.is_panel else "")
            joins += f" LEFT JOIN {table} {alias} ON {same}"
        return f"SELECT {comma(chosen)} FROM {self.entities.get(name) or qualified('entities', name)} e{joins}"

    def type_of(self, key: tuple[str, str] | None, space: str) -> str:
        """The type of a stream's or an entity's column, or '' when it is not known yet."""
        return self.types.get((f"{space}.{key[0]}", key[1]), "") if key else ""


@dataclass(frozen=True)
class Rows:
    """One pass: what it reads, which entity each row counts for, and what all its features have in common."""

    source: str
    target: str
    where: str
    frame: Frame
    share: str | None = None

    def select(self, columns: list[str]) -> str:
        """SQL of an aggregate per entity."""
        keys = self.frame.key_columns(self.target)
        return f"SELECT {comma([*keys, *columns])} FROM {self.source}{self.filter()} GROUP BY {self.frame.group(self.target)}"

    def plain(self, columns: list[str], also: str | None = None) -> str:
        """SQL of the rows themselves."""
        keys = self.frame.key_columns(self.target)
        return f"SELECT {comma([*keys, *columns])} FROM {self.source}{self.filter(also)}"

    def filter(self, also: str | None = None) -> str:
        """The WHERE clause."""
        parts = [part for part in (self.where, also) if part]
        return f" WHERE {' AND '.join(parts)}" if parts else ""


def chain_sql(project: Project, member: str, chain: Chain, frame: Frame) -> tuple[str, bool]:
    """SQL of `member_id, target_id, share` along relations, one row per pair; and whether credit is shared."""
    joins, here, column, share, many, shared = "", member, "e0.entity_id", "1", False, False
    for number, step in enumerate(chain):
        options = project.file.entities[here].belongs_to[step]
        if is_many(options):
            bridge, many = qualified("entities", f"member_{here}_{step}"), True
            now = frame.now()
            open_now = f"coalesce(b{number}.joined_at <= {now}, TRUE) AND coalesce(b{number}.left_at > {now}, TRUE)"
            joins += f" JOIN {bridge} b{number} ON b{number}.{quote(f'{here}_id')} = {column} AND {open_now}"
            if any(option.choose == "share" for option in options):
                share, shared = f"{share} * b{number}.share", True
            column = f"b{number}.{quote(f'{step}_id')}"
        else:
            if number:
                joins += f" JOIN {qualified('entities', here)} e{number} ON e{number}.entity_id = {column}"
            column = f"e{number}.{quote(f'{step}_id')}"
        here = step
    keys = ["e0.entity_id AS member_id", f"{column} AS target_id"]
    cut = " CROSS JOIN features._cut c" if frame.is_panel and many else ""
    keys += ["c.cut AS cut"] if cut else []
    source = f"FROM {qualified('entities', member)} e0{cut}{joins} WHERE {column} IS NOT NULL"
    if shared:
        group = "e0.entity_id, " + column + (", c.cut" if cut else "")
        return f"SELECT {comma([*keys, f'sum({share}) AS share'])} {source} GROUP BY {group}", True
    return f"SELECT {'DISTINCT ' if many else ''}{comma(keys)} {source}", False


def has_cut(project: Project, member: str, chain: Chain, frame: Frame) -> bool:
    """Whether the pairs of a chain depend on the date."""
    if not frame.is_panel:
        return False
    here = member
    for step in chain:
        if is_many(project.file.entities[here].belongs_to[step]):
            return True
        here = step
    return False


def member_rows(reads: list[Read], tables: Tables, own: str | None) -> Rows:
    """The members of each entity, as one pass."""
    first, frame, project = reads[0], tables.frame, tables.project
    pairs, shared = chain_sql(project, first.source, first.chain, frame)
    columns = {column for read in reads for entity, column in read.needs if entity == first.source}
    source = f"({pairs}) w JOIN ({tables.entity(first.source, columns)}) m ON m.entity_id = w.member_id"
    if has_cut(project, first.source, first.chain, frame):
        source += " AND m.cut = w.cut"
    if frame.is_panel:
        source += " JOIN features._cut c ON c.cut = m.cut"
    if own is not None:
        source += f" JOIN {own} o ON o.entity_id = w.target_id" + (" AND o.cut = c.cut" if frame.is_panel else "")
    where = " AND ".join(tables.chosen(first.definition.entity, "w.target_id"))
    return Rows(source, "w.target_id", where, frame, "w.share" if shared else None)


def stream_rows(reads: list[Read], tables: Tables, own: str | None) -> Rows:
    """The activities of each entity, or of its members, as one pass."""
    first, frame, project = reads[0], tables.frame, tables.project
    source, target, shared = f"{tables.stream(first.source)} s", "s.entity_id", False
    if first.sessions:
        source = f"({session_sql(first, tables)}) s"
    if frame.is_panel:
        source += " JOIN features._cut c ON c.cut = s.cut" if first.sessions else " CROSS JOIN features._cut c"
    if first.chain:
        pairs, shared = chain_sql(project, first.source, first.chain, frame)
        source += f" JOIN ({pairs}) w ON w.member_id = s.entity_id"
        source += " AND w.cut = c.cut" if has_cut(project, first.source, first.chain, frame) else ""
        target = "w.target_id"
    columns = {
        column for read in reads if "m" in read.aliases for entity, column in read.needs if entity == first.source
    }
    if columns:
        source += f" JOIN ({tables.entity(first.source, columns)}) m ON m.entity_id = s.entity_id"
        source += " AND m.cut = c.cut" if frame.is_panel else ""
    if own is not None:
        source += f" JOIN {own} o ON o.entity_id = {target}" + (" AND o.cut = c.cut" if frame.is_panel else "")
    if first.following is not None:
        source += f" LEFT JOIN ({followed_sql(first, first.following, tables)}) f ON f.activity_uuid = s.activity_uuid"
        source += " AND f.cut = c.cut" if frame.is_panel else ""
    where = [f"s.activity_ts < {frame.now()}"]
    reaches = [read.reach for read in reads]
    if all(reaches):
        where.append(f"s.activity_ts >= {frame.earliest([reach for reach in reaches if reach])}")
    names = {name for read in reads for name in (*(read.activities or ()), *(read.anchor[1] if read.anchor else ()))}
    if all(read.activities is not None for read in reads) and not first.sessions:
        where.append(activity_in(project, sorted(names)))
    where += tables.chosen(first.definition.entity, target)
    return Rows(source, target, " AND ".join(where), frame, "w.share" if shared else None)


def days_of(steps: Steps) -> float:
    """About how many days back."""
    return sum(longest_days(window) * times for window, times in steps)


def session_sql(read: Read, tables: Tables) -> str:
    """SQL of the sessions of every entity before the date: when each began, how long it was and how many activities."""
    frame = tables.frame
    cut = "c.cut, " if frame.is_panel else ""
    keys = f"s.entity_id{', c.cut' if frame.is_panel else ''}"
    where = [f"s.activity_ts < {frame.back(read.until)}"]
    where += [activity_in(tables.project, list(read.activities))] if read.activities is not None else []
    source = tables.stream(read.source) + (" s CROSS JOIN features._cut c" if frame.is_panel else " s")
    order = "ORDER BY s.activity_ts, s.activity_uuid"
    before = f"lag(s.activity_ts) OVER (PARTITION BY {keys} {order})"
    rows = (
        f"SELECT {cut}s.entity_id, s.activity_ts, s.activity_uuid, {before} AS before FROM {source} "
        f"WHERE {' AND '.join(where)}"
    )
    plain = "entity_id, cut" if frame.is_panel else "entity_id"
    starts = f"CASE WHEN before IS NULL OR date_diff('second', before, activity_ts) >= {session_gap_seconds} THEN 1 ELSE 0 END"
    number = f"sum({starts}) OVER (PARTITION BY {plain} ORDER BY activity_ts NULLS FIRST, activity_uuid NULLS FIRST ROWS UNBOUNDED PRECEDING)"
    numbered = f"SELECT {plain}, activity_ts, {number} AS number FROM ({rows}) g"
    return (
        f"SELECT {plain}, number, min(activity_ts) AS activity_ts, number AS activity_uuid, 'session' AS activity, "
        f"date_diff('second', min(activity_ts), max(activity_ts)) AS seconds, count(*) AS events "
        f"FROM ({numbered}) h GROUP BY {plain}, number"
    )


def followed_sql(read: Read, following: Following, tables: Tables) -> str:
    """SQL of the activities after which one of the names happened within the time."""
    frame = tables.frame
    cut = ", c.cut AS cut" if frame.is_panel else ""
    cuts = " CROSS JOIN features._cut c" if frame.is_panel else ""
    stream = tables.stream(read.source)
    happened = activity_in(tables.project, list(following.names)).replace("s.activity", "o.activity")
    mine = f" AND {activity_in(tables.project, list(read.activities))}" if read.activities is not None else ""
    within = f"o.activity_ts <= s.activity_ts + INTERVAL '{following.within}' SECOND"
    return (
        f"SELECT DISTINCT s.activity_uuid{cut} FROM {stream} s JOIN {stream} o ON o.entity_id = s.entity_id "
        f"AND o.activity_ts > s.activity_ts AND {within}{cuts} "
        f"WHERE {happened}{mine} AND o.activity_ts < {frame.back(read.until)}"
    )


def activity_in(project: Project, names: list[str]) -> str:
    """SQL: the row is one of these activities; a split activity stands for all its values."""
    activities = project.file.activities
    split = [name for name in names if name in activities and activities[name].split_by]
    parts = []
    if len(names) == 1:
        parts.append(f"s.activity = {literal(names[0])}")
    elif names:
        parts.append(f"s.activity IN ({comma(literal(name) for name in names)})")
    parts += [f"substr(s.activity, 1, {len(name) + 2}) = {literal(name + ': ')}" for name in split]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts) or 'FALSE'})"
