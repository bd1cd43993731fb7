"""Declarations of the project file in, plain sentences for readers who do not know its keys out."""

from c360.features.describing.distribution import Distribution
from c360.features.language.definitions import Definition
from c360.project import Project
from c360.project.blocks.entities import BelongsTo
from c360.project.blocks.features import Again
from c360.project.blocks.ids import IdKind, ListRef
from c360.project.blocks.outputs import Check
from c360.project.blocks.sources import Source

verbs = {
    "count": "Number of {}", "sum": "Sum of {}", "min": "Least {}", "max": "Greatest {}", "avg": "Mean of {}",
    "first": "First {}", "last": "Last {}", "nth": "{n}th {}", "pick": "{} of the first in the order {order}",
    "any": "Whether there is any {}", "distinct": "Number of different {}", "median": "Median of {}",
    "mode": "Most frequent {}", "percentile": "Percentile {p} of {}", "list": "List of {}", "ratio": "Ratio of {}",
    "score": "Score of {}", "stddev": "Standard deviation of {}", "trend": "Trend of {}", "streak": "Streak of {}", "sql": "Formula {}",
}  # fmt: skip
units = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months", "q": "quarters", "y": "years"}
types = {
    "email": "e-mail address",
    "phone": "phone number",
    "domain": "domain",
    "external": "identifier of another system",
}


def feature_sentence(definition: Definition) -> str:
    """What a feature is: `Number of order_placed in the last 30 days`."""
    feature = definition.feature
    subject = feature.subject if isinstance(feature.subject, str) else " to ".join(feature.subject)
    if feature.take is not None:
        subject = f"{'time' if feature.take == 'ts' else feature.take} of {subject}"
    if feature.of is not None:
        subject = f"{'days between' if subject == 'gap' else f'{subject} of'} {feature.of}"
    text = verbs[feature.verb].format(subject, n=feature.n, p=feature.p, order=feature.order)
    if feature.window is not None:
        text += f" in the last {duration(feature.window)}"
    if feature.relative is not None and feature.to is not None:
        which, anchor = next(iter(feature.to.items()))
        text += f" {feature.relative} the {which} {anchor}"
    if definition.via is not None:
        text += f", by way of {definition.via}"
    if definition.wheres:
        text += ", where " + " and ".join(where.sql for where in definition.wheres)
    return text


def duration(text: str) -> str:
    """`30d` as `30 days`."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return f"{digits} {units[text.removeprefix(digits)]}"


def null_sentence(definition: Definition) -> str:
    """What a missing value is published as."""
    if not definition.null_is_declared:
        return "not declared"
    return "stays empty" if definition.null == "keep" else f"becomes {str(definition.null).lower()}"


def cleaning_sentence(kind: IdKind) -> str:
    """How values of an identifier kind are read."""
    text = types[kind.type]
    if kind.columns:
        text += f" of {len(kind.columns)} parts: {', '.join(kind.columns)}"
    options = ", ".join(f"{key}: {value}" for key, value in kind.options.items())
    return f"{text} ({options})" if options else text


def limit_sentence(kind: IdKind) -> str:
    """How many values one entity may collect."""
    if kind.limit is None:
        return "no limit"
    per = {"ever": "ever", "source": "per source"}.get(kind.limit.per, f"per {kind.limit.per}")
    return f"at most {kind.limit.count} {per}"


def block_sentence(kind: IdKind) -> list[str]:
    """The values that never link."""
    return [f"the list {item.list}" if isinstance(item, ListRef) else item for item in kind.block]


def source_sentence(project: Project, source: Source) -> str:
    """How a source changes, and what its rows are."""
    key = f"one row per {', '.join(source.key)}" if source.key else "every row stands for itself"
    change = "a log that only grows" if source.append_only else "a full state: what is gone was deleted"
    zone = source.timezone or project.timezone
    time = f"; time in {source.time} ({zone})" if source.time else ""
    return f"{change}; {key}{time}"


def relation_sentence(relation: BelongsTo) -> str:
    """How an entity is found to belong to another one."""
    if relation.source is not None:
        ids = ", ".join(relation.ids or {})
        text = f"rows of {relation.source}: {ids} with {relation.key}"
        period = [name for name in (relation.joined, relation.left) if name]
        return (
            text
            + (f", from {' to '.join(period)}" if period else "")
            + (f", as {relation.role}" if relation.role else "")
        )
    choice = {"most_users": "that of most members", "first": "that of the first member", "share": "shared by members"}
    chosen = f"; of several: {choice[relation.choose]}" if "." in str(relation.from_) else ""
    return f"the {relation.by} of {relation.from_}{chosen}"


def again_sentence(again: Again) -> str:
    """What a suffix means."""
    parts = [f"by way of {again.via}" if again.via else "", f"only where {again.where}" if again.where else ""]
    return "The same measures, " + (" and ".join(part for part in parts if part) or "once more")


def check_sentence(check: Check) -> str:
    """What must hold."""
    listed = (
        " and ".join(getattr(check, check.verb))
        if isinstance(getattr(check, check.verb), tuple)
        else getattr(check, check.verb)
    )
    between = [
        f"at least {check.min}" if check.min is not None else "",
        f"at most {check.max}" if check.max is not None else "",
    ]
    text = {
        "unique": f"{listed}: no value twice",
        "not_null": f"{listed}: never empty",
        "accepted_values": f"{listed} is one of {', '.join(str(value) for value in check.values or ())}",
        "relationships": f"every {listed} is a {check.to}",
        "expression": f"every row of {check.table} meets {listed}",
        "row_count": f"{listed} has {' and '.join(part for part in between if part)} rows",
        "same": f"{listed} are one {check.entity or 'entity'}",
        "not_same": f"{listed} are not one {check.entity or 'entity'}",
    }[check.verb]
    return f"{text}, where {check.where}" if check.where else text


def spread_sentence(values: Distribution) -> str:
    """How the values of a column are spread."""
    if not values.rows:
        return "no rows"
    text = f"{values.filled:,} of {values.rows:,} rows have one ({values.coverage:.1%}), {values.different:,} different"
    if values.mean is not None:
        text += f", mean {values.mean:,.4g}"
    if values.quantiles and values.filled:
        names = ("least", "lower quarter", "median", "upper quarter", "greatest")
        text += "; " + ", ".join(f"{name} {value}" for name, value in zip(names, values.quantiles, strict=True))
    if values.top:
        text += "; most often " + ", ".join(f"{value} ({count:,})" for value, count in values.top[:5])
    return text
