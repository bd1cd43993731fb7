"""Languages by tag, locale, code or name -> a BCP 47 tag in its usual case: `de`, `en-US`, `zh-Hant-TW`."""

from functools import cache

from c360.cleaning import text
from c360.cleaning.options import Choice, Options
from c360.cleaning.values import naming

options = {"mode": Choice(("keep", "null"), "keep"), "unknown": Choice(("keep", "null"), "keep")}
look_ups = ("languages",)

encoding = "[.@].*$"  # of a locale: en_US.UTF-8, de_DE@euro
shapes = (  # after the language: what follows, and its parts as (first character, length, how it is written)
    ("", ()),
    ("-([a-z]{2}|[0-9]{3})", ((4, 3, "upper"),)),
    ("-[a-z]{4}", ((4, 1, "upper"), (5, 3, "lower"))),
    ("-[a-z]{4}-([a-z]{2}|[0-9]{3})", ((4, 1, "upper"), (5, 3, "lower"), (9, 3, "upper"))),
)


def sql_type(_options: Options) -> str:
    """The type of the value."""
    return "VARCHAR"


def normalise(value: str, options: Options) -> str | None:
    """`EN_us`, `English`, `eng` -> `en-US`, `en`, `en`; what is unknown stays as written, or is None by option."""
    tag = text.drop(encoding, text.fold(value).strip(" ").replace("_", "-"))
    for follows, parts in shapes:
        if text.matches(f"^{two_letters()}{follows}$", tag):
            written = [tag[:2]]
            for first, length, case in parts:
                part = tag[first - 1 : first - 1 + length]
                written.append(("-" if first in (4, 9) else "") + (part.upper() if case == "upper" else part))
            return "".join(written)
    found = naming.codes("languages").get(naming.key(value))
    return found or (text.tidy(value).strip(" ") or None if keeps(options) else None)


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    tag = text.drop_sql(f"replace(trim({text.fold_sql(expr)}), '_', '-')", encoding)
    cases = []
    for follows, parts in shapes:
        written = [f"substr({tag}, 1, 2)"]
        for first, length, case in parts:
            part = f"substr({tag}, {first}, {length})"
            written += ["'-'"] if first in (4, 9) else []
            written.append(f"upper({part})" if case == "upper" else part)
        cases.append(f"WHEN {text.matches_sql(tag, f'^{two_letters()}{follows}$')} THEN {' || '.join(written)}")
    found = f"CASE {' '.join(cases)} ELSE {naming.code_sql(expr, 'languages')} END"
    return f"coalesce({found}, nullif(trim({text.tidy_sql(expr)}), ''))" if keeps(options) else found


@cache
def two_letters() -> str:
    """The codes of ISO 639-1 as a regular expression."""
    return f"({'|'.join(sorted(set(naming.codes('languages').values())))})"


def keeps(options: Options) -> bool:
    """Whether unknown names stay."""
    return "null" not in (options["mode"], options["unknown"])
