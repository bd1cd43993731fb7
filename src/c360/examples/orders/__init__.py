"""How many customers and a seed in; an order stream of a wholesaler, its customers and a lens over both out.

The stream has the columns of an activity schema (`feature1` .. `feature10`); each activity says in the lens what its
features are. What real streams have is in it: order lines that are invoiced in two parts, rejected and invoiced lines of
orders that nobody placed, customers without orders, without an address or with a shared number.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copyfile

from c360.examples.draws import Dice, shares
from c360.examples.folder import claim_files, refuse_sizes
from c360.examples.rows import write_rows
from c360.records import dataclass

files = ("orders.lens.yaml", "customers.csv", "stream.csv")
last_day = date(2026, 11, 1)
customer_columns = (
    "customer_id,customer_name,email,phone_number,address,customer_no,site,state,county_name,zip,premise_code,status,"
    "license_classification,license_type,channel_code,channel_name,selling_division_name,consent"
)
stream_columns = (
    "activity_uuid,entity_id,activity,activity_ts,feature1,feature2,feature3,feature4,feature5,feature6,feature7,"
    "feature8,feature9,feature10,activity_occurence,activity_repeated_at"
)
states = {"CA": ("Alameda", "94601"), "NY": ("Kings", "11201"), "TX": ("Travis", "78701"), "MA": ("Suffolk", "02108"),
          "WA": ("King", "98101")}  # fmt: skip
channels = {"GR": "grocery", "HO": "hotel", "BA": "bar", "RE": "restaurant"}
brands = [
    (f"P{number:03d}", f"{first} {last}", supplier, category)
    for number, (first, last, supplier, category) in enumerate(
        (first, last, supplier, category)
        for category, last in (("tea", "Leaf"), ("coffee", "Bean"), ("juice", "Press"), ("water", "Spring"))
        for first, supplier in (
            ("Amber", "Northgate"), ("Cedar", "Northgate"), ("Harbour", "Eastmill"), ("Juniper", "Eastmill"),
            ("Meadow", "Southfield"),
        )
    )
]  # fmt: skip
reasons = (("R01", "out of stock"), ("R02", "credit limit"), ("R03", "wrong address"), ("R04", "licence expired"))
Row = tuple[str | int | None, ...]


@dataclass
class Event:
    """A row of the stream before it is numbered."""

    entity_id: str
    activity: str
    at: datetime
    features: tuple[str | None, ...]


def write(
    folder: Path,
    *,
    customers: int = 2000,
    lines: int = 25_000,
    seed: int = 360,
    end: date = last_day,
    overwrite: bool = False,
) -> list[Path]:
    """Write the lens, the customers and the stream of two years.

    Args:
        folder: where to; it is made when it is not there.
        customers: how many customers there are; a few have never ordered.
        lines: how many order lines were placed; about a sixth is rejected, two fifths are invoiced.
        seed: another seed gives other orders.
        end: nothing happens on or after this day.
        overwrite: replace files that are there.

    Raises:
        ProjectError: a size makes no sense, or a file is there and `overwrite` is not set.
    """
    wrong = [
        f"{name} must be at least 1, not {size}"
        for name, size in (("customers", customers), ("lines", lines))
        if size < 1
    ]
    refuse_sizes("orders", wrong)
    paths = claim_files(folder, files, overwrite=overwrite)
    copyfile(Path(__file__).parent / files[0], paths[0])
    write_rows(paths[1], customer_columns, make_customers(customers, seed))
    events = make_events(customers, lines, seed, end)
    write_rows(paths[2], stream_columns, numbered(events))
    return paths


def make_customers(size: int, seed: int) -> Iterator[Row]:
    """One row per customer; `customer_no` is unique only within a site."""
    dice = Dice(seed, "customers")
    for number in range(size):
        state = dice.choose(tuple(states))
        county, zip_code = states[state]
        channel = dice.choose(tuple(channels))
        name = f"{dice.choose(('Blue', 'Old', 'Grand', 'Little', 'Corner'))} {channels[channel].title()} {number}"
        yield (
            customer_id(number), name,
            f"orders{number}@{name.lower().replace(' ', '-')}.example" if dice.chance(78) else None,
            f"+1555{number:07d}" if dice.chance(64) else None,
            f"{dice.between(1, 900)} Main Street" if dice.chance(90) else None,
            f"{number // 4:05d}", f"S{number % 4}", state, county, zip_code, "on" if dice.chance(60) else "off",
            dice.choose(("active", "active", "active", "inactive", "suspended")), dice.choose(("A", "B", "C")),
            dice.choose(("retail", "wholesale")), channel, channels[channel],
            dice.choose(("north", "south", None)), "yes" if dice.chance(70) else "no",
        )  # fmt: skip


def customer_id(number: int) -> str:
    """A customer's identifier."""
    return f"C{number:06d}"


def make_events(customers: int, lines: int, seed: int, end: date) -> Iterator[Event]:
    """Order lines placed, some of them rejected or invoiced later."""
    import numpy as np

    dice = Dice(seed, "orders")
    weights = np.array([weight(dice) for _ in range(customers)], dtype=np.int64)
    stop = datetime(end.year, end.month, end.day)  # noqa: DTZ001 the stream's times are UTC
    start = stop - timedelta(days=730)
    order = 0
    for number, count in enumerate(shares(lines, weights)):
        left = int(count)
        while left:
            order += 1
            size = min(left, dice.choose((1, 1, 2, 2, 3, 4)))
            left -= size
            placed_at = start + timedelta(seconds=dice.below(730 * 86_400))
            for line in range(size):
                yield from lived(dice, customer_id(number), f"{order:06d}-{line + 1}", placed_at, stop)
    for number in range(max(1, lines // 500)):
        lost = f"9{number:05d}-1"  # rejected or invoiced without having been placed here
        moment = start + timedelta(seconds=dice.below(730 * 86_400))
        kind = dice.choose(("order_rejected", "order_invoiced"))
        yield outcome(dice, kind, customer_id(dice.below(customers)), lost, moment, dice.choose(brands), "10.00")


def weight(dice: Dice) -> int:
    """How much a customer orders: some nothing at all, a few more than the others."""
    if dice.chance(4):
        return 0
    return 4 + dice.below(12) + (dice.below(12) if dice.chance(20) else 0)


def lived(dice: Dice, customer: str, line: str, placed_at: datetime, stop: datetime) -> Iterator[Event]:
    """One order line and what became of it."""
    product = dice.choose(brands)
    cents = dice.between(800, 48_000)
    value = f"{cents // 100}.{cents % 100:02d}"
    wanted = (placed_at + timedelta(days=dice.between(2, 9))).date().isoformat()
    cases = dice.between(1, 12)
    yield Event(customer, "order_placed", placed_at, (
        f" {line} ", *product, dice.choose(("core", "seasonal")), str(cases), str(cases * 12), value, wanted,
    ))  # fmt: skip
    if dice.chance(17):
        at = placed_at + timedelta(minutes=dice.between(20, 60 * 48))
        if at < stop:
            yield outcome(dice, "order_rejected", customer, line, at, product, value)
    elif dice.chance(51):
        at = placed_at + timedelta(minutes=dice.between(60 * 6, 60 * 24 * 14))
        if at < stop:
            yield outcome(dice, "order_invoiced", customer, line, at, product, value)
        later = at + timedelta(days=3)
        if dice.chance(2) and later < stop:  # delivered, and invoiced, in two parts
            yield outcome(dice, "order_invoiced", customer, line, later, product, "0.00")


def outcome(
    dice: Dice, kind: str, customer: str, line: str, at: datetime, product: tuple[str, str, str, str], value: str
) -> Event:
    """A line rejected or invoiced."""
    wanted = at.date().isoformat()
    features: tuple[str | None, ...]
    if kind == "order_rejected":
        code, _ = dice.choose(reasons)
        features = (line, product[0], code, dice.choose(("open", "closed")), "none", None, "1", "12", value, wanted)
    else:
        features = (line, *product, dice.choose(("core", "seasonal")), "1", "12", value, wanted)
    return Event(customer, kind, at, features)


def numbered(events: Iterator[Event]) -> Iterator[Row]:
    """The rows of the stream in time order, with which occurrence of its activity each is and when the next one is."""
    found = sorted(events, key=lambda item: (item.at, item.activity, item.features[0] or ""))
    following: dict[tuple[str, str], datetime] = {}
    repeated: list[datetime | None] = []
    for item in reversed(found):
        key = (item.entity_id, item.activity)
        repeated.append(following.get(key))
        following[key] = item.at
    seen: dict[tuple[str, str], int] = {}
    for number, (item, after) in enumerate(zip(found, reversed(repeated), strict=True)):
        key = (item.entity_id, item.activity)
        seen[key] = seen.get(key, 0) + 1
        yield (
            f"A{number:07d}", item.entity_id, item.activity, item.at.isoformat(sep=" "), *item.features, seen[key],
            after.isoformat(sep=" ") if after else None,
        )  # fmt: skip
