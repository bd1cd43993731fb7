"""A seed in, a project whose rows, people, dates and definitions change from run to run out, in a store that follows.

Rows come late, are corrected and deleted, people merge and part, memberships begin and end, features are added and
changed. The store is brought up to date run by run; `rebuilt` gives another one in which everything is built at once.
"""

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from hashlib import md5
from pathlib import Path
from typing import Any

from tests.hand_made import Spine, Table, values
from tests.property.plain_features import World
from tests.property.random_features import (
    AT,
    activities,
    activity_feature,
    columns,
    head,
    member_feature,
    pick_features,
    random_rows,
    world_of,
    yaml_of,
    zones,
)

from c360 import activity, entities, features
from c360.features.update.carry import Update
from c360.project import load_project
from c360.warehouse.engines.duckdb import open_memory

Rows = dict[str, list[tuple[Any, ...]]]
moved = [dt.timedelta(0), dt.timedelta(0), dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=1), dt.timedelta(days=6),
         dt.timedelta(days=33), dt.timedelta(hours=-5)]  # fmt: skip
changes = [("log",), ("users",), ("merges",), ("seats",), ("log", "users", "merges", "seats")]
formulas = {
    "idle": {"sql": "date_diff('day', kept_last, current_timestamp)"},
    "kept_last": {"last": "any"},
    "share": {"ratio": ["kept", "spent"]},
    "at_home": {"sql": "account.domain", "null": "keep"},
    "crowd": {"sql": "account.people", "null": "keep"},
    "daily": {"count": "seen", "history": "daily"},
    "money": {"sum": "bought.amount", "history": "monthly"},
}


@dataclass(frozen=True)
class Log(Table):
    """A landed source that can tell which rows came since a fingerprint."""

    known: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def added_since(self, fingerprint: str) -> str | None:
        """SQL of the rows that came since; None when others changed too."""
        now, before = dict(self.known)[self.fingerprint], dict(self.known).get(fingerprint)
        if before is None or not set(before) <= set(now):
            return None
        new = [text.split("|")[0] for text in now if text not in set(before)]
        return f"id IN ({', '.join(repr(one) for one in [*new, ''])})"


class Registered(Spine):
    """A spine whose identifiers keep their numbers although the graph is drawn anew."""

    numbers: dict[tuple[str, str, str], int]

    def node(self, entity: str, kind: str, value: str, at: dt.datetime | None) -> int:
        self.nodes[entity, kind, value] = self.numbers.setdefault((entity, kind, value), len(self.numbers) + 1)
        return super().node(entity, kind, value, at)


@dataclass
class Moving:
    """A project in motion."""

    folder: Path
    draw: random.Random
    zone: str
    features: dict[str, dict[str, dict[str, Any]]]
    rows: Rows
    at: dt.datetime = AT
    numbers: dict[tuple[str, str, str], int] = field(default_factory=dict)
    fingerprints: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    store: Registered | None = None

    def run(self) -> Update:
        """Bring the store up to date."""
        self.store = self.landed_in(self.store)
        return self.built(self.store, anew=False)

    def rebuilt(self) -> Registered:
        """Another store, in which everything is built at once."""
        other = self.landed_in(None)
        self.built(other, anew=True)
        return other

    def built(self, store: Registered, *, anew: bool) -> Update:
        activity.build(store.work, store.project, store.landed, self.at, anew=anew)
        entities.build(store.work, store.project, store.landed, self.at, anew=anew)
        return features.build(store.work, store.project, self.at, anew=anew)

    def landed_in(self, store: Registered | None) -> Registered:
        """The rows of now and the identity graph that follows from them, in a store."""
        (self.folder / "c360.yaml").write_text(head.format(zone=self.zone) + yaml_of(self.features), encoding="utf-8")
        project = load_project(self.folder)
        made = store or Registered(open_memory(threads=2), project)
        made.project, made.numbers = project, self.numbers
        made.nodes, made.parent, made.superseded, made.seen = {}, {}, set(), {}
        for name, shape in columns.items():
            made.land(name, values(shape, *self.rows[name]))
            texts = tuple("|".join(str(cell) for cell in row) for row in sorted(self.rows[name], key=str))
            found = md5("\n".join(texts).encode()).hexdigest()
            landed = replace(made.landed[name], fingerprint=found)
            if name == "log":
                self.fingerprints.append((found, texts))
                landed = Log(**{**landed.__dict__, "known": tuple(self.fingerprints)})
            made.landed[name] = landed
        return made.resolve()  # type: ignore[return-value]

    def world(self) -> World:
        """What the plain evaluator sees."""
        assert self.store is not None
        return world_of(self.store, self.at)

    def move(self, worlds: int, *, only_append: bool, redefine: bool) -> None:
        """Change some rows of some worlds, perhaps a definition, and the date."""
        before = self.at
        self.at += self.draw.choice(moved)
        for number in range(worlds):
            if self.draw.random() < 0.5:
                what = ("log",) if only_append else self.draw.choice(changes)
                self.change_world(number, before, what, only_append=only_append)
        if redefine:
            self.redefine()

    def change_world(self, world: int, before: dt.datetime, what: tuple[str, ...], *, only_append: bool) -> None:
        """Change some rows of one world."""
        draw, mine = self.draw, f"{world}u"
        people = sorted({row[0] for row in self.rows["users"] if row[0].startswith(mine)})
        if "log" in what:
            for _ in range(draw.randint(0, 3)):
                self.rows["log"].append(self.event(world, before, draw.choice([*people, f"{world}u9"])))
        if "log" in what and not only_append:
            self.correct(world, before)
        fresh = random_rows(draw, world)
        if "users" in what:
            self.rows["users"] = [row for row in self.rows["users"] if row[0] not in people] + fresh["users"]
        if "merges" in what:
            others = [row for row in self.rows["merges"] if not row[0].startswith(mine)]
            self.rows["merges"] = others + fresh["merges"]
        if "seats" in what:
            others = [row for row in self.rows["seats"] if not row[0].startswith(f"{world}x")]
            self.rows["seats"] = others + fresh["seats"]

    def correct(self, world: int, before: dt.datetime) -> None:
        """Correct one event of a world, perhaps delete one."""
        draw = self.draw
        events = [n for n, row in enumerate(self.rows["log"]) if row[0].startswith(f"{world}e")]
        if events:
            place = draw.choice(events)
            other = self.event(world, before, draw.choice([self.rows["log"][place][1], f"{world}u0"]))
            self.rows["log"][place] = (self.rows["log"][place][0], *other[1:])
        if events and draw.random() < 0.3:
            del self.rows["log"][draw.choice(events)]

    def event(self, world: int, before: dt.datetime, person: str) -> tuple[Any, ...]:
        """One more event: of today, late, or at the very edge of a window."""
        draw = self.draw
        day = dt.timedelta(days=1)
        at = draw.choice(
            [before, self.at, before + (self.at - before) / 2, self.at - draw.choice([1, 7, 21, 30, 90]) * day,
             self.at - draw.randint(1, 900) * day / 3, self.at + draw.choice([1, 40]) * day]
        )  # fmt: skip
        row = next((row for row in random_rows(draw, world)["log"]), None)
        rest = row[2:7] if row else (draw.choice(activities), None, None, None, None)
        return f"{world}e{draw.randrange(10**9)}", person, *rest, at

    def redefine(self) -> None:
        """Change, add or drop a feature."""
        draw = self.draw
        entity = draw.choice(list(self.features))
        if entity == "person":
            self.features[entity][draw.choice(["p0", "p1", "p20"])] = activity_feature(draw)
        else:
            self.features[entity][f"{entity[0]}0"] = {**member_feature(draw), **via_of(draw, entity)}


def via_of(draw: random.Random, entity: str) -> dict[str, str]:
    return {"via": draw.choice(["account", "team"])} if entity == "account" else {}


def moving_history(folder: Path, seed: int, worlds: int) -> Moving:
    """A project before its first run."""
    draw = random.Random(seed)
    zone, chosen = draw.choice(zones), pick_features(draw)
    chosen["person"] |= formulas
    chosen["account"]["people"] = {"count": "person", "via": "account"}
    rows: Rows = {name: [] for name in columns}
    for number in range(worlds):
        for name, more in random_rows(draw, number).items():
            rows[name] += more
    return Moving(folder, draw, zone, chosen, rows)
