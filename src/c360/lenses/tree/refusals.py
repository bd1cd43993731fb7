"""What the compiler refuses because rows would be counted more than once, each with the fix."""

from c360.errors import Fault
from c360.lenses.binding.proofs import claim
from c360.lenses.model.graph import Edge
from c360.lenses.model.lens import Member
from c360.lenses.tree.nodes import Context


def fan_out(context: Context, reader: Member, entity: str, edge: Edge) -> Fault:
    """The refusal of a formula that would read many rows."""
    message = f"'{reader.full}' reads '{entity}', of which one '{edge.source}' can have many ({edge.words})"
    proof = context.disproved.get(claim(edge))
    if proof is not None:
        message += f"; the claim that {claim(edge)} is disproved: {proof.duplicates} keys repeat,"
        message += f" such as {proof.example}"
    fix = (
        f"give '{reader.entity}' a dimension with `sub_query: true` over a measure of '{entity}' and read that,"
        f" or declare the measure on '{entity}'"
    )
    return Fault("lens-fan-out", f"{message}: its rows would be counted more than once", reader.at, fix)


def aggregate_of_aggregate(member: Member, reader: Member | None = None) -> Fault:
    """The fault for a measure where a value of each row is wanted."""
    where = f" in '{reader.full}'" if reader else ""
    fix = "use it among `measures`, or wrap it in a dimension with `sub_query: true`"
    at = reader.at if reader else member.at
    return Fault("lens-measure-as-value", f"'{member.full}' is a measure and has no value per row{where}", at, fix)


def measure_elsewhere(reader: Member, found: Member) -> Fault:
    """The fault for a formula that mixes rows with another entity's measure."""
    message = f"'{reader.full}' reads the measure '{found.full}' beside values of each row"
    fix = f"give '{reader.entity}' a dimension with `sub_query: true` and `sql_snippet: {found.reference}`"
    return Fault("lens-measure-as-value", message, reader.at, fix)
