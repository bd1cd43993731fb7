"""A column that is always empty, or always the same, is refused as an identifier, with what stands in it."""

from pathlib import Path
from typing import Any

import pytest
from tests.identity_store import Store

from c360.errors import Fault, ProjectError

project = """
sources:
  crm: {file: c.csv, key: id}
ids:
  user_id:
  email:
  phone:
entities:
  person:
    ids: [user_id, email, phone]
    from:
      - {source: crm, ids: {user_id: user, email: email, phone: phone}}
"""


def rows(count: int, **same: Any) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "user": f"u{n}", "email": f"p{n}@x.com", "phone": f"+1415555{2000 + n}", **same}
        for n in range(count)
    ]


def faults(folder: Path, found: list[dict[str, Any]], yaml: str = project) -> list[Fault]:
    store = Store.of(folder, yaml)
    store.land("crm", found)
    with pytest.raises(ProjectError) as caught:
        store.run()
    return list(caught.value.faults)


def test_a_constant_column_is_refused_with_its_value_and_what_it_would_join(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, rows(30, user="0815"))
    assert fault.code == "id-column-constant"
    assert "'user' of 'crm' is the same in all of its 30 rows ('0815' 30 times)" in fault.message
    assert "as a user_id it would make 30 other identifiers one" in fault.message
    assert fault.at is not None
    assert fault.at.line == 14


def test_empty_columns_are_refused_all_at_once_with_what_stands_in_them(tmp_path: Path) -> None:
    found = [{**row, "email": "null" if int(row["id"]) % 3 else None, "phone": None} for row in rows(30)]
    first, second = faults(tmp_path, found)
    assert (first.code, second.code) == ("id-column-empty", "id-column-empty")
    assert "'email' of 'crm' is empty in all of its 30 rows ('null' 20 times, nothing 10 times)" in first.message
    assert "'phone' of 'crm' is empty in all of its 30 rows (nothing 30 times)" in second.message


@pytest.mark.parametrize(
    "found",
    [
        rows(19, user="0815"),
        [{**row, "user": "0815" if row["id"] != "7" else None} for row in rows(30)],
        rows(30, email="me@x.com", user="u1", phone=None)[:1] + [{**row, "email": None} for row in rows(29)],
        rows(30, user="u1", email="me@x.com"),
    ],
    ids=["few rows", "mostly the same", "mostly empty", "one person, known by phones"],
)
def test_what_may_well_be_is_not_refused(tmp_path: Path, found: list[dict[str, Any]]) -> None:
    if {row["user"] for row in found} == {"u1"}:
        found = [{**row, "phone": f"+1415555{2000 + int(row['id']) % 5}"} for row in found]
    store = Store.of(tmp_path, project)
    store.land("crm", found)
    assert store.run().nodes > 0


def test_a_constant_that_is_blocked_joins_nobody_and_is_no_fault(tmp_path: Path) -> None:
    store = Store.of(tmp_path, project.replace("user_id:", "user_id: {block: ['0815']}", 1))
    store.land("crm", rows(30, user="0815"))
    assert store.run().entities == {"person": 30}
