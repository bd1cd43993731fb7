"""Sizes and a seed in; the companies, their domains and their gaggles out.

The shares are those of the public JaffleGaggle story: of 823 gaggles 800 belong to 581 companies (417 with one gaggle, 118
with two, 37 with three, 9 with four) and 23 hold personal addresses only; 3 companies changed their domain.
"""

import numpy as np

from c360.examples.draws import Draws, Whole, shares
from c360.examples.words import company, words
from c360.records import dataclass

endings = ("com", "co", "net", "io", "org", "ai")
ending_weights = (60, 12, 12, 8, 4, 4)
teams = ("Kitchen", "Lunch Club", "Bakery", "Canteen", "Supper Club", "Test Kitchen", "Pantry", "Cookbook")
meals = ("Supper", "Brunch", "Picnic", "Potluck", "Barbecue", "Breakfast", "Tapas", "Feast")
nobody = -1


@dataclass(frozen=True)
class Companies:
    """The companies.

    Attributes:
        names: by company.
        domains: by domain id; company i's own domain has id i, then come the domains that were given up.
        shown: the same with the capitals of the name, as some people write their address.
        renamed: (old domain id, new domain id) of every domain that was given up.
        own: how many companies there are.
    """

    names: list[str]
    domains: list[str]
    shown: list[str]
    renamed: list[tuple[int, int]]
    own: int


@dataclass(frozen=True)
class Gaggles:
    """One entry per gaggle.

    Attributes:
        names: what it is called.
        size: how many users it has, at least one.
        company: its company, or -1 when all of its users have personal addresses.
        nth: the how-manieth gaggle of its company it is, from 0.
        domain: the domain id of its corporate users, or -1.
        old_domain: the domain id that some of its corporate users still have, or -1.
    """

    names: list[str]
    size: Whole
    company: Whole
    nth: Whole
    domain: Whole
    old_domain: Whole


def make_gaggles(draws: Draws, users: int, count: int) -> tuple[Companies, Gaggles]:
    """Found the companies and their gaggles, and let some companies change their domain."""
    of_company, nth = companies_of(draws, count)
    corporate = of_company != nobody
    weights = np.where(corporate, draws.below("gaggle size", 13, count), draws.below("gaggle size", 2, count))
    weights[0] += 1
    size = 1 + shares(users - count, weights)
    own = int(of_company.max(initial=nobody)) + 1
    domain, old_domain = of_company.copy(), np.full(count, nobody, dtype=np.int64)
    renamed = change_domains(own, (of_company, nth, size), domain, old_domain)
    companies = name_companies(draws, own, renamed, old_domain)
    names = name_gaggles(draws, companies, of_company, nth, domain)
    return companies, Gaggles(names, size, of_company, nth, domain, old_domain)


def companies_of(draws: Draws, count: int) -> tuple[Whole, Whole]:
    """The company of each gaggle, and which of its gaggles it is."""
    personal = count * 23 // 823
    rest = count - personal
    four, three, two = rest * 9 // 800, rest * 37 // 800, rest * 118 // 800
    one = rest - 4 * four - 3 * three - 2 * two
    per_company = np.repeat(np.array([4, 3, 2, 1]), [four, three, two, one])
    per_company = per_company[draws.order("company", len(per_company))]
    starts = np.cumsum(per_company) - per_company
    of_company = np.repeat(np.arange(len(per_company)), per_company)
    nth = np.arange(rest) - starts[of_company]
    shuffled = draws.order("gaggle", count)
    return (
        np.concatenate([of_company, np.full(personal, nobody)])[shuffled],
        np.concatenate([nth, np.zeros(personal, dtype=np.int64)])[shuffled],
    )


def change_domains(
    own: int, gaggles: tuple[Whole, Whole, Whole], domain: Whole, old_domain: Whole
) -> list[tuple[int, int]]:
    """Give up domains, two in three with a whole gaggle on the old one, one in three inside one gaggle.

    Writes into `domain` and `old_domain`; an old domain's id is `own` and up.
    """
    of_company, nth, size = gaggles
    wanted = max(1, own * 3 // 581)
    bought = np.flatnonzero((nth == 1) & (size >= 2))[: wanted - wanted // 3]
    moved = np.flatnonzero((nth == 0) & (size >= 3) & ~np.isin(of_company, of_company[bought]) & (of_company != nobody))
    renamed: list[tuple[int, int]] = []
    for gaggle in bought.tolist():
        renamed.append((own + len(renamed), int(domain[gaggle])))
        domain[gaggle] = renamed[-1][0]
    for gaggle in moved[: wanted // 3].tolist():
        renamed.append((own + len(renamed), int(domain[gaggle])))
        old_domain[gaggle] = renamed[-1][0]
    return renamed


def name_companies(draws: Draws, own: int, renamed: list[tuple[int, int]], old_domain: Whole) -> Companies:
    """Names and domains; a company that moved inside one gaggle keeps its name and changes the ending."""
    tops = draws.pick("ending", ending_weights, own + len(renamed)).tolist()
    names, domains, shown = [], [], []
    for number in range(own + len(renamed)):
        name, label = company(number)
        names.append(name)
        domains.append(f"{label}.{endings[tops[number]]}")
        shown.append(f"{name.replace(' ', '')}.{endings[tops[number]]}")
    inside = set(old_domain.tolist())
    for old, new in renamed:
        if old in inside:
            names[old] = names[new]
            stem, _, top = domains[new].rpartition(".")
            domains[old] = f"{stem}.{'co' if top == 'com' else 'com'}"
    if own >= 20:
        misspell(domains, names, [new for _, new in renamed], own)
    return Companies(names, domains, shown, renamed, own)


def misspell(domains: list[str], names: list[str], taken: list[int], own: int) -> None:
    """One company's domain holds a comma, as one of the real ones does: a strict reading of addresses refuses it."""
    odd = next(number for number in range(own - 1, -1, -1) if number not in taken)
    first, _, rest = names[odd].partition(" ")
    domains[odd] = f"{first},{rest}.com".replace(" ", "").lower()


def name_gaggles(draws: Draws, companies: Companies, of_company: Whole, nth: Whole, domain: Whole) -> list[str]:
    """The first gaggle has its company's name, further ones add a team; a bought one keeps its own name."""
    count = len(of_company)
    some_team, some_meal = (
        draws.below("team", len(teams), count).tolist(),
        draws.below("meal", len(meals), count).tolist(),
    )
    some_word = draws.below("word", 64, count).tolist()
    names = []
    for at, (own, turn, mail) in enumerate(zip(of_company.tolist(), nth.tolist(), domain.tolist(), strict=True)):
        if own == nobody:
            names.append(f"{words('adjectives')[some_word[at]]} {meals[some_meal[at]]}")
        elif turn == 0 or mail >= companies.own:
            names.append(companies.names[mail])
        else:
            names.append(f"{companies.names[own]} {teams[(some_team[at] + turn) % len(teams)]}")
    return names
