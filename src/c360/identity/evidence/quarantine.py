"""Observed values that never link in, their reports out: malformed ones to quarantine, blocked ones to a list."""

from c360.identity.evidence.observed import Scope
from c360.identity.evidence.rules import Rule, rules_of
from c360.identity.mentions import Mention
from c360.identity.scratch import Scratch, values_table
from c360.warehouse import literal


def write_refused(scope: Scope, scratch: Scratch) -> tuple[int, int]:
    """Report what does not link.

    Reads:  scratch observed
    Writes: landing._quarantine (kind `value`: one row per source, column and raw value),
            identity.blocked_value (one row per rule and value)

    Returns:
        How many distinct malformed and blocked values there are.
    """
    work = scratch.work
    refused = scratch.make(
        "refused",
        " UNION ALL ".join(
            f"SELECT mention, '{end}' AS side, {end}_slot AS slot, {end}_value AS value, {end}_state AS state, n_seen, first_seen, last_seen, row_key "
            f"FROM {scratch.table('observed')} WHERE {end}_state <> 'ok'"
            for end in ("u", "v")
        ),
    )
    found: dict[str, int] = dict(scratch.rows(f"SELECT state, COUNT(DISTINCT value) FROM {refused} GROUP BY state"))
    work.execute("DELETE FROM identity.blocked_value")
    if found.get("blocked"):
        write_blocked(scratch, refused, rules_of(scope))
    if work.table_exists("landing", "_quarantine"):
        work.execute("DELETE FROM landing._quarantine WHERE kind = 'value'")
        if found.get("malformed"):
            write_malformed(scope, scratch, refused, [*scope.mentions, *scope.merges])
    scratch.drop("refused")
    return int(found.get("malformed", 0)), int(found.get("blocked", 0))


def write_blocked(scratch: Scratch, refused: str, rules: list[Rule]) -> None:
    """The blocked values, by the rule that would have linked them."""
    named = values_table(("mention", "name"), [(str(number), literal(rule.name)) for number, rule in enumerate(rules)])
    scratch.work.execute(
        "INSERT INTO identity.blocked_value SELECT t.entity, t.id_kind, r.value, n.name, CAST(SUM(r.n_seen) AS BIGINT), "
        f"MIN(r.first_seen), MAX(r.last_seen) FROM {refused} AS r JOIN {scratch.table('slot')} AS t ON t.slot = r.slot "
        f"JOIN ({named}) AS n ON n.mention = r.mention WHERE r.state = 'blocked' GROUP BY 1, 2, 3, 4"
    )


def write_malformed(scope: Scope, scratch: Scratch, refused: str, mentions: list[Mention]) -> None:
    """The malformed values: which source and column, what was written, and one of the rows."""
    rows = []
    for number, mention in enumerate(mentions):
        for place, (kind, columns) in enumerate(mention.ids):
            slot = scope.slots[mention.entity, kind]
            side = literal("v" if place else "u")
            rows.append(
                (str(number), side, str(slot), literal(mention.source), literal(", ".join(columns)), literal(kind))
            )
    named = values_table(("mention", "side", "slot", "source", "column_name", "id_kind"), rows)
    scratch.work.execute(
        "INSERT INTO landing._quarantine (source, kind, column_name, record_key, raw, code, reason) "
        "SELECT n.source, 'value', n.column_name, MIN(r.row_key), r.value, 'malformed-identifier', "
        "'not a valid ' || MIN(n.id_kind) || ', in ' || CAST(SUM(r.n_seen) AS VARCHAR) || ' rows' "
        f"FROM {refused} AS r JOIN ({named}) AS n ON n.mention = r.mention AND n.side = r.side AND n.slot = r.slot "
        "WHERE r.state = 'malformed' GROUP BY n.source, n.column_name, r.value"
    )
