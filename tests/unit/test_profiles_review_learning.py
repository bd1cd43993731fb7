"""The review queue learns: pairs like those that people rejected sink, pairs like those that they accepted rise."""

from dataclasses import replace
from pathlib import Path

import pytest

from c360.govern.decisions import Decision, Verdict
from c360.profiles.review.learning import is_worth_asking, judge_all, told
from c360.profiles.review.queue import Pair
from c360.project import Project, load_project

father_and_son = "same name, city; other birth_date"
typing_error = "same name, city; same birth_date"
yaml = """
version: 1
project: {name: learning}
sources: {users: {file: users.csv, key: id}}
ids: {email: {}}
entities:
  person:
    ids: [email]
    from: [{source: users, ids: {email: email}, traits: {name: name, city: city, birth_date: birth_date}}]
    suggest: {compare: [name, city], above: 0.9}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("learning")
    (folder / "c360.yaml").write_text(yaml, "utf-8")
    return load_project(folder)


def said(verdict: Verdict, pattern: str | None, times: int, entity: str = "person") -> list[Decision]:
    one = Decision(1, entity, "email", "a", "email", "b", verdict, "me", None, None, None, None, pattern)
    return [replace(one, decision_id=number) for number in range(times)]


def shown(project: Project, decisions: list[Decision]) -> list[str | None]:
    pairs = [Pair("person", 1, 2, 1.0, father_and_son), Pair("person", 3, 4, 1.0, typing_error)]
    return [pair.pattern for pair in judge_all(pairs, decisions) if is_worth_asking(project, pair)]


def test_without_verdicts_every_pair_is_asked_in_the_order_given(project: Project) -> None:
    assert shown(project, []) == [father_and_son, typing_error]


def test_one_rejection_moves_a_pattern_down_and_a_second_one_out_of_the_queue(project: Project) -> None:
    assert shown(project, said("not_same", father_and_son, 1)) == [typing_error, father_and_son]
    assert shown(project, said("not_same", father_and_son, 2)) == [typing_error]


def test_accepted_pairs_bring_a_pattern_up_and_keep_it_against_a_rejection(project: Project) -> None:
    assert shown(project, said("same", typing_error, 1)) == [typing_error, father_and_son]
    mixed = said("same", father_and_son, 18) + said("not_same", father_and_son, 2)
    assert father_and_son in shown(project, mixed)


def test_many_rejections_of_a_rule_sink_its_patterns_that_nobody_judged_yet(project: Project) -> None:
    others = [one for number in range(10) for one in said("not_same", f"same name, city; other mark{number}", 1)]
    assert shown(project, others) == []
    assert shown(project, others[:2]) == [father_and_son, typing_error]


def test_verdicts_of_another_entity_or_without_a_pattern_teach_nothing(project: Project) -> None:
    decisions = said("not_same", father_and_son, 9, "account") + said("not_same", None, 9)
    assert shown(project, decisions) == [father_and_son, typing_error]


def test_the_order_of_the_verdicts_does_not_matter(project: Project) -> None:
    pairs = [Pair("person", 1, 2, 1.0, father_and_son), Pair("person", 3, 4, 1.0, typing_error)]
    decisions = said("same", typing_error, 3) + said("not_same", father_and_son, 1) + said("same", father_and_son, 2)
    assert judge_all(pairs, decisions) == judge_all(pairs, decisions[::-1])


def test_the_queue_says_what_it_learned_from(project: Project) -> None:
    decisions = said("same", typing_error, 9) + said("not_same", typing_error, 1)
    new, pair = judge_all(
        [Pair("person", 3, 4, 1.0, typing_error), Pair("person", 5, 6, 1.0, father_and_son)], decisions
    )
    assert told(pair) == f"9 of 10 pairs like it ({typing_error}) were accepted"
    assert told(new) is None
    assert pair.expected == pytest.approx((20 * 0.95 + 9) / 30)
    assert new.expected == pytest.approx((20 * (100 * 0.95 + 9) / 110) / 20)


def test_snapshots_that_do_not_tell_patterns_are_asked_as_before(project: Project) -> None:
    (old,) = judge_all([Pair("person", 1, 2, 1.0)], said("not_same", father_and_son, 5))
    assert is_worth_asking(project, old)
    assert told(old) is None


def test_the_strictest_threshold_still_asks_until_a_pattern_is_rejected_twice(tmp_path: Path) -> None:
    (tmp_path / "c360.yaml").write_text(yaml.replace("above: 0.9", "above: 1.0"), "utf-8")
    strict = load_project(tmp_path)
    assert shown(strict, []) == [father_and_son, typing_error]
    assert shown(strict, said("not_same", father_and_son, 1)) == [typing_error, father_and_son]
    assert shown(strict, said("not_same", father_and_son, 2)) == [typing_error]
