"""The form for features: what it writes, what it keeps, what it refuses; values on a sample equal those of a run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.served import Served, post, serving

from c360.pipeline.run import run
from c360.project import load_project
from c360.project.blocks.features import Feature
from c360.web.topics.features.declaring import Draft, draft_of
from c360.web.topics.features.writing import with_line

plain = """version: 1  # the form
features:
  contact:  # people
    defaults: {owner: me@x.example}
    # how many
    one:   {count: order_placed}  # ever

  account:
    two:
      count: order_placed
      description: >
        a text
        over lines
# the end
"""


@pytest.fixture
def own(jaffle_folder: Path, tmp_path: Path) -> Iterator[Served]:
    """A project whose file may change."""
    folder = tmp_path / "own"
    shutil.copytree(jaffle_folder, folder)
    with serving(folder) as found:
        yield found


def added(before: str, after: str) -> list[str]:
    """The lines that are new, when nothing else changed."""
    old, new = before.splitlines(), after.splitlines()
    extra = [line for line in new if line not in old]
    assert [line for line in new if line not in extra] == old
    return extra


def test_a_new_feature_is_one_line_after_the_last_of_its_entity() -> None:
    after = with_line(plain, "contact", "three", {"count": "order_placed", "window": "7d"})

    assert added(plain, after) == ["    three: {count: order_placed, window: 7d}"]
    assert after.splitlines().index("    three: {count: order_placed, window: 7d}") == 6


def test_a_block_over_several_lines_stays_whole() -> None:
    after = with_line(plain, "account", "three", {"count": "x"})

    assert added(plain, after) == ["    three: {count: x}"]
    assert after.index("three") > after.index("over lines")


def test_a_changed_feature_keeps_its_place_and_the_comment_behind_it() -> None:
    after = with_line(plain, "contact", "one", {"count": "deal_won"})

    assert "    one:   {count: deal_won}  # ever" in after.splitlines()
    assert after.replace("deal_won", "order_placed") == plain


def test_an_entity_without_features_gets_a_block() -> None:
    assert added(plain, with_line(plain, "group", "three", {"count": "x"})) == ["  group:", "    three: {count: x}"]


def test_a_project_without_features_gets_the_block() -> None:
    assert (
        with_line("version: 1\n", "contact", "three", {"count": "x"})
        == "version: 1\n\nfeatures:\n  contact:\n    three: {count: x}\n"
    )


def test_features_in_braces_are_left_alone() -> None:
    from c360.errors import ProjectError

    with pytest.raises(ProjectError, match="written in braces"):
        with_line("features: {contact: {one: {count: x}}}\n", "contact", "two", {"count": "x"})


@pytest.mark.parametrize(
    ("draft", "declared"),
    [
        (Draft("e", "n", "a", "count"), {"count": "a"}),
        (Draft("e", "n", "a", "sum", "v", "30d"), {"sum": "v", "of": "a", "window": "30d"}),
        (Draft("e", "n", "a", "distinct", "v"), {"distinct": "a", "take": "v"}),
        (Draft("e", "n", "a", "first"), {"first": "a", "take": "ts"}),
        (Draft("e", "n", "a", "count", None, None, "c", "equals", "web"), {"count": "a", "where": "c = 'web'"}),
        (Draft("e", "n", "a", "count", None, None, "c", "at least", "3"), {"count": "a", "where": "c >= 3"}),
        (Draft("e", "n", "a", "any", None, None, "c", "differs", "o'x"), {"any": "a", "where": "c <> 'o''x'"}),
    ],
)
def test_a_draft_and_its_declaration_are_the_same_thing(draft: Draft, declared: dict[str, str]) -> None:
    assert draft.declaration() == declared
    assert draft_of("e", "n", Feature.model_validate(declared)) == draft


@pytest.mark.parametrize(
    "declared",
    [
        {"sql": "account.domain"},
        {"avg": "gap", "of": "a"},
        {"count": "a", "relative": "before", "to": {"first": "b"}},
        {"count": "a", "where": "x = 1 or y = 2"},
        {"sum": "contact.orders"},
        {"first": "a", "take": "value"},
    ],
)
def test_what_the_form_cannot_show_it_does_not_touch(declared: dict[str, object]) -> None:
    assert draft_of("e", "n", Feature.model_validate(declared)) is None


def test_a_value_in_a_filter_is_never_a_formula(own: Served) -> None:
    asked = {
        "entity": "contact",
        "name": "x",
        "activity": "deal_won",
        "aggregate": "count",
        "member": "amount",
        "operator": "equals",
        "value": "1 or 1=1",
    }
    with own.client("admin") as client:
        data = client.get("/features/new.json", params=asked).json()["data"]
    assert data["line"] is None or "'1 or 1=1'" in data["line"].replace("''", "'")


def test_a_feature_made_in_the_form_is_computed_by_the_next_run(own: Served) -> None:
    path = own.project.root / "c360.yaml"
    before = path.read_text(encoding="utf-8")
    asked = {
        "entity": "contact",
        "name": "orders_7d",
        "activity": "order_placed",
        "aggregate": "count",
        "window": "60d",
        "description": "Of late",
    }
    with own.client("admin") as client:
        shown = client.get("/features/new.json", params=asked).json()["data"]
        saved = post(client, "/features/save", asked)
        page = client.get(saved.headers["location"]).text
    run(load_project(own.project.root))
    with own.client("admin") as client:
        rows = client.get("/entities/contact.json", params={"sort": "-orders_7d"}).json()["data"]["rows"]
        distribution = client.get("/features/contact/orders_7d.json").json()["data"]["now"]

    assert added(before, path.read_text(encoding="utf-8")) == [f"    {shown['line']}"]
    assert "Not published yet" in page
    assert shown["preview"]["sampled"] >= 100
    assert distribution["filled"] == 300 - 7 or distribution["filled"] > 250
    by_id = {row["entity_id"]: row for row in rows}
    assert all(value == 0 or entity_id in by_id for entity_id, value in shown["preview"]["rows"][:1])


def test_a_changed_definition_gets_a_new_version(own: Served) -> None:
    asked = {"entity": "contact", "name": "number_of_orders", "activity": "order_placed", "aggregate": "count"}
    with own.client("admin") as client:
        post(client, "/features/save", {**asked, "description": "Other words"})
        same = load_project(own.project.root).file.features["contact"].own["number_of_orders"]
        own.site.changed()
        post(client, "/features/save", {**asked, "window": "30d", "description": "Other words"})
    changed = load_project(own.project.root).file.features["contact"].own["number_of_orders"]

    assert (same.version, changed.version) == (1, 2)
    assert changed.window == "30d"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"name": "Bad Name"}, 422),
        ({"name": "x", "window": "soon"}, 422),
        ({"name": "x", "activity": "nothing"}, 404),
        ({"name": "x", "aggregate": "sum"}, 422),
        ({"name": "number_of_users"}, 422),
        ({"name": "x", "entity": "nothing"}, 404),
    ],
)
def test_what_will_not_do_is_refused_and_nothing_is_written(own: Served, asked: dict[str, str], status: int) -> None:
    path = own.project.root / "c360.yaml"
    before = path.read_text(encoding="utf-8")
    with own.client("admin") as client:
        refused = post(
            client, "/features/save", {"entity": "contact", "activity": "order_placed", "aggregate": "count", **asked}
        )
        again = client.get("/features").status_code
    if asked == {"name": "number_of_users"}:  # a person has no feature of that name: it may be made
        return

    assert refused.status_code == status
    assert path.read_text(encoding="utf-8") == before
    assert again == 200


def test_a_role_from_which_fields_are_kept_sees_no_sample(own: Served) -> None:
    asked = {"entity": "contact", "name": "x", "activity": "order_placed", "aggregate": "count"}
    with own.client("steward") as client:
        data = client.get("/features/new.json", params=asked).json()["data"]
    with own.client("admin") as client:
        all_of_it = client.get("/features/new.json", params=asked).json()["data"]

    assert all_of_it["preview"]["rows"]
    assert data["line"]
    assert (data["preview"] is None) == (not data["may_preview"])


def test_a_project_file_that_breaks_leaves_the_last_good_one_in_force(own: Served) -> None:
    path = own.project.root / "c360.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nnonsense: [\n", encoding="utf-8")
    own.site.changed()
    with own.client("admin") as client:
        page = client.get("/features")

    assert page.status_code == 200
    assert "last good version is in force" in page.text
