"""Past dates and a label in, a training table out: each row an entity at a date, with what was known of it then.

Windows are computed at the date, never looked up from a later table; a window is [date - w, date), a label
(date, date + h]. Who is who, and what belongs to what, is taken as it is known now; that is stated in the result.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from c360.errors import Fault, ProjectError, suggest
from c360.features.compiler.frame import Frame, cut_table
from c360.features.compiler.rows import Tables, activity_in, stream_rows
from c360.features.compiler.statement import compile_round
from c360.features.language.definition import Definition, Key
from c360.features.language.order import own_needs, stages
from c360.features.language.reads import Read, Resolver
from c360.features.language.resolved import resolve
from c360.features.language.windows import end_of, form
from c360.features.tables import column_types, compute, steps_of
from c360.project import Project
from c360.project.blocks.features import Feature, FeatureDefaults
from c360.warehouse import Connection, comma, qualified, quote

panel_table = qualified("features", "_panel")
since_name = "_since"
label_form = re.compile(r"^(no |any |count |sum )?\s*(.+?) in (\d{1,5}(?:min|h|d|w|mo|q|y))$")
example = (
    "write `no order_placed in 60d`, `order_placed in 60d`, `count order_placed in 60d` or `sum deal_won.amount in 90d`"
)


@dataclass(frozen=True)
class PanelRequest:
    """What is asked for.

    Attributes:
        cuts: the dates, naive UTC.
        features: names; None for all that use only what was known at the date.
        label: `no order_placed in 60d`: what is to be predicted.
        state: also use traits, although they are only known as of now.
    """

    entity: str
    cuts: tuple[datetime, ...]
    features: tuple[str, ...] | None = None
    label: str | None = None
    state: bool = False


@dataclass(frozen=True)
class PanelResult:
    """What was written: the versions that were used, and the features that were left out with the reason."""

    rows: int
    features: dict[str, int]
    skipped: dict[str, str]
    label: str | None


def write_panel(work: Connection, project: Project, request: PanelRequest, as_of: datetime) -> PanelResult:
    """Write the panel.

    Grain:  one row per entity and date at which it had done anything before.
    Reads:  activity.<entity>, entities.<entity>, entities.member_<a>_<b>
    Writes: features._panel(entity_id, cut_at, features, label)

    Args:
        work: a store that holds streams and entity tables, and whose schema `features` may be written.
        project: the declarations.
        request: what is asked for.
        as_of: until when the data are complete; no label may look beyond it.

    Raises:
        ProjectError: an unknown entity, feature or activity, or a date whose label is not complete.
    """
    reads, faults = resolve(project)
    faults = [*faults, *check_request(project, request, as_of)]
    if faults:
        raise ProjectError(*faults)
    chosen, skipped = choose(project, request, reads)
    needed = closure(chosen, reads)
    first = Resolver(project, {}).read(anything(request.entity))
    needed[first.key] = first
    frame = Frame(as_of, project.timezone, tuple(sorted(set(request.cuts))), tuple(steps_of(needed)))
    work.create_schema("features")
    label = Label.parse(project, request) if request.label else None
    work.replace_table(cut_table, frame.cut_sql(label.horizon if label else None))
    tables = Tables(project, frame, column_types(work, needed), {})
    source = computed(work, tables, request.entity, needed)
    work.replace_table(panel_table, panel_sql(tables, source, chosen, label))
    rows = int(work.scalar(f"SELECT count(*) FROM {panel_table}"))
    used = {key[1]: reads[key].definition.feature.version for key in chosen}
    return PanelResult(rows, used, skipped, request.label)


@dataclass(frozen=True)
class Label:
    """A parsed label: what is looked for after the date, and how far."""

    read: Read
    kind: str
    horizon: str

    @classmethod
    def parse(cls, project: Project, request: PanelRequest) -> "Label":
        """Read `no order_placed in 60d`.

        Raises:
            ProjectError: it has another form, or names an unknown activity.
        """
        match = label_form.match(str(request.label).strip())
        if match is None:
            raise ProjectError(Fault("panel-label", f"the label '{request.label}' is not understood", fix=example))
        kind = (match[1] or "any").strip()
        feature = Feature(sum=match[2]) if kind == "sum" else Feature(count=match[2])
        read = Resolver(project, {}).read(Definition(request.entity, "label", feature, None, (), FeatureDefaults(), ()))
        if read.kind != "stream":
            raise ProjectError(Fault("panel-label", f"'{match[2]}' is no activity", fix=example))
        return cls(read, kind, match[3])

    def sql(self, tables: Tables) -> str:
        """SQL of `entity_id, cut, label`."""
        from c360.features.compiler.measures import total

        read = self.read
        rows = stream_rows([read], Tables(tables.project, tables.frame, tables.types, tables.located), None)
        where = "s.activity_ts > c.cut_at AND s.activity_ts <= c.label_end"
        if read.activities is not None:
            where += f" AND {activity_in(tables.project, list(read.activities))}"
        rows = type(rows)(rows.source, rows.target, where, rows.frame)
        value = "count(*)"
        if self.kind == "sum":
            value = total(str(read.value), tables.type_of(read.value_key, "activity"), None)
        return rows.select([f"{value} AS label"])

    def value(self, column: str) -> str:
        """SQL of the label of a row, from the aggregate that may be missing."""
        forms = {"no": f"{column} IS NULL", "any": f"{column} IS NOT NULL"}
        return forms.get(self.kind, f"coalesce({column}, 0)")


def computed(work: Connection, tables: Tables, entity: str, needed: dict[Key, Read]) -> str:
    """SQL of the features of an entity at each date; what they read of other entities is computed.

    Where one statement gives all of them it becomes a part of the panel's, and is not written twice.
    """
    *before, (last, chosen) = stages(needed)
    if last == entity and all(name != entity for name, _ in before):
        if before:
            compute(work, tables, {key: read for key, read in needed.items() if key not in chosen})
        return f"({compile_round(entity, chosen, needed, tables).sql()})"
    compute(work, tables, needed)
    return qualified("features", entity)


def panel_sql(tables: Tables, source: str, chosen: list[Key], label: Label | None) -> str:
    """SQL of the panel: entities that had done anything before the date."""
    columns = ["f.entity_id", "c.cut_at", *(f"f.{quote(key[1])}" for key in chosen)]
    joins = f"JOIN {cut_table} c ON c.cut = f.cut"
    if label is not None:
        joins += f" LEFT JOIN ({label.sql(tables)}) l ON l.entity_id = f.entity_id AND l.cut = f.cut"
        columns.append(f"{label.value('l.label')} AS label")
    return f"SELECT {comma(columns)} FROM {source} f {joins} WHERE f.{quote(since_name)} IS NOT NULL"


def anything(entity: str) -> Definition:
    """The first thing that an entity, or a member of it, did."""
    return Definition(entity, since_name, Feature(first="any"), None, (), FeatureDefaults(), ())


def check_request(project: Project, request: PanelRequest, as_of: datetime) -> list[Fault]:
    """What is wrong with a request."""
    if request.entity not in project.file.entities:
        fix = suggest(request.entity, project.file.entities)
        return [Fault("unknown-entity", f"unknown entity '{request.entity}'", fix=fix)]
    if not request.cuts:
        return [Fault("panel-dates", "a panel needs at least one date", fix="add --at 2026-01-01")]
    faults = []
    match = label_form.match(str(request.label).strip()) if request.label else None
    for cut in sorted(set(request.cuts)):
        end = end_of(match[3], cut, project.timezone) if match and form.match(match[3]) else cut
        if end > as_of:
            what = f"its label reaches to {end:%Y-%m-%d %H:%M}" if match else "it lies in the future"
            message = f"{cut:%Y-%m-%d} is too late: {what}, and the data end at {as_of:%Y-%m-%d %H:%M}"
            faults.append(Fault("panel-incomplete", message, fix="take an earlier date or a shorter horizon"))
    return faults


def choose(project: Project, request: PanelRequest, reads: dict[Key, Read]) -> tuple[list[Key], dict[str, str]]:
    """The features of a panel, and why the others are left out.

    Raises:
        ProjectError: a feature that was asked for is unknown, or was not known at past dates.
    """
    own = [key for key in reads if key[0] == request.entity]
    names = [key[1] for key in own]
    faults = [
        Fault(
            "unknown-feature",
            f"{request.entity} has no feature '{name}'",
            fix=suggest(name, names) or f"it has {', '.join(names)}",
        )
        for name in request.features or ()
        if name not in names
    ]
    reasons = {key[1]: reason for key in own if not request.state and (reason := untimely(project, key, reads))}
    faults += [
        Fault("panel-untimely", f"'{name}' cannot be in a panel: {reasons[name]}", fix="leave it out, or add --state")
        for name in request.features or ()
        if name in reasons
    ]
    if faults:
        raise ProjectError(*faults)
    wanted = request.features or tuple(name for name in names if name not in reasons)
    skipped = {} if request.features else reasons
    return [(request.entity, name) for name in wanted], skipped


def untimely(project: Project, key: Key, reads: dict[Key, Read], seen: frozenset[Key] = frozenset()) -> str | None:
    """Why a feature does not tell what was known at a past date: it reads a trait, of which only today's value is known."""
    if reads[key].definition.feature.verb == "score":
        return "its classes are those of today's population; take the number that it scores"
    for need in sorted(reads[key].needs):
        if need in reads:
            reason = untimely(project, need, reads, seen | {key}) if need not in seen else None
            if reason:
                return reason
        elif need[1] not in (*project.file.entities[need[0]].ids, "entity_id", "public_id"):
            return f"it reads {need[0]}.{need[1]}, of which only today's value is known"
    return None


def closure(chosen: Sequence[Key], reads: dict[Key, Read]) -> dict[Key, Read]:
    """The chosen features and all that they need, in file order."""
    found: set[Key] = set()
    waiting = list(chosen)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += own_needs(reads[key], reads)
    return {key: read for key, read in reads.items() if key in found}
