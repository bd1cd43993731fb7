"""Each kind of check finds exactly what does not fit, says where it is declared, and stops the publication or warns."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from c360.errors import ChecksFailedError, ProjectError
from c360.pipeline.checks import CheckResult, refuse_failed, run_checks
from c360.project import load_project
from c360.warehouse import Connection
from c360.warehouse.catalogue import PublishedColumn, PublishedTable
from c360.warehouse.engines.duckdb import open_memory

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
project_text = """\
version: 1
project: {{name: shop}}
sources:
  users: {{file: users.csv, key: id}}
ids:
  email: {{clean: email}}
  user_id: {{}}
entities:
  contact:
    ids: [user_id, email]
    from: [{{source: users, ids: {{user_id: id, email: email}}}}]
  account: {{ids: [email]}}
checks:
{checks}
"""

tables = [
    PublishedTable(
        "contact",
        "SELECT * FROM main.contact",
        ("entity_id",),
        aliases=("person",),
        columns=(
            *(PublishedColumn(name) for name in ("entity_id", "email", "plan", "age", "account_id")),
            PublishedColumn("is_old", expression="age > 40"),
        ),
    ),
    PublishedTable(
        "account",
        "SELECT * FROM main.account",
        ("entity_id", "site"),
        columns=tuple(PublishedColumn(name) for name in ("entity_id", "site", "seats")),
    ),
]


def shop_in_memory() -> Connection:
    work = open_memory()
    work.execute(
        "CREATE TABLE contact AS SELECT * FROM (VALUES (1, 'a@x.org', 'free', 30, 10), (2, 'a@x.org', 'pro', 50, 10), "
        "(3, NULL, 'gold', NULL, 99), (4, 'd@x.org', NULL, 20, NULL)) t(entity_id, email, plan, age, account_id)"
    )
    work.execute(
        "CREATE TABLE account AS SELECT * FROM (VALUES (10, 'eu', 1), (10, 'us', -2)) t(entity_id, site, seats)"
    )
    work.execute("CREATE SCHEMA identity")
    work.execute(
        "CREATE TABLE identity.lookup AS SELECT * FROM (VALUES ('contact', 'email', 'a@x.org', 1, 1), "
        "('contact', 'user_id', '7', 2, 1), ('contact', 'email', 'd@x.org', 4, 4), "
        "('account', 'email', 'd@x.org', 9, 1)) t(entity, id_kind, value, node_id, entity_id)"
    )
    return work


@pytest.fixture
def work() -> Connection:
    return shop_in_memory()


def run(work: Connection, tmp_path: Path, *checks: str) -> list[CheckResult]:
    text = project_text.format(checks="\n".join(f"  - {check}" for check in checks))
    (tmp_path / "c360.yaml").write_text(text)
    return run_checks(work, load_project(tmp_path), tables, AS_OF)


@pytest.mark.parametrize(
    ("check", "failures", "samples"),
    [
        ("{unique: contact.email}", 1, ("'a@x.org'",)),
        ("{unique: contact.entity_id}", 0, ()),
        ("{unique: person.plan}", 0, ()),
        ("{unique: contact.email, where: age < 40}", 0, ()),
        ("{not_null: contact.email}", 1, ("'3'",)),
        ("{not_null: contact.entity_id}", 0, ()),
        ("{not_null: account.seats}", 0, ()),
        ("{not_null: contact.is_old}", 1, ("'3'",)),
        ("{accepted_values: contact.plan, values: [free, pro]}", 1, ("'gold'",)),
        ("{accepted_values: contact.plan, values: [free, pro, gold]}", 0, ()),
        ("{accepted_values: contact.age, values: [20, 30]}", 1, ("'50'",)),
        ("{accepted_values: contact.is_old, values: [false]}", 1, ("'true'",)),
        ("{relationships: contact.account_id, to: account.entity_id}", 1, ("'99'",)),
        ("{relationships: contact.account_id, to: account.entity_id, where: entity_id < 3}", 0, ()),
        ("{expression: seats > 0, table: account}", 1, ("'10/us'",)),
        ("{expression: age < 60, table: contact}", 0, ()),
        ("{expression: is_old, table: person, where: age > 10}", 2, ("'1'", "'4'")),
        ("{row_count: contact, min: 4, max: 4}", 0, ()),
        ("{row_count: contact, min: 10}", 6, ("'4'",)),
        ("{row_count: contact, max: 1}", 3, ("'4'",)),
        ("{row_count: contact, min: 2, where: plan is null}", 1, ("'1'",)),
        ("{same: [a@x.org, 'user_id:7'], entity: contact}", 0, ()),
        ("{same: [A@x.ORG, 'user_id:7']}", 0, ()),
        ("{same: [a@x.org, d@x.org], entity: contact}", 1, ("'entity 1 has a@x.org'", "'entity 4 has d@x.org'")),
        ("{same: [a@x.org, 'email:nobody@x.org'], entity: contact}", 1, ("'entity 1 has a@x.org'",)),
        (
            "{same: [a@x.org, d@x.org]}",
            1,
            ("'entity 1 has a@x.org'", "'entity 1 has d@x.org'", "'entity 4 has d@x.org'"),
        ),
        ("{not_same: [a@x.org, d@x.org], entity: contact}", 0, ()),
        ("{not_same: [a@x.org, 'user_id:7'], entity: contact}", 1, ("'entity 1 has 7'", "'entity 1 has a@x.org'")),
        ("{not_same: [a@x.org, nobody@x.org], entity: contact}", 0, ()),
    ],
)
def test_a_check_finds_what_does_not_fit(
    work: Connection, tmp_path: Path, check: str, failures: int, samples: tuple[str, ...]
) -> None:
    (result,) = run(work, tmp_path, check)
    assert (result.failures, result.samples) == (failures, samples)
    assert result.status == ("fail" if failures else "pass")


def test_a_list_of_columns_is_a_check_of_each(work: Connection, tmp_path: Path) -> None:
    results = run(work, tmp_path, "{not_null: [contact.entity_id, contact.email, account.site]}")
    assert [(result.says, result.failures) for result in results] == [
        ("contact.entity_id has no NULL", 0),
        ("contact.email has no NULL", 1),
        ("account.site has no NULL", 0),
    ]


def test_all_checks_run_and_errors_are_raised_together_at_their_place(work: Connection, tmp_path: Path) -> None:
    results = run(
        work,
        tmp_path,
        "{unique: contact.email}",
        "{not_null: contact.plan, severity: warn}",
        "{row_count: account, max: 1}",
    )
    assert [result.status for result in results] == ["fail", "warn", "fail"]
    with pytest.raises(ChecksFailedError) as caught:
        refuse_failed(results)
    assert caught.value.exit_code == 6
    first, second = caught.value.faults
    assert str(first).startswith(
        "c360.yaml:14: contact.email is unique: 1 do not fit, such as 'a@x.org' [check-failed]"
    )
    assert str(second).startswith("c360.yaml:16: account has at most 1 rows: 1 do not fit, such as '2' [check-failed]")


def test_warnings_do_not_stop_a_publication(work: Connection, tmp_path: Path) -> None:
    results = run(work, tmp_path, "{unique: contact.email, severity: warn}")
    refuse_failed(results)
    assert results[0].status == "warn"


def test_a_named_check_keeps_its_name(work: Connection, tmp_path: Path) -> None:
    (result,) = run(work, tmp_path, "{name: one e-mail each, unique: contact.email}")
    assert (result.name, result.says) == ("one e-mail each", "contact.email is unique")


def test_now_is_the_runs_as_of(work: Connection, tmp_path: Path) -> None:
    (result,) = run(work, tmp_path, "{expression: \"current_date = DATE '2026-01-01'\", table: contact}")
    assert result.failures == 0


def test_a_project_without_checks_has_no_results(work: Connection, tmp_path: Path) -> None:
    assert run(work, tmp_path, "{unique: contact.entity_id}")[0].status == "pass"
    text = project_text.format(checks="").replace("checks:\n", "checks: []\n")
    (tmp_path / "c360.yaml").write_text(text)
    assert run_checks(work, load_project(tmp_path), tables, AS_OF) == []


def test_all_faults_of_all_checks_are_reported_at_once(work: Connection, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        run(
            work,
            tmp_path,
            "{unique: contakt.email}",
            "{not_null: [contact.entity_id, contact.emial]}",
            "{not_null: contact}",
            "{relationships: contact.account_id, to: account.id}",
            "{expression: agee > 1, table: contact}",
            "{same: ['user_id:1', 'email:nope'], entity: contact}",
            "{same: [a@x.org, d@x.org], entity: contct}",
        )
    assert [(fault.code, fault.at.line if fault.at else 0, fault.fix) for fault in caught.value.faults] == [
        ("check-unknown-table", 14, "did you mean 'contact'?"),
        ("check-unknown-column", 15, "did you mean 'email'?"),
        ("check-unknown-column", 16, "columns: entity_id, email, plan, age, account_id, is_old"),
        ("check-unknown-column", 17, "columns: entity_id, site, seats"),
        ("unknown-column", 18, "did you mean 'age'?"),
        ("check-identifier", 19, "write `kind:value`"),
        ("check-unknown-entity", 20, "did you mean 'contact'?"),
    ]


def test_a_check_that_the_engine_refuses_is_named(work: Connection, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="the check cannot run") as caught:
        run(work, tmp_path, "{unique: contact.email}", '{expression: "cast(plan as integer) > 1", table: contact}')
    assert caught.value.faults[0].at is not None
    assert caught.value.faults[0].at.line == 15


def test_long_samples_are_cut(work: Connection, tmp_path: Path) -> None:
    work.execute("UPDATE contact SET email = repeat('x', 500) WHERE email IS NOT NULL")
    (result,) = run(work, tmp_path, "{unique: contact.email}")
    assert result.samples == (f"'{'x' * 77}...'",)
