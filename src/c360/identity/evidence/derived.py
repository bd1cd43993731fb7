"""Observed identifiers of one entity in, identifiers of another that follow from them out: e-mail -> domain."""

from c360.identity.evidence.readings import null_int, null_text, null_time
from c360.identity.inputs.mentions import Derivation
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch


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


def derive(scope: Scope, scratch: Scratch, derivation: Derivation, further: str | None = None) -> None:
    """Add the derived identifiers to `observed`; what cannot be derived is no complaint.

    They have no times of their own: `first_seen` only orders new ones, `n_seen` counts nothing.

    Args:
        scope: the run.
        scratch: its tables.
        derivation: what follows from what.
        further: SQL of identifiers that were not observed in this run but are there: value, first_seen.
    """
    number = scope.first_derivation + scope.derivations.index(derivation)
    source = scope.slots[derivation.from_entity, derivation.from_kind]
    target = scope.slots[derivation.entity, derivation.kind]
    observed = scratch.table("observed")
    cleaner = scope.cleaner(derivation.kind)
    blocked = cleaner.blocked("x")
    both = " UNION ALL ".join(
        f"SELECT {end}_value AS value, first_seen FROM {observed} WHERE {end}_slot = {source} AND {end}_value IS NOT NULL"
        for end in ("u", "v")
    )
    both += f" UNION ALL {further}" if further else ""
    derived = (
        f"SELECT {cleaner.derived(scope.cleaner(derivation.from_kind), 'value')} AS x, first_seen FROM "
        f"(SELECT value, MIN(first_seen) AS first_seen FROM ({both}) AS both_ends GROUP BY value) AS found"
    )
    states = (
        f"CASE WHEN {blocked} THEN NULL ELSE x END, CASE WHEN {blocked} THEN x END, CASE WHEN {blocked} THEN 'blocked' ELSE 'ok' END"
        if blocked
        else f"x, {null_text}, 'ok'"
    )
    scratch.work.execute(
        f"INSERT INTO {observed} SELECT {number}, 0, {target}, {states}, {null_int}, {null_text}, {null_text}, {null_text}, "
        f"0, MIN(first_seen), {null_time}, {null_text} FROM ({derived}) AS normal_values WHERE x IS NOT NULL GROUP BY x"
    )
