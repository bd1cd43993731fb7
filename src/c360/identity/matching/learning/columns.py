"""A table of records in, what each of its columns seems to hold out: names, e-mail addresses, dates, codes, free text.

Nothing here looks at labels: a column's declared type decides, then its values, then its name.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from c360.records import dataclass
from c360.warehouse import Connection, quote

Kind = Literal["name", "text", "email", "phone", "date", "code", "category"]
kinds: tuple[Kind, ...] = ("name", "text", "email", "phone", "date", "code", "category")
least_filled = 0.02  # of the records, below which a column says too little to be learnt from
few_values = 60  # a column of short values with at most so many different ones is a category
by_name: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("phone", re.compile(r"phone|(^|_)tel|mobile|(^|_)fax|(^|_)cell", re.IGNORECASE)),
    ("date", re.compile(r"birth|(^|_)dob($|_)|(^|_)date($|_)", re.IGNORECASE)),
    ("code", re.compile(r"zip|post_?code|postal|(^|_)ssn|soc_?sec|passport|tax_?id|licen[cs]e|(^|_)(no|number|nr)($|_)", re.IGNORECASE)),
    ("text", re.compile(r"addr|street|company|organi[sz]ation|employer|business|site", re.IGNORECASE)),
    ("name", re.compile(r"name|(^|_)(first|last|given|family|sur|fore|middle)($|_)|city|town|suburb|village", re.IGNORECASE)),
)  # fmt: skip
date_text = r"^(1[89]|20)\d\d-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$"


@dataclass(frozen=True)
class Column:
    """What is known of a column.

    Attributes:
        filled: the records that have a value.
        distinct: how many different values there are.
        pairs: how many pairs of records have the same value.
        length: the average length of a value.
    """

    name: str
    kind: Kind
    filled: int
    distinct: int
    pairs: int
    length: float

    @property
    def agreement(self) -> float:
        """The share of pairs of filled records that have the same value."""
        return self.pairs / max(1, self.filled * (self.filled - 1) // 2)


@dataclass(frozen=True)
class Measured:
    """The statistics of a column's values: shares are of the filled ones."""

    filled: int
    distinct: int
    pairs: int
    length: float
    words: float
    digits: float
    ats: float
    dates: float


def compared_name(name: str) -> str:
    """What a column is called where it is compared: a name that is no word of SQL."""
    return f"c_{name}"


def profile_columns(
    arena: Connection, names: Sequence[str], declared: Mapping[str, Kind], wanted: Collection[str] = ()
) -> list[Column]:
    """Find out what the columns of table `raw` hold.

    Args:
        arena: where the records are.
        names: the columns, all VARCHAR with NULL for what is absent.
        declared: the kinds that the project itself tells.
        wanted: columns that the project names, which stay however little they say.

    Returns:
        The columns that are worth comparing, in order.
    """
    records = int(arena.scalar("SELECT count(*) FROM raw"))
    found = []
    for name in names:
        measured = measure(arena, name, "raw")
        kind = declared.get(name) or kind_of_column(name, measured)
        says_little = (
            measured.filled < max(2, least_filled * records) or measured.distinct < 2 or is_key(kind, measured)
        )
        if measured.filled and (name in wanted or not says_little):
            found.append(Column(name, kind, measured.filled, measured.distinct, measured.pairs, measured.length))
    return found


def measured_column(arena: Connection, column: Column) -> Column:
    """The column with the statistics of its values in table `record`, as they are compared."""
    measured = measure(arena, compared_name(column.name), "record")
    return Column(column.name, column.kind, measured.filled, measured.distinct, measured.pairs, measured.length)


def measure(arena: Connection, name: str, table: str) -> Measured:
    """Read the statistics of a column."""
    value = quote(name)
    ((filled, distinct, pairs, length, words, digits, ats, dates),) = arena.rows(
        f"SELECT sum(n), count(*), sum(n * (n - 1) // 2), sum(n * length(v)) / sum(n), "
        "sum(n * (length(v) - length(replace(v, ' ', '')) + 1)) / sum(n), "
        "sum(n * length(regexp_replace(v, '[^0-9]', '', 'g'))) / greatest(sum(n * length(replace(v, ' ', ''))), 1), "
        "sum(CASE WHEN v LIKE '%_@_%' THEN n ELSE 0 END) / sum(n), "
        f"sum(CASE WHEN regexp_matches(v, '{date_text}') THEN n ELSE 0 END) / sum(n) "
        f"FROM (SELECT {value} AS v, count(*) AS n FROM {table} WHERE {value} IS NOT NULL GROUP BY 1) AS values_of"
    )
    if not filled:
        return Measured(0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Measured(
        int(filled), int(distinct), int(pairs), float(length), float(words), float(digits), float(ats), float(dates)
    )


def kind_of_column(name: str, measured: Measured) -> Kind:
    """What a column holds: by its values where they are plain, else by its name, else by the look of its values."""
    said = next((kind for kind, form in by_name if form.search(name)), None)
    short_list = measured.distinct <= few_values and measured.distinct < 0.05 * measured.filled
    tests: tuple[tuple[bool, Kind], ...] = (
        (measured.ats > 0.5, "email"),
        (measured.dates > 0.8, "date"),
        (said == "phone" and measured.digits > 0.5, "phone"),
        (measured.digits > 0.5, "code"),
        (short_list and measured.length <= 12, "category"),
        (measured.words > 1.7 or said == "text", "text"),
    )
    return next((kind for holds, kind in tests if holds), "name")


def is_key(kind: Kind, measured: Measured) -> bool:
    """Whether a column names the record itself, so that no two can agree: a serial number."""
    return kind == "code" and measured.distinct == measured.filled and measured.filled > 50
