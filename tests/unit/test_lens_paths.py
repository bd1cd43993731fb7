"""The one path between two entities: to-one first, then short; two equally good ones are spelled out."""

import pytest

from c360.errors import ProjectError
from c360.lenses.model.form import LensForm
from c360.lenses.model.graph import Graph
from c360.lenses.model.load import Reader


def graph(*relations):
    """Relations as `order N:1 customer by customer_id`; every entity has the fields that are named."""
    entities = {}
    for text in relations:
        source, kind, target, _, fields = text.split()
        field, _, other = fields.partition("=")
        for name, own in ((source, field), (target, other or "id")):
            entity = entities.setdefault(
                name, {"name": name, "sql": {"query": "SELECT 1"}, "fields": {}, "relationships": []}
            )
            entity["fields"]["id"] = {"name": "id", "primary": True}
            entity["fields"].setdefault(own, {"name": own})
        entities[source]["relationships"].append(
            {"type": kind, "field": field, "target": {"name": target, "field": other or "id"}}
        )
    whole = [{**entity, "fields": list(entity["fields"].values())} for entity in entities.values()]
    return Graph(Reader(LensForm.model_validate({"name": "g", "entities": whole}), {}, "g").read())


def walked(found):
    return [edge.target for edge in found]


def test_an_inverse_edge_is_derived():
    found = graph("customer 1:N order by id=customer_id")
    assert [edge.to_one for edge in found.path("order", "customer")] == [True]
    assert [edge.to_one for edge in found.path("customer", "order")] == [False]


def test_a_relationship_declared_from_both_ends_is_one_edge():
    found = graph("customer 1:N order by id=customer_id", "order N:1 customer by customer_id")
    assert len(found.edges["order"]) == 1


def test_a_to_one_path_is_preferred_to_a_shorter_to_many_path():
    found = graph("line N:1 order by order_id", "order N:1 customer by customer_id", "line 1:N customer by id=line_id")
    assert walked(found.path("line", "customer")) == ["order", "customer"]


def test_the_shorter_of_two_to_one_paths_is_taken():
    found = graph("contact N:1 account by account_id", "contact N:1 team by team_id", "team N:1 account by account_id")
    assert walked(found.path("contact", "account")) == ["account"]
    assert walked(found.path("contact", "account", {"account": ("team",)})) == ["team", "account"]


def test_two_equally_good_paths_are_refused_and_both_spelled_out():
    found = graph("order N:1 place by billed_to", "order N:1 place by sent_to")
    with pytest.raises(ProjectError) as caught:
        found.path("order", "place")
    fault = caught.value.faults[0]
    assert fault.code == "lens-ambiguous-path"
    assert "order.billed_to = place.id" in fault.message
    assert "order.sent_to = place.id" in fault.message
    assert fault.fix == "say which with `via`: 'order.billed_to' or 'order.sent_to'"
    assert found.path("order", "place", {"*": ("order.sent_to",)})[0].source_fields == ("sent_to",)


def test_via_names_an_entity_of_a_many_to_many_bridge():
    found = graph(
        "member N:1 user by user_id",
        "member N:1 team by team_id",
        "post N:1 user by user_id",
        "post N:1 team by team_id",
    )
    with pytest.raises(ProjectError, match="equally good to-many"):
        found.path("user", "team")
    assert walked(found.path("user", "team", {"team": ("member",)})) == ["member", "team"]


def test_a_via_for_all_holds_for_what_it_leads_to_and_leaves_other_paths_alone():
    found = graph(
        "user N:1 team by team_id", "user N:1 account by account_id", "team N:1 account by account_id",
        "member N:1 user by user_id", "member N:1 team by team_id",
    )  # fmt: skip
    assert walked(found.path("user", "team")) == ["team"]
    assert walked(found.path("user", "team", {"*": ("member",)})) == ["member", "team"]
    assert walked(found.path("user", "account", {"*": ("member",)})) == ["account"]
    assert walked(found.path("team", "user", {"*": ("member",)})) == ["member", "user"]


def test_unrelated_entities_are_said_to_be_so():
    found = graph("a N:1 b by b_id", "c N:1 d by d_id")
    with pytest.raises(ProjectError) as caught:
        found.path("a", "d")
    assert caught.value.faults[0].code == "lens-no-path"
    assert "'a' and 'd' are not related" in str(caught.value)


def test_a_via_that_is_not_on_any_path_is_refused():
    found = graph("a N:1 b by b_id", "b N:1 c by c_id", "d N:1 a by a_id")
    with pytest.raises(ProjectError, match="goes through d"):
        found.path("a", "c", {"c": ("d",)})


def test_composite_keys_join_on_all_their_fields():
    form = LensForm.model_validate({
        "name": "g",
        "entities": [
            {"name": "sale", "sql": {"query": "SELECT 1"}, "fields": [{"name": "site"}, {"name": "no"}],
             "relationships": [{"type": "N:1", "field": ["site", "no"], "target": {"name": "shop", "field": ["site", "no"]}}]},
            {"name": "shop", "sql": {"query": "SELECT 1"}, "fields": [{"name": "site"}, {"name": "no"}]},
        ],
    })  # fmt: skip
    (edge,) = Graph(Reader(form, {}, "g").read()).path("sale", "shop")
    assert edge.words == "sale.site = shop.site and sale.no = shop.no"
