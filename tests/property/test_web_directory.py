"""A directory of names finds what a search of each name by itself finds."""

from hypothesis import given
from hypothesis import strategies as st

from c360.web.topics.search.directory import Directory

letters = st.text(alphabet="aAbBéÉİß \n", max_size=6)


@given(st.lists(letters, max_size=12), letters.filter(bool), st.integers(1, 5))
def test_a_directory_finds_what_looking_at_each_name_finds(names: list[str], text: str, most: int) -> None:
    rows = list(enumerate(names, 100))
    wanted = text.lower().replace("\n", " ")
    small = [(one, name.replace("\n", " ")) for one, name in rows]
    begin = [(one, name) for one, name in small if name.lower().startswith(wanted)]
    hold = [(one, name) for one, name in small if wanted in name.lower() and (one, name) not in begin]

    assert Directory(rows).find(text, most) == [*begin, *hold][:most]
