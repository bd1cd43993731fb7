"""Observed identifiers of one entity in, identifiers of another that follow from them out: e-mail -> domain."""

from c360.identity.evidence.observed import Scope, null_text
from c360.identity.mentions import Derivation
from c360.identity.scratch import Scratch


def in_order(scope: Scope) -> list[tuple[str, list[Derivation]]]:
    """The entities, each with what is derived into it, those that others are derived from first."""
    waiting = {name: [one for one in scope.derivations if one.entity == name] for name in scope.project.file.entities}
    ordered: list[tuple[str, list[Derivation]]] = []
    while waiting:
        free = [
            name
            for name, into in waiting.items()
            if all(one.from_entity not in waiting or one.from_entity == name for one in into)
        ]
        ordered += [(name, waiting.pop(name)) for name in free or list(waiting)]
    return ordered


def derive(scope: Scope, scratch: Scratch, derivation: Derivation, number: int) -> None:
    """Add the derived identifiers to `observed`, as mention `number`; a value that cannot be derived is no complaint."""
    source = scope.slots[derivation.from_entity, derivation.from_kind]
    target = scope.slots[derivation.entity, derivation.kind]
    observed = scratch.table("observed")
    cleaner = scope.cleaner(derivation.kind)
    blocked = cleaner.blocked("x")
    state = f"CASE WHEN {blocked} THEN 'blocked' ELSE 'ok' END" if blocked else "'ok'"
    both = " UNION ALL ".join(
        f"SELECT {end}_value AS value, n_seen, first_seen, last_seen FROM {observed} WHERE {end}_slot = {source} AND {end}_state = 'ok'"
        for end in ("u", "v")
    )
    values = f"SELECT value, SUM(n_seen) AS n_seen, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen FROM ({both}) AS both_ends GROUP BY value"
    derived = f"SELECT {cleaner.normal(['value'])} AS x, n_seen, first_seen, last_seen FROM ({values}) AS found"
    scratch.work.execute(
        f"INSERT INTO {observed} SELECT {number}, {target}, x, {state}, CAST(NULL AS INTEGER), {null_text}, {null_text}, "
        f"CAST(SUM(n_seen) AS BIGINT), MIN(first_seen), MAX(last_seen), {null_text} "
        f"FROM ({derived}) AS normal_values WHERE x IS NOT NULL GROUP BY x"
    )
