"""How many people and a seed in; the people of the tea shop with their devices, addresses and habits out."""

from dataclasses import field
from typing import Literal

from c360.examples.draws import Dice
from c360.examples.shop.catalogue import categories
from c360.examples.words import ascii_lower, family_names, given_names, pairs_of_names
from c360.records import dataclass

mail_domains = ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", "hotmail.com")
mistyped_domains = {
    "gmail.com": "gmial.com", "yahoo.com": "yaho.com", "outlook.com": "outlok.com", "icloud.com": "icluod.com",
    "hotmail.com": "hotmial.com",
}  # fmt: skip
cities = (
    ("New York", "US", "212", "10001"), ("Chicago", "US", "312", "60601"), ("Boston", "US", "617", "02108"),
    ("Seattle", "US", "206", "98101"), ("Denver", "US", "303", "80202"), ("Austin", "US", "512", "73301"),
    ("Portland", "US", "503", "97201"), ("Atlanta", "US", "404", "30301"), ("Miami", "US", "305", "33101"),
    ("Phoenix", "US", "602", "85001"), ("Dallas", "US", "214", "75201"), ("Detroit", "US", "313", "48201"),
    ("San Diego", "US", "619", "92101"), ("Oakland", "US", "510", "94601"), ("Baltimore", "US", "410", "21201"),
    ("Nashville", "US", "615", "37201"), ("Toronto", "CA", "416", "M5H 2N2"), ("Vancouver", "CA", "604", "V5K 0A1"),
    ("Montreal", "CA", "514", "H2Y 1C6"), ("Calgary", "CA", "403", "T2P 1J9"),
)  # fmt: skip
Habit = Literal["member", "guest", "subscriber", "visitor"]
habits: tuple[Habit, ...] = ("member",) * 11 + ("guest",) * 4 + ("subscriber",) * 2 + ("visitor",) * 3
kiosk = "kiosk-01"


@dataclass
class Person:
    """One real person; what the shop's systems see of them is in `Log`.

    Attributes:
        number: names the person in truth.csv.
        habit: members sign up, guests only order, subscribers leave an address on the web and a phone number in the app
            before they order, visitors never say who they are.
        cookies: the web browser's anonymous ids, one after the other; a household's laptop has one for both.
        device, install: the phone and the anonymous id of the app on it.
        gap: mean days between visits. quits: chance in a hundred to be gone after a visit.
    """

    number: int
    habit: Habit
    given: str
    family: str
    gender: str
    born: int
    city: int
    email: str
    second_email: str | None
    phone: str | None
    cookies: list[str]
    device: str
    install: str
    tastes: tuple[str, str]
    since: int
    gap: int
    quits: int
    customers: list[str] = field(default_factory=list)
    uses_kiosk: bool = False

    @property
    def truth_id(self) -> str:
        """The name of the person in truth.csv."""
        return f"p{self.number:06}"


def make_people(seed: int, count: int, window: tuple[int, int]) -> list[Person]:
    """Make the people, who come to the shop at any time of `window` (seconds since 1970)."""
    taken: set[str] = set()
    people = [make_person(seed, number, window, taken) for number in range(count)]
    for first, second in zip(people[::2], people[1::2], strict=False):
        if Dice(seed, f"household {first.number}").chance(8):
            second.family = first.family
            second.cookies[0] = first.cookies[0]
    return people


def make_person(seed: int, number: int, window: tuple[int, int], taken: set[str]) -> Person:
    """One person, drawn from a stream of their own."""
    dice = Dice(seed, f"person {number}")
    name = (number * 54_321 + seed * 7_919 + 777) % pairs_of_names  # no two of the first 131,071 people share a name
    given, family = given_names()[name // len(family_names())], family_names()[name % len(family_names())]
    tags = [f"{dice.below(1 << 30):08x}{dice.below(1 << 30):08x}" for _ in range(4)]
    tastes = tuple(categories)
    email = new_address(dice, given, family, taken)
    return Person(
        number=number, habit=dice.choose(habits), given=given, family=family, gender=dice.choose(("f", "m", "f", "m", "x")),
        born=dice.between(-1_300, 13_500), city=dice.below(len(cities)), email=email,
        second_email=new_address(dice, given, family, taken) if dice.chance(25) else None,
        phone=phone_number(number) if dice.chance(85) else None,
        cookies=[f"w-{tag}" for tag in tags[: 2 if dice.chance(25) else 1]], device=f"d-{tags[2]}", install=f"a-{tags[3]}",
        tastes=(dice.choose(tastes), dice.choose(tastes)), since=window[0] + dice.below(max(1, window[1] - window[0])),
        gap=dice.choose((4, 7, 10, 14, 21, 35, 60)), quits=dice.choose((2, 4, 8, 15, 30)), uses_kiosk=dice.chance(3),
    )  # fmt: skip


def new_address(dice: Dice, given: str, family: str, taken: set[str]) -> str:
    """An e-mail address that nobody has yet."""
    first, last, domain = ascii_lower(given), ascii_lower(family), dice.choose(mail_domains)
    stem = dice.choose((f"{first}.{last}", f"{first[0]}{last}", f"{first}{last}", f"{first}_{last}"))
    address, turn = f"{stem}@{domain}", 1
    while address in taken:
        turn += 1
        address = f"{stem}{turn}@{domain}"
    taken.add(address)
    return address


def phone_number(number: int) -> str:
    """A phone number in E.164 form, of an exchange without subscribers; 555-01xx is left out, as no real person has it."""
    turn, city = divmod(number, len(cities))
    return f"+1{cities[city][2]}555{200 + turn:04}"


def typed_phone(dice: Dice, phone: str) -> str:
    """A phone number as people write it."""
    area, start, line = phone[2:5], phone[5:8], phone[8:]
    return dice.choose(
        (
            phone,
            f"({area}) {start}-{line}",
            f"{area}-{start}-{line}",
            f"+1 {area} {start} {line}",
            f"{area}.{start}.{line}",
        )
    )


def typed_email(dice: Dice, email: str) -> str:
    """An address as people write it: the same one in other letters."""
    return dice.choose((email, email, email, email.title(), f" {email}", email.upper()))


def mistyped_email(dice: Dice, email: str) -> str:
    """An address with a typing error: a wrong domain or two letters of the name swapped."""
    name, _, domain = email.partition("@")
    if dice.chance(60):
        return f"{name}@{mistyped_domains[domain]}"
    at = dice.below(len(name) - 1)
    return f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2 :]}@{domain}"
