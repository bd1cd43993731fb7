"""How many people and a seed in; the project of a tea shop with web and app, generated data and the truth out.

The shop's systems know people by cookies, devices, addresses, phone numbers and accounts; `data/truth.csv` says whose each
of them is. It is for measuring, never an input: no source of the project reads it.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from shutil import copyfile

from c360.examples.draws import Dice
from c360.examples.folder import claim_files, refuse_sizes
from c360.examples.rows import write_rows
from c360.examples.shop.catalogue import Product, make_products
from c360.examples.shop.log import Log, Row, money
from c360.examples.shop.people import make_people
from c360.examples.shop.records import write_records
from c360.examples.shop.visits import Journey, walk

columns = {
    "app_events": "event_id,event,device_id,anonymous_id,customer_id,phone,sku,occurred_at",
    "orders": "order_id,customer_id,email,phone,anonymous_id,channel,currency,total,ordered_at",
    "order_lines": "order_id,line_no,sku,quantity,unit_price,ordered_at",
    "refunds": "refund_id,order_id,amount,reason,refunded_at",
    "tickets": "ticket_id,email,phone,subject,category,opened_at,closed_at,satisfaction",
    "customers": "customer_id,name,email,phone,gender,birth_date,city,postcode,country,created_at",
    "email_events": "event_id,email,kind,mailing,happened_at",
    "loyalty": "member_no,email,phone,tier,points,joined_at",
    "consent": "email,purpose,granted,changed_at",
    "merged_customers": "old_email,new_email,decided_at,decided_by",
}
orders_of_time = {
    "app_events": "occurred_at", "email_events": "happened_at", "consent": "changed_at", "web_events": "sent_at",
    "orders": "ordered_at", "order_lines": "ordered_at",
}  # fmt: skip
files = (
    "c360.yaml",
    "data/web_events.ndjson",
    "data/products.json",
    *(f"data/{name}.csv" for name in columns),
    "data/truth.csv",
)
last_day = date(2026, 10, 1)
most_people = 190_000  # as many phone numbers as there are


def write(
    folder: Path, *, people: int = 200, days: int = 365, seed: int = 360, end: date = last_day, overwrite: bool = False
) -> list[Path]:
    """Write the project file, the data and the truth.

    Args:
        folder: where to; it is made when it is not there.
        people: how many real people there are; each leaves about 60 rows.
        days: the span in which they come.
        seed: another seed gives other people.
        end: nothing happens on or after this day.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files, the project file first and the truth last.

    Raises:
        ProjectError: a file is there already and `overwrite` is not set, or the sizes make no sense.
    """
    wrong = [
        *([] if 1 <= people <= most_people else [f"people must be between 1 and {most_people}"]),
        *([] if 2 <= days <= 3_650 else ["days must be between 2 and 3650"]),
    ]
    refuse_sizes("shop", wrong)
    paths = dict(zip(files, claim_files(folder, files, overwrite=overwrite), strict=True))
    copyfile(Path(__file__).with_name("c360.yaml"), paths["c360.yaml"])
    products = make_products(seed)
    log = live(seed, people, days, products, end)
    write_web_events(paths["data/web_events.ndjson"], log.rows.get("web_events", []))
    write_products(paths["data/products.json"], products)
    for name, header in columns.items():
        names = header.split(",")
        write_rows(paths[f"data/{name}.csv"], header, ([row[key] for key in names] for row in log.rows.get(name, [])))
    truth = sorted((kind, value, person) for (kind, value), owners in log.truth.items() for person in owners)
    write_rows(paths["data/truth.csv"], "id_kind,identifier,person", truth)
    return list(paths.values())


def live(seed: int, count: int, days: int, products: list[Product], end: date) -> Log:
    """Let everybody live through the span; events come out in the order of time."""
    stop = int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp())
    log = Log()
    people = make_people(seed, count, (stop - days * 86_400, stop - 86_400))
    for person in people:
        walk(Journey(person, Dice(seed, f"journey {person.number}"), log, products, stop))
    write_records(seed, people, log, stop)
    for table, column in orders_of_time.items():
        log.rows.get(table, []).sort(key=itemgetter(column))
    return log


def write_web_events(path: Path, rows: Iterable[Row]) -> None:
    """One JSON object per line, with only the keys that have a value, as a tracker sends it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(
                json.dumps({key: value for key, value in row.items() if value is not None}, ensure_ascii=False) + "\n"
            )


def write_products(path: Path, products: list[Product]) -> None:
    """The catalogue as one JSON array."""
    rows = [
        {"sku": p.sku, "name": p.name, "category": p.category, "brand": p.brand, "price": money(p.price)}
        for p in products
    ]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
