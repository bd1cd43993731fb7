"""The grammar that the reference promises: each documented spelling works, and every test that it names is there."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.lenses.answer import run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.tables import Sources
from c360.lenses.model.form import LensForm
from c360.lenses.model.load import Reader
from c360.lenses.model.meta import meta
from c360.warehouse.engines.duckdb import open_memory

root = Path(__file__).parents[2]
page = (root / "docs" / "reference" / "lens.md").read_text(encoding="utf-8")
as_of = datetime(2026, 1, 1)


@pytest.fixture(scope="module")
def connection():
    with open_memory(threads=1) as opened:
        for statement in (
            (
                "CREATE TABLE a AS SELECT * FROM (VALUES (1, 'S1', '7', true, DATE '2025-01-01', 5), (2, 'S1', '8', false, NULL, 1), "
                "(3, 'S2', '7', NULL, DATE '2025-02-01', 9)) AS t(id, site, no, ok, day, lim)"
            ),
            (
                "CREATE TABLE b AS SELECT * FROM (VALUES (1, 'S1', '7', 10, 2), (2, 'S1', '7', 20, 6), (3, 'S2', '7', 30, 8), "
                "(4, 'S2', '9', 40, 8)) AS t(id, site, no, v, at_least)"
            ),
            "CREATE TABLE c AS SELECT * FROM (VALUES ('1', 100), ('3', 300)) AS t(a_id, w)",
        ):
            opened.execute(statement, portable=False)
        yield opened


def ask(connection, query, **changes):
    """A query on a lens of three entities, some of whose keys are changed."""
    a = {
        "name": "a",
        "sql": {"query": "SELECT * FROM a", "columns": ["id", "site", "no", "ok", "day", "lim"], "lenses": ["other"]},
        "fields": [
            {"name": "site", "type": "text", "primary": True}, {"name": "no", "type": "string", "primary": True},
            {"name": "ok", "type": "boolean"}, {"name": "day", "type": "timestamp"}, {"name": "id", "type": "number"},
            {"name": "lim", "type": "number"}, {"name": "half", "type": "number", "sql_snippet": "lim / 2.0"},
            {"name": "most", "type": "number", "sql_snippet": "${b.top}", "sub_query": True},
        ],
        "dimensions": [
            {"name": "own", "sql_snippet": "${ENTITY.site} || ${no} || a.no || lim"},
        ],
        "measures": [{"name": "n", "type": "count"}, {"name": "mean", "type": "average", "sql_snippet": "${half}"}],
        **changes.get("a", {}),
    }  # fmt: skip
    b = {
        "name": "b",
        "sql": {"query": "SELECT * FROM b"},
        "fields": [{"name": name, "type": "number"} for name in ("id", "v", "at_least")] + [{"name": "site"}, {"name": "no"}],
        "measures": [{"name": "top", "type": "max", "sql_snippet": "v"}, {"name": "n", "type": "count"}],
        "relationships": [
            {"name": "to_a", "type": "many_to_one", "field": ["site", "no"], "target": {"name": "a", "field": ["site", "no"]},
             **changes.get("relation", {})},
        ],
    }  # fmt: skip
    c = {
        "name": "c", "sql": {"query": "SELECT * FROM c"}, "fields": [{"name": "a_id"}, {"name": "w", "type": "number"}],
        "measures": [{"name": "w_sum", "type": "sum", "sql_snippet": "w"}],
        "relationship": [{"type": "n:1", "field": "a_id", "target": {"name": "a", "field": "id"}}],
    }  # fmt: skip
    form = LensForm.model_validate({"name": "g", "dialect": "duckdb", "entities": [a, b, c]})
    return run_query(Bound(Reader(form, {}, "g").read(), connection, Sources(connection, {})), query, as_of=as_of).rows


def test_every_spelling_of_a_reference(connection):
    assert ask(connection, {"dimensions": ["a.own"]}) == [("S1775",), ("S1881",), ("S2779",)]


def test_a_field_with_a_snippet_and_one_with_a_sub_query(connection):
    found = ask(connection, {"dimensions": ["a.id", "a.half", "a.most"]})
    assert found == [(1, 2.5, 20), (2, 0.5, None), (3, 4.5, 30)]


def test_average_is_avg(connection):
    assert ask(connection, {"measures": ["a.mean"]}) == [(2.5,)]


def test_booleans_and_dates_are_compared_as_such(connection):
    true = {"member": "a.ok", "operator": "equals", "values": ["true"]}
    assert ask(connection, {"dimensions": ["a.id"], "filters": [true]}) == [(1,)]
    early = {"member": "a.day", "operator": "beforeDate", "values": ["2025-01-15"]}
    assert ask(connection, {"dimensions": ["a.id"], "filters": [early]}) == [(1,)]
    with pytest.raises(ProjectError, match="neither true nor false"):
        ask(connection, {"dimensions": ["a.id"], "filters": [{**true, "values": ["maybe"]}]})


def test_every_word_for_a_type_compares_as_that_type(connection):
    for word in ("date", "time", "timestamp"):
        fields = [{"name": "id", "type": "number", "primary": True}, {"name": "day", "type": word}]
        early = {"member": "a.day", "operator": "beforeDate", "values": ["2025-01-15"]}
        found = ask(connection, {"dimensions": ["a.id"], "filters": [early]}, a={"fields": fields, "dimensions": [], "measures": []},
                    relation={"field": "id", "target": {"name": "a", "field": "id"}})  # fmt: skip
        assert found == [(1,)]
    for word in ("bool", "boolean"):
        fields = [{"name": "id", "type": "number", "primary": True}, {"name": "ok", "type": word}]
        false = {"member": "a.ok", "operator": "equals", "values": ["false"]}
        found = ask(connection, {"dimensions": ["a.id"], "filters": [false]}, a={"fields": fields, "dimensions": [], "measures": []},
                    relation={"field": "id", "target": {"name": "a", "field": "id"}})  # fmt: skip
        assert found == [(2,)]


def test_every_word_for_a_relationship(connection):
    by_id = {"field": "id", "target": {"name": "a", "field": "id"}}
    for word in ("one_to_one", "1:1"):
        assert ask(connection, {"dimensions": ["b.id"], "measures": ["a.n"]}, relation={**by_id, "type": word})[:2] == [
            (1, 1),
            (2, 1),
        ]
    for word in ("one_to_many", "1:N", "1:n"):
        assert ask(connection, {"dimensions": ["b.v"], "measures": ["a.n"]}, relation={**by_id, "type": word})[:2] == [
            (10, 1),
            (20, 1),
        ]
    for word in ("many_to_one", "N:1", "n:1"):
        assert ask(connection, {"dimensions": ["a.id"], "measures": ["b.n"]}, relation={**by_id, "type": word}) == [
            (1, 1),
            (2, 1),
            (3, 1),
            (None, 1),
        ]


def test_hidden_members_are_asked_but_not_listed_and_tags_and_descriptions_are_kept():
    member = {
        "name": "x",
        "type": "number",
        "description": "a number",
        "tags": ["t"],
        "hidden": True,
        "sql_snippet": "id",
    }
    form = LensForm.model_validate({"name": "g", "entities": [{
        "name": "a", "sql": {"query": "SELECT * FROM a"}, "fields": [{"name": "id", "type": "number", "primary": True}],
        "dimensions": [member], "measures": [{**member, "name": "y", "type": "sum"}],
    }]})  # fmt: skip
    lens = Reader(form, {}, "g").read()
    for kind, name in (("dimensions", "a.x"), ("measures", "a.y")):
        listed = {one["name"]: one for one in meta(lens)["entities"][0][kind]}
        assert (listed[name]["description"], listed[name]["tags"], listed[name]["hidden"]) == ("a number", ["t"], True)
        assert name not in {one["name"] for one in meta(lens, hidden=False)["entities"][0][kind]}


def test_composite_keys_join(connection):
    assert ask(connection, {"dimensions": ["a.id"], "measures": ["b.n"]}) == [(1, 2), (3, 1), (None, 1)]
    assert ask(connection, {"dimensions": ["a.id"], "measures": ["b.n"], "via": "to_a"}) == [(1, 2), (3, 1), (None, 1)]


def test_a_key_of_another_type_is_compared_as_text(connection):
    assert ask(connection, {"dimensions": ["a.id"], "measures": ["c.w_sum"]}) == [(1, 100), (3, 300)]


def test_a_condition_narrows_a_join_and_an_or_widens_it(connection):
    narrow = {"sql_snippet": "and ${b.at_least} > ${a.lim}", "type": "1:N"}
    assert ask(connection, {"dimensions": ["a.id"], "measures": ["b.n"]}, relation=narrow) == [(1, 1), (None, 3)]
    wide = {"sql_snippet": "OR ${b.at_least} = ${a.lim} + 1", "type": "1:N"}
    found = ask(connection, {"dimensions": ["b.id"], "measures": ["a.n"]}, relation=wide)
    assert found == [(1, 2), (2, 1), (3, 1)]


def test_a_column_that_the_query_does_not_give_is_named(connection):
    fields = [{"name": "id", "type": "number", "primary": True}, {"name": "sight", "column": "sit"}]
    with pytest.raises(ProjectError, match="reads column 'sit', which the query does not give"):
        ask(connection, {"dimensions": ["a.sight"]}, a={"fields": fields, "dimensions": [], "measures": []},
            relation={"field": "id", "target": {"name": "a", "field": "id"}})  # fmt: skip


named = re.compile(r"`((?:unit|property|golden|engines|cli|e2e|web)/test_\w+\.py)`")
placeholders = {"entity", "member", "parameter", "default", "lens", "sum", "contact", "account"}


def table_rows() -> list[list[str]]:
    """The rows of the page's tables of three columns: what is meant, how far it is supported, the tests."""
    lines = [line for line in page.splitlines() if line.startswith("|") and "---" not in line]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in rows if len(row) == 3 and row[2] != "test"]


def text_of(name: str) -> str:
    """A test with what it takes from beside it: helpers, the sample lens, the recipes."""
    text = (root / "tests" / name).read_text(encoding="utf-8")
    beside = [
        root / "tests" / folder / f"{module}.py" for folder, module in re.findall(r"from tests\.(\w+)\.(\w+)", text)
    ]
    beside += [root / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"] if "orders.lens.yaml" in text else []
    beside += [root / "docs" / "how-to" / "lens-recipes.md"] if "recipes" in text else []
    return text + "".join(path.read_text(encoding="utf-8") for path in beside)


def test_every_test_that_the_reference_names_is_there():
    names = set(named.findall(page))
    assert len(names) >= 10
    assert [name for name in names if not (root / "tests" / name).is_file()] == []


def test_every_row_of_the_tables_says_yes_with_a_test_or_no():
    rows = table_rows()
    assert len(rows) > 75
    assert [row for row in rows if not named.findall(row[2]) and not row[1].startswith("no")] == []
    assert len([row for row in rows if row[1].startswith("no")]) < 6


def test_the_tests_of_a_row_use_the_words_of_the_row():
    unused = {}
    for meant, support, tests in table_rows():
        if support.startswith("no"):
            continue
        text = "".join(text_of(name) for name in named.findall(tests))
        words = {word for code in re.findall(r"`([^`]+)`", meant) for word in re.findall(r"[A-Za-z_]{3,}|\d:\w", code)}
        missing = {word for word in words - placeholders if not re.search(rf"(?<!\w){word}(?!\w)", text, re.IGNORECASE)}
        if missing:
            unused[meant] = missing
    assert not unused


def test_what_the_reference_says_no_to_is_refused_by_name(connection):
    for key in ("renewQuery", "cache", "joinHints", "subqueryJoins"):
        with pytest.raises(ProjectError, match=f"unknown key '{key}' in the query"):
            ask(connection, {"measures": ["a.n"], key: True})
    with pytest.raises(ProjectError, match="unknown operator 'measureFilter'"):
        ask(connection, {"measures": ["a.n"], "filters": [{"member": "a.n", "operator": "measureFilter"}]})
    with pytest.raises(ProjectError, match="compareDateRange"):
        ask(connection, {"measures": ["a.n"], "timeDimensions": [{"dimension": "a.day", "compareDateRange": []}]})
    with pytest.raises(ProjectError, match=r"cannot be read|valid dictionary"):
        ask(connection, [{"measures": ["a.n"]}])


def test_every_key_of_the_forms_is_in_the_reference():
    from c360.lenses.model import form as file
    from c360.lenses.request import form as request

    forms = [file.LensForm, file.EntityForm, file.SqlForm, file.FieldForm, file.DimensionForm, file.MeasureForm,
             file.RelationshipForm, file.WindowForm, file.AppendForm, request.RequestForm, request.MeasureItem,
             request.DimensionItem, request.TimeItem]  # fmt: skip
    internal = {"listing", "outer"}
    missing = {
        f"{form.__name__}.{field.alias or name}"
        for form in forms
        for name, field in form.model_fields.items()
        if (field.alias or name) not in internal and not re.search(rf"\b{field.alias or name}\b", page)
    }
    assert not missing
