"""Companies and gaggles in; the users with their names, addresses and sign-up times out.

Some people have two accounts. Most of them keep their name and gaggle and change a personal address for the company's;
a few go by a nickname in the gaggle that their company bought, and signed up twice in the same second. Operations noticed
those; some more wait in the review queue.
"""

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from c360.examples.draws import Draws, Whole
from c360.examples.jaffle_gaggle.gaggles import Companies, Gaggles, nobody
from c360.examples.rows import digits, texts
from c360.examples.words import ascii_lower, family_names, given_names, nicknames, pairs_of_names
from c360.records import dataclass

personal_domains = ("gmail.com", "hotmail.com", "yahoo.com", "icloud.com", "outlook.com")
personal_weights = (27, 26, 23, 21, 3)
personal_percent = 27


@dataclass
class People:
    """One entry per user, gaggle by gaggle; `order` is the order of sign-up, in which ids are given.

    Attributes:
        given, family: positions in the lists of names (`given_list`, `family_list`).
        domain: domain id; ids from `len(companies.domains)` are the personal ones.
        spelling: position in `spellings`, the text after the @ as this user wrote it.
        created: seconds since 1970.
        same: pairs of users (old account, new account) that are one person, as operations knows.
    """

    gaggle: Whole
    rank: Whole
    given: Whole
    family: Whole
    domain: Whole
    spelling: Whole
    created: Whole
    spellings: list[str]
    given_list: list[str]
    family_list: list[str]
    same: list[tuple[int, int]] = field(default_factory=list)

    @property
    def order(self) -> Whole:
        """Users in the order in which they signed up."""
        return np.argsort(self.created, kind="stable")


def make_people(draws: Draws, companies: Companies, gaggles: Gaggles, window: tuple[int, int]) -> People:
    """Fill the gaggles with users who sign up inside `window` (seconds since 1970, the end excluded)."""
    users = int(gaggles.size.sum())
    gaggle = np.repeat(np.arange(len(gaggles.size)), gaggles.size)
    rank: Whole = np.arange(users) - (np.cumsum(gaggles.size) - gaggles.size)[gaggle]
    start = draws.below("name start", pairs_of_names, len(gaggles.size))[gaggle]
    stride = 1 + draws.below("name stride", pairs_of_names - 1, len(gaggles.size))[gaggle]
    name = (start + rank * stride) % pairs_of_names  # a prime: no name twice in a gaggle
    domain = choose_domains(draws, companies, gaggles, gaggle, rank)
    people = People(
        gaggle=gaggle, rank=rank, given=name // len(family_names()), family=name % len(family_names()),
        domain=domain, spelling=domain.copy(), created=window[0] + draws.below("sign-up", window[1] - window[0], users),
        spellings=[*companies.domains, *personal_domains], given_list=list(given_names()), family_list=list(family_names()),
    )  # fmt: skip
    repeat_people(draws, people, companies, gaggles)
    return people


def choose_domains(draws: Draws, companies: Companies, gaggles: Gaggles, gaggle: Whole, rank: Whole) -> Whole:
    """About a quarter of the addresses is personal; the first user of a company's gaggle has the company's."""
    users = len(gaggle)
    personal = len(companies.domains) + draws.pick("personal domain", personal_weights, users)
    domain = gaggles.domain[gaggle]
    has_personal = (domain == nobody) | ((rank > 0) & (draws.below("personal", 100, users) < personal_percent))
    old = gaggles.old_domain[gaggle]
    on_old = (old != nobody) & (rank > 0) & ((rank == 1) | (draws.below("old domain", 2, users) == 0))
    chosen: Whole = np.where(on_old, old, np.where(has_personal, personal, domain))
    return chosen


def repeat_people(draws: Draws, people: People, companies: Companies, gaggles: Gaggles) -> None:
    """Make second accounts, and the addresses that are written in an odd way."""
    users, first = len(people.gaggle), np.cumsum(gaggles.size) - gaggles.size
    meet_nicknames(draws, people, companies, gaggles, first)
    quiet = (gaggles.nth == 0) & (gaggles.company != nobody) & (gaggles.size >= 3)
    changed = [new for _, new in companies.renamed]
    odd = [number for number, domain in enumerate(companies.domains) if "," in domain]
    quiet &= ~np.isin(gaggles.company, [*changed, *odd])
    queue = np.flatnonzero(quiet)[draws.order("odd users", int(quiet.sum()))]
    pairs, capitals, dots, blanks = max(1, users * 6 // 5781), users * 9 // 5781, users * 2 // 5781, users * 2 // 5781
    noticed, odd_writers, unnoticed = np.split(first[queue], [pairs, pairs + capitals + dots + blanks])
    people.same += meet_again(draws, "old address", people, noticed, len(companies.domains))
    meet_again(draws, "unnoticed address", people, unnoticed[: max(1, users * 5 // 5781)], len(companies.domains))
    writers = odd_writers.tolist()
    for nth, user in enumerate(writers):
        own = int(people.domain[user])
        text = companies.shown[own] if nth < capitals else companies.domains[own] + (". "[nth % 2])
        people.spelling[user] = len(people.spellings)
        people.spellings.append(text)


def meet_again(draws: Draws, drawn: str, people: People, newer: Whole, personal: int) -> list[tuple[int, int]]:
    """The second user of a gaggle is the first one under a personal address, some time before; the pairs come back."""
    older = newer + 1
    people.domain[older] = people.spelling[older] = personal + draws.pick(drawn, personal_weights, len(newer))
    people.given[older], people.family[older] = people.given[newer], people.family[newer]
    early, late = (
        np.minimum(people.created[older], people.created[newer]),
        np.maximum(people.created[older], people.created[newer]),
    )
    people.created[older], people.created[newer] = early, late + (early == late)
    return list(zip(older.tolist(), newer.tolist(), strict=True))


def meet_nicknames(draws: Draws, people: People, companies: Companies, gaggles: Gaggles, first: Whole) -> None:
    """`Ben C` of the bought gaggle is `Benjamin Copperbrook` of the buyer, and both signed up in the same second."""
    wanted = max(1, len(people.gaggle) // 5781)
    bought = np.flatnonzero(gaggles.domain >= companies.own)[:wanted].tolist()
    shorts = list(nicknames())
    personal = len(companies.domains) + draws.pick("nickname address", personal_weights, len(bought))
    for nth, gaggle in enumerate(bought):
        buyer = np.flatnonzero((gaggles.company == gaggles.company[gaggle]) & (gaggles.nth == 0))[0]
        older, newer = int(first[gaggle]) + 1, int(first[buyer])
        full, short = shorts[nth % len(shorts)]
        people.given[newer] = people.given_list.index(full)
        people.given[older] = position(people.given_list, short)
        people.family[older] = position(people.family_list, people.family_list[int(people.family[newer])][0])
        people.domain[older] = people.spelling[older] = personal[nth]
        people.created[older] = people.created[newer]
        people.same.append((older, newer))


def position(names: list[str], name: str) -> int:
    """Where a name stands in a list; it is appended when it is new."""
    if name not in names:
        names.append(name)
    return names.index(name)


def number_namesakes(people: People) -> Whole:
    """0 for the first user of a name and domain in the order of sign-up, then 2, 3, ...: what keeps addresses apart."""
    order = people.order
    key = (people.domain * len(people.given_list) + people.given) * len(people.family_list) + people.family
    sorted_by_key = order[np.argsort(key[order], kind="stable")]
    sorted_key = key[sorted_by_key]
    new = np.ones(len(key), dtype=bool)
    new[1:] = sorted_key[1:] != sorted_key[:-1]
    starts = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    turn = np.arange(len(key)) - starts
    result = np.zeros(len(key), dtype=np.int64)
    result[sorted_by_key] = np.where(turn > 0, turn + 1, 0)
    return result


def address_parts(people: People, number: Whole, rows: Whole) -> list[NDArray[np.bytes_] | bytes]:
    """The e-mail addresses of some users as parts of a CSV column, quoted where the domain holds a comma.

    `number` is what `number_namesakes` gives.
    """
    own_number = number[rows]
    spelling = people.spelling[rows]
    quotes = texts('"' if "," in text else "" for text in people.spellings)[spelling]
    return [
        quotes, texts(map(ascii_lower, people.given_list))[people.given[rows]], b".",
        texts(map(ascii_lower, people.family_list))[people.family[rows]],
        np.where(own_number > 0, digits(own_number), np.bytes_(b"")), b"@", texts(people.spellings)[spelling], quotes,
    ]  # fmt: skip


def address(people: People, number: Whole, user: int) -> str:
    """One user's address as it should be written."""
    given, family = people.given_list[int(people.given[user])], people.family_list[int(people.family[user])]
    domain = people.spellings[int(people.domain[user])]
    return f"{ascii_lower(given)}.{ascii_lower(family)}{int(number[user]) or ''}@{domain}"
