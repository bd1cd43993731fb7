"""Every template of the library: a few events by hand, and the values that they must give."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.hand_made import Spine, spine, values

from c360.features.language.library import expand
from c360.features.language.templates import Template, library
from c360.project.yaml import read_yaml

folder = Path(__file__).parent / "features"
AT = dt.datetime(2026, 3, 31, 12)
people = ["ann", "bob", "cid", "dan", "eve", "fay"]
head = """
project: {name: golden}
sources:
  users: {file: u.csv, key: id}
  log: {file: l.csv, key: id, time: at}
ids: {user: {}, email: {}, domain: {}}
entities:
  person:
    ids: [user, email]
    from: [{source: users, ids: {user: id, email: email}}]
    belongs_to: {account: {by: domain, from: email}}
  account: {ids: [domain]}
activities:
"""


def kind_of(cells: list[Any]) -> str:
    """The type of an attribute, from its values."""
    there = [value for value in cells if value is not None]
    if all(isinstance(value, bool) for value in there):
        return "BOOLEAN"
    if all(isinstance(value, int) for value in there):
        return "INTEGER"
    if all(isinstance(value, int | float) for value in there):
        return "DECIMAL(12,2)"
    return "TIMESTAMP" if all(moment(value) for value in there) else "VARCHAR"


def moment(value: Any) -> dt.datetime | None:
    """A time that is written as text."""
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None


def build(tmp: Path, template: Template, case: dict[str, Any], use: dict[str, Any], entity: str) -> Spine:
    """A project with the activities of a case and one template of the library."""
    events = [(*event, *({}, "ann")[len(event) - 2 :]) for event in case["events"]]
    attributes = {name: [e[2].get(name) for e in events] for e in events for name in e[2]}
    of_activity = {
        e[1]: dict.fromkeys(name for other in events if other[1] == e[1] for name in other[2]) for e in events
    }
    text = head
    for name, own in of_activity.items():
        listed = ", ".join(f"{attribute}: {attribute}" for attribute in own)
        text += f"  {name}: {{source: log, of: person, ids: {{user: user}}, where: \"kind = '{name}'\", attributes: {{{listed}}}}}\n"
    wanted = {"only": [template.name], **use}
    text += f"features:\n  {entity}:\n    use: {{{template.part}: {flow(wanted)}}}\n"
    made = spine(tmp, text)
    made.land("users", values("id VARCHAR, email VARCHAR", *((name, f"{name}@firm.com") for name in people)))
    shape = ", ".join(
        [
            "id INTEGER",
            "kind VARCHAR",
            "user VARCHAR",
            "at TIMESTAMP",
            *(f"{n} {kind_of(c)}" for n, c in attributes.items()),
        ]
    )
    rows = [(i, e[1], e[3], e[0], *(e[2].get(name) for name in attributes)) for i, e in enumerate(events)]
    made.land("log", values(shape, *rows))
    return made.resolve().build(as_of=AT)


def flow(value: Any) -> str:
    """A value in YAML's one-line form."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else f'"{value}"'


def same(found: Any, expected: Any) -> bool:
    """Equal, where dates are written as text and money as numbers."""
    if isinstance(found, dt.datetime | dt.date) and expected is not None:
        at = moment(expected)
        return found == (at if isinstance(found, dt.datetime) else at.date() if at else None)
    if isinstance(found, Decimal) and expected is not None:
        return found == Decimal(str(expected))
    if isinstance(found, float) and isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-12)
    return found == expected and (found is None) == (expected is None)


@pytest.mark.parametrize("name", list(library()))
def test_a_template_gives_what_its_example_says(tmp_path: Path, name: str) -> None:
    template, golden = library()[name], read_yaml(folder / f"{name}.yml", name).value
    entity = golden.get("of", "person")
    for number, case in enumerate([golden, *golden.get("more", [])]):
        (tmp_path / str(number)).mkdir()
        made = build(tmp_path / str(number), template, case, golden.get("use", {}), entity)
        who = ("domain", "firm.com") if entity == "account" else ("user", "ann")
        expected = {who: case["expect"], **{("user", other): e for other, e in case.get("others", {}).items()}}
        for (kind, value), columns in expected.items():
            row = made.profile(entity, kind, value)
            wrong = {c: (row.get(c, "no such column"), e) for c, e in columns.items() if not same(row.get(c), e)}
            assert not wrong


@pytest.mark.parametrize("name", list(library()))
def test_an_example_names_every_feature_of_its_template(name: str) -> None:
    template, golden = library()[name], read_yaml(folder / f"{name}.yml", name).value
    named = {*golden["expect"], *(key for more in golden.get("more", []) for key in more["expect"])}
    helpers = {base for base, feature in template.features.items() if is_helper(base, template)}

    missing = [base for base in template.features if base not in helpers and not any(n.startswith(base) for n in named)]

    assert not missing


def is_helper(base: str, template: Template) -> bool:
    """A feature that another one of the template reads, whose example covers it."""
    return any(f"$({base}" in str(other) for other in template.features.values())


def test_the_library_has_the_62_templates_and_each_feature_is_described() -> None:
    assert [template.number for template in library().values()] == list(range(1, 63))
    for template in library().values():
        assert template.title
        for feature in {**template.features, **template.member_features}.values():
            assert feature["description"][0].isupper() or feature["description"].startswith("none")


def test_what_does_not_fit_is_said_with_the_reason(tmp_path: Path) -> None:
    golden = read_yaml(folder / "orders.yml", "orders").value
    made = build(tmp_path, library()["orders"], golden, {"only": ["orders", "aov", "carts"]}, "person")

    skipped = {(one.template, one.feature): one.reason for one in expand(made.project).skipped}

    assert "'order_placed' has no attribute revenue" in skipped["revenue", None]
    assert skipped["aov", None] == "it reads the template 'revenue', which does not fit"
    assert skipped["carts", None].startswith("it needs an activity product_added or added_to_cart")


def test_a_project_can_name_activities_windows_and_attributes_of_its_own(tmp_path: Path) -> None:
    case = {"events": [["2026-03-30 10:00", "sold", {"euros": 5}], ["2026-03-01 10:00", "sold", {"euros": 7}]]}
    use = {
        "only": ["revenue"],
        "activities": {"order_placed": "sold"},
        "attributes": {"revenue": "euros"},
        "windows": ["14d", "all"],
    }
    row = build(tmp_path, library()["revenue"], case, use, "person").profile("person", "user", "ann")

    assert (row["revenue_gross_14d"], row["revenue_gross"]) == (5, 12)
    assert "revenue_gross_30d" not in row


def test_a_feature_of_the_project_goes_before_the_librarys(tmp_path: Path) -> None:
    made = build(tmp_path, library()["aov"], read_yaml(folder / "aov.yml", "aov").value, {}, "person")
    (tmp_path / "own").mkdir()
    text = (tmp_path / "c360.yaml").read_text() + "    orders_n: {sql: '10'}\n"

    own = spine(tmp_path / "own", text)
    own.landed, own.work = made.landed, made.work
    own.build("features", as_of=AT)

    row = own.table("features.person", "orders_n")[0]
    assert row["orders_n"] == 10
    assert {"aov", "aov_90d"} <= set(row)
