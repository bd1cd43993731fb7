"""What is asked of a panel in, its faults and the features that it can hold out; those left out have a reason."""

from collections.abc import Sequence
from datetime import datetime

from c360.errors import Fault, ProjectError, suggest
from c360.features.language.definition import Key
from c360.features.language.order import own_needs
from c360.features.language.reads import Read
from c360.features.language.windows import end_of, form
from c360.features.panel.label import label_form
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import quote

repeated = f"s.{quote('activity_repeated_at')}"


@dataclass(frozen=True)
class PanelRequest:
    """What is asked for.

    Attributes:
        cuts: the dates, naive UTC.
        features: names; None for all that use only what was known at the date.
        label: `no order_placed in 60d`: what is to be predicted.
        state: also use traits, although they are only known as of now.
        as_of_identity: entities as the links seen by each date made them, rather than as they are known now.
        known_at: the attribute of activities that says when their rows came: rows that came later do not count.
    """

    entity: str
    cuts: tuple[datetime, ...]
    features: tuple[str, ...] | None = None
    label: str | None = None
    state: bool = False
    as_of_identity: bool = False
    known_at: str | None = None


@dataclass(frozen=True)
class PanelResult:
    """What was written: the versions that were used, and the features that were left out with the reason."""

    rows: int
    features: dict[str, int]
    skipped: dict[str, str]
    label: str | None


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
    reasons = {key[1]: reason for key in own if (reason := untimely(project, key, reads, request))}
    faults += [
        Fault("panel-untimely", f"'{name}' cannot be in a panel: {reasons[name]}", fix=way_out(request))
        for name in request.features or ()
        if name in reasons
    ]
    if faults:
        raise ProjectError(*faults)
    wanted = request.features or tuple(name for name in names if name not in reasons)
    skipped = {} if request.features else reasons
    return [(request.entity, name) for name in wanted], skipped


def way_out(request: PanelRequest) -> str:
    """What to do about a feature that was not known at past dates."""
    return "leave it out" + ("" if request.state else ", or add --state")


def untimely(
    project: Project, key: Key, reads: dict[Key, Read], request: PanelRequest, seen: frozenset[Key] = frozenset()
) -> str | None:
    """Why a feature does not tell what was known at a past date, or None."""
    reason = own_reason(project, reads[key], reads, request)
    for need in sorted(own_needs(reads[key], reads)):
        if not reason and need not in seen:
            reason = untimely(project, need, reads, request, seen | {key})
    return reason


def own_reason(project: Project, read: Read, reads: dict[Key, Read], request: PanelRequest) -> str | None:
    """Why what a feature itself reads is known as of now only: a trait, what came later, or what belongs to what."""
    above = any(alias.startswith("u_") for alias in read.aliases)
    if request.as_of_identity and (read.chain or read.kind == "members" or above):
        return "it reads another entity, and what belongs to what is known as of now only"
    if request.state:
        return None
    if read.definition.feature.verb == "score":
        return "its classes are those of today's population; take the number that it scores"
    if any(repeated in (text or "") for text in (read.value, read.condition)):
        return "it reads activity_repeated_at, which tells what came later"
    for entity, column in sorted(read.needs - set(reads)):
        if column not in (*project.file.entities[entity].ids, "entity_id", "public_id"):
            return f"it reads {entity}.{column}, of which only today's value is known"
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
