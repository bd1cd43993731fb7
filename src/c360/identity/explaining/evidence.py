"""Pairs of nodes in, everything that links them out: rules with their version, sources, rows, dates."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from c360.identity.explaining.paths import Link
from c360.identity.inputs.trust import human
from c360.records import dataclass
from c360.warehouse import Connection


@dataclass(frozen=True)
class Evidence:
    """One rule that links two identifiers.

    Attributes:
        rule: its name and version: `users: user_id = email@1f2e3d4c`.
        kind: `record`, `human` (a file of merges), `decision` (the control store) or `match` (a model).
        row_key: one of the rows that say so; a decision's number.
        n_seen: how many rows say so.
        author, note: who decided it and why, where a person did and told.
    """

    rule: str
    kind: str
    source: str
    trust: int
    row_key: str | None
    n_seen: int
    first_seen: datetime | None
    last_seen: datetime | None
    author: str | None = None
    note: str | None = None

    def as_json(self) -> dict[str, object]:
        """The evidence as plain values."""
        return asdict(self)


def read_evidence(work: Connection, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[Evidence]]:
    """What links each of some pairs (u < v), the most trusted first."""
    wanted = sorted(set(pairs))
    found: dict[tuple[int, int], list[Evidence]] = {pair: [] for pair in wanted}
    for start in range(0, len(wanted), 500):
        values = ", ".join(f"({u}, {v})" for u, v in wanted[start : start + 500])
        for u, v, name, version, kind, source, trust, row_key, n_seen, first, last, author, note in work.rows(
            "SELECT e.u, e.v, r.name, r.version, r.kind, r.source, MAX(e.trust), MIN(e.row_key), CAST(SUM(e.n_seen) AS BIGINT), "
            f"MIN(e.first_seen), MAX(e.last_seen), MIN(s.author), MIN(s.note) FROM identity.evidence AS e JOIN (SELECT u, v FROM (VALUES {values}) AS given (u, v)) AS p "
            "ON p.u = e.u AND p.v = e.v JOIN identity.rule AS r ON r.rule_id = e.rule_id "
            "LEFT JOIN identity.said AS s ON s.rule_id = e.rule_id AND s.row_key = e.row_key GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC, 3"
        ):
            found[u, v].append(
                Evidence(f"{name}@{version}", kind, source, trust, row_key, n_seen, first, last, author, note)
            )
    return found


def read_links(work: Connection, nodes: str) -> list[Link]:
    """The links among some nodes (SQL of a query with one column), with the reason of those that are not used."""
    among = (
        f"SELECT u, v, MAX(trust) AS trust FROM identity.evidence WHERE u IN ({nodes}) AND v IN ({nodes}) GROUP BY u, v"
    )
    return [
        Link(u, v, trust, reason)
        for u, v, trust, reason in work.rows(
            f"SELECT e.u, e.v, e.trust, MIN(CASE WHEN b.reason IS NOT NULL THEN b.reason WHEN e.trust >= {human} THEN NULL "
            "WHEN s.node_id IS NOT NULL THEN 'shared: ' || s.id_kind || ' ' || m.value || ', ' || s.reason "
            "WHEN h.hold_id IS NOT NULL THEN 'held: waits for a person' END) "
            f"FROM ({among}) AS e LEFT JOIN identity.blocked AS b ON b.u = e.u AND b.v = e.v "
            "LEFT JOIN identity.held AS h ON h.u = e.u AND h.v = e.v "
            "LEFT JOIN identity.shared AS s ON s.node_id = e.u OR s.node_id = e.v "
            "LEFT JOIN identity.node AS m ON m.node_id = s.node_id GROUP BY e.u, e.v, e.trust"
        )
    ]


def near_nodes(component: str) -> str:
    """SQL of some nodes (a query with the one column node_id) and of the shared and held ones that are tied to them."""
    return f"SELECT node_id FROM ({component}) AS own UNION " + " UNION ".join(
        f"SELECT e.{other} FROM identity.evidence AS e JOIN ({component}) AS c ON c.node_id = e.{one} {test}"
        for one, other in (("u", "v"), ("v", "u"))
        for test in (
            f"JOIN identity.shared AS s ON s.node_id = e.{other}",
            "JOIN identity.held AS h ON h.u = e.u AND h.v = e.v",
        )
    )
