"""Surviving identifiers and membership records in, `entities.member_<a>_<b>` out: who belongs to what, and why."""

from datetime import datetime

from c360.activity.links import link
from c360.entities.context import Context, known_table, make_scratch
from c360.entities.records import record_table
from c360.entities.survivors import kept_table
from c360.entities.vocabulary import is_many, owner_of, recorded, shared, target_kind
from c360.project.blocks.entities import BelongsTo
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote

no_time = "CAST(NULL AS TIMESTAMP)"
no_text = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class Relation:
    """One relation of the project: `entity` belongs to `target` by one of `options`, the first that finds one wins."""

    entity: str
    target: str
    options: tuple[BelongsTo, ...]

    @property
    def bridge(self) -> str:
        """The quoted name of the bridge table."""
        return bridge_table(self.entity, self.target)

    @property
    def candidates(self) -> str:
        """The quoted name of the table of all candidates."""
        return quote(f"c360_candidate_{self.entity}_{self.target}")


def bridge_table(entity: str, target: str) -> str:
    """The quoted name of the bridge between two entities."""
    return qualified("entities", f"member_{entity}_{target}")


def option_name(option: BelongsTo) -> str:
    """How a way of belonging is called in reports: `crm`, `domain of contact.email`, `via group`, or its source."""
    if option.via is not None:
        return f"via {option.via}"
    if option.from_ is not None:
        return f"{option.by} of {option.from_}"
    return option.by or str(option.source)


def build_members(work: Connection, context: Context, relation: Relation) -> None:
    """Write all candidates of a relation, then the bridge.

    Where a relation allows one target only the bridge holds the chosen one; a many-to-many relation keeps every
    membership and marks the primary one, which must be open at `as_of`.

    Grain:  one row per pair of entity and target (and period, where memberships have joined and left).
    Reads:  landing.<source>, c360_known, c360_kept_*, entities.member_*
    Writes: scratch c360_candidate_<a>_<b>; entities.member_<a>_<b>(<a>_id, <b>_id, joined_at, left_at, role, is_primary,
            share)
    """
    parts = [option_sql(context, relation, number) for number in range(len(relation.options))]
    place = "c.place"
    if len(parts) > 1 or is_many(relation.options):
        place = "row_number() OVER (PARTITION BY c.entity_id ORDER BY c.closed, c.option_no, c.place)"
    columns = [
        "c.entity_id", "c.target_id", "c.option_no", "c.option_name", "c.joined_at", "c.left_at", "c.role",
        "c.members", "c.share", "c.is_many",
        f"{place} AS place", "c.closed",
    ]  # fmt: skip
    make_scratch(work, relation.candidates, f"SELECT {comma(columns)} FROM ({' UNION ALL '.join(parts)}) c")
    primary = "(place = 1 AND closed = 0)"
    names = [f"entity_id AS {quote(f'{relation.entity}_id')}", f"target_id AS {quote(f'{relation.target}_id')}"]
    names += ["joined_at", "left_at", "role", f"{primary} AS is_primary", "share"]
    work.replace_table(
        relation.bridge, f"SELECT {comma(names)} FROM {relation.candidates} WHERE {primary} OR is_many = 1"
    )


def option_sql(context: Context, relation: Relation, number: int) -> str:
    """SQL of the candidates of one option, ranked per entity in `place`."""
    option = relation.options[number]
    if option.via is not None:
        found = via_sql(context, relation, option)
    elif option.source is not None:
        found = source_sql(context, relation, option)
    elif owner_of(context.project, relation.entity, option) == relation.entity:
        found = own_sql(context, relation, option)
    else:
        found = derived_sql(context, relation, option)
    many = 1 if is_many((option,)) else 0
    closed = "0"
    if many and option.source is not None:
        now = f"CAST({literal(context.as_of.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"
        closed = (
            f"CASE WHEN coalesce(o.left_at > {now}, TRUE) AND coalesce(o.joined_at <= {now}, TRUE) THEN 0 ELSE 1 END"
        )
    columns = [
        "o.entity_id", "o.target_id", f"{number} AS option_no", f"{literal(option_name(option))} AS option_name",
        "o.joined_at", "o.left_at", "o.role", "o.members", "o.share", "o.place", f"{many} AS is_many",
        f"{closed} AS closed",
    ]  # fmt: skip
    return f"SELECT {comma(columns)} FROM ({found}) o"


def own_sql(context: Context, relation: Relation, option: BelongsTo) -> str:
    """An identifier of the entity itself names the target: the domain of a contact's own e-mail."""
    found = derived_pairs(context, relation.entity, relation.target, option)
    return (
        f"SELECT p.owner_id AS entity_id, p.target_id, {no_time} AS joined_at, {no_time} AS left_at, "
        f"{no_text} AS role, 1 AS members, CAST(1 AS DOUBLE) AS share, 1 AS place FROM ({found}) p"
    )


def derived_pairs(context: Context, owner: str, target: str, option: BelongsTo) -> str:
    """SQL of `owner_id, target_id`: what follows from an identifier of the owner belongs to the target.

    Only identifiers that the graph knows count: the raw text of a malformed one says nothing about the target.
    """
    kind, by = str(option.from_).rpartition(".")[2], str(option.by)
    own = link(owner, {kind: f"k.{quote(kind)}"}, "n", required=True, known=known_table)
    value = context.spelling.derived(by, kind, f"k.{quote(kind)}")
    found = link(target, {by: value}, "t", required=True, known=known_table)
    return (
        f"SELECT k.entity_id AS owner_id, {found.entity_id} AS target_id "
        f"FROM {kept_table(owner)} k {own.joins} {found.joins}"
    )


def derived_sql(context: Context, relation: Relation, option: BelongsTo) -> str:
    """The members' identifiers name the target: the domain that most contacts of a group have."""
    owner = owner_of(context.project, relation.entity, option)
    return elected_sql(context, relation, option, owner, derived_pairs(context, owner, relation.target, option))


def elected_sql(context: Context, relation: Relation, option: BelongsTo, owner: str, pairs: str) -> str:
    """The members of an entity elect its target: that of most members, or of the first one.

    Ties go to the target of the earliest member, then to the one whose identifier comes first in the alphabet.

    `pairs` is SQL of `owner_id, target_id`: for whom each member speaks.
    """
    entity, target = relation.entity, relation.target
    bridge = f"SELECT DISTINCT {quote(f'{owner}_id')} AS owner_id, {quote(f'{entity}_id')} AS entity_id"
    members = f"{bridge} FROM {bridge_table(owner, entity)} WHERE {open_at(context.as_of)}"
    since = f"SELECT entity_id AS owner_id, min(record_ts) AS since FROM {record_table(owner)} GROUP BY entity_id"
    if not context.project.file.entities[owner].from_:
        since = f"SELECT entity_id AS owner_id, {no_time} AS since FROM {kept_table(owner)}"
    label = quote(context.project.file.entities[target].ids[0])
    votes = (
        f"SELECT m.entity_id, p.target_id, count(DISTINCT m.owner_id) AS members, min(f.since) AS since "
        f"FROM ({members}) m JOIN ({pairs}) p ON p.owner_id = m.owner_id LEFT JOIN ({since}) f ON f.owner_id = m.owner_id "
        "GROUP BY m.entity_id, p.target_id"
    )
    rule = "v.members DESC, v.since NULLS LAST" if option.choose != "first" else "v.since NULLS LAST, v.members DESC"
    place = f"row_number() OVER (PARTITION BY v.entity_id ORDER BY {rule}, t.{label}, v.target_id)"
    share = "1"
    if shared(option):
        share = "CAST(v.members AS DOUBLE) / sum(v.members) OVER (PARTITION BY v.entity_id)"
    return (
        f"SELECT v.entity_id, v.target_id, {no_time} AS joined_at, {no_time} AS left_at, {no_text} AS role, v.members, "
        f"CAST({share} AS DOUBLE) AS share, {place} AS place "
        f"FROM ({votes}) v JOIN {kept_table(target)} t ON t.entity_id = v.target_id"
    )


def via_sql(context: Context, relation: Relation, option: BelongsTo) -> str:
    """The target of what the entity belongs to: the account of a contact's group."""
    middle = str(option.via)
    first, second = bridge_table(relation.entity, middle), bridge_table(middle, relation.target)
    label = quote(context.project.file.entities[relation.target].ids[0])
    pairs = (
        f"SELECT a.{quote(f'{relation.entity}_id')} AS entity_id, b.{quote(f'{relation.target}_id')} AS target_id, "
        f"count(*) AS members, max(CASE WHEN a.is_primary THEN 1 ELSE 0 END) AS main FROM {first} a JOIN {second} b "
        f"ON b.{quote(f'{middle}_id')} = a.{quote(f'{middle}_id')} AND b.is_primary "
        f"WHERE {open_at(context.as_of, 'a.')} GROUP BY 1, 2"
    )
    place = f"row_number() OVER (PARTITION BY v.entity_id ORDER BY v.main DESC, v.members DESC, t.{label}, v.target_id)"
    return (
        f"SELECT v.entity_id, v.target_id, {no_time} AS joined_at, {no_time} AS left_at, {no_text} AS role, v.members, "
        f"CAST(1 AS DOUBLE) AS share, {place} AS place "
        f"FROM ({pairs}) v JOIN {kept_table(relation.target)} t ON t.entity_id = v.target_id"
    )


def open_at(as_of: datetime, prefix: str = "") -> str:
    """SQL: this membership holds at a time."""
    now = f"CAST({literal(as_of.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"
    return f"coalesce({prefix}joined_at <= {now}, TRUE) AND coalesce({prefix}left_at > {now}, TRUE)"


def source_sql(context: Context, relation: Relation, option: BelongsTo) -> str:
    """Rows of a source hold both the identifiers of the entity, or of its members, and the key of the target."""
    owner = owner_of(context.project, relation.entity, option)
    found = membership_rows(context, relation, option, owner)
    if owner != relation.entity:
        pairs = f"SELECT DISTINCT owner_id, target_id FROM ({found}) d"
        return elected_sql(context, relation, option, owner, pairs)
    first = (option.primary or option.keep) == "first"
    side = "min" if first else "max"
    pairs = (
        f"SELECT owner_id AS entity_id, target_id, joined_at, left_at, max(role) AS role, "
        f"{side}(coalesce(joined_at, record_ts)) AS since, min(superseded) AS superseded, max(record_key) AS record_key "
        f"FROM ({found}) d GROUP BY owner_id, target_id, joined_at, left_at"
    )
    direction = "" if first else " DESC"
    place = f"v.since{direction} NULLS LAST, v.superseded, v.record_key DESC, v.target_id"
    return (
        "SELECT v.entity_id, v.target_id, v.joined_at, v.left_at, v.role, 1 AS members, CAST(1 AS DOUBLE) AS share, "
        f"row_number() OVER (PARTITION BY v.entity_id ORDER BY {place}) AS place FROM ({pairs}) v"
    )


def membership_rows(context: Context, relation: Relation, option: BelongsTo, owner: str) -> str:
    """SQL of `owner_id, target_id, joined_at, left_at, role, record_ts, superseded, record_key`, one per source row."""
    source, table = str(option.source), context.landed[str(option.source)]
    at = context.project.at("entities", relation.entity, "belongs_to", relation.target)
    kind = target_kind(context.project, relation.target, option)
    inner = [f"{context.normal(source, kind, [str(option.key)], at)} AS c_target"]
    for name, column in (("joined_at", option.joined), ("left_at", option.left)):
        moment = f"CAST({context.compiled(source, column, at)} AS TIMESTAMP)" if column else no_time
        inner.append(f"{moment} AS {name}")
    inner.append(
        f"CAST({context.compiled(source, option.role, at)} AS VARCHAR) AS role" if option.role else f"{no_text} AS role"
    )
    inner += [f"{table.time_sql or no_time} AS record_ts", f"{table.key_sql} AS record_key"]
    where = context.compiled(source, option.where, at) if option.where else "TRUE"
    right = link(relation.target, {kind: "r.c_target"}, "b", required=True, known=known_table)
    columns = [f"{right.entity_id} AS target_id", "r.joined_at", "r.left_at", "r.role", "r.record_ts", "r.record_key"]
    if is_recorded(context, owner, option):
        columns += ["e.entity_id AS owner_id", "CASE WHEN e.superseded THEN 1 ELSE 0 END AS superseded"]
        same = f"e.source = {literal(source)} AND e.record_key = r.record_key"
        joins, known = f"JOIN {record_table(owner)} e ON {same}", "TRUE"
    else:
        owners = {name: context.normal(source, name, parts, at) for name, parts in (option.ids or {}).items()}
        inner += [f"{value} AS {quote(f'n_{name}')}" for name, value in owners.items()]
        left = link(owner, {name: f"r.{quote(f'n_{name}')}" for name in owners}, "a", known=known_table)
        columns += [f"{left.entity_id} AS owner_id", f"CASE WHEN {left.superseded} THEN 1 ELSE 0 END AS superseded"]
        joins, known = left.joins, f"{left.entity_id} IS NOT NULL"
    return (
        f"SELECT {comma(columns)} FROM (SELECT {comma(inner)} FROM {table.table} WHERE {where}) r "
        f"{right.joins} {joins} WHERE {known}"
    )


def is_recorded(context: Context, owner: str, option: BelongsTo) -> bool:
    """Whether the rows of a relation are those of the owner's own records, whose entities are known already."""
    block = context.project.file.entities[owner]
    inputs = [block.from_[index] for index in recorded(context.project, owner)]
    inputs = [item for item in inputs if item.source == option.source]
    return (
        len(inputs) == 1
        and inputs[0].where is None
        and all(inputs[0].ids.get(kind) == columns for kind, columns in (option.ids or {}).items())
    )
