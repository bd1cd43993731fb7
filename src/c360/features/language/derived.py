"""A name in, what it means of an activity beside its own columns out: local day, hour and weekday, and sessions.

A session is a run of activities of one entity with less than half an hour between each and the next.
"""

from c360.features.language.calendar import hour_sql, local_date_sql, weekday_sql

session = "session"
session_gap_seconds = 1800
session_columns = ("seconds", "events")


def derived_column(column: str, zone: str) -> str | None:
    """SQL of a derived attribute of a row `s`, on the clock of the project's zone."""
    moment = 's."activity_ts"'
    forms = {
        "day": local_date_sql(moment, zone),
        "hour": hour_sql(moment, zone),
        "weekday": weekday_sql(moment, zone),
    }
    return forms.get(column)


derived_columns = ("day", "hour", "weekday")
