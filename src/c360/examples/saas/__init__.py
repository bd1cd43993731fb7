"""How many companies and a seed in; the project of a business product with users, workspaces and accounts out."""

from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfile

from c360.examples.folder import claim_files, refuse_sizes
from c360.examples.rows import write_rows
from c360.examples.saas.company import Context, User, make_company

columns = {
    "users": "user_id,name,email,created_at",
    "workspaces": "workspace_id,name,region,created_at",
    "memberships": "user_id,workspace_id,role,joined_at,left_at",
    "subscriptions": "subscription_id,workspace_id,plan,seats,mrr,status,trial_started_at,started_at,ended_at",
    "invoices": "invoice_id,workspace_id,amount,currency,status,issued_at,paid_at",
    "crm_accounts": "account_id,name,domain,segment,owner",
    "crm_contacts": "contact_id,email,account_id",
    "events": "event_id,user_id,workspace_id,event,integration_type,occurred_at",
}
files = ("c360.yaml", *(f"data/{name}.csv" for name in columns))
last_day = date(2026, 10, 1)
most_companies = 50_000


def write(
    folder: Path,
    *,
    companies: int = 40,
    days: int = 180,
    seed: int = 360,
    end: date = last_day,
    overwrite: bool = False,
) -> list[Path]:
    """Write the project file and its data.

    Args:
        folder: where to; it is made when it is not there.
        companies: how many companies use the product; each leaves about 150 rows.
        days: the span of the data.
        seed: another seed gives other companies and people.
        end: nothing happens on or after this day.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files, the project file first.

    Raises:
        ProjectError: a file is there already and `overwrite` is not set, or the sizes make no sense.
    """
    wrong = [
        *([] if 1 <= companies <= most_companies else [f"companies must be between 1 and {most_companies}"]),
        *([] if 60 <= days <= 3_650 else ["days must be between 60 and 3650"]),
    ]
    refuse_sizes("saas", wrong)
    paths = claim_files(folder, files, overwrite=overwrite)
    copyfile(Path(__file__).with_name("c360.yaml"), paths[0])
    stop = int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp())
    context = Context(seed, stop - days * 86_400, stop)
    wanderer: User | None = None
    for number in range(companies):
        wanderer = make_company(context, number, wanderer)
    context.tables.get("events", []).sort(key=lambda row: (row["occurred_at"], row["event_id"]))
    for path, (name, header) in zip(paths[1:], columns.items(), strict=True):
        names = header.split(",")
        write_rows(path, header, ([row[key] for key in names] for row in context.tables.get(name, [])))
    return paths
