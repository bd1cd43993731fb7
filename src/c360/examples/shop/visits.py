"""A person in; their visits on the web and in the app, from the first look to the last order, out into the log."""

from dataclasses import field

from c360.examples.draws import Dice
from c360.examples.shop.catalogue import Product, campaigns, choose_product
from c360.examples.shop.log import Log, stamp
from c360.examples.shop.orders import Cart, place_order
from c360.examples.shop.people import Person, kiosk
from c360.records import dataclass

day_seconds = 86_400


@dataclass
class Journey:
    """What is carried from one visit to the next.

    Attributes:
        signed_in: the devices on which the person's account is open.
        told: whether a subscriber has left the address on the web ("web") and the number in the app ("app").
    """

    person: Person
    dice: Dice
    log: Log
    products: list[Product]
    end: int
    signed_in: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    orders: list[str] = field(default_factory=list)


@dataclass
class Visit:
    """One visit: on the web with a cookie, or in the app on a device; `at` moves on."""

    at: int
    anonymous_id: str
    device_id: str | None
    campaign: str

    @property
    def web(self) -> bool:
        """Whether it is on the web."""
        return self.device_id is None

    def later(self, dice: Dice, most: int = 180) -> int:
        """Some seconds on."""
        self.at += dice.between(5, most)
        return self.at


def walk(journey: Journey) -> None:
    """All visits of a person until they quit or the end comes."""
    person, dice = journey.person, journey.dice
    at = person.since
    while at < journey.end - day_seconds:
        visit = start_visit(journey, at)
        browse(journey, visit)
        if dice.chance(person.quits):
            return
        at += dice.between(day_seconds // 4, 2 * person.gap * day_seconds)


def start_visit(journey: Journey, at: int) -> Visit:
    """Open the site or the app."""
    person, dice = journey.person, journey.dice
    if dice.chance(55):
        grown = at > person.since + 45 * day_seconds
        cookie = person.cookies[-1 if grown else 0]
        journey.log.owns(person, anonymous_id=cookie)
        return Visit(at, cookie, None, dice.choose(campaigns))
    if person.uses_kiosk and dice.chance(40):
        journey.log.owns(person, anonymous_id=kiosk, device_id=kiosk)
        return Visit(at, kiosk, kiosk, "")
    journey.log.owns(person, anonymous_id=person.install, device_id=person.device)
    return Visit(at, person.install, person.device, "")


def browse(journey: Journey, visit: Visit) -> None:
    """Look at products, fill the cart, check out or leave it behind."""
    dice, person = journey.dice, journey.person
    add_event(journey, visit, "page_viewed" if visit.web else "app_opened", path="/")
    say_who(journey, visit)
    cart: Cart = []
    for _ in range(dice.between(1, 5)):
        product = choose_product(dice, journey.products, person.tastes)
        add_event(journey, visit, "product_viewed", sku=product.sku)
        if dice.chance(18):
            cart.append((product, dice.choose((1, 1, 1, 2, 3))))
            add_event(journey, visit, "added_to_cart", sku=product.sku)
    if not cart or not dice.chance(75):
        return
    add_event(journey, visit, "checkout_started", path="/checkout")
    if person.habit == "visitor" or not dice.chance(80):
        return
    sign_in(journey, visit)
    place_order(dice, journey.log, person, cart, order_place(journey, visit))


def order_place(journey: Journey, visit: Visit) -> dict[str, str | int | None]:
    """Where and when an order is placed, and by which account."""
    customer = journey.person.customers[-1] if visit.anonymous_id in journey.signed_in else None
    return {
        "at": visit.later(journey.dice), "channel": "web" if visit.web else "app", "anonymous_id": visit.anonymous_id,
        "customer_id": customer, "end": journey.end,
    }  # fmt: skip


def say_who(journey: Journey, visit: Visit) -> None:
    """Members sign up or in; subscribers leave an address on the web and a phone number in the app."""
    dice, person = journey.dice, journey.person
    if person.habit == "member" and visit.anonymous_id != kiosk and dice.chance(40):
        sign_in(journey, visit)
    if person.habit == "subscriber" and visit.web and "web" not in journey.told:
        journey.told.add("web")
        journey.log.owns(person, email=person.email)
        add_event(journey, visit, "newsletter_joined", email=person.email, path="/newsletter")
    if (
        person.habit == "subscriber"
        and not visit.web
        and visit.anonymous_id != kiosk
        and person.phone
        and "app" not in journey.told
    ):
        journey.told.add("app")
        journey.log.owns(person, phone=person.phone)
        add_event(journey, visit, "phone_verified", phone=person.phone)


def sign_in(journey: Journey, visit: Visit) -> None:
    """Open the account on this device; the first time it is made, and a few people forget it and make a second one."""
    person, dice, log = journey.person, journey.dice, journey.log
    if person.habit != "member" or visit.anonymous_id == kiosk or visit.anonymous_id in journey.signed_in:
        return
    again = len(person.customers) == 1 and person.second_email is not None and dice.chance(60)
    new = not person.customers or again
    if new:
        email = person.second_email if again else person.email
        person.customers.append(f"C{100_000 + log.count('sign_ups')}")
        log.add("sign_ups", customer_id=person.customers[-1], person=person, email=email, at=visit.at)
        log.owns(person, customer_id=person.customers[-1], email=email)
    journey.signed_in.add(visit.anonymous_id)
    email = (person.second_email if len(person.customers) > 1 else person.email) if visit.web else None
    add_event(journey, visit, "signed_up" if new else "signed_in", email=email, path="/account")


def add_event(journey: Journey, visit: Visit, event: str, **more: str | None) -> None:
    """One event of the web or app tracker; one in a hundred is sent twice, as trackers do."""
    dice, log = journey.dice, journey.log
    known = visit.anonymous_id in journey.signed_in and (event.startswith("signed") or dice.chance(70))
    customer = journey.person.customers[-1] if known else None
    event_id, at = f"{dice.below(1 << 30):08x}{dice.below(1 << 30):08x}", visit.later(dice)
    copies = 2 if dice.chance(1) else 1
    if visit.web:
        row = {
            "message_id": event_id, "event": event, "anonymous_id": visit.anonymous_id, "customer_id": customer,
            "email": more.get("email"), "path": more.get("path") or f"/p/{(more.get('sku') or '').lower()}",
            "campaign": visit.campaign or None, "sku": more.get("sku"), "sent_at": stamp(at).replace(" ", "T") + "Z",
        }  # fmt: skip
        table = "web_events"
    else:
        row = {
            "event_id": event_id, "event": event, "device_id": visit.device_id, "anonymous_id": visit.anonymous_id,
            "customer_id": customer, "phone": more.get("phone"), "sku": more.get("sku"), "occurred_at": stamp(at),
        }  # fmt: skip
        table = "app_events"
    for _ in range(copies):
        log.add(table, **row)
