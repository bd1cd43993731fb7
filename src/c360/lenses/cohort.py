"""An activity and what to add to each of its rows in, the request of a dataset out: the ActivitySchema dataset builder."""

import re
from collections.abc import Sequence
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.model.lens import Lens

addition = re.compile(
    r"^(?P<name>\w+)\s*=\s*(?P<take>[a-z_]+(?:\s*\(.*?\))?)\s+(?:all\s+)?(?P<span>ever|before|after|(?:in\s+)?between)\s+"
    r"(?P<entity>\w+)(?:\.(?P<member>\w+))?(?:\s+where\s+(?P<where>.+))?$",
    re.IGNORECASE | re.DOTALL,
)
nth = re.compile(r"^nth\s*\(\s*(\d+)\s*\)$")
prefix = "appended_"  # so that an addition may have the name of a member
counted = "cohort_occurrence"
example = "invoiced_at = first after order_invoiced"


def cohort_request(
    lens: Lens,
    of: str,
    *,
    which: str = "all",
    appends: Sequence[str] = (),
    columns: Sequence[str] = (),
    filters: Sequence[str] = (),
    limit: int | None = None,
) -> dict[str, Any]:
    """The request of a dataset: one row per row of the cohort, whatever is added.

    Args:
        lens: whose activities they are.
        of: the cohort's activity.
        which: `all`, `first`, `last` or a number: which occurrences of it belong to the cohort.
        appends: `NAME = RELATION ACTIVITY[.MEMBER] [where CONDITION]`, such as `invoiced_at = first after order_invoiced`,
            `spent = sum(order_value) before order_placed`, `second = nth(2) ever order_placed.order_id`.
        columns: members of the cohort and of what it belongs to; default its key, its entity and its time.
        filters: conditions on the cohort's rows.
        limit: at most so many rows.

    Raises:
        ProjectError: an unknown activity or member, or an addition that cannot be read.
    """
    entity = lens.entity(of)
    shown = list(columns)
    if not shown:
        names = [member.name for member in entity.key]
        names += [name for name in ("entity_id",) if name in entity.members and name not in names]
        names += [entity.time.name] if entity.time is not None and entity.time.name not in names else []
        shown = [f"{of}.{name}" for name in names]
    made = {f"{prefix}{name}": item for name, item in (read_append(lens, of, text) for text in appends)}
    conditions = list(filters)
    if which != "all":
        made[counted] = {"of": of, "entity": of, "relation": occurrence(which)}
        number = 1 if which in ("first", "last") else int(which)
        conditions.append({"member": f"{of}.{counted}", "operator": "equals", "values": [number]})  # type: ignore[arg-type]
    added = [name for name in made if name != counted]
    return {
        "ungrouped": True,
        "of": of,
        "dimensions": [*shown, *({"dimension": f"{of}.{name}", "as": name.removeprefix(prefix)} for name in added)],
        "appends": made,
        "filters": conditions,
        "limit": limit,
    }


def occurrence(which: str) -> str:
    """How occurrences are counted.

    Raises:
        ProjectError: it is no choice of occurrences.
    """
    if which in ("first", "last") or (which.isdigit() and int(which) > 0):
        return "occurrence from last" if which == "last" else "occurrence"
    fix = suggest(which, ("all", "first", "last")) or "write all, first, last or a number"
    raise ProjectError(Fault("lens-cohort", f"'{which}' is no choice of occurrences", fix=fix))


def read_append(lens: Lens, of: str, text: str) -> tuple[str, dict[str, Any]]:
    """`NAME = RELATION ACTIVITY[.MEMBER] [where CONDITION]` as a temporal relationship.

    Raises:
        ProjectError: it has another form.
    """
    match = addition.match(text.strip())
    if match is None:
        raise ProjectError(Fault("lens-cohort", f"'{text}' cannot be read", fix=f"write it like '{example}'"))
    lens.entity(match["entity"])
    take, span, member = match["take"].lower().strip(), match["span"].lower(), match["member"]
    made: dict[str, Any] = {"of": of, "entity": match["entity"], "where": match["where"]}
    counted = nth.match(take)
    if counted is not None:
        return match["name"], {**made, "relation": f"nth {span}", "n": int(counted[1]), "take": member}
    if take in ("first", "last"):
        return match["name"], {**made, "relation": f"{take} {span}", "take": member}
    aggregated = f"{take}({member})" if member and "(" not in match["take"] else match["take"]
    return match["name"], {**made, "relation": f"aggregate {span}", "take": aggregated}
