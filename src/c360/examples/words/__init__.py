"""Word lists in, invented names of people and companies out."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unicodedata import combining, normalize

pairs_of_names = 131_071  # the greatest prime below 256 given x 512 family names
plain_companies = 8_191  # the greatest prime below 64 adjectives x 128 nouns
letters_without_parts = str.maketrans({"ł": "l", "ø": "o", "Ł": "l", "Ø": "o"})
trades = ("", "Labs", "Foods", "Works", "Studio", "Trading", "Partners", "Systems")


@cache
def words(name: str) -> tuple[str, ...]:
    """One of the lists in this folder."""
    return tuple(Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").split())


@cache
def given_names() -> tuple[str, ...]:
    """256 given names."""
    return words("given")


@cache
def family_names() -> tuple[str, ...]:
    """512 family names that are put together from parts: Copperbrook, Hazelworth."""
    return tuple(start + end for start in words("family") for end in words("family_endings"))


def ascii_lower(name: str) -> str:
    """A name as it stands in an e-mail address: `Zoë` gives `zoe`."""
    decomposed = normalize("NFKD", name.translate(letters_without_parts))
    return "".join(letter for letter in decomposed if not combining(letter)).lower()


def company(number: int) -> tuple[str, str]:
    """The name of company `number` and the first label of its domain; no two companies share either."""
    turn, at = divmod(number, plain_companies)
    spot = (at * 2_903 + 1_117) % plain_companies
    adjectives, nouns = words("adjectives"), words("nouns")
    parts = [adjectives[spot // len(nouns)], nouns[spot % len(nouns)]]
    if turn:
        parts.append(trades[turn] if turn < len(trades) else f"Group {turn}")
    return " ".join(parts), "".join(parts).replace(" ", "").lower()


def nicknames() -> Iterator[tuple[str, str]]:
    """Given names and the short forms that people write instead."""
    yield from (
        ("Benjamin", "Ben"), ("Katherine", "Kate"), ("Alexander", "Alex"), ("Gabriella", "Gabby"), ("Theodor", "Theo"),
        ("Isabel", "Izzy"), ("Philippa", "Pippa"), ("Valentin", "Val"),
    )  # fmt: skip
