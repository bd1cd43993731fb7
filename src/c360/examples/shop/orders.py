"""A filled cart in; the order with its lines, refunds and tickets out into the log."""

from typing import Any

from c360.examples.draws import Dice
from c360.examples.shop.catalogue import Product
from c360.examples.shop.log import Log, money, stamp
from c360.examples.shop.people import Person, mistyped_email, typed_email, typed_phone

Cart = list[tuple[Product, int]]
day_seconds = 86_400
reasons = ("damaged", "too late", "wrong item", "changed my mind")
subjects = (
    ("Where is my order?", "delivery"),
    ("It arrived broken", "quality"),
    ("A question about my bill", "billing"),
)


def place_order(dice: Dice, log: Log, person: Person, cart: Cart, place: dict[str, Any]) -> None:
    """Write the order: signed-in people under their account, the others under the address and number that they type."""
    order_id = f"O{500_000 + log.count('orders')}"
    total = sum(product.price * quantity for product, quantity in cart)
    email, phone = typed_contact(dice, log, person, known=place["customer_id"] is not None)
    log.owns(person, order_id=order_id)
    log.add(
        "orders", order_id=order_id, customer_id=place["customer_id"], email=email, phone=phone,
        anonymous_id=place["anonymous_id"], channel=place["channel"], currency="USD", total=money(total),
        ordered_at=stamp(place["at"]),
    )  # fmt: skip
    for line, (product, quantity) in enumerate(cart, start=1):
        log.add(
            "order_lines", order_id=order_id, line_no=line, sku=product.sku, quantity=quantity,
            unit_price=money(product.price), ordered_at=stamp(place["at"]),
        )  # fmt: skip
    regret(dice, log, person, (order_id, cart, email, phone), place)


def typed_contact(dice: Dice, log: Log, person: Person, *, known: bool) -> tuple[str | None, str | None]:
    """The address and number on an order; accounts fill theirs in, guests type, and some of them wrongly."""
    phone = typed_phone(dice, person.phone) if person.phone and dice.chance(70) else None
    if known:
        email = person.second_email if len(person.customers) > 1 else person.email
        shown = email
    elif phone and dice.chance(6):
        email = shown = mistyped_email(dice, person.email)
    elif phone and dice.chance(5):
        email, shown = None, dice.choose(("n/a", "none", f"{person.email.replace('@', '(at)')}"))
    else:
        email, shown = person.email, typed_email(dice, person.email)
    log.owns(person, email=email, phone=person.phone if phone else None)
    return shown, phone


def regret(
    dice: Dice, log: Log, person: Person, order: tuple[str, Cart, str | None, str | None], place: dict[str, Any]
) -> None:
    """Send something back, or ask for help; what would happen after the end does not happen."""
    order_id, cart, email, phone = order
    returned = place["at"] + dice.between(2, 20) * day_seconds + dice.below(day_seconds)
    if dice.chance(7) and returned < place["end"]:
        product, quantity = dice.choose(cart)
        log.add(
            "refunds", refund_id=f"R{900_000 + log.count('refunds')}", order_id=order_id, amount=money(product.price * quantity),
            reason=dice.choose(reasons), refunded_at=stamp(returned),
        )  # fmt: skip
    opened = place["at"] + dice.between(1, 9 * day_seconds)
    if dice.chance(11) and opened < place["end"]:
        ask(dice, log, person, (email, phone), (opened, place["end"]))


def ask(dice: Dice, log: Log, person: Person, contact: tuple[str | None, str | None], times: tuple[int, int]) -> None:
    """Open a support ticket, by mail or by phone."""
    opened, end = times
    by_phone = contact[1] is not None and dice.chance(30)
    closed = opened + dice.between(1_800, 4 * day_seconds)
    subject, category = dice.choose(subjects)
    if by_phone:
        log.owns(person, phone=person.phone)
    log.add(
        "tickets", ticket_id=f"T{700_000 + log.count('tickets')}", email=None if by_phone else contact[0],
        phone=contact[1] if by_phone else None, subject=subject, category=category, opened_at=stamp(opened),
        closed_at=stamp(closed) if closed < end else None,
        satisfaction=dice.between(1, 5) if closed < end and dice.chance(60) else None,
    )  # fmt: skip
