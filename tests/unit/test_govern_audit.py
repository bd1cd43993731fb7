"""The audit log: every change is found at its record, a cut tail by its anchor, and nothing is answered unrecorded."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from c360.errors import WarehouseError
from c360.govern import audit
from c360.govern.audit import AuditLog
from c360.warehouse.control import open_control
from c360.warehouse.control.anchors import last_anchor


def filled(store: Path, records: int = 20) -> AuditLog:
    log = AuditLog(store)
    for number in range(records):
        log.record(
            "read contact", who=f"user{number % 3}", role="sales", ids={"contact": [number]}, details={"rows": 1}
        )
    return log


def lines_of(log: AuditLog) -> list[str]:
    return log.path.read_text(encoding="utf-8").splitlines(keepends=True)


def test_an_untouched_log_is_whole(tmp_path: Path) -> None:
    log = filled(tmp_path)
    assert log.verify() is None
    assert [entry.number for entry in log.read()] == list(range(1, 21))
    assert AuditLog(tmp_path).verify() is None


def test_a_log_that_does_not_exist_yet_is_whole(tmp_path: Path) -> None:
    assert AuditLog(tmp_path).verify() is None


@pytest.mark.parametrize("seed", range(40))
def test_any_change_is_found_at_the_record_that_was_touched(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    log = filled(tmp_path, 12)
    lines = lines_of(log)
    place = draw.randrange(1, 11)
    change = draw.choice(["edit", "delete", "swap", "repeat", "insert", "garble"])
    if change == "edit":
        record = json.loads(lines[place])
        record["who"] = "somebody else"
        lines[place] = json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n"
    elif change == "delete":
        del lines[place]
    elif change == "swap":
        lines[place], lines[place + 1 - 2 * (place == 10)] = lines[place + 1 - 2 * (place == 10)], lines[place]
    elif change == "repeat":
        lines.insert(place, lines[place])
    elif change == "insert":
        lines.insert(place, lines[place - 1])
    else:
        at = draw.randrange(len(lines[place]) - 1)
        letter = "x" if lines[place][at] != "x" else "y"
        lines[place] = lines[place][:at] + letter + lines[place][at + 1 :]
    log.path.write_text("".join(lines), encoding="utf-8")
    found = log.verify()
    assert found is not None, change
    first = {"repeat": place + 2, "swap": min(place, place + 1 - 2 * (place == 10)) + 1}.get(change, place + 1)
    assert f"record {first} " in found


def test_a_cut_tail_is_found_by_the_anchor(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.anchor()
    log.path.write_text("".join(lines_of(log)[:-3]), encoding="utf-8")
    assert log.verify() == "the log ends before record 20, which was anchored"


def test_a_log_that_was_written_anew_is_found_by_the_anchor(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.anchor()
    log.path.unlink()
    assert log.verify() == "the log ends before record 20, which was anchored"
    filled(tmp_path, 25)
    assert log.verify() == "record 20 is not the one that was anchored"


def test_anchors_are_set_by_number_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "anchor_every", 10)
    log = filled(tmp_path, 1)

    def anchored() -> int | None:
        with open_control(tmp_path) as control:
            found = last_anchor(control)
        return found[0] if found else None

    assert anchored() == 1  # the first record of a process
    filled_to = 12
    for _ in range(filled_to - 1):
        log.record("read contact", who="a", role="b")
    assert anchored() == 10
    monkeypatch.setattr(audit, "anchor_seconds", 0.0)
    log.record("read contact", who="a", role="b")
    assert anchored() == 13


def test_another_key_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)
    monkeypatch.setenv(audit.key_variable, "another key")
    assert "record 1 " in str(AuditLog(tmp_path).verify())


def test_the_key_is_secret_and_stays(tmp_path: Path) -> None:
    first = AuditLog(tmp_path).key
    assert len(first) == 32
    assert AuditLog(tmp_path).key == first
    assert (tmp_path / audit.key_name).stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [audit.key_name]


def test_many_ids_are_only_counted(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.record("read contact", who="a", role="b", ids={"contact": range(101), "account": [3, 1]})
    (entry,) = log.read()
    assert entry.ids == {"contact": 101, "account": [1, 3]}


def test_records_that_wait_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, syncs, real = AuditLog(tmp_path), [], os.fdatasync
    begun = threading.Event()

    def sync_while_others_come(descriptor: int) -> None:
        syncs.append(descriptor)
        begun.set()
        limit = time.monotonic() + 30
        while len(syncs) == 1 and len(log.waiting) < 7 and time.monotonic() < limit:
            time.sleep(0.001)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync_while_others_come)
    threads = [threading.Thread(target=lambda n=n: log.record("read contact", who=f"t{n}", role="r")) for n in range(8)]
    threads[0].start()
    assert begun.wait(30)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.verify() is None
    assert len(list(log.read())) == 8
    assert len(syncs) == 2


def test_processes_append_to_one_chain(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from c360.govern.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for _ in range(30): log.record('read contact', who=sys.argv[2], role='r')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"p{n}"]) for n in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    log = AuditLog(tmp_path)
    assert log.verify() is None
    entries = list(log.read())
    assert sorted(entry.who for entry in entries) == sorted(["p0", "p1", "p2"] * 30)


def test_a_half_line_of_a_crash_is_cut_off(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    with log.path.open("ab") as file:
        file.write(b'{"number": 4, "who": "ha')
    assert log.verify() is None
    log.record("read contact", who="next", role="r")
    assert log.verify() is None
    assert [entry.number for entry in log.read()] == [1, 2, 3, 4]


def test_a_record_longer_than_a_block_is_chained(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for size in (10, 70_000, 600_000, 5):
        log.record("read contact", who="a", role="b", details={"query": "x" * size})
    assert log.verify() is None
    assert [entry.number for entry in log.read()] == [1, 2, 3, 4]


def test_a_log_whose_end_is_no_record_refuses_to_go_on(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    with log.path.open("ab") as file:
        file.write(b"somebody wrote here\n")
    with pytest.raises(WarehouseError, match="no record"):
        log.record("read contact", who="a", role="b")
    assert log.verify() == "record 4 cannot be read"


def test_everybody_who_waits_learns_that_nothing_was_recorded(tmp_path: Path) -> None:
    """Not only the one who writes: the others would answer without a record."""
    log = filled(tmp_path, 3)
    with log.path.open("ab") as file:
        file.write(b"somebody wrote here\n")
    refused, barrier = [], threading.Barrier(6)

    def ask() -> None:
        barrier.wait()
        try:
            log.record("read contact", who="a", role="b")
        except WarehouseError:
            refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 6


full_disk = """
import resource, signal, sys
from pathlib import Path
from c360.errors import WarehouseError
from c360.govern.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
log.record("read contact", who="a", role="b")
log.anchor()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + 100, resource.RLIM_INFINITY))
try:
    log.record("read contact", who="a", role="b", details={"query": "x" * 1000})
except WarehouseError as error:
    print(error.faults[0].code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.record("read contact", who="after", role="b")
print(log.verify(), [entry.who for entry in log.read()])
"""


def test_a_full_disk_refuses_and_leaves_no_half_record(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", full_disk, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["audit-log", "None ['a', 'after']"], done.stderr
