"""Records and entity ids in, one row per entity out: surviving traits and memberships."""

from c360.entities.check import check
from c360.entities.tables import build
from c360.entities.vocabulary import columns_of, is_many, key_columns, relation_columns, traits_of

__all__ = ["build", "check", "columns_of", "is_many", "key_columns", "relation_columns", "traits_of"]
