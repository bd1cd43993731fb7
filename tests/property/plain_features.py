"""Features as plain Python over plain lists: slow, obvious, and written without the engine's compiler.

`World` holds what happened; `evaluate` gives the value of a declaration (the YAML mapping) for one entity.
"""

import datetime as dt
import json
import math
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
numbers_default_zero = {"count", "sum", "distinct", "streak"}


@dataclass
class World:
    """Entities by kind with their columns, their activities, and who is a member of what.

    `ways[member, target, via]` is a list of (member id, target id), each pair once.
    """

    zone: str
    entities: dict[str, dict[int, Row]]
    streams: dict[str, list[Row]]
    ways: dict[tuple[str, str, str], list[tuple[int, int]]]
    up: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    revenue: dict[str, str] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)


def minus(at: dt.datetime, window: str, zone: str, times: int = 1) -> dt.datetime:
    """The start of a window."""
    unit = window.lstrip("0123456789")
    count = int(window.removesuffix(unit)) * times
    if unit in ("h", "min"):
        return at - dt.timedelta(**{"hours" if unit == "h" else "minutes": count})
    local = at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if unit in ("d", "w"):
        moved = local - dt.timedelta(days=count * (7 if unit == "w" else 1))
    else:
        months = local.year * 12 + local.month - 1 - count * {"mo": 1, "q": 3, "y": 12}[unit]
        year, month = divmod(months, 12)
        last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
        moved = local.replace(year=year, month=month + 1, day=min(local.day, last))
    return moved.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def evaluate(world: World, entity: str, number: int, feature: Row, at: dt.datetime) -> Any:
    """The value of a feature for one entity at one time."""
    verb = next(iter(feature))
    subject = feature[verb]
    head, _, column = str(subject).partition(".")
    if head in world.entities and head not in world.sets:
        value = over_members(world, entity, number, feature, (verb, head, column))
    else:
        value = over_activities(world, entity, number, feature, at)
    return with_policy(feature, verb, value)


def with_policy(feature: Row, verb: str, value: Any) -> Any:
    """What stands for nothing."""
    if feature.get("null") == "keep":
        return None if verb in ("count", "distinct", "streak") and value == 0 else value
    if value is None and "null" in feature:
        return feature["null"]
    if value is None and verb in numbers_default_zero:
        return 0
    return False if value is None and verb == "any" else value


def over_members(world: World, entity: str, number: int, feature: Row, parts: tuple[str, str, str]) -> Any:
    """An aggregate of members."""
    verb, member, column = parts
    pairs = world.ways[member, entity, feature.get("via", "")]
    rows = [world.entities[member][one] | {"#": one} for one, target in pairs if target == number]
    own = world.entities[entity][number]
    rows = [row for row in rows if passes(feature.get("where"), row, own)]
    if verb == "count":
        return len([row for row in rows if not column or row[column] is not None])
    if verb == "any":
        flags = [bool(row[column]) if column else True for row in rows]
        return any(flags) if flags else None
    if verb == "pick":
        rows = [row for row in rows if row[column] is not None]
        rows.sort(key=lambda row: row["#"])
        rows.sort(key=lambda row: row[column])
        for part in reversed(feature["order"].split(", ")):
            name, direction = part.split()
            rows.sort(key=lambda row: ordering(row[name], direction == "desc"))
        return rows[0][column] if rows else None
    return aggregate(verb, feature, [row[column] for row in rows if row[column] is not None])


def ordering(value: Any, descending: bool) -> tuple[bool, Any]:
    """Sort keys with NULL last in both directions."""
    if value is None:
        return (True, 0)
    if isinstance(value, str):
        return (False, (*(-ord(c) for c in value), 1) if descending else tuple(ord(c) for c in value))
    if isinstance(value, dt.datetime):
        value = (value - dt.datetime(1970, 1, 1)).total_seconds()
    return (False, -value if descending else value)


def passes(where: Any, row: Row, own: Row) -> bool:
    """A condition: (column, operator, literal or `own.column`); NULL is never true."""
    if where is None:
        return True
    column, operator, literal = where
    left = row[column]
    right = own[literal[1:]] if isinstance(literal, str) and literal.startswith("^") else literal
    if left is None or right is None:
        return False
    return {"=": left == right, ">": left > right, "<": left < right}[operator] if operator != "<>" else left != right


def names_of(world: World, word: str) -> list[str] | None:
    """The activities of a word; None for any."""
    return None if word == "any" else world.sets.get(word, [word])


def activities_of(world: World, entity: str, number: int, feature: Row, at: dt.datetime) -> list[Row]:
    """All activities of an entity before a time, the entity's own or those of its members, in order."""
    if entity in world.streams and "via" not in feature:
        rows = [row for row in world.streams[entity] if row["entity_id"] == number]
    else:
        pairs = world.ways["person", entity, feature.get("via", "")]
        mine = {one for one, target in pairs if target == number}
        rows = [row for row in world.streams["person"] if row["entity_id"] in mine]
    return sorted((row for row in rows if row["ts"] < at), key=lambda row: (row["ts"], row["uuid"]))


def over_activities(world: World, entity: str, number: int, feature: Row, at: dt.datetime) -> Any:
    """An aggregate of activities."""
    verb, subject = next(iter(feature)), feature[next(iter(feature))]
    word, value_name = subject, feature.get("take")
    if "of" in feature:
        word = feature["of"]
        value_name = None if subject == "gap" else subject
    elif "." in subject:
        word, _, value_name = subject.partition(".")
    now = at
    at = minus(at, feature["ago"], world.zone) if "ago" in feature else at
    every = activities_of(world, entity, number, feature, at)
    if subject.partition(".")[0] == "session":
        word, value_name = feature.get("of", "any"), feature.get("take") or subject.partition(".")[2] or None
        names = names_of(world, word)
        every = sessions([row for row in every if names is None or row["activity"] in names])
        word = "any"
    names = names_of(world, word)
    rows = [row for row in every if names is None or row["activity"] in names]
    if "relative" in feature:
        which, anchor_word = next(iter(feature["to"].items()))
        anchors = names_of(world, anchor_word)
        whole = activities_of(world, entity, number, feature, now)
        times = [row["ts"] for row in whole if anchors is None or row["activity"] in anchors]
        if not times:
            return None
        anchor = min(times) if which == "first" else max(times)
        rows = [row for row in rows if (row["ts"] < anchor if feature["relative"] == "before" else row["ts"] > anchor)]
    own = world.entities[entity][number]
    rows = [derive(row, world.zone) for row in rows]
    rows = [row for row in rows if passes(feature.get("where"), row, own)]
    for key in ("followed_by", "not_followed_by"):
        if key in feature:
            after, within = next(iter(feature[key].items()))
            rows = following(world, rows, names_of(world, after), within, at, wanted=key == "followed_by")
    window = feature.get("window")
    if verb == "trend":
        return trend(rows, value_name, (minus(at, window, world.zone), minus(at, window, world.zone, 2)))
    if window:
        rows = [row for row in rows if row["ts"] >= minus(at, window, world.zone)]
    if subject == "gap":
        times = [row["ts"] for row in rows]
        gaps = [(b - a).total_seconds() / 86400.0 for a, b in pairwise(times)]
        if verb == "avg":
            return (times[-1] - times[0]).total_seconds() / 86400.0 / (len(times) - 1) if gaps else None
        return aggregate(verb, feature, gaps)
    return over_rows(world, verb, feature, rows, value_name, at)


def sessions(rows: list[Row]) -> list[Row]:
    """Runs of activities of one entity with less than half an hour between them."""
    found: list[Row] = []
    for number in dict.fromkeys(row["entity_id"] for row in rows):
        runs: list[list[dt.datetime]] = []
        for moment in [row["ts"] for row in rows if row["entity_id"] == number]:
            if runs and (moment - runs[-1][-1]).total_seconds() < 1800:
                runs[-1].append(moment)
            else:
                runs.append([moment])
        found += [
            {"entity_id": number, "ts": run[0], "uuid": index, "activity": "session", "events": len(run),
             "seconds": int((run[-1] - run[0]).total_seconds())}
            for index, run in enumerate(runs)
        ]  # fmt: skip
    return sorted(found, key=lambda row: (row["ts"], row["uuid"]))


def derive(row: Row, zone: str) -> Row:
    """The local day, hour and weekday of an activity."""
    local = row["ts"].replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    return {**row, "day": local.date(), "hour": local.hour, "weekday": local.isoweekday()}


def following(
    world: World, rows: list[Row], names: list[str] | None, within: str, at: dt.datetime, *, wanted: bool
) -> list[Row]:
    """The activities after which one of the names happened within a time, or did not."""
    found = []
    for row in rows:
        end = row["ts"] + (at - minus(at, within, "UTC"))
        after = [
            other
            for other in world.streams["person"]
            if other["entity_id"] == row["entity_id"]
            and (names is None or other["activity"] in names)
            and row["ts"] < other["ts"] <= end
            and other["ts"] < at
        ]
        if bool(after) if wanted else (not after and end < at):
            found.append(row)
    return found


def over_rows(world: World, verb: str, feature: Row, rows: list[Row], name: str | None, at: dt.datetime) -> Any:
    """An aggregate of chosen activities."""
    if verb == "count":
        return len([row for row in rows if name is None or row[name] is not None])
    if verb == "any":
        return True if rows else None
    if verb in ("first", "last", "nth"):
        place = {"first": 0, "last": -1}.get(verb, feature.get("n", 1) - 1)
        return rows[place][name or "ts"] if -1 <= place < len(rows) and rows else None
    if verb == "streak":
        return streak([row["ts"] for row in rows], name or "day", at, world.zone)
    if verb == "list":
        found: dict[str, None] = {}
        for row in reversed(rows):
            if row[name] is not None:
                found.setdefault(str(row[name]))
        return json.dumps(list(found)[: feature.get("n", 10)], ensure_ascii=False) if found else None
    if name is None:
        name = world.revenue[feature[verb]]
    return aggregate(verb, feature, [row[name] for row in rows if row[name] is not None])


def aggregate(verb: str, feature: Row, values: list[Any]) -> Any:
    """One value of several."""
    if verb == "distinct":
        return len(set(values))
    if not values:
        return None
    if verb == "sum":
        return total(values)
    if verb == "avg":
        return float(total(values)) / len(values)
    if verb in ("min", "max"):
        return min(values) if verb == "min" else max(values)
    if verb == "stddev":
        return deviation([Decimal(repr(v)) if isinstance(v, float) else Decimal(v) for v in values])
    if verb == "mode":
        counts = Counter(values)
        return min(value for value, count in counts.items() if count == max(counts.values()))
    p = 0.5 if verb == "median" else feature["p"]
    ordered = sorted(float(value) for value in values)
    position = p * (len(ordered) - 1)
    low, high = math.floor(position), math.ceil(position)
    weight = position - low
    return ordered[low] * (1 - weight) + ordered[high] * weight


def deviation(values: list[Decimal]) -> float | None:
    """The sample standard deviation, from exact sums."""
    if len(values) < 2:
        return None
    exact = [round(value, 9) for value in values]
    squares, plain = float(sum(round(value * value, 9) for value in values)), float(sum(exact))
    inner = (squares - plain * plain / len(values)) / (len(values) - 1)
    return math.sqrt(max(inner, 0.0))


def total(values: list[Any]) -> Any:
    """A sum without rounding errors."""
    if any(isinstance(value, float) for value in values):
        return float(sum(Decimal(repr(value)) for value in values))
    return sum(values)


def trend(rows: list[Row], name: str | None, starts: tuple[dt.datetime, dt.datetime]) -> float | None:
    """This window over the one before it."""
    now = [row for row in rows if row["ts"] >= starts[0]]
    before = [row for row in rows if starts[1] <= row["ts"] < starts[0]]
    if name is None:
        return len(now) / len(before) if before else None
    sides = [[row[name] for row in side if row[name] is not None] for side in (now, before)]
    if not sides[0] or not sides[1] or not total(sides[1]):
        return None
    return float(total(sides[0])) / float(total(sides[1]))


def streak(times: list[dt.datetime], every: str, at: dt.datetime, zone: str) -> int | None:
    """How many periods in a row up to this one, or the one before."""
    if not times:
        return None

    def period(moment: dt.datetime) -> int:
        moment = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
        days = (moment.date() - dt.date(1970, 1, 5)).days
        return {"day": days, "week": days // 7, "month": moment.year * 12 + moment.month}[every]

    periods = {period(moment) for moment in times}
    here = period(at) if period(at) in periods else period(at) - 1
    count = 0
    while here - count in periods:
        count += 1
    return count
