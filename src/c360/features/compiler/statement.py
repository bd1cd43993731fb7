"""One round of features of an entity in, one SELECT out: passes over rows, then layers of columns built on them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from c360.features.compiler.days import by_day, days_sql, settled_day
from c360.features.compiler.measures import aggregate, anchored, is_grouped, space_of
from c360.features.compiler.nested import can_share, nested_sql, shared_values, values_of
from c360.features.compiler.nulls import score_sql, with_null_policy
from c360.features.compiler.ranked import distinct, picked, ranked
from c360.features.compiler.rows import Rows, Tables, days_of, member_rows, stream_rows
from c360.features.compiler.tiles import Tiles, can_tile
from c360.features.language.definition import Key
from c360.features.language.order import depths
from c360.features.language.reads import Read
from c360.features.language.relations import upward
from c360.records import dataclass
from c360.warehouse import comma, qualified, quote

tiers = (31.0, 92.0)


@dataclass
class Round:
    """The statement of one round in its parts: named sub-selects in order, and the features that each pass yields."""

    names: list[str]
    ctes: dict[str, str]
    passes: dict[str, list[Read]]
    last: str

    def sql(self) -> str:
        """The whole statement."""
        return f"{self.up_to(self.last)} SELECT {comma(quote(name) for name in self.names)} FROM {self.last}"

    def up_to(self, name: str) -> str:
        """The WITH clause as far as one sub-select."""
        listed = list(self.ctes)[: list(self.ctes).index(name) + 1]
        return f"WITH {comma(f'{cte} AS ({self.ctes[cte]})' for cte in listed)}"


def compile_round(entity: str, chosen: list[Key], reads: Mapping[Key, Read], tables: Tables) -> Round:
    """SQL of `keys` and one column per feature of the round, one row per entity (and cut).

    Each layer joins the passes of its depth to the layer before it; formulas see every column of that layer.
    """
    depth = depths(chosen, reads)
    columns = {column for key in chosen for owner, column in reads[key].needs if owner == entity}
    base = sorted(column for column in columns if (entity, column) not in depth)
    uppers = {alias for key in chosen for alias in reads[key].aliases if alias.startswith("u_")}
    hops = {f"{chain[0]}_id" for alias in uppers if (chain := upward(tables.project, entity, alias[2:]))}
    last = f"l{max(depth.values())}"
    made = Round(
        [*tables.frame.keys, *(key[1] for key in chosen)], {"l0": tables.rows_of(entity, {*base, *hops})}, {}, last
    )
    known = [*tables.frame.keys, *(("cut_at",) if tables.frame.is_panel else ())]
    known += sorted({*base, *hops} - {"entity_id"})
    for level in range(1, max(depth.values()) + 1):
        here = [reads[key] for key in chosen if depth[key] == level]
        made.ctes[f"l{level}"] = layer(entity, here, tables, (f"l{level - 1}", known), made)
        known = [*known, *(read.definition.name for read in here)]
    return made


def layer(entity: str, here: list[Read], tables: Tables, before: tuple[str, list[str]], made: Round) -> str:
    """SQL of one layer: the columns so far and those of this depth. Passes are added to the round."""
    previous, known = before
    columns = [f"o.{quote(name)} AS {quote(name)}" for name in known]
    joins = ""
    placed: dict[Key, str] = {}
    for sql, reads in passes(here, tables, previous, made):
        name = f"p{len(made.passes)}"
        made.ctes[name], made.passes[name] = sql, reads
        joins += f" LEFT JOIN {name} ON {tables.frame.same(name, 'o')}"
        placed |= {read.key: f"{name}.{quote(read.definition.name)}" for read in reads}
    joins += upper_joins(entity, here, tables)
    for read in here:
        value = placed.get(read.key) or tables.frame.clocked(str(read.value), "o")
        if read.definition.feature.verb == "score":
            value = score_sql(read, value, tables.edges.get(read.key, []))
        columns.append(f"{with_null_policy(read, value, tables)} AS {quote(read.definition.name)}")
    return f"SELECT {comma(columns)} FROM {previous} o{joins}"


def upper_joins(entity: str, here: list[Read], tables: Tables) -> str:
    """SQL that joins what the entity belongs to, for the formulas that read it."""
    wanted: dict[str, set[str]] = {}
    for read in here:
        for alias in sorted(read.aliases):
            if alias.startswith("u_"):
                wanted.setdefault(alias[2:], set()).update(c for owner, c in read.needs if owner == alias[2:])
    joins = ""
    for target, columns in wanted.items():
        chain = upward(tables.project, entity, target) or (target,)
        link = f"o.{quote(f'{chain[0]}_id')}"
        for number, (middle, step) in enumerate(pairwise(chain)):
            alias = f"v_{target}_{number}"
            joins += f" LEFT JOIN {qualified('entities', middle)} {alias} ON {alias}.entity_id = {link}"
            link = f"{alias}.{quote(f'{step}_id')}"
        alias = quote(f"u_{target}")
        cut = f" AND {alias}.cut = o.cut" if tables.frame.is_panel else ""
        joins += f" LEFT JOIN ({tables.entity(target, columns)}) {alias} ON {alias}.entity_id = {link}{cut}"
    return joins


def passes(here: list[Read], tables: Tables, previous: str, made: Round) -> list[tuple[str, list[Read]]]:
    """The SELECTs that read rows, each with the features it yields.

    Plain aggregates over the same rows share a pass; windows are sorted into short, middle and long, because a pass
    over the last month need not read two years; distinct counts stand apart, because they are costly beside others.
    Those of the same values in several windows share a pass whatever the windows.
    """
    found, shared = [], shared_values(here, tables)
    for reads in grouped(here, tables).values():
        if can_tile(reads[0], tables):
            found += tiled(reads, tables, made)
            continue
        if by_day(reads[0], tables):
            found.append((days_sql(reads, tables), reads))
            continue
        rows = rows_of(reads, tables, previous)
        if is_grouped(reads[0]):
            columns = [f"{aggregate(read, rows, tables)} AS {quote(read.definition.name)}" for read in reads]
            found.append((rows.select(columns), reads))
        elif values_of(reads[0]) in shared:
            found.append((nested_sql(reads, rows, tables), reads))
        elif reads[0].definition.feature.verb == "distinct":
            columns = [f"{distinct(read, tables)} AS {quote(read.definition.name)}" for read in reads]
            found.append((rows.select(columns), reads))
        elif len(reads) > 1:
            found.append((picked(reads, rows, tables), reads))
        else:
            found.append((ranked(reads[0], rows, tables), reads))
    return found


def grouped(reads: Iterable[Read], tables: Tables) -> dict[tuple[object, ...], list[Read]]:
    """The features that read rows, by the pass that they share."""
    groups: dict[tuple[object, ...], list[Read]] = {}
    reads = [read for read in reads if read.kind != "formula"]
    shared = shared_values(reads, tables)
    for read in reads:
        same = values_of(read) if can_share(read, tables) and values_of(read) in shared else group_of(read, tables)
        groups.setdefault(same, []).append(read)
    return groups


def tiled(reads: list[Read], tables: Tables, made: Round) -> list[tuple[str, list[Read]]]:
    """The SELECTs that put features of a panel together from sums between dates, which are added to the round.

    Windows of up to a quarter take few segments at each date; what goes further back takes many, and stands apart.
    """
    tiles = Tiles(tables, name=f"t{len(made.ctes)}")
    parts = ([read for read in reads if (tier_of(read) == len(tiers)) is far] for far in (False, True))
    found = [(tiles.windows_sql(part), part) for part in parts if part]
    made.ctes |= {tiles.name: tiles.sums_sql(reads), f"{tiles.name}_cuts": tiles.cuts_sql()}
    return found


def rows_of(reads: list[Read], tables: Tables, previous: str) -> Rows:
    """The rows of a pass."""
    first = reads[0]
    own = previous if any("o" in read.aliases for read in reads) else None
    if first.kind == "members":
        return member_rows(reads, tables, own)
    rows = stream_rows(reads, tables, own)
    if first.anchor is None:
        return rows
    base = stream_rows([without_window(first)], tables, None)
    return anchored(rows, first, base, tables.frame, tables)


def without_window(read: Read) -> Read:
    """The same activities over all time: the first order may lie before the window that counts views."""
    feature = read.definition.feature.model_copy(update={"window": None, "ago": None})
    return replace(
        read, definition=replace(read.definition, feature=feature), activities=read.anchor[1] if read.anchor else None
    )


def group_of(read: Read, tables: Tables) -> tuple[object, ...]:
    """Features with the same group share a pass."""
    if can_tile(read, tables):
        return "tiles", read.source, read.chain
    if by_day(read, tables):
        return "days", read.source, read.chain, tier_of(read), settled_day(read, tables)
    verb, shape = read.definition.feature.verb, "grouped"
    if not is_grouped(read):
        has_maximum = not tables.types or tables.type_of(read.value_key, space_of(read)) not in ("", "BOOLEAN")
        of_one_row = verb in ("pick", "first", "last", "nth") and has_maximum
        shape = "one row" if of_one_row else verb if verb == "distinct" else ".".join(read.key)
    kind = (read.kind, read.sessions, read.following, read.until if read.sessions else ())
    return kind, read.source, read.chain, read.anchor, tier_of(read), shape, read.activities if read.sessions else ()


def tier_of(read: Read) -> int:
    """0 for windows of up to a month, 1 for a quarter, 2 for more and for all time."""
    reach = read.reach
    if reach is None:
        return len(tiers)
    return sum(days_of(reach) > limit for limit in tiers)
