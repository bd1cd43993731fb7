"""Lines of files of decisions in, a fault for every one that cannot be followed as it is written out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from c360.errors import Fault, Position
from c360.identity.decisions.places import Positions

if TYPE_CHECKING:
    from c360.identity.decisions.people import Said
    from c360.identity.inputs.scope import Scope
    from c360.identity.inputs.scratch import Scratch

most_told = 100  # of one file; a wrong column makes every line wrong


def undated(scope: "Scope", scratch: "Scratch") -> "list[tuple[Said, str]]":
    """The lines whose time cannot be read, each with what stands there: it is not known from when on they count."""
    from c360.identity.decisions.people import Said

    found: list[tuple[Said, str]] = []
    for number in range(scope.first_merge, scope.decided):
        place = scope.places[number]
        landed = scope.landed[place.source]
        if place.time is None or not landed.columns.get(place.time, "VARCHAR").startswith("VARCHAR"):
            continue
        at = f"CAST({scope.snippet(place.source, place.time, *place.path)} AS VARCHAR)"
        ends = ", ".join(
            f"CAST({scope.snippet(place.source, columns[0], *place.path)} AS VARCHAR)" for _, columns in place.ids
        )
        slots = [scope.slots[place.entity, kind] for kind, _ in place.ids]
        found += [
            (
                Said(number, number < scope.first_parting, (slots[0], str(old)), (slots[1], str(new)), None, str(key)),
                text,
            )
            for key, old, new, text in scratch.rows(
                f"SELECT {landed.key_sql} AS k, {ends}, {at} FROM {landed.table} "
                f"WHERE TRIM({at}) <> '' AND TRY_CAST({at} AS TIMESTAMP) IS NULL ORDER BY 1 LIMIT {most_told}"
            )
        ]
    return found


def of_itself(scope: "Scope", scratch: "Scratch") -> "list[Said]":
    """The lines that say of an identifier that it is not itself."""
    from c360.identity.decisions.people import Said

    if not scope.partings:
        return []
    return [
        Said(mention, is_same=False, old=(slot, value), new=(slot, value), at=None, key=key)
        for mention, slot, value, key in scratch.rows(
            f"SELECT mention, slot0, x0, row_key FROM {scratch.table('people')} "
            "WHERE is_same = 0 AND slot0 = slot1 AND x0 = x1 ORDER BY 1, 4"
        )
    ]


def line_faults(
    scope: "Scope", undated_lines: "list[tuple[Said, str]]", selves: "list[Said]", positions: Positions
) -> "Iterator[Fault]":
    """One fault for each line, at the line."""
    for one, text in undated_lines:
        message = f"the time {text!r} of the decision about '{one.old[1]}' and '{one.new[1]}' cannot be read"
        fix = "write it as 2026-03-31 or 2026-03-31 14:00:00, or declare `timestamp_format:` for the source"
        yield Fault("decision-time", message, place_of(scope, one, positions), fix)
    for one in selves:
        message = f"'{one.old[1]}' is said not to be itself: both ends are the same identifier"
        fix = "name two identifiers, or take the line out"
        yield Fault("decision-same-identifier", message, place_of(scope, one, positions), fix)


def place_of(scope: "Scope", one: "Said", positions: Positions) -> Position | None:
    """The line of the file, or the key of the project that names the file where the line is not found."""
    return positions.get((one.mention, one.key)) or scope.project.at(*scope.places[one.mention].path)
