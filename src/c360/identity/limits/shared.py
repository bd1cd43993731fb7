"""Evidence in, the identifiers that several people share out: they are kept and shown, and link nobody.

A cookie that was seen with three accounts, a tablet with six, a mailbox that two dozen accounts name: what is tied to
more accounts than its kind allows belongs to nobody in particular. Only kinds of which one entity has few tell people
apart: accounts, addresses, phone numbers, and what has a `limit:`. A cookie of forty orders is one good customer's.
"""

from c360.identity.decisions.people import alone
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.inputs.trust import human, most_of_one, trust_of
from c360.project.blocks.ids import Sharing
from c360.warehouse import literal

Caps = dict[tuple[str, str, str], Sharing]  # (entity, kind, other kind) -> how many of the other kind, within what time
shared_by_trust = (
    (40, 2),
    (60, 5),
    (95, 20),
)  # below this trust, so many people: cookies, devices, addresses and phones


def find_shared(scope: Scope, scratch: Scratch, only: str | None = None) -> None:
    """Find the shared identifiers anew.

    Args:
        scope: the run.
        scratch: its tables.
        only: SQL of the identifiers to look at, perhaps repeated: node; None looks at all.

    Reads:  identity.evidence, node
    Writes: identity.shared, identity.alone; with `only` also scratch newly_shared(node), freed(node): what changed
    """
    work, caps, ruled = scratch.work, caps_of(scope), bool(alone(scope))
    had = scratch.count("(SELECT node_id FROM identity.shared UNION ALL SELECT node_id FROM identity.alone) AS known")
    before = scratch.make("shared_before", "SELECT node_id FROM identity.shared") if only else ""
    if had or ruled:
        decided = write_decided(scope, scratch)
        if only:
            asked = f"SELECT node FROM {only} AS changed UNION SELECT node_id FROM identity.alone UNION SELECT node FROM {decided}"
            only = scratch.make("asked", asked)
        work.execute(
            "DELETE FROM identity.shared" + (f" WHERE node_id IN (SELECT node FROM {only} AS a)" if only else "")
        )
        work.execute("DELETE FROM identity.alone")
        work.execute(f"INSERT INTO identity.alone SELECT node, is_trusted FROM {decided}")
        work.execute(
            "INSERT INTO identity.shared SELECT d.node, n.id_kind, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), 'decision' "
            f"FROM {decided} AS d JOIN identity.node AS n ON n.node_id = d.node WHERE d.is_trusted = 0"
        )
    if caps:
        ties = ties_query(caps, only, ruled=ruled)
        work.execute(f"INSERT INTO identity.shared {shared_query(caps, ties)}")
        write_shared_for_a_while(scratch, caps, ties)
    if only:
        write_changes(scratch, before)


def write_changes(scratch: Scratch, before: str) -> None:
    """What is shared now and was not, and the other way round: scratch newly_shared(node), freed(node)."""
    for name, now, then in (("newly_shared", "identity.shared", before), ("freed", before, "identity.shared")):
        scratch.make(
            name,
            f"SELECT s.node_id AS node FROM {now} AS s "
            f"WHERE NOT EXISTS (SELECT 1 FROM {then} AS b WHERE b.node_id = s.node_id)",
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


def telling_kinds(scope: Scope) -> dict[tuple[str, str], int]:
    """(entity, kind) -> how many values one entity has at most, of the kinds that tell people apart."""
    found = {}
    for entity, kind in scope.slots:
        sources = {one.source for one in scope.mentions if one.entity == entity and kind in dict(one.ids)}
        most = most_of_one(scope.project, kind, len(sources))
        if most is not None:
            found[entity, kind] = most
    return found


def caps_of(scope: Scope) -> Caps:
    """To how many identifiers of the other, more trusted kind one may be tied."""
    telling, found = telling_kinds(scope), {}
    for entity, kind in scope.slots:
        own = trust_of(scope.project, kind)
        people = kind_of_id(scope.project, kind).shared or next(
            (Sharing(count=cap) for below, cap in shared_by_trust if own < below), None
        )
        for (owner, other), most in telling.items():
            if people is not None and owner == entity and trust_of(scope.project, other) > own:
                found[entity, kind, other] = people.model_copy(update={"count": max(people.count, most)})
    return found


def ties_query(caps: Caps, only: str | None, *, ruled: bool) -> str:
    """SQL of what the crowded identifiers are tied to: node, other, first_seen. Only those are looked at that may be tied to too many."""
    among = f" AND weaker IN (SELECT node FROM {only} AS a)" if only else ""
    among += " AND weaker NOT IN (SELECT node_id FROM identity.alone)" if ruled else ""
    crowded = (
        f"SELECT weaker AS node FROM identity.evidence WHERE weaker IS NOT NULL AND trust < {human}{among} "
        f"GROUP BY weaker HAVING COUNT(*) > {min(cap.count for cap in caps.values())}"
    )
    return (
        "SELECT c.node, CASE WHEN e.u = c.node THEN e.v ELSE e.u END AS other, MIN(e.first_seen) AS first_seen "
        f"FROM ({crowded}) AS c JOIN identity.evidence AS e ON e.weaker = c.node WHERE e.trust < {human} GROUP BY 1, 2"
    )


def number_by_kinds(caps: Caps, what: str) -> str:
    """SQL of a number that hangs on the kinds of node n and its other end m; NULL elsewhere."""
    cases = " ".join(
        f"WHEN n.entity = {literal(entity)} AND n.id_kind = {literal(kind)} AND m.id_kind = {literal(other)} THEN {getattr(cap, what)}"
        for (entity, kind, other), cap in caps.items()
    )
    return f"CASE {cases} END" if cases else "CAST(NULL AS INTEGER)"


def shared_query(caps: Caps, ties: str) -> str:
    """SQL of the nodes that are tied to more nodes of one kind than the cap of the two kinds: rows of identity.shared."""
    ever = {key: cap for key, cap in caps.items() if cap.days is None}
    counted = (
        f"SELECT n.node_id, n.id_kind, m.id_kind AS other_kind, COUNT(*) AS tied, MIN({number_by_kinds(ever, 'count')}) AS cap "
        f"FROM ({ties}) AS t JOIN identity.node AS n ON n.node_id = t.node JOIN identity.node AS m ON m.node_id = t.other GROUP BY 1, 2, 3"
    )
    return (
        "SELECT node_id, id_kind, CAST(MAX(tied) AS INTEGER) AS tied, CAST(MIN(cap) AS INTEGER) AS cap, "
        f"'tied to many: ' || MIN(other_kind) AS reason FROM ({counted}) AS counted WHERE tied > cap GROUP BY node_id, id_kind"
    )


def write_shared_for_a_while(scratch: Scratch, caps: Caps, ties: str) -> None:
    """Find what is tied to too many within some days: of its ties in order of time, one that comes too soon after the one `cap` before.

    A tie of unknown time counts for no window.

    Writes: identity.shared (added to); `tied` is one more than the cap
    """
    windowed = {key: cap for key, cap in caps.items() if cap.days is not None}
    if not windowed:
        return
    tie = scratch.make(
        "timed_tie",
        "SELECT n.node_id, n.id_kind, m.id_kind AS other_kind, t.first_seen, "
        f"{number_by_kinds(windowed, 'count')} AS cap, {number_by_kinds(windowed, 'days')} AS days, "
        "ROW_NUMBER() OVER (PARTITION BY n.node_id, m.id_kind ORDER BY t.first_seen, t.other) AS place "
        f"FROM ({ties}) AS t JOIN identity.node AS n ON n.node_id = t.node JOIN identity.node AS m ON m.node_id = t.other "
        "WHERE t.first_seen IS NOT NULL",
    )
    soon = " OR ".join(
        f"(late.days = {days} AND late.first_seen < early.first_seen + INTERVAL {days} DAY)"
        for days in sorted({cap.days for cap in windowed.values() if cap.days is not None})
    )
    scratch.work.execute(
        "INSERT INTO identity.shared SELECT late.node_id, late.id_kind, CAST(MIN(late.cap) + 1 AS INTEGER), CAST(MIN(late.cap) AS INTEGER), "
        "'tied to many within ' || CAST(MIN(late.days) AS VARCHAR) || ' days: ' || MIN(late.other_kind) "
        f"FROM {tie} AS late JOIN {tie} AS early ON early.node_id = late.node_id AND early.other_kind = late.other_kind "
        f"AND early.place = late.place - late.cap WHERE {soon} GROUP BY late.node_id, late.id_kind"
    )
    scratch.drop("timed_tie")
