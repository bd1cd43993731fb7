"""Files of codes and names -> look-ups: in Python a mapping, in SQL a table that `write_lists` makes when it is used."""

from functools import cache
from pathlib import Path

from c360.cleaning import text
from c360.warehouse import literal, qualified

marks = "".join(map(chr, range(0x300, 0x330)))
article = "^the "


@cache
def codes(file: str) -> dict[str, str]:
    """Every code and name of a file, as `key` spells it, with the code it stands for."""
    lines = (Path(__file__).parent / f"{file}.txt").read_text("utf-8").splitlines()
    fields = [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]
    found: dict[str, str] = {}
    for column in range(3):  # a code is stronger than a name that is spelled like it
        for line in fields:
            for name in line[column].split(";"):
                found.setdefault(key(name), line[0])
    return {spelling: code for spelling, code in found.items() if spelling}


def rows(file: str) -> list[tuple[str, str]]:
    """The rows of the look-up table."""
    return sorted(codes(file).items())


def table(file: str) -> str:
    """The name of the look-up table."""
    return qualified("cleaning", file)


def key(name: str) -> str:
    """A name as it is looked up: folded, without separate accents, dots and `the`."""
    folded = text.fold(name).translate(dict.fromkeys(map(ord, marks)))
    return text.drop(article, folded.replace(".", "").strip(" "))


def key_sql(expr: str) -> str:
    """`key` in SQL."""
    folded = f"translate({text.fold_sql(expr)}, {literal(marks)}, '')"
    plain = f"CASE WHEN {text.matches_sql(expr, text.ascii_only)} THEN lower({expr}) ELSE {folded} END"
    return text.drop_sql(f"trim(replace({plain}, '.', ''))", article)


def code_sql(expr: str, file: str) -> str:
    """The code that a name stands for, or NULL."""
    return f"(SELECT max(known.code) FROM {table(file)} AS known WHERE known.name = {key_sql(expr)})"
