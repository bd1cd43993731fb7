"""The words of a temporal relationship in, what is taken and from when out.

Source: ActivitySchema 2.0 (github.com/ActivitySchema/ActivitySchema).
"""

import re

from c360.errors import Fault, ProjectError, suggest
from c360.records import dataclass

relations = re.compile(r"^(first|last|nth|aggregate|all)\s+(ever|before|after|between)$")
numbered = ("occurrence", "occurrence from last")
forms = "first, last, nth or aggregate, with ever, before, after or in between"


@dataclass(frozen=True, slots=True)
class Relation:
    """What is taken, and from when."""

    pick: str
    span: str


def read_relation(text: str) -> Relation:
    """`first after`, `aggregate all ever` ... in two words.

    Raises:
        ProjectError: it is none of them.
    """
    words = " ".join(text.lower().replace("_", " ").split())
    if words in numbered:
        return Relation("occurrence", words)
    plain = words.replace("in between", "between").replace("all ever", "ever")
    match = relations.match(plain if " " in plain else f"aggregate {plain}")
    if match is None:
        known = [
            f"{pick} {span}"
            for pick in ("first", "last", "aggregate")
            for span in ("ever", "before", "after", "in between")
        ]
        fix = suggest(words, [*known, "nth ever"]) or f"write {forms}"
        raise ProjectError(Fault("lens-append", f"'{text}' is no temporal relation", fix=fix))
    pick = "aggregate" if match[1] == "all" else match[1]
    if pick == "nth" and match[2] != "ever":
        raise ProjectError(Fault("lens-append", f"'{text}': the nth is counted ever", fix="write `nth ever`"))
    return Relation(pick, match[2])
