"""Personal names as typed -> the same name with single spaces, single letters and usual case.

Only names all in capitals or all in small letters change case (`JANE O'NEIL` -> `Jane O'Neil`); whoever wrote both
cases meant it (`van der Berg`, `McDonald`). Accents typed apart are joined as `c360.cleaning.idn` says.
"""

from c360.cleaning import idn, text
from c360.cleaning.options import Choice, Options

options = {"mode": Choice(("fix", "keep"), "fix"), "case": Choice(("fix", "keep"), "fix")}
look_ups: tuple[str, ...] = ()

one, other = "\ue000", "\ue001"  # private characters that no name holds
word, hyphen, apostrophe = "\ue002", "\ue003", "\ue004"  # what a word begins with: how it hangs on the one before
most_words = 7
capitals = (
    "A-Z\xc0-\xd6\xd8-\xde\u0100\u0106\u010c\u010e\u0110\u0112\u0118\u0141\u0147\u015a\u0160\u0164\u0179\u017b\u017d"
)
small = (
    "a-z\xdf-\xf6\xf8-\xff\u0101\u0107\u010d\u010f\u0111\u0113\u0119\u0142\u0148\u015b\u0161\u0165\u017a\u017c\u017e"
)
one_case = f"^([{capitals} '.,\u2019-]{{3,}}|[{small} '.,\u2019-]{{2,}})$"
"""Names whose case says nothing; initials such as JD stay."""


def sql_type(_options: Options) -> str:
    """The type of the value."""
    return "VARCHAR"


def normalise(value: str, options: Options) -> str | None:
    """The name, or None when there is none."""
    found = single_spaced(text.tidy(idn.composed(value) if idn.is_odd(value) else value))
    if keeps(options) or not text.matches(one_case, found):
        return found or None
    return titled(found)


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    found = single_spaced_sql(text.tidy_sql(expr))
    plain = f"nullif({found}, '')"
    if not keeps(options):
        plain = f"CASE WHEN {text.matches_sql(found, one_case)} THEN {titled_sql(found)} ELSE {plain} END"
    return idn.sql(expr, plain, "name", options)


def titled(name: str) -> str:
    """The first letter of each word as a capital, the others small; of seven words at most."""
    rest = word + text.lowered(name).replace("\u2019", "'").replace(" ", f" {word}")
    words = rest.replace("-", f" {hyphen}").replace("'", f" {apostrophe}").split(" ")
    first = [found[:1] + found[1:2].replace("\xdf", "\u1e9e").upper() + found[2:] for found in words[:most_words]]
    joined = " ".join([*first, *words[most_words:]])
    return joined.replace(f" {hyphen}", "-").replace(f" {apostrophe}", "'").replace(word, "")


def titled_sql(expr: str) -> str:
    """`titled` in SQL: the words are cut off one by one, since no function for it is the same on all engines."""
    rest = f"replace(replace({text.lowered_sql(expr)}, '\u2019', ''''), ' ', ' {word}')"
    rest = f"replace(replace({rest}, '-', ' {hyphen}'), '''', ' {apostrophe}')"
    rest = f"('{word}' || {rest} || '{' ' * most_words}')"
    found = []
    for _ in range(most_words):
        first = text.drop_sql(rest, " .*$")
        found.append(f"upper(substr({first}, 1, 2)) || substr({first}, 3)")
        rest = text.drop_sql(rest, "^[^ ]* ")
    between = " || ' ' || "
    joined = f"trim({between.join([*found, rest])})"
    return f"replace(replace(replace({joined}, ' {hyphen}', '-'), ' {apostrophe}', ''''), '{word}', '')"


def single_spaced(name: str) -> str:
    """One space where there are several, none at the ends."""
    return name.strip(" ").replace(" ", one + other).replace(other + one, "").replace(one + other, " ")


def single_spaced_sql(expr: str) -> str:
    """`single_spaced` in SQL: three replacements do for any number of spaces."""
    marked = f"replace(trim({expr}), ' ', '{one}{other}')"
    return f"replace(replace({marked}, '{other}{one}', ''), '{one}{other}', ' ')"


def keeps(options: Options) -> bool:
    """Whether the case stays as it is."""
    return "keep" in (options["mode"], options["case"])
