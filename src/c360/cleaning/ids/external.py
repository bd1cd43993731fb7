r"""Identifiers that another system gave -> the same text without stray spaces; optionally folded.

The parts of a composite identifier (`columns: [site, customer_no]`) are cleaned one by one and joined by `|`; a `|` or
`\` inside a part is escaped, so that no two combinations give one text.
"""

from collections.abc import Sequence

from c360.cleaning import text
from c360.cleaning.options import Choice, Flag, Options, Words
from c360.warehouse import comma, literal

options = {
    "mode": Choice(("keep", "fold"), "keep"),  # short form of case: `clean: {external: fold}`
    "case": Choice(("keep", "fold"), "keep"),
    "integer": Flag(default=False),
    "null_words": Words(),
    "block_defaults": Flag(default=True),
    "block_roles": Flag(default=False),
}

separator, escape = "|", "\\"
plain = "^[!-~]+$"  # printable ASCII without spaces
decimals = "[.]0+$"  # 1000.0, as spreadsheets and data frames write whole numbers


def normalise(value: str, options: Options) -> str | None:
    """The identifier, or None when it is absent or malformed."""
    if len(value) > text.longest:
        return None
    found = text.fold(value) if folds(options) else text.tidy(value)
    found = found.strip(" ")
    if options["integer"]:
        found = text.drop(decimals, found)
    absent = {"", *map(text.lowered, options["null_words"])}
    return None if text.lowered(found) in absent else found


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    quick = f"lower({expr})" if folds(options) else expr
    whole = f"trim({text.fold_sql(expr) if folds(options) else text.tidy_sql(expr)})"
    if options["integer"]:
        quick, whole = text.drop_sql(quick, decimals), text.drop_sql(whole, decimals)
    found = (
        f"CASE WHEN {text.matches_sql(expr, plain)} AND length({expr}) <= {text.longest} THEN {quick} "
        f"WHEN length({expr}) <= {text.longest} THEN {whole} END"
    )
    words = sorted({text.lowered(word) for word in options["null_words"]} - {""})
    if words:
        return f"CASE WHEN {text.lowered_sql(found)} NOT IN ('', {comma(map(literal, words))}) THEN {found} END"
    return f"nullif({found}, '')"


def composite(parts: Sequence[str]) -> str:
    """Cleaned parts as one text from which they can be told again."""
    return separator.join(
        part.replace(escape, escape + escape).replace(separator, escape + separator) for part in parts
    )


def composite_sql(parts: Sequence[str]) -> str:
    """`composite` in SQL; NULL when a part is."""
    twice, escaped = literal(escape + escape), literal(escape + separator)
    safe = (f"replace(replace({part}, {literal(escape)}, {twice}), {literal(separator)}, {escaped})" for part in parts)
    return f"({f' || {literal(separator)} || '.join(safe)})"


def reason(value: str, options: Options) -> tuple[str, str]:
    """Code and words for why `normalise` refuses a value that is not absent."""
    if len(value) > text.longest:
        return "external-too-long", f"longer than {text.longest} characters"
    return "external-empty", "nothing is left of it" if not options["null_words"] else "it is one of the null words"


def folds(options: Options) -> bool:
    """Whether upper and lower case are the same."""
    return "fold" in (options["mode"], options["case"])
