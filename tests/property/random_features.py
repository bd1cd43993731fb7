"""A seed in, a random project with features and several unrelated random worlds of people, teams and events out."""

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.hand_made import Spine, spine, values
from tests.property.plain_features import World

AT = dt.datetime(2026, 3, 31, 12, 30)
zones = ["UTC", "Asia/Kolkata", "America/New_York"]
activities = ["seen", "bought", "left"]
head = """
project: {{name: random, timezone: {zone}}}
sources:
  users: {{file: u.csv, key: id, time: at}}
  log: {{file: l.csv, key: id, time: at}}
  seats: {{file: s.csv, key: id}}
  merges: {{file: m.csv}}
ids: {{user: {{}}, email: {{}}, domain: {{}}}}
entities:
  person:
    ids: [user, email]
    from: [{{source: users, ids: {{user: id, email: email}}, traits: {{age: age, nick: nick}}}}]
    same: [{{source: merges, id: user, old: old, new: new}}]
    belongs_to:
      team: {{source: seats, ids: {{user: user}}, key: team, target_id: team_no, joined: joined, left: gone}}
      account: {{by: domain, from: email}}
  team: {{key: {{source: seats, column: team, as: team_no}}, belongs_to: {{account: {{by: domain, from: person.email}}}}}}
  account: {{ids: [domain]}}
activities:
  seen: {{source: log, of: person, ids: {{user: user}}, where: "kind = 'seen'", attributes: {{sku: sku, flag: flag}}}}
  bought: {{source: log, of: person, ids: {{user: user}}, where: "kind = 'bought'", attributes: {{sku: sku, amount: amount, weight: weight}}, revenue: amount}}
  left: {{source: log, of: person, ids: {{user: user}}, where: "kind = 'left'", attributes: {{amount: amount}}}}
activity_sets: {{trade: [bought, left]}}
features:
"""


@dataclass
class History:
    """What a project and its rows are, and the world that the plain evaluator sees."""

    made: Spine
    world: World
    features: dict[str, dict[str, dict[str, Any]]]


def pick_features(draw: random.Random) -> dict[str, dict[str, dict[str, Any]]]:
    """Random declarations: `where` is (column, operator, value) here and SQL in the project."""
    person = {f"p{number}": activity_feature(draw) for number in range(10)}
    numeric = {"kept": {"count": "seen"}, "spent": {"sum": "bought.amount"}}
    found: dict[str, dict[str, dict[str, Any]]] = {"person": {**numeric, **person}}
    for entity, vias in (("team", [None]), ("account", ["account", "team"])):
        features = {f"{entity[0]}{number}": member_feature(draw) for number in range(5)}
        features |= {f"{entity[0]}s{number}": activity_feature(draw) for number in range(3)}
        for feature in features.values():
            via = draw.choice(vias)
            if via:
                feature["via"] = via
        found[entity] = features
    for named in found.values():
        named |= {f"{name}_w": other_window(feature) for name, feature in named.items() if counts_values(feature)}
    return found


def counts_values(feature: dict[str, Any]) -> bool:
    """Whether a feature counts different values of activities."""
    return "distinct" in feature and "." not in feature["distinct"]


def other_window(feature: dict[str, Any]) -> dict[str, Any]:
    """The same in another window: the two share a pass."""
    plain = {name: value for name, value in feature.items() if name != "window"}
    return plain if feature.get("window") == "1mo" else {**plain, "window": "1mo"}


def activity_feature(draw: random.Random) -> dict[str, Any]:
    """A random aggregate of activities."""
    word = draw.choice([*activities, "trade", "any"])
    number, text = draw.choice(["amount", "weight"]), draw.choice(["sku", "flag"])
    feature: dict[str, Any] = draw.choice(
        [
            {"count": word}, {"count": word}, {"any": word}, {"first": word}, {"last": word},
            {"nth": word, "n": draw.randint(1, 3)}, {"sum": number, "of": "bought"}, {"sum": "trade.amount"},
            {"min": number, "of": "bought"}, {"max": "trade.amount"}, {"avg": number, "of": "bought"},
            {"first": word, "take": text}, {"last": word, "take": number}, {"nth": word, "n": 2, "take": text},
            {"distinct": word, "take": "sku"}, {"median": number, "of": "bought"}, {"mode": word, "take": "sku"},
            {"percentile": number, "of": "bought", "p": draw.choice([0, 0.1, 0.25, 0.9, 1])},
            {"list": word, "take": draw.choice(["sku", "amount"]), "n": draw.randint(1, 4)},
            {"avg": "gap", "of": word}, {"median": "gap", "of": word}, {"max": "gap", "of": word},
            {"trend": word, "window": draw.choice(["1d", "7d", "1mo"])},
            {"trend": "trade.amount", "window": "7d"},
            {"streak": word, "take": draw.choice(["day", "week", "month"])}, {"streak": word},
            {"distinct": word, "take": "day"}, {"mode": word, "take": "hour"}, {"last": word, "take": "weekday"},
            {"count": word, "where": ("weekday", ">", 4)}, {"stddev": number, "of": "bought"},
            {"count": "session"}, {"avg": "session.seconds"}, {"max": "session.events", "of": "trade"},
            {"count": "session", "where": ("events", "=", 1)}, {"sum": "session", "take": "seconds", "of": word},
            {"count": word, draw.choice(["followed_by", "not_followed_by"]): {draw.choice(activities): draw.choice(["30min", "6h", "2d", "1w"])}},
        ]
    )  # fmt: skip
    if "window" not in feature and draw.random() < 0.5:
        feature["window"] = draw.choice(["1h", "90min", "1d", "7d", "3w", "1mo", "2mo", "1q", "1y"])
    if draw.random() < 0.15:
        feature["ago"] = draw.choice(["1h", "5d", "1mo"])
    is_session = str(feature[next(iter(feature))]).startswith("session")
    if draw.random() < 0.25 and not is_session:
        feature |= {"relative": draw.choice(["before", "after"])}
        feature["to"] = {draw.choice(["first", "last"]): draw.choice([*activities, "trade"])}
        if "trend" in feature:
            del feature["relative"], feature["to"]
    if draw.random() < 0.35 and not is_session and "where" not in feature:
        feature["where"] = draw.choice(
            [
                ("hour", ">", 11),
                ("amount", ">", 20),
                ("sku", "=", "s1"),
                ("sku", "<>", "s2"),
                ("weight", "<", 1.5),
                ("flag", "=", True),
            ]
        )
    if draw.random() < 0.3:
        feature["null"] = "keep"
    return feature


def member_feature(draw: random.Random) -> dict[str, Any]:
    """A random aggregate of members."""
    column = draw.choice(["kept", "spent", "age"])
    feature: dict[str, Any] = draw.choice(
        [
            {"count": "person"}, {"count": "person.nick"}, {"sum": f"person.{column}"}, {"min": f"person.{column}"},
            {"max": f"person.{column}"}, {"avg": f"person.{column}"}, {"any": "person"},
            {"distinct": "person.nick"}, {"median": f"person.{column}"}, {"mode": "person.nick"},
            {"percentile": f"person.{column}", "p": 0.75},
            {"pick": "person.user", "order": draw.choice(["kept desc, user asc", "age asc, nick desc, user asc"])},
            {"pick": "person.nick", "order": draw.choice(["spent desc", "age desc"])},
        ]
    )  # fmt: skip
    if draw.random() < 0.4:
        feature["where"] = draw.choice([("age", ">", 30), ("kept", ">", 1), ("nick", "=", "n1")])
    if draw.random() < 0.3:
        feature["null"] = "keep"
    return feature


def yaml_of(features: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The declarations as they stand in a project file."""
    lines = []
    for entity, named in features.items():
        lines.append(f"  {entity}:")
        for name, feature in named.items():
            body = dict(feature)
            if "where" in body:
                column, operator, value = body["where"]
                right = f"'{value}'" if isinstance(value, str) else str(value).lower()
                body["where"] = f"{column} {operator} {right}"
            lines.append(f"    {name}: {flow(body)}")
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """A value in YAML's one-line form."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    return '"' + value + '"' if isinstance(value, str) else str(value)


def random_rows(draw: random.Random, world: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of one small world; ids carry its number, so that worlds never meet."""
    people = [f"{world}u{number}" for number in range(draw.randint(1, 6))]
    teams = [f"{world}t{number}" for number in range(draw.randint(1, 3))]
    near = [AT - dt.timedelta(minutes=draw.choice([0, 1, 30, 89, 90, 91])) for _ in range(2)]
    moments = [AT - dt.timedelta(seconds=draw.randint(-86400, 40 * 86400)) for _ in range(6)] + near
    moments += [AT - dt.timedelta(days=draw.randint(1, 800)) for _ in range(3)]

    def maybe(value: Any, chance: float = 0.2) -> Any:
        return None if draw.random() < chance else value

    rows: dict[str, list[tuple[Any, ...]]] = {"users": [], "log": [], "seats": [], "merges": []}
    for person in people:
        email = maybe(f"{person}@{draw.choice(['a', 'b'])}{world}.com", 0.3)
        rows["users"].append(
            (person, email, maybe(draw.randint(18, 60)), maybe(f"n{draw.randint(1, 2)}"), draw.choice(moments))
        )
    for number in range(draw.randint(0, 30)):
        rows["log"].append(
            (f"{world}e{number}", draw.choice(people), draw.choice(activities), maybe(f"s{draw.randint(1, 3)}"),
             maybe(Decimal(draw.randint(-500, 9000)) / 100), maybe(draw.randint(0, 3000) / 1000), maybe(draw.random() < 0.5),
             draw.choice(moments)),
        )  # fmt: skip
    for number in range(draw.randint(0, 6)):
        joined = maybe(AT - dt.timedelta(days=draw.randint(-3, 90)), 0.5)
        gone = maybe(AT - dt.timedelta(days=draw.randint(-3, 30)), 0.6)
        rows["seats"].append((f"{world}x{number}", draw.choice(people), draw.choice(teams), joined, gone))
    for _ in range(draw.choice([0, 0, 1, 2])):
        if len(people) > 1:
            old, new = draw.sample(people, 2)
            rows["merges"].append((old, new))
    return rows


columns = {
    "users": "id VARCHAR, email VARCHAR, age INTEGER, nick VARCHAR, at TIMESTAMP",
    "log": "id VARCHAR, user VARCHAR, kind VARCHAR, sku VARCHAR, amount DECIMAL(10,2), weight DOUBLE, flag BOOLEAN, at TIMESTAMP",
    "seats": "id VARCHAR, user VARCHAR, team VARCHAR, joined TIMESTAMP, gone TIMESTAMP",
    "merges": "old VARCHAR, new VARCHAR",
}


def random_history(folder: Path, seed: int, worlds: int) -> History:
    """A project, its rows in a store with streams and entity tables built, and the same for the plain evaluator."""
    draw = random.Random(seed)
    zone = draw.choice(zones)
    features = pick_features(draw)
    made = spine(folder, head.format(zone=zone) + yaml_of(features))
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in columns}
    for number in range(worlds):
        for name, more in random_rows(draw, number).items():
            rows[name] += more
    for name, shape in columns.items():
        made.land(name, values(shape, *rows[name]))
    made.resolve().build("activity", "entities", as_of=AT)
    return History(made, world_of(made), features)


def world_of(made: Spine, at: dt.datetime = AT) -> World:
    """What the plain evaluator sees: streams and entity tables, and who is a member of what at a time."""
    zone = made.project.timezone
    entities = {
        name: {row["entity_id"]: row for row in made.table(f"entities.{name}")}
        for name in ("person", "team", "account")
    }
    stream = [
        {**row, "ts": row["activity_ts"], "uuid": row["activity_uuid"].int} for row in made.table("activity.person")
    ]
    seats = {
        (row["person_id"], row["team_id"])
        for row in made.table("entities.member_person_team")
        if (row["joined_at"] is None or row["joined_at"] <= at) and (row["left_at"] is None or row["left_at"] > at)
    }
    own = {(number, row["account_id"]) for number, row in entities["person"].items() if row["account_id"]}
    through = {
        (one, entities["team"][team]["account_id"]) for one, team in seats if entities["team"][team]["account_id"]
    }
    ways = {("person", "team", ""): sorted(seats), ("person", "account", "account"): sorted(own)}
    ways["person", "account", "team"] = sorted(through)
    return World(
        zone, entities, {"person": stream}, ways, revenue={"bought": "amount"}, sets={"trade": ["bought", "left"]}
    )
