"""International spellings that SQL cannot bring to one form -> a table of forms that Python prepared.

`xn--mnchen-3ya.de` and `münchen.de` are one domain, and an é typed as e and accent is an é; decoding and composing need
tables that SQL engines lack or disagree on. Values that hold an `xn--` label or a separate accent are *odd*: Python
knows their form by itself, SQL looks it up in `cleaning.idn`, which `write_lists` fills with the odd values of the
data. Without that table SQL leaves `xn--` labels as written.
"""

import unicodedata
from functools import cache

from c360.cleaning import text
from c360.cleaning.options import Options
from c360.warehouse import literal, qualified

table = qualified("cleaning", "idn")
unlike = ("home", "idn", "block_defaults", "block_roles")  # options that do not change a form
apart = f"^[^{text.marks}]*([{text.marks}][^{text.marks}]*)+$"


def is_odd(value: str) -> bool:
    """Whether the form of a raw value needs more than SQL can do."""
    return "xn--" in value.lower() or text.matches(apart, value)


def odd_sql(expr: str) -> str:
    """`is_odd` in SQL."""
    return f"(strpos(lower({expr}), 'xn--') > 0 OR {text.matches_sql(expr, apart)})"


def composed(value: str) -> str:
    """Letters and their accents as one character each (NFC)."""
    return unicodedata.normalize("NFC", value)


@cache
def decoded(domain: str) -> str:
    """`xn--mnchen-3ya.de` -> `münchen.de`; a domain that does not decode stays as written."""
    if "xn--" not in domain:
        return domain
    import idna

    try:
        return str(idna.decode(domain))
    except (idna.IDNAError, UnicodeError):
        return domain


def sql(expr: str, plain: str, type_name: str, options: Options) -> str:
    """`plain`, with odd values looked up where the data hold any."""
    if not options["idn"]:
        return plain
    same_kind = f"idn.kind = {literal(signature(type_name, options))}"
    form = f"(SELECT max(idn.form) FROM {table} AS idn WHERE {same_kind} AND idn.written = {expr})"
    return f"CASE WHEN {odd_sql(expr)} THEN {form} ELSE {plain} END"


def signature(type_name: str, options: Options) -> str:
    """What kinds must share for their forms to be the same: type and options."""
    return ", ".join([type_name, *(f"{name}={options[name]}" for name in sorted(options) if name not in unlike)])
