"""What stands beside an amount of money -> the ISO 4217 code: `$40,000` -> USD, `1.234,56 EUR` -> EUR.

A sign that several currencies share is the project's own currency where that is one of them, else the most usual one;
`kr` says nothing by itself.
"""

from collections.abc import Iterator

from c360.cleaning import text
from c360.cleaning.options import Code, Finding, Options
from c360.errors import suggest
from c360.warehouse import comma, literal

options = {"mode": Code(), "currency": Code()}
look_ups: tuple[str, ...] = ()

iso_4217 = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
iso_codes = tuple(iso_4217.split())
signs = {
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD"),
    "\u20ac": ("EUR",), "\xa3": ("GBP", "EGP", "GIP", "SHP", "FKP", "LBP"), "\xa5": ("JPY", "CNY"), "\u5186": ("JPY",),
    "\u5143": ("CNY",), "RMB": ("CNY",), "\u20b9": ("INR",), "RS": ("INR", "PKR", "LKR", "NPR", "MUR"), "\u20a9": ("KRW",),
    "\u20bd": ("RUB",), "\u20ba": ("TRY",), "TL": ("TRY",), "\u20b4": ("UAH",), "\u20aa": ("ILS",), "\u20ab": ("VND",),
    "\u20b1": ("PHP",), "\u20a6": ("NGN",), "\u0e3f": ("THB",), "\u20bf": (), "Z\u0141": ("PLN",), "K\u010c": ("CZK",),
    "KC": ("CZK",), "FT": ("HUF",), "LEI": ("RON",), "FR": ("CHF", "XPF", "XOF", "XAF"), "SFR": ("CHF",),
    "US$": ("USD",), "USD$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "NZ$": ("NZD",),
    "S$": ("SGD",), "HK$": ("HKD",), "MX$": ("MXN",), "NT$": ("TWD",), "R$": ("BRL",), "R": ("ZAR",), "KR": (),
    "EURO": ("EUR",), "EUROS": ("EUR",), "DOLLAR": ("USD", "AUD", "CAD", "NZD"), "DOLLARS": ("USD", "AUD", "CAD", "NZD"),
    "POUND": ("GBP",), "POUNDS": ("GBP",), "YEN": ("JPY",), "YUAN": ("CNY",),
}  # fmt: skip
crowns = ("SEK", "NOK", "DKK", "ISK")
not_a_sign = "0123456789 .,'+()_-\u2019\u2212\u2013"


def sql_type(_options: Options) -> str:
    """The type of the value."""
    return "VARCHAR"


def normalise(value: str, options: Options) -> str | None:
    """The code, the project's where nothing is written, or None where something unknown is."""
    found = sign(value)
    return known_signs(options).get(found, found if found in iso_codes else None)


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL."""
    found = sign_sql(expr)
    by_code: dict[str, list[str]] = {}
    for written, code in known_signs(options).items():
        by_code.setdefault(code, []).append(written)
    cases = [f"WHEN {found} IN ({comma(map(literal, iso_codes))}) THEN {found}"]
    cases += [
        f"WHEN {found} IN ({comma(map(literal, written))}) THEN {literal(code)}" for code, written in by_code.items()
    ]
    return f"CASE {' '.join(cases)} END"


def sign(value: str) -> str:
    """What is written beside the digits, in capitals."""
    return upper(text.tidy(value)).translate(dict.fromkeys(map(ord, not_a_sign)))


def sign_sql(expr: str) -> str:
    """`sign` in SQL."""
    return f"translate(upper({text.tidy_sql(expr)}), {literal(not_a_sign)}, '')"


def all_signs() -> frozenset[str]:
    """Everything that may stand beside an amount, nothing included."""
    return frozenset({"", *iso_codes, *signs})


def check(options: Options) -> Iterator[Finding]:
    """Currencies must exist."""
    for name in ("mode", "currency"):
        if (code := options.get(name)) is not None and code not in iso_codes:
            yield name, f"unknown currency '{code}'", suggest(code, iso_codes) or "a code of ISO 4217, such as EUR"


def known_signs(options: Options) -> dict[str, str]:
    """Sign -> code, the empty one included where a currency is set."""
    own = options["currency"] or options["mode"]
    found = {"": own} if own else {}
    for written, codes in signs.items():
        choice = (*codes, *crowns) if written == "KR" else codes
        if own in choice:
            found[written] = own
        elif codes:
            found[written] = codes[0]
    return found


def upper(value: str) -> str:
    """Capitals letter by letter, as SQL's `upper` makes them."""
    return "".join(big if len(big := letter.upper()) == 1 else letter for letter in value)
