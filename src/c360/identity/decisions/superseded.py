"""Human merges in, the identifiers that newer ones replaced out."""

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch


def write_superseded(scope: Scope, scratch: Scratch) -> None:
    """Mark the old end of every human merge.

    Reads:  scratch observed, named
    Writes: identity.superseded(node_id)
    """
    work = scratch.work
    work.execute("DELETE FROM identity.superseded")
    if scope.merges:
        first, last = len(scope.mentions), len(scope.places) - 1
        work.execute(
            f"INSERT INTO identity.superseded SELECT DISTINCT v.node_id FROM {scratch.table('observed')} AS o "
            f"JOIN {scratch.table('named')} AS v ON v.slot = o.u_slot AND v.value = o.u_value "
            f"WHERE o.mention BETWEEN {first} AND {last} AND o.u_value <> o.v_value"
        )
