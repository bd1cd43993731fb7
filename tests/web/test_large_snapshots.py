"""Tables in parts, as those of a million people lie: what is asked of few parts or of a copy is what the whole tables say."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.web.served import Served, serving, write_jaffle

import c360.pipeline.run as running
from c360.errors import ProjectError, WarehouseError
from c360.govern import opened as opening
from c360.govern.opened import OpenSnapshot, Readings
from c360.govern.policy import Who, admin, roles_of, viewer_of
from c360.govern.reading import Reading
from c360.govern.sql import literal, quote
from c360.project import Project, load_project
from c360.warehouse import snapshots
from c360.warehouse.snapshots import deltas, layout
from c360.web.ahead import named_by
from c360.web.topics.entities import cursors, past, timeline
from c360.web.topics.search.searching import search

roles = ("admin", "sales", "support", "analyst", "steward", "regional", "blind")


@pytest.fixture(scope="module", params=["written at once", "with another day"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JaffleGaggle, published as if a few dozen rows were many; also with what came later beside the parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "Publication", partial(snapshots.Publication, limit=20))
        patch.setattr(layout, "rows_per_part", 120)
        patch.setattr(deltas, "least_rows", 0)
        folder = write_jaffle(tmp_path_factory.mktemp("parts") / "jaffle", users=300, events=3000)
        if request.param == "with another day":
            live_another_day(folder)
        return folder


def live_another_day(folder: Path) -> None:
    """Forty people do one thing more, and the project runs again."""
    with (folder / "data" / "raw_event.csv").open("a", encoding="utf-8") as events:
        events.writelines(f"{90_000 + n},{1000 + 7 * n},order_placed,2026-09-30 23:{n:02}:00\n" for n in range(40))
    project = load_project(folder)
    running.run(project)
    manifest = snapshots.current_manifest(project.store)
    assert manifest is not None
    assert manifest.tables["contact_stream"].deltas, "the case that this is about"


@pytest.fixture(scope="module")
def project(folder: Path) -> Project:
    return load_project(folder)


@pytest.fixture
def opened(project: Project) -> Iterator[OpenSnapshot]:
    readings = Readings(project.store)
    with readings.pin() as found:
        yield found
    readings.close()


def reading_of(project: Project, opened: OpenSnapshot, role: str) -> Reading:
    """What a role reads."""
    patient = 600.0  # a busy machine is slow, not wrong
    return Reading(project, viewer_of(project, Who(role, f"{role}@company.example", role)), opened, patient)


def test_every_role_is_tried(project: Project) -> None:
    assert set(roles) == {*roles_of(project), admin}


@pytest.mark.parametrize("role", roles)
def test_few_parts_hold_what_the_table_holds_of_an_entity(project: Project, opened: OpenSnapshot, role: str) -> None:
    reading, compared = reading_of(project, opened, role), 0
    for table, entry in opened.reader.tables().items():
        if entry.layout is None:
            continue
        by = entry.layout.bucket_by
        ids = [row[0] for row in reading.rows(f"SELECT DISTINCT {quote(by)} FROM {quote(table)} ORDER BY 1 LIMIT 400")]
        for some in (ids[:1], ids[len(ids) // 2 :][:3], ids[-1:], [10**12]):
            marks = ", ".join(str(one) for one in some) or "NULL"
            where = f"WHERE {quote(by)} IN ({marks}) ORDER BY ALL"
            whole = reading.query(f"SELECT * FROM {quote(table)} {where}")
            few = f"SELECT * FROM {reading.of(table, some, by)} {where}"
            assert reading.query(few) == whole, table
            assert reading.query(few, narrow=True) == whole, table
            compared += len(whole[1])
    assert compared or role == "nobody"


def test_fewer_parts_are_read_than_there_are(project: Project, opened: OpenSnapshot) -> None:
    reading = reading_of(project, opened, "admin")
    entry = opened.reader.tables()["contact_stream"]
    one = reading.rows("SELECT min(entity_id) FROM contact_stream")[0][0]

    assert len(entry.parts) > 4
    assert reading.of("contact_stream", [one]).count(".parquet") < len(entry.parts) / 2
    assert reading.of("contact_stream", [one], by="activity") == '"contact_stream"'


def test_the_engine_for_few_rows_reaches_no_other_file(project: Project, opened: OpenSnapshot, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    reading = reading_of(project, opened, "admin")

    assert reading.rows("SELECT current_setting('threads')", narrow=True) == [(1,)]
    for way in (True, False):
        with pytest.raises(WarehouseError, match="refused a question"):
            reading.rows(f"SELECT * FROM read_csv({literal(str(tmp_path / 'other.csv'))})", narrow=way)


def test_a_timeline_read_in_one_look_is_the_one_that_is_asked_for_page_by_page(
    project: Project, opened: OpenSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = reading_of(project, opened, "admin")
    sql = "SELECT entity_id, count(*) FROM contact_stream GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3"
    busiest = [int(row[0]) for row in reading.rows(sql)]
    busy = {one: pages_of(reading, one) for one in busiest}
    monkeypatch.setattr(past, "most_at_once", timeline.page_rows + 1)

    assert {one: pages_of(reading, one) for one in busiest} == busy
    assert min(len(pages) for _, pages, _ in busy.values()) > 1
    with pytest.raises(ProjectError, match="none that a page gave"):
        pages_of(reading, busiest[0], cursors.Cursor(reading.snapshot_id, ("yesterday", "x")).text())


def pages_of(reading: Reading, entity_id: int, cursor: str | None = None) -> tuple[timeline.Tally | None, list, list]:
    """What is counted of somebody, every page of the timeline, and the pages of the second most frequent activity."""
    seen = past.newest(reading, "contact", entity_id)
    counted = timeline.tally(reading, "contact", entity_id, seen)
    assert counted
    found: list[list] = []
    for kinds in ((), (counted.counts[1][0],)):
        pages, at = [], cursor
        while not pages or at:
            page = timeline.timeline(reading, "contact", entity_id, seen, counted.counts, kinds, at)
            pages.append(page)
            at = page.next_cursor
        found.append(pages)
    return counted, *found


@pytest.mark.parametrize("role", roles)
def test_a_copy_finds_what_the_tables_find(project: Project, opened: OpenSnapshot, role: str) -> None:
    clear = reading_of(project, opened, "admin")
    people = clear.rows("SELECT user_name, email, user_id, CAST(public_id AS VARCHAR) FROM contact ORDER BY 1 LIMIT 4")
    texts = [str(value) for person in people for value in person if value]
    texts += [text[:cut].upper() for text in texts[:4] for cut in (1, 2, 5)] + [text[-3:] for text in texts[:4]]
    texts += ["", "%", "_a", "'", "no such thing", "É", "com"]
    before = {text: search(reading_of(project, opened, role), "contact", text) for text in texts}
    opened.keep_copies({"contact": named_by(project, opened, "contact")})

    assert len(opened.copies["contact"].identifiers) >= 300
    assert {text: search(reading_of(project, opened, role), "contact", text) for text in texts} == before
    assert sum(map(bool, before.values())) > 5 or role == "blind"


def test_what_a_role_may_not_search_is_not_in_its_copy(project: Project, opened: OpenSnapshot) -> None:
    opened.keep_copies({"contact": named_by(project, opened, "contact")})
    clear = reading_of(project, opened, "admin")
    name, email = clear.rows("SELECT user_name, email FROM contact WHERE email IS NOT NULL ORDER BY 1 LIMIT 1")[0]

    assert search(clear, "contact", name)
    assert not search(reading_of(project, opened, "blind"), "contact", name)
    assert search(clear, "contact", email[:8])
    assert not [
        hit for hit in search(reading_of(project, opened, "support"), "contact", email[:8]) if hit.by == "email"
    ]
    assert reading_of(project, opened, "regional").copy_of("contact") is None


def test_a_copy_of_other_names_than_the_project_has_by_now_is_not_asked(project: Project, opened: OpenSnapshot) -> None:
    name, email = reading_of(project, opened, "admin").rows("SELECT user_name, email FROM contact WHERE email > 'a'")[0]
    before = search(reading_of(project, opened, "support"), "contact", name[1:])
    opened.keep_copies({"contact": "email"})  # as before somebody changed which trait names people
    support = reading_of(project, opened, "support")

    assert search(support, "contact", name[1:]) == before != []
    assert email not in [hit.name for hit in search(support, "contact", email[1:9])]


@pytest.fixture
def eager(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server for which every snapshot is a large one."""
    monkeypatch.setattr(opening, "many_rows", 10)
    with serving(folder) as found:
        yield found


def prepared(served: Served) -> str | None:
    """Wait until the published snapshot is ready."""
    thread = served.site.readings.thread
    assert thread is not None
    thread.join(30)
    return served.site.readings.current()


def test_a_server_prepares_what_is_published_when_it_begins(eager: Served) -> None:
    snapshot = prepared(eager)

    assert snapshot is not None
    assert "contact" in eager.site.readings.open[snapshot].copies
    assert snapshot == eager.site.readings.shown


def test_the_snapshot_before_is_shown_until_the_next_one_is_ready(
    eager: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepared(eager)
    go_on, asked = opening.threading.Event(), []
    prepare = eager.site.ahead.prepare

    def slowly(opened: OpenSnapshot) -> None:
        go_on.wait(30)
        prepare(opened)
        asked.append(len(opened.memory))

    monkeypatch.setattr(eager.site.readings, "prepare", slowly)
    with eager.client("steward") as client:
        assert client.get("/entities/contact.json?sort=name").json()["snapshot"] == first
        running.run(eager.project, running.RunOptions(full_refresh=True))
        assert client.get("/entities/contact.json").json()["snapshot"] == first
        go_on.set()
        second = prepared(eager)
        assert first != second
        assert client.get("/entities/contact.json").json()["snapshot"] == second
    assert asked == [1]  # the list as the steward asked for it was asked of it before anybody saw it


def test_a_snapshot_that_cannot_be_prepared_is_shown_as_it_is(eager: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepared(eager)

    def broken(_: OpenSnapshot) -> None:
        raise MemoryError

    monkeypatch.setattr(eager.site.readings, "prepare", broken)
    running.run(eager.project, running.RunOptions(full_refresh=True))
    eager.site.readings.current()
    second = prepared(eager)

    assert second not in (None, first)
    with eager.client("steward") as client:
        assert client.get("/entities/contact.json").json()["snapshot"] == second
