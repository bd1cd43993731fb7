"""A host name -> the domain that somebody registered, by the public suffix list that `tldextract` bundles.

Nothing is fetched. Of the list only the registries' part counts (`co.uk`), not the one of hosting firms (`github.io`).
SQL has no way to do this in one pass that is fast, so it looks hosts up in `cleaning.host`, which `write_lists` fills
with the hosts of the data that have sub-domains.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from c360.cleaning import text
from c360.warehouse import qualified

table = qualified("cleaning", "host")
deepest = 8  # sub-domains that are followed; a host of more labels is malformed


@cache
def rules() -> frozenset[str]:
    """The rules of the list, in Unicode and in ASCII form: `uk`, `co.uk`, `*.ck`, `!www.ck`."""
    from tldextract import TLDExtract

    return frozenset(TLDExtract(suffix_list_urls=(), cache_dir=None).tlds)


@cache
def wildcard() -> str:
    """Names right under a rule like `*.ck`: each of them is a suffix."""
    return "^[^.]+[.](" + "|".join(sorted(escaped(rule[2:]) for rule in rules() if rule.startswith("*."))) + ")$"


@cache
def exception() -> str:
    """The few names under such a rule that somebody registered all the same."""
    return "^(" + "|".join(sorted(escaped(rule[1:]) for rule in rules() if rule.startswith("!"))) + ")$"


def escaped(name: str) -> str:
    """A name as a regular expression that every engine reads alike."""
    return name.replace(".", "[.]")


def registrable(host: str) -> str | None:
    """`mail.acme.co.uk` -> `acme.co.uk`; None for a public suffix and for absurdly deep hosts."""
    labels = host.split(".")
    tails = [".".join(labels[start:]) for start in range(len(labels))]
    if len(labels) <= 2:
        return None if is_suffix(host) else host
    if is_suffix(host) or len(labels) > deepest + 1:
        return None
    for before, tail in pairwise(tails):
        if text.matches(exception(), before) or is_suffix(tail):
            return before
    return tails[-2]  # a top-level domain that the list does not know


def is_suffix(name: str) -> bool:
    """Whether others register names under this one."""
    return name in rules() or (text.matches(wildcard(), name) and not text.matches(exception(), name))


def registrable_sql(host: str) -> str:
    """`registrable` in SQL; a host that is not in the table is registered as it stands."""
    found = f"(SELECT max(host.domain) FROM {table} AS host WHERE host.host = {host})"
    return f"nullif(coalesce({found}, {host}), '')"


def is_deep_sql(host: str) -> str:
    """SQL condition: whether the host's registered domain may be another one."""
    return f"({host} LIKE '%.%.%' OR {text.matches_sql(host, wildcard())})"


def host_rows(deep: Iterable[str]) -> list[tuple[str, str]]:
    """The rows of the table: short suffixes, under which nobody is, and the deep hosts of the data."""
    rows = {rule: "" for rule in rules() if rule[0] not in "*!" and rule.count(".") < 2}
    rows |= {host: registrable(host) or "" for host in deep}
    return sorted((host, domain) for host, domain in rows.items() if host != domain)
