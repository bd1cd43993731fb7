"""Two identifiers in, the chain of evidence that makes them one entity, or what keeps them apart, out."""

from c360.identity.explaining.evidence import Evidence, near_nodes, read_evidence, read_links
from c360.identity.explaining.finding import Identifier, find_identifier, identifier
from c360.identity.explaining.paths import find_path, neighbours
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection


@dataclass(frozen=True)
class Step:
    """A link of the chain: the identifier it leads to, what says so, and why it is not used (None when it is)."""

    to: Identifier
    evidence: tuple[Evidence, ...]
    blocked: str | None = None

    def as_json(self) -> dict[str, object]:
        """The step as plain values."""
        return {"to": self.to.as_json(), "evidence": [one.as_json() for one in self.evidence], "blocked": self.blocked}


@dataclass(frozen=True)
class Explanation:
    """Why two identifiers are one entity, or not.

    Attributes:
        is_one: whether they are one entity now.
        steps: the chain from the one to the other; with blocked links when only those would lead there; empty when
            nothing links them, or they are the same identifier.
        apart: decisions that say that the two are not the same, by where they stand.
    """

    one: Identifier
    other: Identifier
    is_one: bool
    steps: tuple[Step, ...]
    apart: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The explanation as plain values."""
        return {
            "one": self.one.as_json(),
            "other": self.other.as_json(),
            "is_one": self.is_one,
            "steps": [step.as_json() for step in self.steps],
            "apart": list(self.apart),
        }

    def __str__(self) -> str:
        verb = "are one" if self.is_one else "are not one"
        lines = [f"{self.one} and {self.other} {verb} {self.one.entity}"]
        for step in self.steps:
            lines.append(
                f"  {'x' if step.blocked else '='} {step.to}" + (f"   blocked: {step.blocked}" if step.blocked else "")
            )
            lines += [f"      {said(one)}" for one in step.evidence]
        lines += [f"  kept apart by {where}" for where in self.apart]
        if not self.is_one and not self.steps:
            lines.append("  no source and no person links them")
        return "\n".join(lines)


def said(one: Evidence) -> str:
    """A piece of evidence in words."""
    seen = f"{one.n_seen:,} rows" if one.n_seen > 1 else "1 row"
    row = f", e.g. {one.row_key}" if one.row_key and one.n_seen > 1 else f" ({one.row_key})" if one.row_key else ""
    first = one.first_seen.isoformat(sep=" ", timespec="seconds") if one.first_seen else ""
    last = one.last_seen.isoformat(sep=" ", timespec="seconds") if one.last_seen else ""
    when = f", {first}" if first and first == last else f", {first} to {last}" if first else ""
    who = f", by {one.author}" if one.author else ""
    return f"{one.rule}: {seen}{row}{when}{who}" + (f": {one.note}" if one.note else "")


def explain(work: Connection, project: Project, one: str, other: str, entity: str | None = None) -> Explanation:
    """Explain why two identifiers are one entity or why not.

    Args:
        work: the work database after a run.
        project: the project.
        one: what a person types: a value, `KIND:VALUE`, or an entity's number.
        other: the same.
        entity: the entity that is meant, when a value occurs in several.

    Raises:
        ProjectError: an identifier is unknown, or means several.
    """
    left, right = (find_identifier(work, project, typed, entity) for typed in (one, other))
    is_one = left.entity_id == right.entity_id
    scope = "entity_id" if is_one else "component_id"
    nodes = (
        f"SELECT DISTINCT p.node_id FROM identity.placed AS p JOIN identity.placed AS s ON s.{scope} = p.{scope} "
        f"WHERE s.node_id IN ({left.node_id}, {right.node_id})"
    )
    nodes = nodes if is_one else near_nodes(nodes)
    path = find_path(neighbours(read_links(work, nodes)), left.node_id, right.node_id) or []
    evidence = read_evidence(work, ((link.u, link.v) for _, link in path))
    known = identifiers_of(work, [node for node, _ in path])
    steps = tuple(Step(known[node], tuple(evidence[link.u, link.v]), link.reason) for node, link in path)
    return Explanation(left, right, is_one, steps, partings(work, left.node_id, right.node_id))


def identifiers_of(work: Connection, nodes: list[int]) -> dict[int, Identifier]:
    """The identifiers of nodes."""
    if not nodes:
        return {}
    rows = work.rows(
        "SELECT entity, id_kind, value, node_id, entity_id, superseded FROM identity.lookup "
        f"WHERE node_id IN ({', '.join(map(str, nodes))})"
    )
    return {row[3]: identifier(row) for row in rows}


def partings(work: Connection, one: int, other: int) -> tuple[str, ...]:
    """Who said that these two are not the same."""
    rows = work.rows(
        "SELECT r.kind, r.source, a.row_key FROM identity.apart AS a JOIN identity.rule AS r ON r.rule_id = a.rule_id "
        f"WHERE a.u = {min(one, other)} AND a.v = {max(one, other)} ORDER BY 1, 2, 3"
    )
    return tuple(
        f"decision {key}" if kind == "decision" else f"a line of source '{source}'" for kind, source, key in rows
    )
