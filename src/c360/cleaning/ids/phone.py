"""Phone numbers as written -> E.164 (`+4930123456`), by the numbering plans that `phonenumbers` carries.

The plans are read when SQL is compiled: country codes, national (trunk) prefixes, international prefixes and possible
lengths become regular expressions, so every engine does the same without the library. A number without + is read as
dialled in the region of the option, else of the project. Numbers with an extension are refused: they would link
everybody behind one switchboard. The national rewriting rules of a few countries (Argentine mobiles with 15, Brazilian
carrier codes) are not applied: such spellings are refused, never guessed.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from c360.cleaning import text
from c360.cleaning.options import Choice, Code, Finding, Flag, Options
from c360.records import dataclass
from c360.warehouse import literal

options = {
    "mode": Code(),  # short form of region: `clean: {phone: DE}`
    "region": Code(),
    "without_plus": Choice(("national", "international"), "national"),
    "block_defaults": Flag(default=True),
    "block_roles": Flag(default=False),
}

usual = " ()./-"
ignored = usual + "[]'"
dashes = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u30fc"
other_digits = "".join(chr(start + digit) for start in (0xFF10, 0x660, 0x6F0, 0x966) for digit in range(10))
written_from = other_digits + "\uff0b" + ignored + dashes + "\uff08\uff09\uff0e\uff0f" + text.spaces + text.invisible
written_to = "0123456789" * 4 + "+"
link = "^(tel:|TEL:|Tel:)"
least_digits = 7  # with the country code; shorter ones are service numbers


@dataclass(frozen=True, slots=True)
class Plan:
    """The regular expressions of one home region, over `+` and digits.

    Attributes:
        home: what a number without + begins with: `+49`.
        abroad: a home prefix that was put before an international number.
        valid: country code and a possible national number.
        trunk, trunk_drop: home numbers dialled with the trunk prefix, and the part that makes them E.164.
        doubled, doubled_drop: home numbers that had their country code, but no +.
        zero_after: by the length of the country code: numbers with the trunk zero kept, as in +44 (0)20.
    """

    home: str
    abroad: str
    valid: str
    trunk: str | None
    trunk_drop: str
    doubled: str
    doubled_drop: str
    zero_after: tuple[tuple[int, str], ...]


def normalise(value: str, options: Options) -> str | None:
    """The number in E.164, or None when it is absent or malformed."""
    rules, number = plan(region_of(options)), dialled(value, options)
    if rules.trunk and text.matches(rules.trunk, number):
        return rules.home + text.drop(rules.trunk_drop, number)
    if text.matches(rules.valid, number):
        return number
    if text.matches(rules.doubled, number):
        return rules.home + text.drop(rules.doubled_drop, number)
    for length, kept_zero in rules.zero_after:
        if text.matches(kept_zero, number):
            return number[: length + 1] + number[length + 2 :]
    return None


def dialled(value: str, options: Options) -> str:
    """`+`, country code and digits as they were written, a trunk prefix included."""
    bare = text.drop(link, value.translate(written_map()))
    if options["without_plus"] == "international":
        return text.compiled("^[+]([+]|00)").sub("+", "+" + bare, count=1)
    rules = plan(region_of(options))
    return text.compiled(rules.abroad).sub("+", rules.home + bare, count=1)


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    rules, number = plan(region_of(options)), dialled_sql(expr, options)
    cases = [f"WHEN {text.matches_sql(expr, rules.valid)} THEN {expr}"]
    if rules.trunk:
        dropped = text.drop_sql(number, rules.trunk_drop, rules.home)
        cases.append(f"WHEN {text.matches_sql(number, rules.trunk)} THEN {dropped}")
    cases.append(f"WHEN {text.matches_sql(number, rules.valid)} THEN {number}")
    dropped = text.drop_sql(number, rules.doubled_drop, rules.home)
    cases.append(f"WHEN {text.matches_sql(number, rules.doubled)} THEN {dropped}")
    for length, kept_zero in rules.zero_after:
        without = f"substr({number}, 1, {length + 1}) || substr({number}, {length + 3})"
        cases.append(f"WHEN {text.matches_sql(number, kept_zero)} THEN {without}")
    return f"CASE {' '.join(cases)} END"


def dialled_sql(expr: str, options: Options) -> str:
    """`dialled` in SQL: replacing the usual signs one by one is faster than a table of all signs."""
    plain = expr
    for sign in usual:
        plain = f"replace({plain}, {literal(sign)}, '')"
    any_sign = text.drop_sql(f"translate({expr}, {literal(written_from)}, {literal(written_to)})", link)
    bare = f"CASE WHEN {text.matches_sql(expr, f'^[0-9+{usual}]*$')} THEN {plain} ELSE {any_sign} END"
    if options["without_plus"] == "international":
        return text.drop_sql(f"('+' || {bare})", "^[+]([+]|00)", "+")
    rules = plan(region_of(options))
    return text.drop_sql(f"({literal(rules.home)} || {bare})", rules.abroad, "+")


def reason(value: str, options: Options) -> tuple[str, str]:
    """Code and words for why `normalise` refuses a value that is not absent."""
    number = dialled(value, options)
    if re.search(r"(?i)(x|ext|extension|durchwahl)\.?:?[0-9]{1,6}$|[,;#][0-9]+$", number):
        return "phone-extension", "it ends with an extension, and one switchboard is many people"
    if re.search(r"[^0-9+]", number) or "+" in number[1:]:
        return "phone-characters", "it holds more than digits, spaces and + ( ) - . /"
    if len(number) - 1 < least_digits:
        return "phone-too-short", "too few digits for a number with its area code"
    if len(number) - 1 > 15:
        return "phone-too-long", "more than the 15 digits that a number can have"
    return "phone-length", f"no country of that code has numbers of this length ({number})"


def check(options: Options) -> Iterator[Finding]:
    """Regions must exist."""
    from phonenumbers import SUPPORTED_REGIONS

    for name in ("mode", "region"):
        if (region := options.get(name)) is not None and region not in SUPPORTED_REGIONS:
            hint = region.upper() if region.upper() in SUPPORTED_REGIONS else {"UK": "GB", "EN": "GB"}.get(region)
            yield name, f"unknown region '{region}'", f"did you mean {hint}?" if hint else "two letters, such as DE"


def region_of(options: Options) -> str:
    """The home region: of the kind, else of the project."""
    return str(options["region"] or options["mode"] or options["home"])


@cache
def written_map() -> dict[int, str | None]:
    """The signs of a written number for `str.translate`."""
    padded = [*written_to, *[None] * (len(written_from) - len(written_to))]
    return {ord(char): to for char, to in zip(written_from, padded, strict=True)}


@cache
def plan(region: str) -> Plan:
    """The rules of a home region from the metadata of `phonenumbers`."""
    from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF

    home = metadata(0, region)
    code = str(home.country_code)
    prefix = trunk_prefix(home.national_prefix, home.national_prefix_for_parsing)
    local = national(code, sorted(home.general_desc.possible_length), prefix or "")
    by_code = {str(other): national_of(other, regions) for other, regions in sorted(REGIONS_OF.items())}
    zero = {other: body for other, (body, trunk) in by_code.items() if trunk == "0"}
    kept = ((length, {c: body for c, body in zero.items() if len(c) == length}) for length in (1, 2, 3))
    abroad = f"({portable(home.international_prefix)}|00)" if home.international_prefix else "00"
    return Plan(
        home=f"+{code}",
        abroad=f"^[+]{code}([+]|{abroad})",
        valid=f"^[+]({alternatives({other: body for other, (body, _) in by_code.items()})})$",
        trunk=f"^[+]{code}({prefix}){local}$" if prefix else None,
        trunk_drop=f"^[+]{code}({prefix})",
        doubled=f"^[+]{code}{code}{local}$",
        doubled_drop=f"^[+]{code}{code}",
        zero_after=tuple((length, f"^[+]({alternatives(codes, '0')})$") for length, codes in kept if codes),
    )


def trunk_prefix(national_prefix: str | None, parsing: str | None) -> str | None:
    """What is dialled before a national number: a plain alternation where the plan has one (`0|80?`)."""
    return parsing if parsing and re.fullmatch("[0-9|?]+", parsing) else national_prefix


def national_of(code: int, regions: tuple[str, ...]) -> tuple[str, str | None]:
    """The possible national numbers of a country code as a regular expression, and its trunk prefix."""
    main = metadata(code, regions[0])
    prefix = trunk_prefix(main.national_prefix, main.national_prefix_for_parsing)
    return national(str(code), sorted(main.general_desc.possible_length), prefix or ""), main.national_prefix


def metadata(code: int, region: str) -> Any:
    """The numbering plan of a region; `001` stands for the numbers of a code that belongs to no country."""
    from phonenumbers import PhoneMetadata

    if region == "001":
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


def national(code: str, lengths: list[int], prefix: str) -> str:
    """A national number of one of these lengths; where 0 or 1 is dialled before it, it does not begin so itself."""
    first = "[1-9]" if "0" in prefix else "[2-9]" if prefix == "1" else "[0-9]"
    possible = [length for length in lengths if least_digits <= len(code) + length <= 15]
    runs: list[tuple[int, int]] = []
    for length in possible or lengths[:1]:
        if runs and runs[-1][1] == length - 1:
            runs[-1] = (runs[-1][0], length)
        else:
            runs.append((length, length))
    bodies = [
        first + (f"[0-9]{{{least - 1},{most - 1}}}" if least < most else f"[0-9]{{{least - 1}}}")
        for least, most in runs
    ]
    return bodies[0] if len(bodies) == 1 else f"({'|'.join(bodies)})"


def alternatives(bodies: dict[str, str], between: str = "") -> str:
    """Country codes and their national numbers, codes with equal numbers together."""
    together: dict[str, list[str]] = {}
    for code, body in bodies.items():
        together.setdefault(body, []).append(code)
    return "|".join(f"({'|'.join(codes)}){between}{body}" for body, codes in together.items())


def portable(pattern: str) -> str:
    """A pattern of the metadata without what some engines lack."""
    return pattern.replace("(?:", "(").replace("\\d", "[0-9]")
