"""Why two identifiers are one entity, or not, and everything that is linked to one of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from tests.identity_store import AS_OF, Store

from c360.errors import ProjectError
from c360.identity.explaining import explain, find_identifier, person
from c360.identity.explaining.paths import Link, find_bridges, find_path, neighbours
from c360.warehouse.control.decisions import Decision

T0 = datetime(2023, 1, 1)
project = """
sources:
  web: {file: w.csv, key: id, time: ts}
  crm: {file: c.csv, key: id}
  merged: {file: m.csv}
ids:
  email: {limit: 2 ever}
  phone:
  anonymous_id: {shared: 5}
entities:
  person:
    ids: [anonymous_id, email, phone]
    from:
      - {source: web, ids: {anonymous_id: anon, email: email}}
      - {source: crm, ids: {email: email, phone: phone}}
    same: [{source: merged, id: email, old: old, new: new}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.of(tmp_path, project)
    made.land("web", [
        {"id": "w1", "anon": "a1", "email": "ann@x.com", "ts": T0},
        {"id": "w2", "anon": "a1", "email": "Ann@X.com", "ts": T0 + timedelta(days=5)},
        {"id": "w3", "anon": "a2", "email": "ann@x.com", "ts": T0 + timedelta(days=9)},
        {"id": "w4", "anon": "a2", "email": "bob@x.com", "ts": T0 + timedelta(days=11)},
        {"id": "w5", "anon": "a2", "email": "cem@x.com", "ts": T0 + timedelta(days=12)},
    ])  # fmt: skip
    made.land("crm", [{"id": "c1", "email": "ann@x.com", "phone": "+14155552671"}])
    made.land("merged", [], ["old", "new"])
    made.run()
    return made


def test_the_chain_names_rule_rows_and_dates(store: Store) -> None:
    found = explain(store.work, store.project, "a1", "(415) 555-2671")
    assert found.is_one
    assert [(step.to.value, step.evidence[0].n_seen) for step in found.steps] == [("ann@x.com", 2), ("+14155552671", 1)]
    first = found.steps[0].evidence[0]
    assert first.rule.startswith("web: email = anonymous_id@")
    assert (first.row_key, first.first_seen, first.last_seen) == ("w1", T0, T0 + timedelta(days=5))
    assert str(found).splitlines()[0] == "anonymous_id a1 and phone +14155552671 are one person"
    assert "2 rows, e.g. w1, 2023-01-01 00:00:00 to 2023-01-06 00:00:00" in str(found)


def test_what_a_limit_keeps_apart_is_explained_by_the_blocked_link(store: Store) -> None:
    found = explain(store.work, store.project, "email:ann@x.com", "cem@x.com")
    assert not found.is_one
    assert [step.blocked for step in found.steps] == [None, "limit email: 2 ever"]
    assert "x email cem@x.com   blocked: limit email: 2 ever" in str(found)


def test_what_several_share_is_explained_as_shared(tmp_path: Path) -> None:
    store = Store.of(tmp_path, project.replace("{shared: 5}", ""))
    emails = ("ann", "bob", "cem")
    store.land("web", [{"id": n, "anon": "pc", "email": f"{n}@x.com", "ts": T0} for n in emails])
    store.land("crm", [], ["id", "email", "phone"])
    store.land("merged", [], ["old", "new"])
    store.run()
    found = explain(store.work, store.project, "ann@x.com", "cem@x.com")
    reason = "shared: anonymous_id pc, tied to many: email"
    assert [(step.to.value, step.blocked) for step in found.steps] == [("pc", reason), ("cem@x.com", reason)]
    assert not found.is_one
    alone = person(store.work, store.project, "ann@x.com")
    assert [one.blocked for one in alone.blocked] == [reason]


def test_nothing_links_strangers(store: Store) -> None:
    store.land("web", [{"id": "w9", "anon": "z9", "email": "zoe@x.com", "ts": T0}])
    store.run()
    found = explain(store.work, store.project, "z9", "+14155552671")
    assert (found.is_one, found.steps) == (False, ())
    assert "no source and no person links them" in str(found)


def test_decisions_are_part_of_the_chain_and_partings_are_told(store: Store) -> None:
    at = datetime(2023, 6, 1, tzinfo=UTC)
    decided = [
        Decision(7, "person", "email", "bob@x.com", "phone", "+14155552671", "not_same", "me", None, at, None, None),
        Decision(8, "person", "anonymous_id", "a9", "email", "bob@x.com", "same", "me", "called her", at, None, None),
    ]
    store.land(
        "web",
        [
            {"id": "w6", "anon": "a9", "email": None, "ts": T0},
            {"id": "w7", "anon": "a8", "email": "bob@x.com", "ts": T0},
        ],
    )
    store.run(decisions=decided)
    found = explain(store.work, store.project, "bob@x.com", "+14155552671")
    assert (found.is_one, found.apart) == (False, ("decision 7",))
    (step,) = explain(store.work, store.project, "a9", "bob@x.com").steps
    assert [(one.kind, one.row_key, one.author) for one in step.evidence] == [("decision", "8", "me")]
    assert ", by me: called her" in str(explain(store.work, store.project, "a9", "bob@x.com"))


def test_a_person_is_listed_with_names_links_and_history(store: Store) -> None:
    before = store.entity_of("bob@x.com")
    store.land("merged", [{"old": "cem@x.com", "new": "ann@x.com"}])
    later = AS_OF + timedelta(days=1)
    store.run(later)
    found = person(store.work, store.project, "a1")
    assert {one.identifier.value for one in found.identifiers} == {
        "a1", "a2", "ann@x.com", "bob@x.com", "cem@x.com", "+14155552671"
    }  # fmt: skip
    cem = next(one for one in found.identifiers if one.identifier.value == "cem@x.com")
    assert cem.identifier.superseded
    assert cem.sources == ("human: merged", "web: email = anonymous_id")
    assert found.entity_id == before
    assert [(one.kind, one.happened_at) for one in found.history] == [("merge", later)]
    assert len(found.merged_ids) == 1
    assert found.blocked == ()


def test_the_link_that_alone_ties_two_own_identifiers_is_a_bridge(store: Store) -> None:
    found = person(store.work, store.project, "bob@x.com")
    bridges = {frozenset((one.one.value, one.other.value)) for one in found.links if one.is_bridge}
    assert bridges == {
        frozenset(("ann@x.com", "a2")), frozenset(("a2", "bob@x.com")), frozenset(("ann@x.com", "+14155552671"))
    }  # fmt: skip


def test_an_identifier_is_found_as_people_write_it(store: Store) -> None:
    project, work = store.project, store.work
    entity = store.entity_of("ann@x.com")
    ((public,),) = work.rows(f"SELECT public_id FROM identity.entity WHERE entity_id = {entity}")
    for typed in (" ANN@x.com", "email:Ann@x.com", str(entity), str(public), "+1 415 555 2671"):
        assert find_identifier(work, project, typed).entity_id == entity
    with pytest.raises(ProjectError) as caught:
        find_identifier(work, project, "anm@x.com")
    assert "did you mean 'ann@x.com'?" in str(caught.value)


@pytest.mark.parametrize("seed", range(8))
def test_paths_and_bridges_are_those_of_networkx(seed: int) -> None:
    chance = np.random.default_rng(seed)
    pairs = {tuple(sorted(pair)) for pair in chance.integers(0, 40, (45, 2)).tolist() if pair[0] != pair[1]}
    links = [Link(u, v, 1000) for u, v in pairs]
    graph, near = nx.Graph(list(pairs)), neighbours(links)
    for part in nx.connected_components(graph):
        start, *rest = sorted(part)
        place, bridges = find_bridges(near, start)
        assert set(place) == part
        assert {(one.link.u, one.link.v) for one in bridges} == {
            tuple(sorted(e)) for e in nx.bridges(graph.subgraph(part))
        }
        for bridge in bridges:
            beyond = {node for node, number in place.items() if bridge.first <= number <= bridge.last}
            cut = graph.subgraph(part).copy()
            cut.remove_edge(bridge.link.u, bridge.link.v)
            assert beyond in [set(one) for one in nx.connected_components(cut)]
        for goal in rest:
            path = find_path(near, start, goal)
            assert path is not None
            assert len(path) == nx.shortest_path_length(graph, start, goal)


def test_a_longer_chain_of_trusted_links_is_preferred_and_blocked_links_come_last() -> None:
    links = [Link(1, 2, 10), Link(1, 3, 100), Link(2, 3, 100), Link(4, 5, 900, "limit"), Link(4, 6, 1), Link(5, 6, 1)]
    assert [node for node, _ in find_path(neighbours(links), 1, 2) or []] == [3, 2]
    assert [node for node, _ in find_path(neighbours(links), 4, 5) or []] == [6, 5]
    assert find_path(neighbours(links), 1, 4) is None
