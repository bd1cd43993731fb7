"""A number and a seed in; one customer company of the saas product out: its people, workspaces, money and events."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from c360.examples.draws import Dice
from c360.examples.words import ascii_lower, company, family_names, given_names, pairs_of_names
from c360.records import dataclass

Row = dict[str, Any]
Tables = dict[str, list[Row]]
day_seconds = 86_400
month_seconds = 30 * day_seconds
personal_domains = ("gmail.com", "outlook.com", "icloud.com")
regions = ("emea", "amer", "apac")
plans = (("team", 12), ("business", 24))
integrations = ("calendar", "chat", "storage", "crm")
uses = ("board_created", "report_exported", "automation_run", "file_shared")
purposes = ("Design", "Sales", "Support", "Engineering", "Operations", "Finance")


@dataclass
class Context:
    """What is shared while the companies are made: the tables that grow, and the span of time."""

    seed: int
    begin: int
    end: int
    tables: Tables = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Append a row."""
        self.tables.setdefault(table, []).append(row)

    def next_id(self, table: str, prefix: str) -> str:
        """The next id of a table."""
        return f"{prefix}{1_000 + len(self.tables.get(table, ()))}"


@dataclass(frozen=True)
class User:
    """A user as the workspaces of a company see them."""

    user_id: str
    email: str
    created: int


def stamp(seconds: int | None) -> str | None:
    """A time as `2026-07-01 09:30:00` (UTC)."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def make_company(context: Context, number: int, wanderer: User | None) -> User:
    """Everything of one company; returns a user who also works for the next one.

    One company in eight is unknown to sales; one in ten has only personal addresses and is no company at all.
    """
    dice = Dice(context.seed, f"company {number}")
    name, label = company(number)
    private = number % 10 == 7
    domain = dice.choose(personal_domains) if private else f"{label}.{dice.choose(('com', 'com', 'io', 'co'))}"
    users = [
        make_user(context, dice, number, nth, (domain, private)) for nth in range(dice.between(2, 4 if private else 14))
    ]
    workspaces = dice.choose((1, 1, 1, 2, 2, 3)) if not private else 1
    for nth in range(workspaces):
        guests = [wanderer] if wanderer and nth == 0 and number % 5 == 0 else []
        make_workspace(context, dice, (name, nth), [*users[nth::workspaces], users[0], *guests])
    if not private and number % 8 != 3:
        add_to_crm(context, dice, (name, domain), users)
    return users[-1]


def make_user(context: Context, dice: Dice, number: int, nth: int, mail: tuple[str, bool]) -> User:
    """A user; some people of a company sign up with a personal address."""
    spot = (number * 14 + nth) * 9_973 % pairs_of_names
    given, family = given_names()[spot // len(family_names())], family_names()[spot % len(family_names())]
    domain = mail[0] if mail[1] or nth == 0 or not dice.chance(12) else dice.choose(personal_domains)
    email = f"{ascii_lower(given)}.{ascii_lower(family)}@{domain}"
    created = context.begin + dice.below(max(1, context.end - context.begin - 40 * day_seconds))
    user_id = context.next_id("users", "u")
    shown = dice.choose((email, email, email, email.title()))
    context.add("users", user_id=user_id, name=f"{given} {family}", email=shown, created_at=stamp(created))
    return User(user_id, email, created)


def make_workspace(context: Context, dice: Dice, title: tuple[str, int], users: list[User]) -> None:
    """A workspace with its members, its subscription and what is done in it."""
    members = list({user.user_id: user for user in users}.values())
    created = min(user.created for user in members)
    workspace_id = context.next_id("workspaces", "w")
    name = title[0] if title[1] == 0 else f"{title[0]} {dice.choose(purposes)}"
    context.add(
        "workspaces", workspace_id=workspace_id, name=name, region=dice.choose(regions), created_at=stamp(created)
    )
    for nth, user in enumerate(members):
        joined = max(created, user.created) + (0 if user.created == created else dice.below(3 * day_seconds))
        left = joined + dice.between(20, 90) * day_seconds if dice.chance(12) else None
        left = left if left is not None and left < context.end else None
        role = "owner" if nth == 0 else dice.choose(("admin", "member", "member", "member", "viewer"))
        context.add(
            "memberships",
            user_id=user.user_id,
            workspace_id=workspace_id,
            role=role,
            joined_at=stamp(joined),
            left_at=stamp(left),
        )
        use_product(context, dice, (user.user_id, workspace_id), (joined, left or context.end))
    subscribe(context, dice, workspace_id, len(members), created)


def subscribe(context: Context, dice: Dice, workspace_id: str, seats: int, created: int) -> None:
    """Two weeks of trial, then most workspaces pay by the month; some stop."""
    started, ends = created + 14 * day_seconds, dice.chance(25)
    pays = dice.chance(60) and started < context.end
    plan, price = dice.choose(plans)
    ended = started + dice.between(1, 6) * month_seconds if ends else None
    ended = ended if ended is not None and ended < context.end else None
    status = ("canceled" if ended else "active") if pays else ("trialing" if started >= context.end else "expired")
    context.add(
        "subscriptions", subscription_id=context.next_id("subscriptions", "s"), workspace_id=workspace_id,
        plan=plan if pays else "free", seats=seats, mrr=f"{seats * price}.00" if pays else "0.00", status=status,
        trial_started_at=stamp(created), started_at=stamp(started) if pays else None, ended_at=stamp(ended) if pays else None,
    )  # fmt: skip
    due = started
    while pays and due < (ended or context.end):
        paid = due + dice.between(0, 12) * day_seconds if dice.chance(92) else None
        paid = paid if paid is not None and paid < context.end else None
        context.add(
            "invoices", invoice_id=context.next_id("invoices", "i"), workspace_id=workspace_id, amount=f"{seats * price}.00",
            currency="USD", status="paid" if paid else "open", issued_at=stamp(due), paid_at=stamp(paid),
        )  # fmt: skip
        due += month_seconds


def use_product(context: Context, dice: Dice, who: tuple[str, str], span: tuple[int, int]) -> None:
    """What a member does in a workspace, from joining to leaving."""
    at, gap = span[0], dice.choose((4, 7, 14, 14, 30))
    while at < span[1]:
        add_event(context, dice, who, at, "signed_in")
        for _ in range(dice.below(4)):
            at += dice.between(60, 2_400)
            drawn = dice.below(100)
            if drawn < 4:
                add_event(context, dice, who, at, "integration_added", integration_type=dice.choose(integrations))
            else:
                add_event(context, dice, who, at, "invite_sent" if drawn < 8 else dice.choose(uses))
        at += dice.between(day_seconds // 2, 2 * gap * day_seconds)


def add_event(context: Context, dice: Dice, who: tuple[str, str], at: int, event: str, **more: str) -> None:
    """One event of the product, if it happens before the end."""
    if at < context.end:
        event_id = f"{dice.below(1 << 31):08x}{dice.below(1 << 31):08x}"
        context.add(
            "events", event_id=event_id, user_id=who[0], workspace_id=who[1], event=event,
            integration_type=more.get("integration_type"), occurred_at=stamp(at),
        )  # fmt: skip


def add_to_crm(context: Context, dice: Dice, own: tuple[str, str], users: list[User]) -> None:
    """Sales keeps the company as an account, and some of its people as contacts.

    In one company of nine sales has booked the contacts under another account, which the domain does not say.
    """
    account_id = context.next_id("crm_accounts", "a")
    context.add(
        "crm_accounts", account_id=account_id, name=own[0], domain=own[1], segment=dice.choose(("smb", "smb", "mid", "enterprise")),
        owner=dice.choose(("ines", "omar", "ruth")),
    )  # fmt: skip
    booked = account_id
    if dice.chance(11) and len(context.tables["crm_accounts"]) > 1:
        booked = context.tables["crm_accounts"][-2]["account_id"]
    for user in users[: 1 + len(users) // 3]:
        context.add(
            "crm_contacts", contact_id=context.next_id("crm_contacts", "c"), email=user.email, account_id=booked
        )
