"""Domains from e-mail addresses, host names or web addresses -> one spelling per domain; optionally the registrable one.

`a@b.co.uk`, `B.CO.UK`, `https://www.b.co.uk/shop` all give `b.co.uk`. With `registrable: true` sub-domains go as well
(`mail.b.co.uk` -> `b.co.uk`), by the public suffix list that `tldextract` bundles; nothing is fetched.
"""

from c360.cleaning import idn, suffixes, text
from c360.cleaning.ids.email import host, plain_atom, plain_label
from c360.cleaning.options import Choice, Flag, Options

options = {
    "mode": Choice(("strict", "lenient", "registrable"), "strict"),
    "registrable": Flag(default=False),
    "block_defaults": Flag(default=True),
    "block_roles": Flag(default=False),
}

opening = "^[ \"'<]*(mailto:|[a-z][a-z0-9+.-]*://|//)?"
mailbox = "^[^/?#@]*@"
path = "[/?#].*$"
closing = "(:[0-9]*)?[ .,;:\">']*$"
web = "^(www[.])+"
too_long = "^.*[^.]{64}.*$"  # RFC 1035
valid = {"strict": f"^{host}$", "lenient": "^[^@ <>\"';:/?#]+$"}


def normalise(value: str, options: Options) -> str | None:
    """The domain in its one spelling, or None when it is absent or malformed."""
    found = plain(value, options)
    return suffixes.registrable(found) if found and is_registrable(options) else found


def plain(value: str, options: Options) -> str | None:
    """The whole domain, sub-domains included."""
    odd = idn.is_odd(value)
    found = stripped(idn.composed(value) if odd else value)
    if not text.matches(valid[shape(options)], found):
        return None
    return idn.decoded(found) if odd else found


def stripped(value: str) -> str:
    """The folded host name without mailbox, scheme, port, path and `www.`."""
    found = text.fold(value) if len(value) <= text.longest else ""
    for pattern in (opening, mailbox, path, closing, web, too_long):
        found = text.drop(pattern, found)
    return found


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL: plain hosts and addresses take a short way."""
    plain_host, atom = f"({plain_label}[.])+[A-Za-z][A-Za-z]+", plain_atom.format(plus="+")
    plain = text.matches_sql(expr, f"^({atom}([.]{atom})*@)?{plain_host}$")
    quick = f"{plain} AND length({expr}) <= 64 AND strpos(lower({expr}), 'www.') = 0"
    domain = f"lower(substr({expr}, strpos({expr}, '@') + 1))"
    found = (
        f"CASE WHEN {quick} THEN {domain} "
        f"WHEN length({expr}) > {text.longest} THEN NULL ELSE {whole_sql(expr, options)} END"
    )
    found = idn.sql(expr, found, "domain", whole_options(options))
    return suffixes.registrable_sql(found) if is_registrable(options) else found


def whole_sql(expr: str, options: Options) -> str:
    """The way that copes with every spelling."""
    found = text.fold_sql(expr)
    for pattern in (opening, mailbox, path, closing, web, too_long):
        found = text.drop_sql(found, pattern)
    return f"CASE WHEN {text.matches_sql(found, valid[shape(options)])} THEN {found} END"


def of_email(address: str, options: Options) -> str | None:
    """The domain of a normalised e-mail address, by the options of the domain kind."""
    domain = text.drop(web, address.partition("@")[2]) or None
    return suffixes.registrable(domain) if domain and is_registrable(options) else domain


def of_email_sql(expr: str, options: Options) -> str:
    """`of_email` in SQL: no second validation, since an address that was accepted has a domain that is accepted."""
    domain = after_at_sql(expr)
    return suffixes.registrable_sql(domain) if is_registrable(options) else domain


def after_at_sql(expr: str) -> str:
    """The whole domain of a normalised e-mail address."""
    after = f"substr({expr}, strpos({expr}, '@') + 1)"
    return f"nullif({text.drop_sql(after, web)}, '')"


def whole_options(options: Options) -> Options:
    """The options that decide on the whole domain, from which the registrable one follows."""
    return {**options, "registrable": False, "mode": shape(options)}


def shape(options: Options) -> str:
    """Which form is accepted."""
    return "lenient" if options["mode"] == "lenient" else "strict"


def is_registrable(options: Options) -> bool:
    """Whether sub-domains are cut off."""
    return bool(options["registrable"]) or options["mode"] == "registrable"


def reason(value: str, _options: Options) -> tuple[str, str]:
    """Code and words for why `normalise` refuses a value that is not absent."""
    found = stripped(value)
    if not found:
        return "domain-empty", "there is no host name in it, or it is longer than one can be"
    if "@" in found:
        return "domain-two-at", "there is more than one @ in it"
    if " " in found:
        return "domain-space", "there is a space in it"
    if "." not in found:
        return "domain-no-dot", f"'{found}' has no dot"
    if not text.matches(f"^{host}$", found):
        return "domain-form", f"'{found}' is no domain name"
    return "domain-suffix", f"'{found}' is a public suffix, under which others register"
