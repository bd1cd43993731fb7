"""Cleaned events and entity ids in, one stream of activities per entity out."""

from c360.activity.check import check
from c360.activity.increment import changed_days_sql, changed_sql, forget_changes, states, touched_since, versions
from c360.activity.stream import build
from c360.activity.vocabulary import activities_of, attributes_of, fixed_columns, named_activities

__all__ = [
    "activities_of",
    "attributes_of",
    "build",
    "changed_days_sql",
    "changed_sql",
    "check",
    "fixed_columns",
    "forget_changes",
    "named_activities",
    "states",
    "touched_since",
    "versions",
]
