"""E-mail addresses as written -> one spelling per mailbox: folded, without decoration, refused when malformed.

`strict` (the default) takes what mail servers accept without quoting; `lenient` takes everything with one @ and
something on both sides. An international domain has one form, the Unicode one (`c360.cleaning.idn`).
"""

from c360.cleaning import idn, text
from c360.cleaning.options import Choice, Flag, Options

options = {
    "mode": Choice(("strict", "lenient"), "strict"),
    "plus": Choice(("keep", "strip"), "keep"),
    "block_defaults": Flag(default=True),
    "block_roles": Flag(default=False),
}

atom = rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~{text.any_letter}-]+"
label = rf"[a-z0-9{text.any_letter}]([a-z0-9{text.any_letter}-]*[a-z0-9{text.any_letter}])?"
top = rf"[a-z{text.any_letter}]([a-z0-9{text.any_letter}-]*[a-z0-9{text.any_letter}])"
host = rf"({label}[.])+{top}"
address = {"strict": rf"^{atom}([.]{atom})*@{host}$", "lenient": "^[^@ <>]+@[^@ <>]+$"}

opening = "^([^<]*<)?([ \"',;:]|mailto:)*"  # Jane <jane@x.com>, "jane@x.com", mailto:jane@x.com
closing = "[ .,;:\">']*([?][^@]*)?$"  # jane@x.com>; jane@x.com. mailto:jane@x.com?subject=Hi
too_long = "^([^@]{65}|[^@]*@.*[^.]{64}).*$"  # RFC 5321: 64 before the @; RFC 1035: 63 a label
longest = 320  # RFC 3696, with a display name or without; longer ones cost regular expressions dear
tag = "[+][^@]*@"

plain_atom, plain_label = "[A-Za-z0-9_{plus}-]+", "[A-Za-z0-9]+(-[A-Za-z0-9]+)*"


def normalise(value: str, options: Options) -> str | None:
    """The address in its one spelling, or None when it is absent or malformed."""
    if not idn.is_odd(value):
        return plain(value, options)
    local, at, domain = (plain(idn.composed(value), options) or "").partition("@")
    return f"{local}@{idn.decoded(domain)}" if at else None


def plain(value: str, options: Options) -> str | None:
    """`normalise` as far as SQL can do it by itself."""
    found = stripped(value, options)
    return found if found is not None and text.matches(address[options["mode"]], found) else None


def stripped(value: str, options: Options) -> str | None:
    """The folded address without decoration; None when it is too long to be one."""
    if len(value) > longest:
        return None
    found = text.drop(too_long, text.drop(closing, text.drop(opening, text.fold(value))))
    if options["plus"] == "strip":
        local, at, domain = found.partition("@")
        found = local.partition("+")[0] + at + domain
    return found or None


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL: plain addresses take a short way, all others the whole of it."""
    atom = plain_atom.format(plus="" if options["plus"] == "strip" else "+")
    usual = f"^{atom}([.]{atom})*@({plain_label}[.])+[A-Za-z][A-Za-z]+$"
    found = (
        f"CASE WHEN {text.matches_sql(expr, usual)} AND length({expr}) <= 64 THEN lower({expr}) "
        f"WHEN {text.matches_sql(f'trim({expr})', usual)} AND length({expr}) <= 64 THEN lower(trim({expr})) "
        f"WHEN length({expr}) > {longest} THEN NULL ELSE {whole_sql(expr, options)} END"
    )
    return idn.sql(expr, found, "email", options)


def whole_sql(expr: str, options: Options) -> str:
    """The way that copes with every address."""
    found = text.drop_sql(text.drop_sql(text.fold_sql(expr), opening), closing)
    found = text.drop_sql(found, too_long)
    if options["plus"] == "strip":
        found = text.drop_sql(found, tag, "@")
    return f"CASE WHEN {text.matches_sql(found, address[options['mode']])} THEN {found} END"


def reason(value: str, options: Options) -> tuple[str, str]:
    """Code and words for why `normalise` refuses a value that is not absent."""
    folded = text.drop(closing, text.drop(opening, text.fold(value[: longest + 1])))
    local, at, domain = folded.partition("@")
    nothing_before = not local or (options["plus"] == "strip" and local.startswith("+"))
    too_big = len(value) > longest or text.matches(too_long, folded)
    faults = (
        (too_big, "email-too-long", "longer than an address can be (64 before the @, 63 between dots, 320 in all)"),
        (not at, "email-no-at", "there is no @ in it"),
        ("@" in domain, "email-two-at", "there is more than one @ in it"),
        (nothing_before, "email-no-local", "nothing stands before the @"),
        (not domain, "email-no-domain", "nothing stands after the @"),
        (" " in folded, "email-space", "there is a space in it"),
        (not text.matches(f"^{host}$", domain), "email-domain", f"'{domain}' is no domain name"),
        (True, "email-local", f"'{local}' needs quoting or holds dots in a row"),
    )
    return next((code, words) for wrong, code, words in faults if wrong)
