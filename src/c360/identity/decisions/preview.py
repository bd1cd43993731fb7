"""Two identifiers of one entity in, the links that saying "not the same" would cut out: the weakest that part them."""

from c360.identity.explaining.evidence import Evidence, read_evidence, read_links
from c360.identity.explaining.explanation import identifiers_of
from c360.identity.explaining.finding import Identifier
from c360.identity.inputs.trust import certain
from c360.identity.limits.kruskal import Edge, Node, choose_links
from c360.warehouse import Connection

Cut = tuple[Identifier, Identifier, tuple[Evidence, ...]]


def preview_cut(work: Connection, one: Identifier, other: Identifier) -> list[Cut]:
    """The links of their entity that the next run would no longer use; empty when they are two already.

    Links are joined as in a run: the most trusted first, of equal trust the one seen first; what would bring the two
    together is left out.
    """
    if one.entity_id != other.entity_id:
        return []
    members = f"SELECT node_id FROM identity.member WHERE entity_id = {one.entity_id}"
    used = {(link.u, link.v): link.trust for link in read_links(work, members) if link.reason is None}
    first = {
        (u, v): at
        for u, v, at in work.rows(
            f"SELECT u, v, MIN(first_seen) FROM identity.evidence WHERE u IN ({members}) AND v IN ({members}) GROUP BY u, v"
        )
    }
    edges = [Edge(u, v, trust, first[u, v]) for (u, v), trust in used.items()]
    edges += [
        Edge(heir, node, certain, None)
        for heir, node in work.rows(f"SELECT heir, node_id FROM identity.tombstone WHERE node_id IN ({members})")
    ]
    nodes = {
        node: Node(node, (entity, kind, value))
        for node, entity, kind, value in work.rows(
            f"SELECT node_id, entity, id_kind, value FROM identity.node WHERE node_id IN ({members})"
        )
    }
    _, refused = choose_links(nodes, edges, {}, [(one.node_id, other.node_id)])
    pairs = [(item.edge.u, item.edge.v) for item in refused]
    known = identifiers_of(work, [node for pair in pairs for node in pair])
    evidence = read_evidence(work, pairs)
    return [(known[u], known[v], tuple(evidence[u, v])) for u, v in pairs if u in known and v in known]
