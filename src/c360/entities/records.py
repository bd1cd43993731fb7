"""Landing tables and entity ids in, `entities.record_<entity>` out: every candidate value, ranked by who would win."""

from c360.activity.links import link
from c360.cleaning import cleaning_of, trait_sql
from c360.entities.context import Context, known_table
from c360.entities.vocabulary import keep_of, recorded, traits_of
from c360.errors import Position
from c360.project.blocks.entities import Entity, EntityInput
from c360.warehouse import Connection, comma, literal, qualified, quote

newest = "record_ts DESC NULLS LAST, superseded, source_order, record_key"
orders = {
    "rank_identifier": f"superseded, {newest}",
    "rank_latest": newest,
    "rank_first": "record_ts ASC NULLS LAST, superseded, source_order, record_key",
}


def record_table(entity: str) -> str:
    """The quoted name of an entity's candidates."""
    return qualified("entities", f"record_{entity}")


def build_records(work: Connection, context: Context, entity: str) -> None:
    """Write the candidates of an entity.

    An input that only links identifiers (`vocabulary.recorded`) has no candidates here.

    The rank columns say in which order candidates win: 1 is asked first, and the first that is not NULL is kept. Most
    entities have one record; only the others are put in order.

    Grain:  one row per source record and input that belongs to an entity.
    Reads:  landing.<source>, c360_known
    Writes: entities.record_<entity>(entity_id, source, source_order, record_key, record_ts, superseded, identifiers,
            traits, is_only, rank_identifier, rank_latest, rank_first where a trait keeps its first value, and
            rank_<rule>_<trait> for `longest` and `most_common`)
    """
    block = context.project.file.entities[entity]
    inputs = [input_sql(context, entity, index) for index in recorded(context.project, entity)]
    rows = f"SELECT * FROM ({' UNION ALL '.join(inputs)}) u"
    commons = [trait for trait in traits_of(block) if keep_of(block, trait) == "most_common"]
    for trait in commons:
        seen = quote(f"seen_{trait}")
        rows = f"SELECT v.*, count(*) OVER (PARTITION BY entity_id, {quote(trait)}) AS {seen} FROM ({rows}) v"
    orders_of = ranks(block)
    firsts = comma(["u.*", "TRUE AS is_only", *(f"1 AS {quote(name)}" for name in orders_of)])
    places = [f"row_number() OVER ({order}) AS {quote(name)}" for name, order in orders_of.items()]
    several = "SELECT entity_id AS one FROM u GROUP BY entity_id HAVING count(*) > 1"
    work.replace_table(
        record_table(entity),
        f"WITH u AS ({rows}), m AS ({several}) "
        f"SELECT {firsts} FROM u LEFT JOIN m ON m.one = u.entity_id WHERE m.one IS NULL UNION ALL "
        f"SELECT {comma(['u.*', 'FALSE AS is_only', *places])} FROM u JOIN m ON m.one = u.entity_id",
    )


def ranks(block: Entity) -> dict[str, str]:
    """Rank column -> its window, for the rules that an entity uses."""
    kept = {trait: keep_of(block, trait) for trait in traits_of(block)}
    found = dict(orders)
    if "first" not in kept.values():
        del found["rank_first"]
    for trait, rule in kept.items():
        absent = f"CASE WHEN {quote(trait)} IS NULL THEN 1 ELSE 0 END"
        if rule == "longest":
            found[rank_column(block, trait)] = f"{absent}, length(CAST({quote(trait)} AS VARCHAR)) DESC, {newest}"
        elif rule == "most_common":
            found[rank_column(block, trait)] = f"{absent}, {quote(f'seen_{trait}')} DESC, {newest}"
    return {name: f"PARTITION BY entity_id ORDER BY {order}" for name, order in found.items()}


def rank_column(block: Entity, column: str) -> str:
    """The rank that decides a column."""
    if column in block.ids:
        return "rank_identifier"
    rule = keep_of(block, column)
    if rule in ("longest", "most_common"):
        return f"rank_{rule}_{column}"
    return "rank_first" if rule == "first" else "rank_latest"


def input_sql(context: Context, entity: str, index: int) -> str:
    """SQL of the candidates from one input.

    Source columns are computed in an inner SELECT under names of ours, so that a source may call its columns anything.
    """
    block = context.project.file.entities[entity]
    item = block.from_[index]
    raw, values, traits = input_columns(context, entity, index)
    table = context.landed[item.source]
    inner = [f"{table.key_sql} AS c_key", f"{table.time_sql or 'CAST(NULL AS TIMESTAMP)'} AS c_ts"]
    inner += [f"{value} AS {quote(f'n_{kind}')}" for kind, value in values.items()]
    inner += [f"{text} AS {quote(f'r_{kind}')}" for kind, text in raw.items()]
    inner += [f"{sql} AS {quote(f't_{trait}')}" for trait, sql in traits.items()]
    at = position(context, entity, index, "where")
    where = context.compiled(item.source, item.where, at) if item.where else "TRUE"
    found = link(entity, {kind: f"r.{quote(f'n_{kind}')}" for kind in values}, known=known_table)
    columns = [
        f"{found.entity_id} AS entity_id",
        f"{literal(item.source)} AS source",
        f"{index} AS source_order",
        "r.c_key AS record_key",
        "r.c_ts AS record_ts",
        f"{found.superseded} AS superseded",
    ]
    columns += [
        f"coalesce(r.{quote(f'n_{kind}')}, r.{quote(f'r_{kind}')}) AS {quote(kind)}"
        if kind in raw
        else f"CAST(NULL AS VARCHAR) AS {quote(kind)}"
        for kind in block.ids
    ]
    columns += [
        f"r.{quote(f't_{trait}')} AS {quote(trait)}"
        if trait in traits
        else f"{null_of(context, entity, trait)} AS {quote(trait)}"
        for trait in traits_of(block)
    ]
    return (
        f"SELECT {comma(columns)} FROM (SELECT {comma(inner)} FROM {table.table} WHERE {where}) r "
        f"{found.joins} WHERE {found.entity_id} IS NOT NULL"
    )


def input_columns(context: Context, entity: str, index: int) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The raw texts and normalised values of an input's identifiers, and its traits, as SQL over the landing table."""
    item = context.project.file.entities[entity].from_[index]
    raw, values = {}, {}
    for kind, parts in item.ids.items():
        at = position(context, entity, index, f"ids.{kind}")
        values[kind] = context.normal(item.source, kind, parts, at)
        text = context.compiled(item.source, parts[0], at) if len(parts) == 1 else "NULL"
        raw[kind] = f"CAST({text} AS VARCHAR)"
    traits = {}
    for trait, sql in item.traits.items():
        if trait not in item.ids:
            found = context.compiled(item.source, sql, position(context, entity, index, f"traits.{trait}"))
            traits[trait] = trait_sql(context.project, entity, trait, found, idn=context.spelling.idn)
    return raw, values, traits


def position(context: Context, entity: str, index: int, key: str) -> Position | None:
    """Where a key of an input stands; the short form of an entity writes it beside its own keys."""
    project = context.project
    path: tuple[str | int, ...] = ("entities", entity, "from", index, *key.split("."))
    return project.at(*path) if path[:3] in project.positions else project.at("entities", entity, *key.split("."))


def null_of(context: Context, entity: str, trait: str) -> str:
    """A NULL of the type that another input gives the trait, where its cleaning or a plain column tells it."""
    cleaning = cleaning_of(context.project, entity, trait)
    if cleaning is not None:
        return f"CAST(NULL AS {cleaning.sql_type()})"
    for item in context.project.file.entities[entity].from_:
        column_type = plain_type(item, trait, context)
        if column_type:
            return f"CAST(NULL AS {column_type})"
    return "NULL"


def plain_type(item: EntityInput, trait: str, context: Context) -> str | None:
    """The type of the column that an input names as a trait."""
    found: str | None = context.landed[item.source].columns.get(item.traits.get(trait, ""))
    return found
