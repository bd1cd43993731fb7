"""The date or dates at which features are computed in, the SQL of "now", of window starts and of the row keys out."""

from datetime import datetime

from c360.features.language.reads import Steps
from c360.features.language.scope import clock_sql
from c360.features.language.windows import end_of, start_of
from c360.records import dataclass
from c360.warehouse import comma, literal, qualified, quote

cut_table = qualified("features", "_cut")


def stamp(moment: datetime) -> str:
    """A UTC timestamp literal, as `compile_snippet` writes the clock."""
    return f"CAST({literal(moment.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"


@dataclass(frozen=True)
class Frame:
    """When features are computed: at one date, or at every date of a panel.

    In a panel each row is an entity at a cut: keys are `entity_id, cut`, and every pass joins the table of cuts.

    Attributes:
        steps: the moments before each cut that features need.
    """

    as_of: datetime
    zone: str
    cuts: tuple[datetime, ...] = ()
    steps: tuple[Steps, ...] = ()

    @property
    def boundaries(self) -> list[datetime]:
        """Every cut and every moment before one that features need, in order: they cut time into segments."""
        return sorted({walk(steps, cut, self.zone) for cut in self.cuts for steps in ((), *self.steps)})

    @property
    def is_panel(self) -> bool:
        """Whether there are several dates."""
        return bool(self.cuts)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return ("entity_id", "cut") if self.is_panel else ("entity_id",)

    def now(self, alias: str = "c") -> str:
        """The date of a row."""
        return f"{alias}.cut_at" if self.is_panel else stamp(self.as_of)

    def back(self, steps: Steps) -> str:
        """The moment so many windows before that date, one step after the other."""
        if not steps:
            return self.now()
        if self.is_panel:
            return f"c.{quote(step_column(steps))}"
        return stamp(walk(steps, self.as_of, self.zone))

    def widest(self, reaches: list[Steps]) -> list[Steps]:
        """The reaches that go back furthest: one, unless months and days take turns over the dates of a panel."""
        at = self.cuts or (self.as_of,)
        return sorted({min(sorted(reaches), key=lambda steps: walk(steps, cut, self.zone)) for cut in at})

    def earliest(self, reaches: list[Steps]) -> str:
        """The moment at which the widest of some windows begins."""
        found = [self.back(steps) for steps in self.widest(reaches)]
        return found[0] if len(found) == 1 else f"least({comma(found)})"

    def clocked(self, sql: str, alias: str) -> str:
        """A compiled snippet with the row's date where the user wrote "now"."""
        return sql.replace(clock_sql, self.now(alias))

    def key_columns(self, entity: str) -> list[str]:
        """The select list of the keys."""
        columns = [f"{entity} AS entity_id"]
        return [*columns, "c.cut AS cut"] if self.is_panel else columns

    def group(self, entity: str) -> str:
        """The GROUP BY list of the keys."""
        return f"{entity}, c.cut" if self.is_panel else entity

    def same(self, one: str, other: str) -> str:
        """SQL: two rows have the same keys."""
        return " AND ".join(f"{one}.{key} = {other}.{key}" for key in self.keys)

    def cut_sql(self, horizon: str | None = None) -> str:
        """SQL of the table of cuts: number, date, each moment before it that is needed and its segment, a label's end."""
        places = {moment: number for number, moment in enumerate(self.boundaries, 1)}
        rows = []
        for number, cut in enumerate(self.cuts):
            columns = [f"{number} AS cut", f"{stamp(cut)} AS cut_at"]
            for steps in ((), *sorted(set(self.steps) - {()})):
                moment = walk(steps, cut, self.zone)
                columns += [f"{stamp(moment)} AS {quote(step_column(steps))}"] if steps else []
                columns.append(f"{places[moment]} AS {quote(segment_column(steps))}")
            columns += [f"{stamp(end_of(horizon, cut, self.zone))} AS label_end"] if horizon else []
            rows.append(f"SELECT {comma(columns)}")
        return " UNION ALL ".join(rows)


def walk(steps: Steps, at: datetime, zone: str) -> datetime:
    """Go back from a date."""
    for window, times in steps:
        at = start_of(window, at, zone, times)
    return at


def step_column(steps: Steps) -> str:
    """The column of a moment in the table of cuts."""
    return "back_" + "_".join(f"{times}x{window}" for window, times in steps)


def segment_column(steps: Steps) -> str:
    """The column of the table of cuts that holds the segment that begins at a moment."""
    return "segment_" + ("_".join(f"{times}x{window}" for window, times in steps) or "now")
