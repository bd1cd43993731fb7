"""Source blocks and files in, what `land` makes of them out: for the tests of the room `sources`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from c360.project import Project, load_project
from c360.sources import Landed, land
from c360.sources.quarantine import QuarantinedRow, list_quarantine
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Landing:
    """A project folder and a store beside it."""

    root: Path
    work: Connection

    @classmethod
    def at(cls, root: Path) -> "Landing":
        root.mkdir(parents=True, exist_ok=True)
        return cls(root, open_memory(threads=2))

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def project(self, timezone: str = "UTC", ids: dict[str, str] | None = None, **sources: dict[str, Any]) -> Project:
        """A project with these sources; `ids` maps a source to a column that holds an identifier."""
        first = next(iter(sources))
        inputs = [{"source": name, "ids": {"email": column}} for name, column in (ids or {first: "'none'"}).items()]
        whole = {
            "project": {"name": "test", "timezone": timezone},
            "sources": sources,
            "ids": {"email": {}},
            "entities": {"contact": {"ids": ["email"], "from": inputs}},
        }
        (self.root / "c360.yaml").write_text(json.dumps(whole))
        return load_project(self.root)

    def land(
        self, timezone: str = "UTC", ids: dict[str, str] | None = None, **sources: dict[str, Any]
    ) -> dict[str, Landed]:
        """Land the sources in a transaction, as a run does."""
        project = self.project(timezone, ids, **sources)
        with self.work.transaction():
            return land(self.work, project, AS_OF)

    def rows(self, source: str = "s", columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a landed table, sorted as text."""
        return sorted(self.work.rows(f'SELECT {columns} FROM landing."{source}"', portable=False), key=repr)

    def quarantine(self, source: str = "s") -> list[QuarantinedRow]:
        return list_quarantine(self.work, source=source, limit=None)

    def codes(self, source: str = "s") -> dict[str, int]:
        """How many quarantined records there are of each code."""
        found: dict[str, int] = {}
        for row in self.quarantine(source):
            found[row.code] = found.get(row.code, 0) + 1
        return found

    def tally(self, source: str = "s") -> dict[str, int]:
        names = [
            "records",
            "loaded",
            "duplicates",
            "replaced",
            "filtered",
            "deleted",
            "kept",
            "row_count",
            "quarantined",
        ]
        row = self.work.rows(f"SELECT {', '.join(names)} FROM landing._source WHERE source = '{source}'")[0]
        return dict(zip(names, row, strict=True))

    def assert_conserved(self, source: str = "s") -> None:
        """records = loaded + quarantined for every file, and every loaded record is a row or accounted for."""
        sql = f"SELECT path, records, loaded, quarantined FROM landing._file WHERE source = '{source}'"
        files = self.work.rows(sql)
        listed: dict[str | None, int] = {}
        for row in self.quarantine(source):
            listed[row.file] = listed.get(row.file, 0) + 1
        for path, records, loaded, quarantined in files:
            assert records == loaded + quarantined, path
            assert listed.get(path, 0) == quarantined, path
        tally = self.tally(source)
        assert tally["records"] == sum(row[1] for row in files)
        assert tally["loaded"] == sum(row[2] for row in files)
        let_go = sum(tally[name] for name in ("duplicates", "replaced", "filtered", "deleted"))
        assert tally["row_count"] == tally["loaded"] - let_go + tally["kept"]
        assert tally["row_count"] == self.work.scalar(f'SELECT count(*) FROM landing."{source}"', portable=False)
