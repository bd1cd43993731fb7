"""Evidence in, the identifiers that several people share out: they are kept and shown, and link nobody.

A cookie that was seen with three accounts, a phone number of six customers, a mailbox that four accounts name: what is
tied to more identifiers of one more trusted kind than its kind allows belongs to nobody in particular. Identifiers of
equal trust share when there are more than a hundred of them.
"""

from c360.identity.decisions.people import alone
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.inputs.trust import human, trust_of
from c360.warehouse import literal

account_trust = 100  # identifiers that a system gives to one account
caps_by_trust = ((40, 2), (60, 5), (85, 5), (95, 3))  # below this trust: how many accounts (identity design, section 3)
cap_of_others = 5  # how many of a kind that is more trusted, but no account
cap_of_equals = 100


def find_shared(scope: Scope, scratch: Scratch, only: str | None = None) -> None:
    """Find the shared identifiers anew.

    Args:
        scope: the run.
        scratch: its tables.
        only: table (node) of the identifiers to look at; None looks at all.

    Reads:  identity.evidence, node
    Writes: identity.shared, identity.alone; scratch newly_shared(node), freed(node): what changed
    """
    work = scratch.work
    before = scratch.make("shared_before", "SELECT node_id, reason FROM identity.shared")
    decided = write_decided(scope, scratch)
    if only:
        asked = f"SELECT node FROM {only} UNION SELECT node_id FROM identity.alone UNION SELECT node FROM {decided}"
        only = scratch.make("asked", asked)
    work.execute("DELETE FROM identity.shared" + (f" WHERE node_id IN (SELECT node FROM {only})" if only else ""))
    work.execute("DELETE FROM identity.alone")
    work.execute(f"INSERT INTO identity.alone SELECT node, is_trusted FROM {decided}")
    work.execute(
        "INSERT INTO identity.shared SELECT d.node, n.id_kind, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), 'decision' "
        f"FROM {decided} AS d JOIN identity.node AS n ON n.node_id = d.node WHERE d.is_trusted = 0"
    )
    for query in (stronger_query(scope, scratch, only), equals_query(scope, scratch, only)):
        if query is not None:
            work.execute(
                f"INSERT INTO identity.shared SELECT q.node_id, q.id_kind, q.tied, q.cap, q.reason FROM ({query}) AS q "
                f"WHERE NOT EXISTS (SELECT 1 FROM {decided} AS d WHERE d.node = q.node_id) "
                "AND NOT EXISTS (SELECT 1 FROM identity.shared AS k WHERE k.node_id = q.node_id)"
            )
    scratch.make(
        "newly_shared",
        f"SELECT s.node_id AS node FROM identity.shared AS s WHERE NOT EXISTS (SELECT 1 FROM {before} AS b WHERE b.node_id = s.node_id)",
    )
    scratch.make(
        "freed",
        f"SELECT b.node_id AS node FROM {before} AS b WHERE NOT EXISTS (SELECT 1 FROM identity.shared AS s WHERE s.node_id = b.node_id)",
    )
    scratch.drop("shared_before")


def write_decided(scope: Scope, scratch: Scratch) -> str:
    """The identifiers about which a person decided alone: scratch `alone(node, is_trusted)`."""
    rows = [
        (literal(entity), literal(kind), literal(value), "1" if is_trusted else "0")
        for (entity, kind, value), is_trusted in sorted(alone(scope).items())
    ]
    if not rows:
        return scratch.make("alone", "SELECT node_id AS node, 0 AS is_trusted FROM identity.node WHERE 1 = 0")
    return scratch.make(
        "alone",
        f"SELECT n.node_id AS node, g.is_trusted FROM ({values_table(('entity', 'id_kind', 'value', 'is_trusted'), rows)}) AS g "
        "JOIN identity.node AS n ON n.entity = g.entity AND n.id_kind = g.id_kind AND n.value = g.value",
    )


def cap_of(scope: Scope, kind: str, other: str) -> int | None:
    """To how many identifiers of the other kind one of this kind may be tied; None when the other is less trusted."""
    own, stronger = trust_of(scope.project, kind), trust_of(scope.project, other)
    if stronger < own:
        return None
    declared = kind_of_id(scope.project, kind).shared
    if declared is not None:
        return declared
    if stronger == own:
        return cap_of_equals
    cap = next((cap for below, cap in caps_by_trust if own < below), cap_of_others)
    return cap if stronger >= account_trust else max(cap, cap_of_others)


def caps_of(scope: Scope, *, equal: bool) -> dict[tuple[str, str, str], int]:
    """(entity, kind, other kind) -> cap, for pairs of equal or of different trust."""
    found = {}
    for entity, kind in scope.slots:
        for owner, other in scope.slots:
            is_equal = trust_of(scope.project, kind) == trust_of(scope.project, other)
            cap = cap_of(scope, kind, other)
            if owner == entity and other != kind and is_equal is equal and cap is not None:
                found[entity, kind, other] = cap
    return found


def stronger_query(scope: Scope, scratch: Scratch, only: str | None) -> str | None:
    """SQL of the identifiers tied to too many of one more trusted kind."""
    caps = caps_of(scope, equal=False)
    if not caps:
        return None
    among = f" AND weaker IN (SELECT node FROM {only})" if only else ""
    candidate = scratch.make(
        "crowded",
        f"SELECT weaker AS node FROM identity.evidence WHERE weaker IS NOT NULL AND trust < {human}{among} "
        f"GROUP BY weaker HAVING COUNT(*) > {min(caps.values())}",
    )
    ties = (
        f"SELECT DISTINCT c.node, CASE WHEN e.u = c.node THEN e.v ELSE e.u END AS other FROM {candidate} AS c "
        f"JOIN identity.evidence AS e ON e.weaker = c.node WHERE e.trust < {human}"
    )
    return tied_query(ties, caps)


def equals_query(scope: Scope, scratch: Scratch, only: str | None) -> str | None:
    """SQL of the identifiers tied to too many of one kind that is trusted alike."""
    caps = caps_of(scope, equal=True)
    if not caps or min(caps.values()) >= 1_000_000:
        return None
    among = [f" AND {end} IN (SELECT node FROM {only})" if only else "" for end in ("u", "v")]
    equal = f"FROM identity.evidence WHERE weaker IS NULL AND trust < {human}"
    candidate = scratch.make(
        "crowded_alike",
        f"SELECT node FROM (SELECT u AS node {equal}{among[0]} UNION ALL SELECT v {equal}{among[1]}) AS ends "
        f"GROUP BY node HAVING COUNT(*) > {min(caps.values())}",
    )
    ties = " UNION ".join(
        f"SELECT c.node, e.{other} AS other FROM {candidate} AS c JOIN identity.evidence AS e ON e.{end} = c.node "
        f"WHERE e.weaker IS NULL AND e.trust < {human}"
        for end, other in (("u", "v"), ("v", "u"))
    )
    return tied_query(ties, caps)


def tied_query(ties: str, caps: dict[tuple[str, str, str], int]) -> str:
    """SQL of the nodes that are tied to more nodes of one kind than the cap of the two kinds."""
    cap = " ".join(
        f"WHEN n.entity = {literal(entity)} AND n.id_kind = {literal(kind)} AND m.id_kind = {literal(other)} THEN {number}"
        for (entity, kind, other), number in caps.items()
    )
    counted = (
        f"SELECT n.node_id, n.id_kind, m.id_kind AS other_kind, COUNT(*) AS tied, MIN(CASE {cap} END) AS cap FROM ({ties}) AS t "
        "JOIN identity.node AS n ON n.node_id = t.node JOIN identity.node AS m ON m.node_id = t.other GROUP BY 1, 2, 3"
    )
    return (
        "SELECT node_id, id_kind, CAST(MAX(tied) AS INTEGER) AS tied, CAST(MIN(cap) AS INTEGER) AS cap, "
        f"'tied to many: ' || MIN(other_kind) AS reason FROM ({counted}) AS counted WHERE tied > cap GROUP BY node_id, id_kind"
    )
