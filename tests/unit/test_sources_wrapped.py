"""Fields that hold lines: they are read as one value wherever in a file a thread of the engine begins to read."""

import csv
from pathlib import Path

import pytest
from tests.landed_files import Landing

from c360.sources.files.loading import reader as quick
from c360.sources.files.splitting.scan import scan_text


def pasted(size: int) -> str:
    """Notes into which somebody pasted tables of as many columns as the file has."""
    parts = ["id,name,note\n"]
    for number in range(size // 1000):
        table = "\n".join(f"{line},abc,def" for line in range(1 + number * 7 % 150))
        parts.append(f'{number},n{number},"Hello,\n{table}\nbye"\n')
    return "".join(parts)


def test_tables_that_are_pasted_into_a_field_are_no_records(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    path = landing.write("a.csv", pasted(6_000_000))
    exactly = []
    monkeypatch.setattr(quick.Reader, "read_exactly", lambda _, numbers: exactly.extend(numbers))

    landing.land(s={"file": "a.csv", "key": "id"})

    with path.open(newline="", encoding="utf-8") as file:
        expected = [(int(number), *others) for number, *others in list(csv.reader(file))[1:]]
    assert not exactly
    assert landing.rows(columns="id, name, note") == sorted(expected, key=repr)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("rows", [10, 300_000])
def test_whether_a_field_holds_a_line_end_is_known_of_every_file(tmp_path: Path, end: str, rows: int) -> None:
    plain = "".join(f'{number},"a ""b""",c{end}' for number in range(rows))
    files = {
        "plain": plain,
        "within": f'{plain}1,"a{end}b",c{end}',
        "long": f'{plain}1,"a{end}{plain.replace(chr(34), "")}",c{end}',
    }
    found = {}
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content.encode())
        found[name] = scan_text(path, b",", 0, len(content)).wrapped

    assert found == {"plain": False, "within": True, "long": True}
