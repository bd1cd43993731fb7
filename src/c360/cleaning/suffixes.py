"""A host name -> the domain that somebody registered, by the public suffix list that `tldextract` bundles.

Nothing is fetched. Of the list only the registries' part counts (`co.uk`), not the one of hosting firms (`github.io`).
SQL reads the suffixes from the table `cleaning.public_suffix`, which `write_lists` makes when a project needs it.
"""

from functools import cache
from itertools import pairwise

from c360.cleaning import text
from c360.warehouse import qualified

table = qualified("cleaning", "public_suffix")
deepest = 8  # sub-domains that are followed; a host of more labels is malformed


@cache
def rules() -> frozenset[str]:
    """The rules of the list, in Unicode and in ASCII form: `uk`, `co.uk`, `*.ck`, `!www.ck`."""
    from tldextract import TLDExtract

    return frozenset(TLDExtract(suffix_list_urls=(), cache_dir=None).tlds)


def plain_rules() -> list[str]:
    """The suffixes themselves: what the table holds."""
    return sorted(rule for rule in rules() if rule[0] not in "*!")


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
    """`registrable` in SQL."""
    tails = [text.drop_sql(host, f"^([^.]*[.]){{{dots}}}") if dots else host for dots in range(deepest + 1)]
    deep = [f"CASE WHEN {host} LIKE '{'%.' * max(2, dots)}%' THEN {tail} END" for dots, tail in enumerate(tails)]
    found = [
        f"WHEN {text.matches_sql(before, exception())} OR {suffix_sql(tail, after)} THEN {before}"
        for before, tail, after in zip(tails, deep[1:], tails[1:], strict=False)
    ]
    last = f"{text.drop_sql(text.drop_sql(host, '[.][^.]*$'), '^.*[.]')} || '.' || {text.drop_sql(host, '^.*[.]')}"
    return (
        f"CASE WHEN {host} LIKE '{'%.' * (deepest + 1)}%' THEN NULL WHEN {suffix_sql(host, host)} THEN NULL "
        f"WHEN {host} NOT LIKE '%.%.%' THEN {host} {' '.join(found)} ELSE {last} END"
    )


def suffix_sql(name: str, certain: str) -> str:
    """`is_suffix` in SQL; `name` is NULL where there are too few labels, so that the look-up costs nothing there."""
    listed = f"{name} IN (SELECT suffix FROM {table})"
    return f"({listed} OR ({text.matches_sql(certain, wildcard())} AND NOT {text.matches_sql(certain, exception())}))"
