"""Features and the state of the last run in, the features that are computed for every entity out, each with the reason."""

from collections.abc import Mapping

from c360.features.language.definition import Key
from c360.features.language.order import own_needs
from c360.features.language.reads import Read
from c360.features.language.scope import clock_sql
from c360.features.update.past import Past


def find_moving(
    reads: Mapping[Key, Read], past: Past, now: Past, too_many: Mapping[str, str] | None = None
) -> dict[Key, str]:
    """Which features cannot be carried over for any entity, and why; what reads one of them neither.

    All others hang on an entity's own activities, columns and members, and on the date only where an activity passes
    the start or the end of a window.

    Args:
        reads: the features.
        past: the last run.
        now: this one.
        too_many: entity -> why its features over activities are computed for all of it.
    """
    found: dict[Key, str] = {}
    for key, read in reads.items():
        reason = why_moving(key, read, past, now) or ((too_many or {}).get(key[0]) if read.kind == "stream" else None)
        if reason:
            found[key] = reason
    waiting = True
    while waiting:
        waiting = False
        for key, read in reads.items():
            if key not in found:
                reading = sorted(own_needs(read, reads) & found.keys())
                if reading:
                    found[key], waiting = f"it reads {'.'.join(reading[0])}", True
    return found


def why_moving(key: Key, read: Read, past: Past, now: Past) -> str | None:
    """Why a feature is computed for every entity, for reasons of its own."""
    if key not in past.features:
        return "it is new"
    if past.features[key] != now.features[key]:
        return "its definition changed"
    if any(clock_sql in (text or "") for text in (read.value, read.condition, read.order)):
        return "it says `now`, so that it changes with the date alone"
    if read.definition.feature.verb == "score":
        return "its classes are those of the whole population"
    if read.kind == "stream" and past.streams.get(read.source, ("",))[0] != now.streams[read.source][0]:
        return f"the stream of {read.source} was built anew"
    return None
