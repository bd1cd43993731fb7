"""Records that are not loaded in, rows of landing._quarantine out; however many there are, few are held in memory."""

from collections import Counter

from c360.records import dataclass
from c360.sources.landed import insert_rows, tables
from c360.warehouse import Connection

most_held = 20_000
spilled = "_c360_refused"


@dataclass(frozen=True)
class Rejected:
    """A record that is not loaded."""

    file: str
    byte_offset: int | None
    line: int | None
    raw: str
    code: str
    reason: str
    column: str | None = None
    key: str | None = None


class Refusals:
    """The refused records of one source.

    Attributes:
        by_file: how many there are of each file.
        by_code: how many there are of each code.
        examples: code -> the reason of the first.
    """

    def __init__(self, work: Connection, source: str) -> None:
        self.work, self.source = work, source
        self.held: list[Rejected] = []
        self.by_file: Counter[str] = Counter()
        self.by_code: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.has_spilled = False

    @property
    def total(self) -> int:
        """How many there are."""
        return self.by_file.total()

    def add(self, item: Rejected) -> None:
        """Take one more."""
        self.held.append(item)
        self.by_file[item.file] += 1
        self.by_code[item.code] += 1
        self.examples.setdefault(item.code, item.reason)
        if len(self.held) >= most_held:
            self.spill()

    def rows(self) -> list[list[object]]:
        """Those in memory as rows of landing._quarantine."""
        return [
            [self.source, "row", item.file, item.byte_offset, item.line, item.column, item.key, item.raw, item.code,
             item.reason]
            for item in self.held
        ]  # fmt: skip

    def spill(self) -> None:
        """Put those in memory into a temporary table."""
        if not self.has_spilled:
            self.work.execute(f"DROP TABLE IF EXISTS {spilled}", portable=False)
            self.work.execute(f"CREATE TEMP TABLE {spilled} ({tables['_quarantine']})", portable=False)
            self.has_spilled = True
        insert_rows(self.work, "_quarantine", self.rows(), into=spilled)
        self.held.clear()

    def keep(self) -> None:
        """Write all of them to the quarantine.

        Writes: landing._quarantine
        """
        if self.has_spilled:
            self.work.execute(f"INSERT INTO landing._quarantine SELECT * FROM {spilled}", portable=False)
            self.work.execute(f"DROP TABLE {spilled}", portable=False)
            self.has_spilled = False
        insert_rows(self.work, "_quarantine", self.rows())
        self.held.clear()
