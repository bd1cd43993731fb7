"""Countries by name, ISO alpha-2 or alpha-3 -> ISO 3166-1 alpha-2."""

from c360.cleaning import text
from c360.cleaning.options import Choice, Options
from c360.cleaning.values import naming

options = {"mode": Choice(("keep", "null"), "keep"), "unknown": Choice(("keep", "null"), "keep")}
look_ups = ("countries",)


def sql_type(_options: Options) -> str:
    """The type of the value."""
    return "VARCHAR"


def normalise(value: str, options: Options) -> str | None:
    """`Germany`, `DEU`, `Deutschland` -> `DE`; what is unknown stays as written, or is None by option."""
    found = naming.codes("countries").get(naming.key(value))
    return found or (text.tidy(value).strip(" ") or None if keeps(options) else None)


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    found = naming.code_sql(expr, "countries")
    return f"coalesce({found}, nullif(trim({text.tidy_sql(expr)}), ''))" if keeps(options) else found


def keeps(options: Options) -> bool:
    """Whether unknown names stay."""
    return "null" not in (options["mode"], options["unknown"])
