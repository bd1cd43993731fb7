"""Declarations that are wrong: each is told with its line, what is the matter, and what to write instead."""

from pathlib import Path

import pytest
from tests.hand_made import spine

from c360 import features

head = """
project: {name: p}
sources:
  users: {file: u.csv, key: id, time: at}
  log: {file: l.csv, key: id, time: at}
ids: {user: {}, email: {}, domain: {}}
entities:
  person:
    ids: [user, email]
    from: [{source: users, ids: {user: id, email: email}, traits: {name: name}}]
    belongs_to: {team: {source: users, ids: {user: id}, key: team, target_id: team_no}, account: {by: domain, from: email}}
  team: {key: {source: users, column: team, as: team_no}, belongs_to: {account: {by: domain, from: person.email}}}
  account: {ids: [domain]}
  tree: {ids: [user]}
activities:
  bought: {source: log, of: person, ids: {user: user}, attributes: {amount: amount, sku: sku}, revenue: amount}
  seen: {source: log, of: person, ids: {user: user}, attributes: {sku: sku}}
features:
"""
wrong = [
    ("person", "n: {count: bougt}", "feature-unknown-activity", "did you mean 'bought'?"),
    ("person", "n: {sum: amuont, of: bought}", "unknown-attribute", "did you mean 'amount'?"),
    ("person", "n: {sum: seen}", "feature-incomplete", "add `take: ATTRIBUTE`"),
    ("person", "n: {count: bought, where: 'amout > 3'}", "unknown-column", "did you mean 'amount'?"),
    ("person", "n: {sql: 'nam'}", "unknown-column", "did you mean 'name'?"),
    ("person", "n: {sql: 'account.domin'}", "unknown-column", "did you mean 'domain'?"),
    ("person", "n: {sql: 'tree.user'}", "feature-without-relation", "read it through an aggregate"),
    ("person", "n: {sql: 'count(*) from x'}", "sql-syntax", "write a formula, no SELECT"),
    ("tree", "n: {count: bought}", "feature-without-relation", None),
    ("tree", "n: {count: person}", "feature-without-relation", "add `belongs_to: {tree: ...}` to entity 'person'"),
    ("account", "n: {count: person}", "feature-ambiguous-path", "write via: account or via: team"),
    ("account", "n: {count: person, via: person}", "unknown-relation", "ways: account, team"),
    ("account", "n: {sum: person, via: team}", "feature-incomplete", "write `sum: person.COLUMN`"),
    ("account", "n: {pick: person.user, via: team}", "feature-incomplete", "add `order: COLUMN desc`"),
    ("account", "n: {first: person.user, via: team}", "feature-verb", None),
    ("account", "n: {count: team, window: 30d}", "feature-window-without-time", None),
    ("person", "n: {avg: gap}", "feature-incomplete", "add `of: ACTIVITY`"),
    ("person", "n: {count: seen, relative: before}", "feature-incomplete", "write `relative: before, to: {first: ACTIVITY}`"),
    ("person", "n: {count: seen, relative: before, to: {first: boght}}", "feature-unknown-activity", "did you mean 'bought'?"),
    ("person", "n: {nth: seen}", "feature-incomplete", "add `n:`"),
    ("person", "n: {trend: seen}", "feature-incomplete", "add `window:`"),
    ("person", "n: {percentile: amount, of: bought}", "feature-incomplete", "add `p:`"),
    ("person", "n: {count: seen, order: ts}", "feature-modifier", "it belongs to pick"),
    ("person", "n: {sql: name, window: 3d}", "feature-modifier", "put it at the features that the formula reads"),
    ("person", "n: {ratio: [name]}", "feature-incomplete", "write `ratio: [a, b]`"),
    ("person", "n: {streak: seen, take: fortnight}", "feature-modifier", "write `take: day|week|month`"),
    ("person", "name: {count: seen}", "name-twice", "take another name or suffix"),
    ("person", "n: {count: seen, null: none}", "feature-null-type", "write a number, or `keep`"),
    ("person", "n: {last: seen, null: 0}", "feature-null-type", "write `keep`"),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "line", "code", "fix"), wrong, ids=[f"{e} {d}" for e, d, _, _ in wrong])
def test_a_wrong_declaration_is_told_at_its_line(
    tmp_path: Path, entity: str, line: str, code: str, fix: str | None
) -> None:
    faults = features.check(spine(tmp_path, f"{head}  {entity}:\n    {line}\n").project)

    assert [fault.code for fault in faults] == [code]
    assert faults[0].at is not None
    assert faults[0].at.line == head.count("\n") + 2
    assert fix is None or faults[0].fix == fix


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    text = f"{head}  person:\n    a: {{count: x}}\n    b: {{sql: y}}\n    c: {{ratio: [q]}}\n"

    assert len(features.check(spine(tmp_path, text).project)) == 3


def test_a_circle_is_named_in_full(tmp_path: Path) -> None:
    text = f"""{head}  person:
    a: {{sql: 'team.b + 1'}}
  team:
    b: {{sum: person.c}}
  account: {{}}
""".replace("    a:", "    c: {sql: 'a * 2'}\n    a:")
    (fault,) = features.check(spine(tmp_path, text).project)

    assert fault.code == "feature-cycle"
    assert (
        "person.a -> team.b -> person.c -> person.a" in fault.message
        or "person.c -> person.a -> team.b" in fault.message
    )


def test_a_formula_may_not_read_itself(tmp_path: Path) -> None:
    (fault,) = features.check(spine(tmp_path, f"{head}  person:\n    a: {{sql: 'a + 1'}}\n").project)

    assert fault.code == "feature-cycle"


def test_two_features_may_not_have_one_name(tmp_path: Path) -> None:
    text = f"{head}  person:\n    n: {{count: seen}}\n    again: [{{measures: {{n: {{count: bought}}}}, suffix: ''}}]\n"
    (fault,) = features.check(spine(tmp_path, text).project)

    assert (fault.code, "another feature" in fault.message) == ("name-twice", True)


def test_the_sample_project_has_no_faults(tmp_path: Path) -> None:
    from tests.worked_example import text

    assert features.check(spine(tmp_path, text).project) == []
