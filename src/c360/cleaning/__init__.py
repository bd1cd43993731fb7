"""Raw identifiers and values in, one spelling of each out: in SQL for tables, in Python for single values, alike."""

from c360.cleaning.blocking import blocked_reason, blocked_sql, is_blocked
from c360.cleaning.checks import check
from c360.cleaning.identifiers import (
    Malformed,
    derived,
    derived_sql,
    malformed_reason,
    malformed_sql,
    normal_sql,
    normalise,
)
from c360.cleaning.lists import Lists, read_lists, write_lists
from c360.cleaning.values.traits import cleaning_of, trait_sql

__all__ = [
    "Lists",
    "Malformed",
    "blocked_reason",
    "blocked_sql",
    "check",
    "cleaning_of",
    "derived",
    "derived_sql",
    "is_blocked",
    "malformed_reason",
    "malformed_sql",
    "normal_sql",
    "normalise",
    "read_lists",
    "trait_sql",
    "write_lists",
]
