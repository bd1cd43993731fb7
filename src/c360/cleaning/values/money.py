"""Amounts as written -> DECIMAL: `$40,000`, `1.234,56 EUR`, `(12.50)`, `1 234,56 kr`.

Grouping signs are told from decimal signs by their places; where both readings are possible (`1.234`, `1,234`) the
option `decimal` says which sign is the decimal one. An amount with something unknown beside it (`40k`, `5%`) is refused.
"""

from collections.abc import Iterator
from decimal import Decimal

from c360.cleaning import text
from c360.cleaning.options import Choice, Code, Number, Options
from c360.cleaning.values import currency
from c360.warehouse import comma, literal

options = {"mode": Code(), "currency": Code(), "decimal": Choice((".", ","), "."), "scale": Number(2, 0, 8)}
look_ups: tuple[str, ...] = ()
digits = 18

minus = "^[^0-9]*([(][^)0-9]*|[\u2212-][^0-9]*)[0-9].*$"
minus_after = "^.*[0-9] *[\u2212-][^0-9]*$"
abbreviation = "^[^0-9]*[A-Za-z][.]"  # Fr. 20, Rs.500
before = "^[^0-9]*[^0-9.,]"
after = "[^0-9]*$"
grouped_by_space = "^[0-9]{1,3}([ '\u2019][0-9]{3})+([.,][0-9]+)?$"
solid = "^[0-9.,]+$"
comma_groups = "^[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}([.][0-9]+)?$"
dot_groups = "^[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?$"
dot_decimals = "^[0-9]*[.]?[0-9]+$"
comma_decimals = "^[0-9]*,?[0-9]+$"


def sql_type(options: Options) -> str:
    """The type of the amount."""
    return f"DECIMAL({digits}, {options['scale']})"


def normalise(value: str, options: Options) -> Decimal | None:
    """The amount, or None when there is none, or not for certain."""
    written = text.tidy(value).replace("S-$", "S$")
    found = number(written, options)
    if found is None or currency.sign(value) not in currency.all_signs() or not text.matches(fitting(options), found):
        return None
    negative = text.matches(minus, written) or text.matches(minus_after, written)
    amount = Decimal(found).quantize(Decimal(1).scaleb(-options["scale"]))
    return -amount if negative and amount else amount


check = currency.check


def fitting(options: Options) -> str:
    """Numbers that the type holds without rounding."""
    scale = options["scale"]
    return f"^0*[0-9]{{0,{digits - scale}}}([.][0-9]{{0,{scale}}}0*)?$"


def number(written: str, options: Options) -> str | None:
    """The digits with a point before the decimals, or None."""
    bare = text.drop(after, text.drop(before, text.drop(abbreviation, written)))
    if text.matches(grouped_by_space, bare):
        for sign in " '\u2019":
            bare = bare.replace(sign, "")
        return bare.replace(",", ".")
    for pattern, groups, point in readings(options):
        if text.matches(pattern, bare):
            return bare.replace(groups, "").replace(point, ".")
    return None


def readings(options: Options) -> Iterator[tuple[str, str, str]]:
    """How a number may be read, in order: its pattern, the grouping sign, the decimal sign."""
    by_comma, by_dot = (comma_groups, ",", "."), (dot_groups, ".", ",")
    with_dot, with_comma = (dot_decimals, ",", "."), (comma_decimals, ".", ",")
    yield from (
        (by_comma, with_dot, by_dot, with_comma)
        if options["decimal"] == "."
        else (by_dot, with_comma, by_comma, with_dot)
    )


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    written = f"replace({text.tidy_sql(expr)}, 'S-$', 'S$')"
    found = number_sql(written, options)
    known = f"{currency.sign_sql(expr)} IN ({comma(map(literal, sorted(currency.all_signs())))})"
    negative = f"{text.matches_sql(written, minus)} OR {text.matches_sql(written, minus_after)}"
    signed = f"CASE WHEN {negative} THEN '-' ELSE '' END || '0' || {found}"
    fits = f"{known} AND {text.matches_sql(found, fitting(options))}"
    return f"CASE WHEN {fits} THEN CAST({signed} AS {sql_type(options)}) END"


def number_sql(written: str, options: Options) -> str:
    """`number` in SQL."""
    bare = text.drop_sql(text.drop_sql(text.drop_sql(written, abbreviation), before), after)
    spaced = bare
    for sign in " '\u2019":
        spaced = f"replace({spaced}, {literal(sign)}, '')"
    cases = [f"WHEN {text.matches_sql(bare, grouped_by_space)} THEN replace({spaced}, ',', '.')"]
    cases += [
        f"WHEN {text.matches_sql(bare, pattern)} THEN replace(replace({bare}, '{groups}', ''), '{point}', '.')"
        for pattern, groups, point in readings(options)
    ]
    return f"CASE {' '.join(cases)} END"
