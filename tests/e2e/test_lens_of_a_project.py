"""A run project has its own lens without writing one; lens files map their tables to what the project published."""

from pathlib import Path

import pytest

import c360
from c360.errors import ProjectError
from c360.examples import write_example
from c360.lenses.own import check, lens_names, open_project_lens
from c360.pipeline.run import run
from c360.project import load_project
from c360.warehouse.snapshots import open_snapshot

funnel = """
name: billing
description: Invoices of workspaces, as a lens of an older tool writes it.
entities:
  - name: workspace
    sql: {query: "SELECT * FROM lake.workspaces"}
    fields: [{name: entity_id, type: number, primary: true}, {name: plan}]
    measures: [{name: n, type: count, sql_snippet: "${workspace.entity_id}"}]
    relationships: [{type: "1:N", field: entity_id, target: {name: paid, field: entity_id}}]
  - name: paid
    sql:
      query: "SELECT activity_uuid, entity_id, activity_ts, cast(feature1 AS double) AS amount, activity_occurence
        FROM lake.activity_streams WHERE activity = 'invoice_paid'"
    fields:
      - {name: activity_uuid, primary: true}
      - {name: entity_id, type: number}
      - {name: activity_ts, type: date}
      - {name: amount, type: number}
      - {name: activity_occurence, type: number}
    measures: [{name: revenue, type: sum, sql_snippet: "${paid.amount}"}]
  - name: company
    sql: {query: "SELECT * FROM lake.crm"}
    fields: [{name: account_id, primary: true}, {name: segment}]
    measures: [{name: n, type: count}]
"""
mapping = """
lens:
  - file: lens/billing.lens.yaml
    map:
      lake.workspaces: workspace
      lake.activity_streams: {table: workspace_stream, columns: {feature1: amount}}
      lake.crm: {source: crm_accounts}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("saas")
    write_example("saas", made, companies=12)
    (made / "lens").mkdir()
    (made / "lens" / "billing.lens.yaml").write_text(funnel, encoding="utf-8")
    with (made / "c360.yaml").open("a", encoding="utf-8") as file:
        file.write(mapping)
    run(load_project(made))
    return made


@pytest.fixture
def lens(folder):
    with c360.lens(project=folder) as opened:
        yield opened


def test_entities_streams_activities_bridges_and_identifiers_are_there(lens):
    entities = lens.bound.lens.entities
    assert {"user", "workspace", "account", "user_stream", "user_workspace", "user_identifier"} <= set(entities)
    assert {"signed_in", "feature_used", "invoice_paid", "workspace_signed_in"} <= set(entities)
    assert "amount" in entities["invoice_paid"].members
    assert "feature" not in entities["invoice_paid"].members
    assert entities["user"].members["email"].tags == ("pii:mask",)
    assert entities["user"].members["features_used"].description == "Times that a feature was used"
    assert entities["account"].members["ready_to_buy"].kind == "segment"


def test_every_member_works_and_every_claim_holds(lens):
    assert [finding for finding in lens.check() if finding.level == "fail"] == []
    claims = [finding for finding in lens.check() if ":1" in finding.about]
    assert claims
    assert all(finding.level == "ok" for finding in claims)


def test_features_activities_and_traits_answer_together(lens, folder):
    query = {
        "dimensions": ["account.segment"],
        "measures": ["user.count", "user.features_used_sum", "invoice_paid.amount_sum"],
    }
    answer = lens.query({**query, "totals": True})
    with open_snapshot(load_project(folder).store) as reader:
        users, used = reader.rows('SELECT count(*), sum(features_used) FROM "user"')[0]
        paid = reader.rows("SELECT sum(amount) FROM workspace_stream WHERE activity = 'invoice_paid'")[0][0]
        snapshot = reader.snapshot_id
    assert answer.totals == {"user.count": users, "user.features_used_sum": used, "invoice_paid.amount_sum": paid}
    assert answer.snapshot == snapshot
    assert set(answer.freshness) == {"published_at", "as_of"}


def test_users_by_workspace_go_through_the_bridge_when_it_is_named(lens, folder):
    primary = lens.query({"dimensions": ["workspace.workspace_id"], "measures": ["user.count"]})
    every = lens.query({"dimensions": ["workspace.workspace_id"], "measures": ["user.count"], "via": "user_workspace"})
    split = lens.query({
        "dimensions": ["workspace.workspace_id"], "via": "user_workspace",
        "measures": [{"measure": "user.count", "weight": "split", "as": "n"}],
    })  # fmt: skip
    with open_snapshot(load_project(folder).store) as reader:
        users = reader.rows('SELECT count(*) FROM "user"')[0][0]
        members = reader.rows("SELECT count(*) FROM (SELECT DISTINCT user_id, workspace_id FROM user_workspace)")[0][0]
        alone = reader.rows('SELECT count(*) FROM "user" WHERE entity_id NOT IN (SELECT user_id FROM user_workspace)')[
            0
        ][0]
    assert sum(row[1] for row in primary.rows) == users
    assert sum(row[1] for row in every.rows) == members + alone > users
    assert sum(row[1] for row in split.rows) == pytest.approx(users)
    assert every.not_additive == {"user.count": ["workspace.workspace_id"]}


def test_a_segment_of_the_project_filters(lens, folder):
    with open_snapshot(load_project(folder).store) as reader:
        wanted = reader.rows("SELECT count(*) FROM account WHERE paid_amount = 0 AND events_30d >= 50")[0][0]
    assert lens.query({"measures": ["account.count"], "segments": ["ready_to_buy"]}).rows == [(wanted,)]


def test_a_lens_file_maps_tables_columns_and_sources(folder):
    assert lens_names(load_project(folder)) == ["saas", "billing"]
    with c360.lens("billing", project=folder) as opened:
        rows = opened.query({"dimensions": ["workspace.plan"], "measures": ["paid.revenue", "workspace.n"]}).rows
        wanted = opened.connection.rows(
            "SELECT plan, sum(paid), count(*) FROM (SELECT w.entity_id, w.plan, sum(s.amount) AS paid FROM workspace AS w "
            "LEFT JOIN workspace_stream AS s ON s.entity_id = w.entity_id AND s.activity = 'invoice_paid' GROUP BY ALL) "
            "GROUP BY plan ORDER BY plan"
        )
        assert [(plan, float(paid or 0), n) for plan, paid, n in rows] == [(a, float(b or 0), c) for a, b, c in wanted]
        assert opened.query({"measures": ["company.n"]}).rows[0][0] > 0
        assert (
            opened.query({"measures": [{"of": "paid", "type": "max", "as": "m", "sql": "activity_occurence"}]}).rows[0][
                0
            ]
            > 0
        )


def test_one_event_of_two_entities_relates_them(tmp_path, lens):
    """Who bought which category: an order line is an activity of the customer and of the product."""
    write_example("shop", tmp_path)
    run(load_project(tmp_path))
    by_category = {"dimensions": ["product.category"], "measures": ["customer.count", "order_line.amount_sum"]}
    with c360.lens(project=tmp_path) as shop:
        answer = shop.query({**by_category, "via": "order_line", "totals": True})
        bought = """(SELECT c.entity_id AS customer, p.category, c.amount
            FROM (SELECT * FROM customer_stream WHERE activity = 'order_line') AS c
            LEFT JOIN product_stream AS s ON s.activity_uuid = c.activity_uuid LEFT JOIN product AS p ON p.entity_id = s.entity_id)"""
        wanted = shop.connection.rows(
            f"SELECT category, count(DISTINCT customer), sum(amount) FROM {bought} GROUP BY 1 ORDER BY 1",
            portable=False,
        )
        customers, amount = (
            shop.connection.scalar(f"SELECT count(*) FROM customer WHERE entity_id NOT IN (SELECT customer FROM {bought})", portable=False),
            shop.connection.scalar(f"SELECT sum(amount) FROM {bought}", portable=False),
        )  # fmt: skip
        with pytest.raises(ProjectError, match="3 equally good to-many ways from 'customer' to 'product'") as caught:
            shop.query(by_category)
        claims = [item.level for item in shop.check() if "1:1" in item.about]
    assert len(wanted) == 5
    assert answer.rows == [*wanted, (None, customers, None)]
    assert answer.totals["order_line.amount_sum"] == amount
    assert "'order_line'" in caught.value.faults[0].fix
    assert set(claims) == {"ok"}
    graph = lens.bound.graph
    assert [edge.target for edge in graph.path("signed_in", "workspace")] == ["user", "workspace"], "no second way"


def test_what_was_proven_is_kept_for_the_snapshot(folder):
    with open_project_lens(folder) as opened:
        opened.query({"dimensions": ["account.segment"], "measures": ["user.count"]})
        kept = folder / ".c360" / "lens" / "saas-all.json"
        assert kept.is_file()
        assert opened.bound.proofs.known
    with open_project_lens(folder) as opened:
        assert opened.bound.proofs.known, "a new process believes what was proven of the same snapshot"


def test_an_unknown_lens_and_broken_files_are_explained(folder, tmp_path):
    with pytest.raises(ProjectError, match="did you mean 'billing'"):
        c360.lens("biling", project=folder)
    write_example("saas", tmp_path, companies=2)
    with (tmp_path / "c360.yaml").open("a", encoding="utf-8") as file:
        file.write("\nlens: [nowhere.yaml, bad.yaml, {file: bad.yaml, map: {a: {source: crm_acounts}}}]\n")
    (tmp_path / "bad.yaml").write_text(
        "name: x\nentities: [{name: y, sql: {query: SELECT 1}, colour: red}]\n", encoding="utf-8"
    )
    faults = {fault.code: str(fault) for fault in check(load_project(tmp_path))}
    assert "there is no lens file 'nowhere.yaml'" in faults["lens-file-missing"]
    assert "bad.yaml:2: unknown key" in faults["unknown-key"]
    assert "the lens 'bad' stands twice" in faults["lens-name-twice"]
