"""The "one" ends that a lens claims in, whether the data has more than one row per key out; once per snapshot."""

import json
import os
from dataclasses import field
from pathlib import Path

from c360.lenses.model.graph import Edge
from c360.records import dataclass
from c360.warehouse import Connection, comma, quote


@dataclass(frozen=True, slots=True)
class Proof:
    """What the data says about a claimed key: how many of its values stand in more than one row, and an example."""

    duplicates: int
    example: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the claim is true."""
        return self.duplicates == 0


@dataclass
class Proofs:
    """Proofs by the SQL that was proven; a file keeps those of a snapshot.

    Attributes:
        file: where they are kept, or None for this process only.
        snapshot: what they are true of.
    """

    file: Path | None = None
    snapshot: str | None = None
    known: dict[str, Proof] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is None or not self.file.is_file():
            return
        try:
            kept = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return  # a damaged cache is no cache
        if kept.get("snapshot") == self.snapshot:
            self.known = {sql: Proof(*found) for sql, found in kept.get("proofs", {}).items()}

    def forget(self) -> None:
        """The rows may be others now."""
        self.known.clear()

    def keep(self) -> None:
        """Write the proofs beside the old ones' place, then put them there in one step."""
        if self.file is None or self.snapshot is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "snapshot": self.snapshot,
            "proofs": {sql: [proof.duplicates, proof.example] for sql, proof in self.known.items()},
        }
        fresh = self.file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(self.file)

    def unique(self, connection: Connection, relation: str, columns: tuple[str, ...]) -> Proof:
        """Whether no two rows of a relation share a key; rows with a NULL in the key never join and do not count."""
        keys = [quote(column) for column in columns]
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        groups = (
            f"SELECT {comma(keys)}, COUNT(*) AS n FROM {relation} AS claimed WHERE {present} "
            f"GROUP BY {comma(keys)} HAVING COUNT(*) > 1"
        )
        return self.prove(connection, groups, keys)

    def prove(self, connection: Connection, groups: str, shown: list[str]) -> Proof:
        """Run a query that lists violations, or recall what it found."""
        if groups not in self.known:
            texts = " || ', ' || ".join(f"CAST({column} AS VARCHAR)" for column in shown)
            found = connection.rows(f"SELECT COUNT(*), MIN({texts}) FROM ({groups}) AS violations")[0]
            self.known[groups] = Proof(int(found[0]), found[1])
            self.keep()
        return self.known[groups]


def claim(edge: Edge) -> str:
    """What an edge claims, in words."""
    fields = ", ".join(f"{edge.target}.{name}" for name in edge.target_fields)
    return f"{fields} is unique ({edge.relation.type} of {edge.relation.source} and {edge.relation.target})"
