"""Activities of one transaction in several sources in, each counted once out, and where the sources disagree.

The sources of an activity are asked in the order of its `from:`; the first that knows a transaction is believed.
"""

from c360.activity.vocabulary import activities_of
from c360.project import Project
from c360.warehouse import Connection, comma, literal, quote

scratch = quote("c360_transaction")
report = '"activity"."reconciliation"'


def with_transactions(project: Project, entity: str) -> list[str]:
    """The activities of an entity that name their transactions."""
    return [name for name in activities_of(project, entity) if project.file.activities[name].transaction]


def start_report(work: Connection) -> None:
    """Write the report without rows.

    Grain:  one row per activity of a transaction that another source told before.
    Writes: activity.reconciliation(entity, activity, transaction_id, kept_source, kept_value, other_source, other_uuid,
            other_value, difference): values are the revenue of the activity
    """
    text = [f"CAST('' AS VARCHAR) AS {name}" for name in ("entity", "activity", "transaction_id", "kept_source")]
    columns = [
        *text, "CAST(0 AS DECIMAL(38, 9)) AS kept_value", "CAST('' AS VARCHAR) AS other_source",
        "CAST('' AS VARCHAR) AS other_uuid", "CAST(0 AS DECIMAL(38, 9)) AS other_value",
        "CAST(0 AS DECIMAL(38, 9)) AS difference",
    ]  # fmt: skip
    work.replace_table(report, f"SELECT {comma(columns)} WHERE FALSE")


def rank_transactions(work: Connection, project: Project, entity: str, found: str) -> str:
    """Rank the activities of each transaction, note the disagreements, and return SQL that keeps the first of each.

    Args:
        work: the work database.
        project: the project.
        entity: whose stream it is.
        found: SQL of the stream's rows with `c_source` and `c_input` beside them.
    """
    names = with_transactions(project, entity)
    ids = " ".join(f"WHEN {literal(n)} THEN CAST(a.{quote(str(transaction(project, n)))} AS VARCHAR)" for n in names)
    values = " ".join(
        f"WHEN {literal(n)} THEN CAST(a.{quote(revenue)} AS DECIMAL(38, 9))"
        for n in names
        if (revenue := revenue_of(project, n))
    )
    value = f"CASE a.activity {values} END" if values else "CAST(NULL AS DECIMAL(38, 9))"
    rows = f"SELECT a.*, CASE a.activity {ids} END AS c_transaction, {value} AS c_value FROM ({found}) a"
    order = "PARTITION BY activity, c_transaction ORDER BY c_input, activity_ts, activity_uuid"
    columns = "activity_uuid, activity, c_transaction, c_source, c_value"
    work.execute(f"DROP TABLE IF EXISTS {scratch}")
    work.execute(
        f"CREATE TEMP TABLE {scratch} AS SELECT {columns}, row_number() OVER ({order}) AS place FROM ({rows}) b "
        "WHERE c_transaction IS NOT NULL"
    )
    work.execute(
        f"INSERT INTO {report} SELECT {literal(entity)}, o.activity, o.c_transaction, k.c_source, k.c_value, o.c_source, "
        f"CAST(o.activity_uuid AS VARCHAR), o.c_value, o.c_value - k.c_value FROM {scratch} o JOIN {scratch} k "
        "ON k.activity = o.activity AND k.c_transaction = o.c_transaction AND k.place = 1 WHERE o.place > 1"
    )
    return f"a.activity_uuid NOT IN (SELECT activity_uuid FROM {scratch} WHERE place > 1)"


def transaction(project: Project, activity: str) -> str | None:
    """The attribute that names the transaction of an activity."""
    return project.file.activities[activity].transaction


def revenue_of(project: Project, activity: str) -> str | None:
    """The attribute that holds the money of an activity."""
    return project.file.activities[activity].revenue
