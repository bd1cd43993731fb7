"""`c360 explain` and `c360 identity ...`, as a person calls them: a shop's counter, a kiosk, a list of the truth."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from c360.cli import group
from c360.cli.outcome import exit_code_of
from c360.govern.audit import AuditLog
from c360.project import load_project

yaml = """
version: 1
project: {name: counter}
warehouse: {engine: duckdb, path: .c360}
sources:
  users: {file: users.csv, key: id}
  visits: {file: visits.csv, key: id, time: at}
ids:
  user_id:
  email:
  device_id:
entities:
  person:
    hold: {people: 3, identifiers: 50}
    ids: [user_id, email, device_id]
    from:
      - {source: users, ids: {user_id: id, email: email}}
      - {source: visits, ids: {email: email, device_id: device}}
features:
  person: {visits: {count: visited, description: Visits ever}}
activities:
  visited: {source: visits, of: person, ids: {email: email, device_id: device}}
segments:
  regulars: {of: person, where: visits > 1, owner: ops@shop.com, description: Those who come back}
"""
people = ("ann", "bob", "cem", "dee", "eva", "fay")


class Counter:
    """The project, asked by commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "c360.yaml").write_text(yaml, "utf-8")
        self.write("users.csv", "id,email", [f"u{n},{name}@mail.com" for n, name in enumerate(people[:5])])
        self.visits("ann,kiosk", "bob,kiosk", "cem,kiosk", "dee,kiosk", "eva,kiosk", "fay,kiosk", "ann,phone")

    def write(self, name: str, header: str, lines: list[str]) -> None:
        (self.folder / name).write_text("\n".join([header, *lines]) + "\n", "utf-8")

    def visits(self, *visits: str) -> None:
        lines = []
        for number, visit in enumerate(visits):
            name, device = visit.split(",")
            lines.append(f"v{number},{name}@mail.com,{device},2026-01-{number + 1:02}")
        self.write("visits.csv", "id,email,device,at", lines)

    def call(self, *words: str) -> Result:
        result = CliRunner().invoke(group, [*words, "--project", str(self.folder)], standalone_mode=False)
        if result.exception is not None:
            result.exit_code = exit_code_of(result.exception)
        return result

    def refused(self, *words: str) -> str:
        """What a command that ends in exit code 2 says."""
        result = self.call(*words)
        assert result.exit_code == 2
        return str(result.exception)

    def ask(self, *words: str) -> str:
        result = self.call(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def asked(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(*words, "--json"))
        return found

    def run(self, day: int) -> None:
        self.ask("run", "--as-of", f"2026-02-{day:02}", "--quiet")


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    made = Counter(tmp_path)
    made.run(1)
    return made


def test_an_audit_tells_sizes_kinds_rules_and_what_is_shared(counter: Counter) -> None:
    found = counter.asked("identity", "audit")
    (person,) = found["entities"]
    assert (person["entities"], person["identifiers"], person["singletons"]) == (7, 13, 2)
    assert person["sizes"] == [[1, 1, 2], [2, 2, 4], [3, 5, 1]]
    assert [person["new"], person["merged"], person["split"], person["over"]] == [7, 0, 0, 0]
    assert person["biggest"][0]["identifiers"] == 3
    kinds = {one["id_kind"]: (one["identifiers"], one["most"], one["mean"]) for one in person["kinds"]}
    assert kinds == {"user_id": (5, 1, 1.0), "email": (6, 1, 1.0), "device_id": (2, 1, 1.0)}
    yields = {one["rule"].partition("@")[0]: (one["links"], one["alone"]) for one in found["rules"]}
    assert yields == {"users: user_id = email": (5, 5), "visits: email = device_id": (7, 7)}
    assert found["shared"] == [
        {"identifier": "device_id kiosk", "entity": "person", "tied": 6, "reason": "tied to many: email"}
    ]
    text = counter.ask("identity", "audit")
    assert "7 of 13 identifiers; 2 (29%) have one alone" in text
    assert "device_id kiosk: tied to many: email (6)" in text


def test_a_shared_identifier_is_explained_and_a_person_may_release_it(counter: Counter) -> None:
    text = counter.ask("explain", "ann@mail.com", "bob@mail.com")
    assert text.splitlines()[0] == "email ann@mail.com and email bob@mail.com are not one person"
    assert "shared: device_id kiosk, tied to many: email" in text
    tried = counter.asked("identity", "release", "kiosk", "--dry-run")
    assert (tried["decision"], tried["said"]) == (None, "device_id kiosk may link whatever it links")
    made = counter.asked("identity", "release", "kiosk", "--by", "eve", "--note", "one family")
    assert made["decision"]["one"] == {"id_kind": "*", "value": "*"}, "a word about one identifier alone"
    counter.run(2)
    assert counter.asked("explain", "ann@mail.com", "bob@mail.com")["is_one"]
    audit = counter.asked("identity", "audit")["entities"][0]
    assert (audit["entities"], audit["merged"]) == (1, 6)
    counter.ask("identity", "undo", str(made["decision"]["decision_id"]))
    counter.run(3)
    audit = counter.asked("identity", "audit")["entities"][0]
    assert (audit["entities"], audit["split"]) == (7, 6), "every id that there was is back"


def test_the_commands_that_settle_a_merge_are_printed_as_a_shell_takes_them(counter: Counter) -> None:
    till = "O'Leary's till"
    counter.visits(*(f"{name},{till}" for name in ("ann", "bob", "cem", "dee")), "ann,phone")
    counter.run(2)
    line = next(line for line in counter.ask("identity", "held").splitlines() if "identity cut" in line)
    command = shlex.split(line.split("`")[3])
    assert command == ["c360", "identity", "cut", f"device_id:{till}"]
    counter.ask(*command[1:])
    counter.run(3)
    assert counter.asked("identity", "held")["holds"] == []


def test_a_merge_of_many_waits_is_listed_and_cut(counter: Counter) -> None:
    assert "no merge waits" in counter.ask("identity", "held")
    counter.visits("ann,till", "bob,till", "cem,till", "dee,till", "ann,phone")
    before = counter.asked("table", "person_identifier")["rows"]
    counter.run(2)
    (hold,) = counter.asked("identity", "held")["holds"]
    assert (hold["guilty"], hold["people"], hold["identifiers"], hold["links"]) == ("device_id:till", 4, 10, 4)
    assert (hold["features"], hold["segments"]) == (["visits"], ["regulars"])
    text = counter.ask("identity", "held")
    assert "device_id:till  would make one person of 4, with 10 identifiers" in text
    assert "it would touch 1 features and 1 segments" in text
    known = {row["value"]: row["entity_id"] for row in before}
    after = {row["value"]: row["entity_id"] for row in counter.asked("table", "person_identifier")["rows"]}
    assert {name: after[name] for name in after if name in known and "@" in name} == {
        name: known[name] for name in after if name in known and "@" in name
    }
    assert counter.asked("identity", "audit")["holds"][0]["guilty"] == "device_id:till"
    counter.ask("identity", "cut", "device_id:till", "--note", "the counter's")
    counter.run(3)
    assert counter.asked("identity", "held")["holds"] == []
    assert not counter.asked("explain", "ann@mail.com", "bob@mail.com")["is_one"]


def test_a_person_is_listed_with_evidence(counter: Counter) -> None:
    found = counter.asked("identity", "person", "ann@mail.com")
    assert [one["identifier"]["value"] for one in found["identifiers"]] == ["ann@mail.com", "phone", "u0"]
    assert len(found["links"]) == 2
    assert [one["blocked"] for one in found["blocked"]] == ["shared: device_id kiosk, tied to many: email"]
    text = counter.ask("identity", "person", "user_id:u0")
    assert "device_id phone = email ann@mail.com" in text.replace(
        "email ann@mail.com = device_id phone", "device_id phone = email ann@mail.com"
    )
    assert "visits: email = device_id@" in text


def test_the_truth_is_compared_by_pairs_clusters_and_identifiers(counter: Counter) -> None:
    counter.write(
        "truth.csv",
        "id_kind,identifier,person",
        ["user_id,u0,A", "email,Ann@Mail.com,A", "device_id,phone,B", "email,bob@mail.com,B", "user_id,u1,B", "email,zoe@mail.com,Z"],
    )  # fmt: skip
    truth = str(counter.folder / "truth.csv")
    found = counter.asked("identity", "evaluate", "--truth", truth)
    assert (found["entity"], found["identifiers"], found["unseen"]) == ("person", 6, 1)
    assert (found["pairs"]["precision"], found["pairs"]["recall"]) == (0.5, 0.5)
    assert (found["clusters"]["precision"], found["clusters"]["recall"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert found["b_cubed"]["precision"] == pytest.approx((4 / 3 + 1 / 3 + 2 + 1) / 6)
    assert found["b_cubed"]["recall"] == pytest.approx((2 + 1 / 3 + 4 / 3 + 1) / 6)
    rules = {one["rule"].partition("@")[0]: (one["right"], one["wrong"]) for one in found["rules"]}
    assert rules == {"users: user_id = email": (2, 0), "visits: email = device_id": (0, 1)}
    assert [[part[0] for part in one["parts"]] for one in found["joined"]] == [["A", "B"]]
    assert [one["name"] for one in found["parted"]] == ["B"]
    assert "pairs     0.5000     0.5000  0.5000" in counter.ask("identity", "evaluate", "--truth", truth)


@pytest.mark.parametrize(
    ("header", "line", "code"),
    [("who,what", "A,b", "truth-columns"), ("kind,value,person", "shoe,44,A", "truth-kind")],
)
def test_a_list_that_cannot_be_the_truth_is_refused(counter: Counter, header: str, line: str, code: str) -> None:
    counter.write("truth.csv", header, [line])
    assert f"[{code}]" in counter.refused("identity", "evaluate", "--truth", str(counter.folder / "truth.csv"))


def test_same_and_different_are_followed_listed_and_taken_back(counter: Counter) -> None:
    counter.ask("identity", "same", "ann@mail.com", "u1", "--by", "eve", "--note", "she married")
    counter.run(2)
    found = counter.asked("explain", "u0", "bob@mail.com")
    assert found["is_one"]
    assert [one["author"] for step in found["steps"] for one in step["evidence"] if one["kind"] == "decision"] == [
        "eve"
    ]
    conflict = counter.call("identity", "different", "ann@mail.com", "u1")
    assert conflict.exit_code == 0, "a later word over the same two replaces the earlier one"
    counter.run(3)
    assert not counter.asked("explain", "u0", "bob@mail.com")["is_one"]
    assert "she married" in counter.ask("identity", "decisions", "--all")
    assert "she married" not in counter.ask("identity", "decisions")


def test_decisions_by_command_are_in_the_audit_log_without_their_values(counter: Counter) -> None:
    counter.ask("run")
    counter.ask("identity", "same", "ann@mail.com", "bob@mail.com", "--by", "dana", "--note", "sisters", "--dry-run")
    log = AuditLog(load_project(counter.folder).store)
    assert not list(log.read())

    counter.ask("identity", "same", "ann@mail.com", "bob@mail.com", "--by", "dana", "--note", "sisters")
    counter.ask("identity", "undo", "1", "--by", "eli")
    found = [(one.action, one.who, one.role, one.details["number"], one.details["verdict"]) for one in log.read()]
    assert found == [
        ("do decide", "dana", "command line", 1, "same"),
        ("do undo-decision", "eli", "command line", 1, "same"),
    ]
    assert log.verify() is None
    text = log.path.read_text("utf-8")
    assert "mail.com" not in text
    assert "sisters" not in text


def test_decisions_that_contradict_each_other_are_refused_by_the_run_and_both_named(counter: Counter) -> None:
    counter.ask("identity", "same", "u0", "u1", "--by", "eve")
    counter.ask("identity", "same", "u1", "u2", "--by", "eve")
    counter.ask("identity", "different", "u0", "u2", "--by", "adam")
    said = counter.refused("run", "--as-of", "2026-02-02", "--quiet")
    assert "[decision-conflict]" in said
    assert "'u0' and 'u2' are not one (decision 3) contradicts 'u0' and 'u1' are one (decision 1)" in said
    assert counter.asked("explain", "u0", "u2")["is_one"] is False, "what is published stays"


@pytest.mark.parametrize("words", [("explain", "nobody", "ann@mail.com"), ("identity", "person", "anm@mail.com")])
def test_an_unknown_identifier_is_a_fault_with_a_hint(counter: Counter, words: tuple[str, ...]) -> None:
    assert "[identifier-unknown]" in counter.refused(*words)


def test_a_difference_without_changes_says_so(counter: Counter) -> None:
    assert "every identifier is whose it was" in counter.ask("identity", "diff", "--as-of", "2026-02-02")
