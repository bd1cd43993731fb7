"""A role that misspells a column would leave it in the clear: the project is refused before anything is shown."""

from pathlib import Path

import pytest
from tests.worked_example import text as worked_example

from c360.errors import Fault
from c360.govern.check import check
from c360.project import load_project


def faults(tmp_path: Path, role: str) -> list[Fault]:
    before, _, rest = worked_example.partition("access:")
    _, _, after = rest.partition("\n\n")
    (tmp_path / "c360.yaml").write_text(f"{before}access:\n  roles:\n    some: {role}\n\n{after}", encoding="utf-8")
    return check(load_project(tmp_path))


@pytest.mark.parametrize(
    "role",
    [
        "{see: all}",
        "{see: [contact], mask: [email], hide: [user_name], find: [email]}",
        "{see: [contact], mask: [contact.email, group.gaggle_name, first_order, number_of_events_corporate]}",
        "{see: [contact], hide: [ssn]}",
        "{see: [contact], rows: \"region = 'EU'\"}",
    ],
)
def test_what_a_role_may_say(tmp_path: Path, role: str) -> None:
    assert faults(tmp_path, role) == []


@pytest.mark.parametrize(
    ("role", "code", "fix"),
    [
        ("{see: [contcat]}", "unknown-entity", "did you mean 'contact'?"),
        ("{see: all, mask: [emial]}", "unknown-column", "did you mean 'email'?"),
        ("{see: all, hide: [contact.user_nam]}", "unknown-column", "did you mean 'user_name'?"),
        ("{see: all, clear: [e-mail]}", "unknown-column", "did you mean 'email'?"),
        ("{see: all, mask: [contacts.email]}", "unknown-entity", "did you mean 'contact'?"),
        (
            "{see: all, rows: 'region ='}",
            "sql-syntax",
            "write a formula over columns, such as \"orders > 3 and country = 'DE'\"",
        ),
        ("{see: all, rows: 'id in (select id from users)'}", "sql-not-allowed", None),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, role: str, code: str, fix: str | None) -> None:
    (fault,) = faults(tmp_path, role)
    assert (fault.code, fault.fix) == (code, fix)
    assert fault.at is not None
    assert "some:" in (tmp_path / "c360.yaml").read_text().splitlines()[fault.at.line - 1]


def test_the_samples_have_no_mistakes() -> None:
    import c360.examples

    root = Path(c360.examples.__file__).parent
    projects = sorted(path.parent for path in root.glob("*/c360.yaml"))
    assert len(projects) >= 3
    assert {path.name: check(load_project(path)) for path in projects} == {path.name: [] for path in projects}
