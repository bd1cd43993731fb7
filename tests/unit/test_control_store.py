"""The control store: found again after any end of a process, written by several at once, never by two runs."""

import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from c360.errors import LockedError, ProjectError, WarehouseError
from c360.warehouse.control import ControlStore, StepRecord, open_control, run_lock
from c360.warehouse.control.accounts import (
    add_token,
    add_user,
    change_user,
    clear_sessions,
    close_session,
    disable_user,
    find_user,
    list_tokens,
    list_users,
    open_session,
    revoke_token,
    session_user,
    use_token,
)
from c360.warehouse.control.decisions import decide, list_decisions, revoke
from c360.warehouse.control.lock import is_locked
from c360.warehouse.control.migrations import migrations
from c360.warehouse.control.runs import begin_run, end_run, find_run, last_run, list_runs, list_steps, record_step

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.fixture
def control(tmp_path: Path):
    with open_control(tmp_path) as store:
        yield store


def test_the_file_is_private_and_opened_again_as_it_was(tmp_path: Path) -> None:
    with open_control(tmp_path) as store:
        add_user(store, "ann@example.org", "Ann", "admin")
        mode = stat.S_IMODE(store.path.stat().st_mode)
    with open_control(tmp_path) as store:
        assert [user.name for user in list_users(store)] == ["Ann"]
    assert mode == 0o600


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with open_control(tmp_path) as store:
        store.execute("PRAGMA user_version = 999")
    with pytest.raises(WarehouseError, match="written by a newer c360"):
        open_control(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "control.sqlite").write_bytes(b"not a database at all, but long enough to look at" * 100)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        open_control(tmp_path)


def test_a_half_applied_migration_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_control(tmp_path).close()
    broken = (*migrations, ("CREATE TABLE fresh (x TEXT)", "CREATE TABLE fresh (x TEXT)"))
    monkeypatch.setattr("c360.warehouse.control.database.migrations", broken)
    with pytest.raises(WarehouseError):
        open_control(tmp_path)
    monkeypatch.setattr("c360.warehouse.control.database.migrations", (*migrations, broken[-1][:1]))
    with open_control(tmp_path) as store:
        assert store.rows("SELECT count(*) FROM fresh") == [(0,)]


def test_several_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def open_one() -> None:
        try:
            open_control(tmp_path).close()
        except WarehouseError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_decision_can_be_written_while_a_run_holds_its_connection(tmp_path: Path) -> None:
    with open_control(tmp_path, durable=False) as run, open_control(tmp_path) as web:
        begin_run(run)
        decide(web, "contact", ("email", "a@x.org"), ("email", "b@x.org"), "same", "ann")
        assert len(list_decisions(run)) == 1


def test_a_refused_statement_is_explained(control: ControlStore) -> None:
    with pytest.raises(WarehouseError, match="the control store refused"):
        control.rows("SELECT nothing FROM nowhere")
    with pytest.raises(WarehouseError, match="CHECK constraint"):
        control.execute("INSERT INTO run VALUES ('x', 'a', 'b', NULL, 'resting', 1, NULL, NULL, NULL, NULL)")


# ---- runs


def test_a_run_is_recorded_from_start_to_end(control: ControlStore) -> None:
    run = begin_run(control, now=NOW)
    record_step(control, StepRecord(run.run_id, 1, "land", NOW, None, None, None, "running", None))
    record_step(control, StepRecord(run.run_id, 1, "land", NOW, 1.5, 10, "f", "done", 200))
    end_run(control, run, "succeeded", snapshot="s1")
    found = find_run(control, run.run_id)
    assert found is not None
    assert (found.status, found.snapshot, found.exit_code, found.as_of) == ("succeeded", "s1", 0, NOW)
    assert list_steps(control, run.run_id) == [StepRecord(run.run_id, 1, "land", NOW, 1.5, 10, "f", "done", 200)]


def test_a_killed_run_is_resumed_under_its_id_and_as_of(control: ControlStore) -> None:
    first = begin_run(control, NOW - timedelta(days=30), now=NOW)
    again = begin_run(control, now=NOW + timedelta(hours=1))
    assert (again.run_id, again.as_of, again.attempt, again.status) == (first.run_id, first.as_of, 2, "running")


@pytest.mark.parametrize(
    ("as_of", "resume", "later"),
    [
        pytest.param(NOW, True, timedelta(hours=1), id="another as_of is asked for"),
        pytest.param(None, False, timedelta(hours=1), id="a new run is asked for"),
        pytest.param(None, True, timedelta(hours=25), id="it was too long ago"),
    ],
)
def test_a_killed_run_is_given_up_when(control: ControlStore, as_of: datetime, resume: bool, later: timedelta) -> None:
    first = begin_run(control, NOW - timedelta(days=30), now=NOW)
    other = begin_run(control, as_of, resume=resume, now=NOW + later)
    assert other.run_id != first.run_id
    assert [run.status for run in list_runs(control)] == ["interrupted", "abandoned"]


def test_a_run_is_shown_as_running_only_while_the_lock_is_held(tmp_path: Path) -> None:
    with open_control(tmp_path) as control:
        with run_lock(tmp_path):
            run = begin_run(control)
            assert [found.status for found in list_runs(control)] == ["running"]
        found = find_run(control, run.run_id)
        assert found is not None
        assert found.status == "interrupted"


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_run_that_ended_is_not_resumed(control: ControlStore, status: str) -> None:
    first = begin_run(control, now=NOW)
    end_run(control, first, status, exit_code=6, error="checks")
    second = begin_run(control, now=NOW + timedelta(minutes=1))
    assert second.run_id != first.run_id
    assert second.as_of == NOW + timedelta(minutes=1)
    last = last_run(control)
    assert last is not None
    assert last.run_id == second.run_id


# ---- the run lock


def test_a_second_run_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(LockedError, match=f"process {os.getpid()}, since 20") as caught, run_lock(tmp_path):
            pass
    assert caught.value.exit_code == 75
    assert not is_locked(tmp_path)
    with run_lock(tmp_path):
        pass


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from c360.warehouse.control import run_lock\n"
        "with run_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {process.pid}"), run_lock(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
    with run_lock(tmp_path):
        assert is_locked(tmp_path)


def test_no_store_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none")


# ---- decisions


def test_a_decision_is_kept_with_its_author_and_note(control: ControlStore) -> None:
    made = decide(control, "contact", ("email", "b@x.org"), ("email", "a@x.org"), "same", "ann", "called them")
    assert (made.value_a, made.value_b, made.verdict, made.author, made.note) == (
        "a@x.org",
        "b@x.org",
        "same",
        "ann",
        "called them",
    )
    assert list_decisions(control, "contact") == [made]
    assert list_decisions(control, "account") == []


def test_a_later_decision_over_the_same_pair_replaces_the_earlier(control: ControlStore) -> None:
    a, b = ("email", "a@x.org"), ("user_id", "7")
    decide(control, "contact", a, b, "same", "ann")
    second = decide(control, "contact", b, a, "not_same", "bob")
    assert list_decisions(control) == [second]
    first = list_decisions(control, in_force=False)[0]
    assert (first.revoked_by, first.verdict) == ("bob", "same")


def test_a_decision_is_revoked_once_and_not_deleted(control: ControlStore) -> None:
    made = decide(control, "contact", ("email", "a"), ("email", "b"), "same", "ann")
    assert revoke(control, made.decision_id, "bob").revoked_by == "bob"
    assert list_decisions(control) == []
    assert len(list_decisions(control, in_force=False)) == 1
    with pytest.raises(ProjectError, match="no decision 1 in force"):
        revoke(control, made.decision_id, "bob")


def test_an_identifier_cannot_be_decided_against_itself(control: ControlStore) -> None:
    with pytest.raises(ProjectError, match="compared with itself"):
        decide(control, "contact", ("email", "a"), ("email", "a"), "same", "ann")


# ---- users, sessions, tokens


def test_a_user_is_found_by_address_in_any_case_and_added_once(control: ControlStore) -> None:
    user = add_user(control, "Ann@Example.org", "Ann", "sales", "hash")
    assert find_user(control, "ann@example.ORG") == user
    assert find_user(control, "bob@example.org") is None
    with pytest.raises(WarehouseError, match="there is a user"):
        add_user(control, "ANN@example.org", "Ann", "admin")


def test_a_session_lasts_until_it_expires_or_is_closed(control: ControlStore) -> None:
    user = add_user(control, "ann@example.org", "Ann", "sales")
    for secret in ("one", "two"):
        open_session(control, user.user_id, secret, NOW + timedelta(hours=1))
    assert session_user(control, "one", NOW) == user
    assert session_user(control, "other", NOW) is None
    assert session_user(control, "one", NOW + timedelta(hours=1)) is None
    close_session(control, "one")
    assert session_user(control, "one", NOW) is None
    assert clear_sessions(control, NOW + timedelta(days=1)) == 1


@pytest.mark.parametrize("change", ["role", "password", "disabled"])
def test_sessions_end_when_what_they_stand_for_changes(control: ControlStore, change: str) -> None:
    user = add_user(control, "ann@example.org", "Ann", "sales")
    open_session(control, user.user_id, "one", NOW + timedelta(hours=1))
    if change == "disabled":
        disable_user(control, user.user_id)
    else:
        change_user(control, user.user_id, **({"role": "admin"} if change == "role" else {"password_hash": "new"}))
    assert session_user(control, "one", NOW) is None


def test_a_token_works_until_it_is_revoked_expired_or_its_user_disabled(control: ControlStore) -> None:
    user = add_user(control, "ann@example.org", "Ann", "sales")
    token = add_token(control, user.user_id, "dashboards", "analyst", "one", NOW + timedelta(days=1))
    endless = add_token(control, user.user_id, "jobs", "analyst", "two")
    used = use_token(control, "one", NOW)
    assert used is not None
    assert (used.token_id, used.role, used.used_at) == (token.token_id, "analyst", NOW)
    assert use_token(control, "one", NOW + timedelta(days=2)) is None
    revoke_token(control, token.token_id)
    assert use_token(control, "one", NOW) is None
    assert use_token(control, "two", NOW + timedelta(days=900)) is not None
    disable_user(control, user.user_id)
    assert use_token(control, "two", NOW) is None
    assert [item.token_id for item in list_tokens(control)] == [endless.token_id, token.token_id]


def test_secrets_are_not_stored_by_a_row_that_can_be_listed(control: ControlStore) -> None:
    user = add_user(control, "ann@example.org", "Ann", "sales")
    add_token(control, user.user_id, "jobs", "analyst", "two")
    assert "two" not in repr(list_tokens(control))


def test_times_survive_to_the_microsecond(control: ControlStore) -> None:
    run = begin_run(control, NOW, now=NOW)
    found = find_run(control, run.run_id)
    assert found is not None
    assert found.as_of == NOW


def test_a_reader_is_not_blocked_by_an_open_write(tmp_path: Path) -> None:
    with open_control(tmp_path) as writer, open_control(tmp_path) as reader, writer.transaction():
        writer.execute("INSERT INTO user (email, name, role, created_at) VALUES ('a', 'a', 'a', 'a')")
        assert list_users(reader) == []


def test_a_failed_transaction_leaves_nothing(control: ControlStore) -> None:
    sql = "INSERT INTO user (email, name, role, created_at) VALUES ('a', 'a', 'a', 'a')"

    def add_twice() -> None:
        with control.transaction():
            control.execute(sql)
            control.execute(sql)

    with pytest.raises(WarehouseError, match="UNIQUE"):
        add_twice()
    assert list_users(control) == []
