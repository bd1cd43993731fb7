"""People and their log in; the state tables of the shop out: customers, loyalty, consent, mailings and human merges."""

from typing import Any

from c360.examples.draws import Dice
from c360.examples.shop.catalogue import mailings
from c360.examples.shop.log import Log, day, stamp
from c360.examples.shop.people import Person, cities, typed_email, typed_phone

day_seconds = 86_400
tiers = ("green", "green", "green", "oolong", "black")


def write_records(seed: int, people: list[Person], log: Log, end: int) -> None:
    """Fill the tables that are kept about people whom the shop knows."""
    for row in log.rows.pop("sign_ups", []):
        add_customer(Dice(seed, f"customer {row['customer_id']}"), log, row)
    for person in people:
        add_merge(Dice(seed, f"merge {person.number}"), log, person, end)
    known = {address for kind, address in log.truth if kind == "email"}
    for person in people:
        dice = Dice(seed, f"mail {person.number}")
        if person.email in known:
            add_mailings(dice, log, person, end)
            add_consent(dice, log, person, end)
        if person.customers and dice.chance(40):
            add_loyalty(dice, log, person)


def add_customer(dice: Dice, log: Log, row: dict[str, Any]) -> None:
    """One account of the shop, as its owner typed it."""
    person: Person = row["person"]
    city, country, _, postcode = cities[person.city]
    name = f"{person.given} {person.family}"
    name = dice.choose((name, name, name, name, name.upper(), name.lower(), f" {name}", name.replace(" ", "  ")))
    phone = typed_phone(dice, person.phone) if person.phone and dice.chance(80) else None
    log.owns(person, phone=person.phone if phone else None)
    log.add(
        "customers", customer_id=row["customer_id"], name=name, email=typed_email(dice, row["email"]), phone=phone,
        gender=person.gender, birth_date=day(person.born), city=city, postcode=postcode, country=country,
        created_at=stamp(row["at"]),
    )  # fmt: skip


def add_merge(dice: Dice, log: Log, person: Person, end: int) -> None:
    """The shop's staff found out about some of the second accounts."""
    if len(person.customers) > 1 and dice.chance(50):
        decided = stamp(end - dice.between(1, day_seconds))
        log.add(
            "merged_customers",
            old_email=person.email,
            new_email=person.second_email,
            decided_at=decided,
            decided_by="mara",
        )


def add_mailings(dice: Dice, log: Log, person: Person, end: int) -> None:
    """A mailing a month: sent, mostly unread, sometimes opened and clicked; some people end it."""
    at = max(person.since, end - 12 * 30 * day_seconds) + dice.between(1, 30) * day_seconds
    turn = dice.below(len(mailings))
    while at < end - 3 * day_seconds:
        kinds = ["sent"]
        if dice.chance(42):
            kinds.append("opened")
            kinds += ["clicked"] if dice.chance(25) else []
        ends = dice.chance(2)
        for kind in [*kinds, *(["unsubscribed"] if ends else [])]:
            event_id = f"M{300_000 + log.count('email_events')}"
            log.add(
                "email_events", event_id=event_id, email=person.email, kind=kind, mailing=mailings[turn % len(mailings)],
                happened_at=stamp(at),
            )  # fmt: skip
            at += dice.between(60, day_seconds // 2)
        if ends:
            return
        turn += 1
        at += 30 * day_seconds


def add_consent(dice: Dice, log: Log, person: Person, end: int) -> None:
    """What a person allows: a log, of which the last row per purpose counts."""
    for purpose, percent in (("marketing", 70), ("recommendation", 60)):
        at = person.since + dice.between(60, day_seconds)
        granted = dice.chance(percent)
        while at < end:
            log.add(
                "consent",
                email=person.email,
                purpose=purpose,
                granted="true" if granted else "false",
                changed_at=stamp(at),
            )
            if not dice.chance(12):
                break
            at, granted = at + dice.between(1, 90) * day_seconds, not granted


def add_loyalty(dice: Dice, log: Log, person: Person) -> None:
    """A card of the loyalty programme; some people gave it their other address."""
    email = person.second_email if person.second_email and dice.chance(40) else person.email
    member_no = f"L{4_000_000 + log.count('loyalty')}"
    phone = typed_phone(dice, person.phone) if person.phone and dice.chance(60) else None
    log.owns(person, member_no=member_no, email=email, phone=person.phone if phone else None)
    log.add(
        "loyalty", member_no=member_no, email=email, phone=phone, tier=dice.choose(tiers), points=dice.below(4_000),
        joined_at=stamp(person.since + dice.between(1, 20) * day_seconds),
    )  # fmt: skip
