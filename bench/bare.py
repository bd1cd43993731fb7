"""A JaffleGaggle folder in; its bare contact, gaggle and account tables out, by a plain DuckDB script.

What a run of c360 costs beyond this buys ids that stay, quarantine, checks, history and atomic publishing.
`python -m bench.bare FOLDER`. With `--published` it also makes what no form of publishing can do without: the sources lie
in a file, the stream is numbered, and it and the contacts are written sorted into Parquet files with a hash of the rows.
"""

import shutil
import sys
from pathlib import Path

import duckdb

script = """
CREATE TABLE users AS SELECT *, lower(trim(trim(email), '.')) AS mail FROM read_csv('{data}/raw_user.csv', quote='"');
CREATE TABLE gaggles AS SELECT * FROM read_csv('{data}/raw_gaggle.csv', quote='"');
CREATE TABLE events AS SELECT * FROM read_csv('{data}/raw_event.csv', quote='"');
CREATE TABLE deals AS SELECT * FROM read_csv('{data}/deals.csv', quote='"');
CREATE TABLE same AS SELECT lower(old_email) AS old, lower(new_email) AS new FROM read_csv('{data}/merged_user.csv', quote='"');
CREATE TABLE moved AS SELECT * FROM read_csv('{data}/merged_company_domain.csv', quote='"');
CREATE TABLE member AS
  SELECT u.*, coalesce(s.new, u.mail) AS contact, split_part(coalesce(s.new, u.mail), '@', 2) AS raw_domain
  FROM users u LEFT JOIN same s ON s.old = u.mail;
CREATE TABLE facts AS
  SELECT user_id, min(timestamp) AS first_event, max(timestamp) AS last_event, count(*) AS events,
    min(timestamp) FILTER (event_name = 'order_placed') AS first_order,
    max(timestamp) FILTER (event_name = 'order_placed') AS last_order,
    count(*) FILTER (event_name = 'order_placed') AS orders
  FROM events GROUP BY user_id;
CREATE TABLE contacts AS
  SELECT contact AS email, arg_max(id, (mail = contact)::INT) AS user_id, arg_max(name, created_at) AS user_name,
    arg_max(gaggle_id, created_at) AS gaggle_id, min(created_at) AS created_at, min(first_event) AS first_event,
    max(last_event) AS most_recent_event, coalesce(sum(events), 0) AS number_of_events, min(first_order) AS first_order,
    max(last_order) AS most_recent_order, coalesce(sum(orders), 0) AS number_of_orders,
    any_value(CASE WHEN raw_domain NOT IN ('gmail.com', 'outlook.com', 'yahoo.com', 'icloud.com', 'hotmail.com')
      THEN coalesce(d.new_domain, raw_domain) END) AS corporate_email, min(created_at)::DATE AS user_cohort
  FROM member m LEFT JOIN facts f ON f.user_id = m.id LEFT JOIN moved d ON d.old_domain = m.raw_domain
  GROUP BY contact;
CREATE TABLE gaggle_domain AS
  SELECT gaggle_id, corporate_email FROM contacts WHERE corporate_email IS NOT NULL GROUP BY gaggle_id, corporate_email
  QUALIFY row_number() OVER (PARTITION BY gaggle_id ORDER BY count(*) DESC, corporate_email) = 1;
CREATE TABLE gaggle AS
  SELECT g.id AS gaggle_id, any_value(g.name) AS gaggle_name, any_value(g.created_at) AS created_at,
    any_value(d.corporate_email) AS corporate_email, {measures},
    {corporate}
  FROM gaggles g LEFT JOIN gaggle_domain d ON d.gaggle_id = g.id LEFT JOIN contacts c ON c.gaggle_id = g.id GROUP BY g.id;
CREATE TABLE account AS
  SELECT c.corporate_email, {corporate_all}, arg_min(user_id, (created_at, user_id)) AS first_user_id,
    arg_min(user_id, (-number_of_events, user_id)) AS most_active_user_id,
    arg_min(user_id, (-number_of_orders, user_id)) AS most_orders_user_id,
    bool_or(email IN (SELECT lower(email) FROM deals WHERE deal_stage = 'Won')) AS is_paying
  FROM contacts c WHERE c.corporate_email IS NOT NULL GROUP BY c.corporate_email;
CREATE TABLE account_associated AS
  SELECT d.corporate_email, count(DISTINCT d.gaggle_id) AS number_of_gaggles, {associated}
  FROM gaggle_domain d JOIN contacts c ON c.gaggle_id = d.gaggle_id GROUP BY d.corporate_email;
"""
published = """
CREATE TABLE stream AS
  SELECT CAST(md5('events|' || event_id || '|' || event_name) AS UUID) AS activity_uuid, m.number, event_name, timestamp,
    row_number() OVER w AS occurrence, lead(timestamp) OVER w AS repeated_at
  FROM events e JOIN (SELECT id, dense_rank() OVER (ORDER BY contact) AS number FROM member) m ON m.id = e.user_id
  WINDOW w AS (PARTITION BY m.number, event_name ORDER BY timestamp, event_id);
COPY (SELECT * FROM stream ORDER BY number, timestamp) TO '{to}/stream.parquet';
COPY (SELECT * FROM contacts ORDER BY email) TO '{to}/contacts.parquet';
CREATE TABLE hashes AS
  SELECT sum(md5_number_lower(concat_ws(';', activity_uuid, number, event_name, timestamp, occurrence, repeated_at))) AS hash
  FROM stream UNION ALL SELECT sum(md5_number_lower(concat_ws(';', *COLUMNS(*)))) FROM contacts;
CHECKPOINT
"""
measures = (
    ("first_event", "min(c.first_event)"), ("most_recent_event", "max(c.most_recent_event)"),
    ("number_of_events", "sum(c.number_of_events)"), ("number_of_users", "count(c.email)"),
    ("first_order", "min(c.first_order)"), ("most_recent_order", "max(c.most_recent_order)"),
    ("number_of_orders", "sum(c.number_of_orders)"),
)  # fmt: skip


def make_tables(folder: Path, to: Path | None = None) -> dict[str, int]:
    """Read the files and make the tables, in memory or, published, in a folder; returns how many rows each has."""
    same = "FILTER (c.corporate_email = d.corporate_email)"
    text = (script + (published if to else "")).format(
        to=to,
        data=folder / "data",
        measures=", ".join(f"{sql} AS {name}" for name, sql in measures),
        corporate=", ".join(f"{sql} {same} AS {name}_corporate" for name, sql in measures),
        corporate_all=", ".join(f"{sql} AS {name}_corporate" for name, sql in measures),
        associated=", ".join(f"{sql} AS {name}_associated" for name, sql in measures),
    )
    connection = duckdb.connect(to / "bare.duckdb" if to else ":memory:")
    if to:
        connection.execute("SET preserve_insertion_order = false")  # which is quicker over much data
    for statement in text.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    names = ("contacts", "gaggle", "account", "account_associated")
    return {name: len(connection.execute(f"SELECT 1 FROM {name}").fetchall()) for name in names}


if __name__ == "__main__":
    project = Path(sys.argv[1])
    if "--published" in sys.argv[2:]:
        home = project / ".bare"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        print(make_tables(project, home))
        shutil.rmtree(home)
    else:
        print(make_tables(project))
