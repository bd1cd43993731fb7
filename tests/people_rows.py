"""A seed in, rows about made-up people out: some of them several times, with the slips that people make."""

from random import Random
from typing import Any

given = [
    "anna",
    "ben",
    "carla",
    "david",
    "elena",
    "frank",
    "greta",
    "hugo",
    "irene",
    "jonas",
    "karin",
    "luis",
    "marta",
    "nils",
    "olga",
    "paul",
    "rosa",
    "samir",
    "tanja",
    "udo",
    "vera",
    "willem",
    "xenia",
    "yusuf",
    "zoe",
    "adele",
    "bruno",
    "clara",
    "dario",
    "edith",
    "felix",
    "gina",
    "henry",
    "ilse",
    "jakob",
    "kemal",
    "lotte",
    "miriam",
    "noah",
    "otto",
]
family = [
    "albrecht",
    "baumann",
    "castellano",
    "dietrich",
    "eriksen",
    "fischer",
    "gonzalez",
    "hoffmann",
    "ivanova",
    "jansen",
    "kowalski",
    "lindgren",
    "moretti",
    "novak",
    "ostermann",
    "petersen",
    "quintero",
    "richter",
    "schneider",
    "torres",
    "ullmann",
    "vogel",
    "weber",
    "ximenes",
    "yildirim",
    "zimmermann",
    "anderson",
    "barnett",
    "chapman",
    "donovan",
    "ellington",
    "fletcher",
    "garrison",
    "hutchins",
    "ingersoll",
    "jefferson",
    "kensington",
    "lockwood",
]
cities = [
    "aachen",
    "bremen",
    "cottbus",
    "dresden",
    "erfurt",
    "freiburg",
    "goslar",
    "hamburg",
    "ingolstadt",
    "jena",
    "kassel",
    "leipzig",
    "mainz",
]


def people(number: int, seed: int, source: str = "r", twice: float = 0.5) -> list[dict[str, Any]]:
    """Rows with `id`, names, birth date, city and `who` (the truth, which no project reads)."""
    draw = Random(seed)
    rows: list[dict[str, Any]] = []
    for who in range(number):
        person = {
            "given": draw.choice(given), "family": draw.choice(family),
            "born": f"{draw.randint(1940, 2004)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            "street": f"{draw.choice(family)} strasse {draw.randint(1, 99)}", "city": draw.choice(cities),
        }  # fmt: skip
        for copy in range(2 if draw.random() < twice else 1):
            row = slipped(person, draw) if copy else dict(person)
            rows.append({"id": f"{source}{len(rows)}", "who": who, **row})
    return rows


def slipped(person: dict[str, str], draw: Random) -> dict[str, Any]:
    """The person once more, with one or two slips."""
    row: dict[str, Any] = dict(person)
    for column in draw.sample(sorted(person), draw.randint(1, 2)):
        text = row[column]
        place = draw.randrange(len(text) - 1)
        kind = draw.random()
        if kind < 0.25:
            row[column] = None
        elif kind < 0.6:
            row[column] = text[:place] + text[place + 1 :]
        else:
            row[column] = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return row
