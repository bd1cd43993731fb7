"""A lens file loads as it stands, says what is odd with its line, and refuses what cannot be with the fix."""

from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.lenses.model.load import load_lens
from c360.lenses.model.meta import meta

root = Path(__file__).parents[2]
reference = root.parent / "shared" / "reference" / "customer_360.lens.yaml"
own = root / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"
needs_reference = pytest.mark.skipif(not reference.exists(), reason="../shared is absent")


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "a.lens.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def faults(file):
    with pytest.raises(ProjectError) as caught:
        load_lens(file, "a.lens.yaml")
    return [str(fault) for fault in caught.value.faults]


@needs_reference
def test_the_reference_loads_byte_for_byte():
    lens = load_lens(reference)
    kinds = {
        kind: [m.full for e in lens.entities.values() for m in e.of_kind(kind)]
        for kind in ("field", "dimension", "measure")
    }
    assert (lens.name, lens.contract, lens.owner) == ("customer_360", "customer_360", "iamgroot")
    assert lens.tags == ("c360", "activity_schema", "segment")
    assert list(lens.entities) == ["customer", "order_placed", "order_rejected", "order_invoiced"]
    assert [sum(name.startswith(f"{entity}.") for name in kinds["field"]) for entity in lens.entities] == [
        18,
        15,
        14,
        11,
    ]
    assert (len(kinds["measure"]), len(kinds["dimension"]), len(lens.relationships)) == (9, 2, 5)
    assert [relation.type for relation in lens.relationships] == ["1:N", "1:N", "1:N", "1:1", "1:1"]
    assert lens.entities["order_placed"].time.name == "activity_ts"
    assert lens.member("customer.percentage_email").hidden
    assert "order_no" in lens.entities["order_placed"].members


@needs_reference
def test_what_is_odd_about_the_reference_is_said_with_its_line():
    lens = load_lens(reference, "customer_360.lens.yaml")
    text = reference.read_text(encoding="utf-8").splitlines()
    found = {(fault.code, fault.at.line) for fault in lens.warnings}
    missing = [fault for fault in lens.warnings if fault.code == "lens-column-without-field"]
    names = [text[fault.at.line - 1].split(":")[1].strip() for fault in missing]
    assert names == ["brand_name", "supplier_name", "product_category", "request_delivery_date"]
    copied = [fault for fault in lens.warnings if fault.code == "lens-description-repeated"]
    assert [fault.message.split("'")[1] for fault in copied] == [
        "customer.percentage_phone",
        "customer.percentage_address",
    ]
    assert sum(code == "lens-inverse-derived" for code, _ in found) == 5
    assert {fault.at.file for fault in lens.warnings} == {"customer_360.lens.yaml"}


@needs_reference
def test_a_column_without_a_field_is_named_with_where_it_can_be_had():
    with pytest.raises(ProjectError) as caught:
        load_lens(reference).member("order_invoiced.brand_name")
    assert "column of order_invoiced" in str(caught.value)
    assert "'order_placed.brand_name'" in str(caught.value)


def test_the_own_lens_has_no_oddities_but_claims_and_derived_edges():
    assert {fault.code for fault in load_lens(own).warnings} == {"lens-claim-not-key", "lens-inverse-derived"}


def test_one_to_one_stays_text(write):
    file = write(
        "name: a\nentities:\n"
        "  - {name: x, sql: {query: SELECT * FROM x}, fields: [{name: id, primary: true}],\n"
        "     relationships: [{type: 1:1, field: id, target: {name: y, field: id}}]}\n"
        "  - {name: y, sql: {query: SELECT * FROM y}, fields: [{name: id, primary: true}]}\n"
    )
    assert load_lens(file).relationships[0].type == "1:1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nentities:\n  - name: x\n    sql: {query: SELECT 1}\n    measurs: []\n", "a.lens.yaml:5: unknown key"),
        ("name: a\nentities:\n  - name: x\n    sql: {query: SELECT 1}\n    measurs: []\n", "did you mean 'measures'?"),
        ("name: a\nentities:\n  - {name: x, sql: {query: SELECT 1}}\n  - {name: x, sql: {query: SELECT 1}}\n", "stands twice"),
        ("name: a\nentities:\n  - {name: x}\n", "has no `sql: {query: ...}`"),
        ("name: a\ndialect: trinno\nentities:\n  - {name: x, sql: {query: SELECT 1}}\n", "did you mean 'trino'?"),
        (
            ("name: a\nentities:\n  - name: x\n    sql: {query: SELECT 1}\n    relationships:\n"
            "      - {type: N:1, field: id, target: {name: yy, field: id}}\n"),
            "a.lens.yaml:6: 'x' relates to unknown entity 'yy'",
        ),
        ("name: a\nentities:\n  - {name: x, sql: {query: SELECT 1}, measures: [{name: m, type: sum}]}\n", "needs `sql_snippet:`"),
        (
            ("name: a\nentities:\n  - {name: x, sql: {query: SELECT 1}, measures: [{name: m, type: sum, sql_snippet: v,"
            " rolling_window: {trailing: a while}}]}\n"),
            "'a while' is not a window size",
        ),
        ("name: a\nentities:\n  - {name: x, extends: y, sql: {query: SELECT 1}}\n", "extends unknown 'y'"),
        ("name: a\nentities:\n  - {name: x, sql: {query: 'SELECT * FROM ${x.sql()}'}}\n", "queries read each other: x -> x"),
    ],
)  # fmt: skip
def test_a_fault_names_the_line_and_the_fix(write, text, said):
    assert any(said in fault for fault in faults(write(text)))


def test_all_faults_of_a_file_are_told_at_once(write):
    told = faults(write("name: a\nowners: b\nentities:\n  - {name: x, sql: {query: SELECT 1}, field: [{nam: id}]}\n"))
    assert len(told) == 3


def test_an_entity_extends_another_and_reads_its_query(write):
    file = write("""
name: funnel
entities:
  - name: stream
    sql: {query: "SELECT * FROM lake.stream"}
    fields: [{name: uuid, primary: true}, {name: ts_, type: date, sql_snippet: ts}]
    measures: [{name: n, type: count, sql_snippet: "${stream.uuid}"}]
  - name: visited
    extend: stream
    sql: {query: "SELECT * FROM ${stream.sql()} where activity = 'visited'"}
    fields: [{name: source, column: feature1}]
""")
    visited = load_lens(file).entities["visited"]
    assert list(visited.members) == ["uuid", "ts_", "n", "source"]
    assert visited.members["n"].sql == "${visited.uuid}"
    assert visited.members["ts_"].sql == "ts"
    assert visited.query == "SELECT * FROM (SELECT * FROM lake.stream) AS stream where activity = 'visited'"


def test_meta_says_record_set_roll_up_and_dimensions_of_each_measure():
    found = meta(load_lens(own))
    customer = next(item for item in found["entities"] if item["name"] == "customer")
    count = next(item for item in customer["measures"] if item["name"] == "customer.count_customers")
    assert (count["records"], count["type"], count["by"]) == ("customer", "count", ["customer"])
    assert count["by_many"] == ["order_placed", "order_rejected", "order_invoiced"]
    assert next(item for item in customer["relationships"] if item["to"] == "order_placed")["to_one"] is False
    shown = meta(load_lens(own), hidden=False)
    names = {member["name"] for item in shown["entities"] for member in item["dimensions"]}
    assert "order_placed.order_no" not in names
    assert "customer.state" in names
