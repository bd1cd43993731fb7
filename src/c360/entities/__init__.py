"""Records and entity ids in, one row per entity out: surviving traits and memberships."""

from c360.entities.check import check
from c360.entities.tables import build
from c360.entities.unchanged import hangs_on_date
from c360.entities.unchanged import remembered as state
from c360.entities.vocabulary import columns_of, is_many, key_columns, relation_columns, traits_of

__all__ = [
    "build", "check", "columns_of", "hangs_on_date", "is_many", "key_columns", "relation_columns", "state", "traits_of",
]  # fmt: skip
