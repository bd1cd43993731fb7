"""Which rows of a source count: keys, load order, duplicates, deletes, conditions, logs."""

import pytest
from tests.landed_files import Landing

from c360.errors import ProjectError
from c360.sources import check, describe, examine


def test_the_greatest_load_order_wins_and_the_others_are_counted(landing: Landing) -> None:
    landing.write("a.csv", "id,v,at\n1,new,3\n1,old,1\n1,new,3\n2,x,1\n")

    landed = landing.land(s={"file": "a.csv", "key": "id", "order": "at"})["s"]

    assert landing.rows(columns="id, v") == [(1, "new"), (2, "x")]
    tally = landing.tally()
    assert (tally["duplicates"], tally["replaced"], landed.rows) == (1, 1, 2)
    landing.assert_conserved()


def test_an_absent_load_order_is_the_lowest(landing: Landing) -> None:
    landing.write("a.csv", "id,v,at\n1,none,\n1,some,1\n")

    landing.land(s={"file": "a.csv", "key": "id", "order": "at"})

    assert landing.rows(columns="v") == [("some",)]


def test_without_load_order_the_content_decides_and_not_the_place(landing: Landing) -> None:
    landing.write("a.csv", "id,v\n1,x\n1,y\n1,z\n")
    landing.write("b.csv", "id,v\n1,z\n1,y\n1,x\n")

    landing.land(a={"file": "a.csv", "key": "id"}, b={"file": "b.csv", "key": "id"})

    assert landing.rows("a") == landing.rows("b")
    assert len(landing.rows("a")) == 1


def test_a_composite_key_cannot_be_faked_by_its_separator(landing: Landing) -> None:
    landing.write("a.csv", "a,b\nx|,y\nx,|y\nx~,|y\n")

    landed = landing.land(s={"file": "a.csv", "key": ["a", "b"]})["s"]

    keys = landing.work.rows(f"SELECT {landed.key_sql} FROM {landed.table}")
    assert len(set(keys)) == 3


def test_without_key_equal_rows_stand_for_themselves(landing: Landing) -> None:
    landing.write("a.csv", "v,w\nx,\nx,\ny,1\n")

    landed = landing.land(s={"file": "a.csv"})["s"]

    keys = sorted(row[0] for row in landing.work.rows(f"SELECT {landed.key_sql} FROM {landed.table}"))
    assert (landed.rows, len(set(keys))) == (3, 3)
    assert {key[-2:] for key in keys} == {"-1", "-2"}
    assert len({key[:32] for key in keys}) == 2
    assert "_key" not in landed.columns


def test_a_new_empty_column_does_not_change_the_keys_of_rows_without_key(landing: Landing) -> None:
    landing.write("a.csv", "v,w\nx,1\n")
    landing.write("b.csv", "w,new,v\n1,,x\n")

    landing.land(a={"file": "a.csv"}, b={"file": "b.csv"})

    assert landing.rows("a", "_key") == landing.rows("b", "_key")


def test_rows_that_a_condition_leaves_out_and_deletes_are_counted(landing: Landing) -> None:
    landing.write("a.csv", "id,kind,gone,at\n1,user,no,1\n2,bot,no,1\n3,user,yes,2\n3,user,no,1\n4,,no,1\n")

    landed = landing.land(
        s={"file": "a.csv", "key": "id", "order": "at", "where": "kind = 'user'", "deleted": "gone = 'yes'"}
    )["s"]  # fmt: skip

    assert landing.rows(columns="id") == [(1,)]
    tally = landing.tally()
    assert (tally["filtered"], tally["replaced"], tally["deleted"], landed.rows) == (2, 1, 1, 1)
    landing.assert_conserved()


def test_a_state_lets_go_of_rows_that_its_file_no_longer_has(landing: Landing) -> None:
    landing.write("a.csv", "id,v\n1,x\n2,y\n")
    landing.land(s={"file": "a.csv", "key": "id"})
    landing.write("a.csv", "id,v\n2,y\n3,z\n")

    landing.land(s={"file": "a.csv", "key": "id"})

    assert landing.rows(columns="id") == [(2,), (3,)]


def test_a_log_keeps_rows_that_its_file_no_longer_has(landing: Landing) -> None:
    block = {"file": "*.csv", "key": "id", "append_only": True}
    landing.write("a.csv", "id,v\n1,x\n2,y\n")
    landing.land(s=block)
    landing.write("a.csv", "id,v\n2,changed\n3,z\n")

    landed = landing.land(s=block)["s"]

    assert landing.rows() == [(1, "x"), (2, "changed"), (3, "z")]
    assert (landing.tally()["kept"], landed.rows) == (1, 3)
    landing.assert_conserved()
    landing.write("b.csv", "id,v\n4,new\n")
    assert landing.land(s=block)["s"].rows == 4
    assert landing.rows(columns="id") == [(1,), (2,), (3,), (4,)]
    landing.assert_conserved()


def test_a_log_without_key_keeps_rows_too(landing: Landing) -> None:
    block = {"file": "a.csv", "append_only": True}
    landing.write("a.csv", "v\nx\nx\ny\n")
    landing.land(s=block)
    landing.write("a.csv", "v\nx\nz\n")

    landing.land(s=block)

    assert landing.rows(columns="v") == [("x",), ("x",), ("y",), ("z",)]
    landing.assert_conserved()


def test_a_delete_in_a_log_is_not_undone_by_what_is_kept(landing: Landing) -> None:
    block = {"file": "*.csv", "key": "id", "append_only": True, "order": "at", "deleted": "gone = 'yes'"}
    landing.write("a.csv", "id,gone,at\n1,no,1\n2,no,1\n")
    landing.land(s=block)
    landing.write("b.csv", "id,gone,at\n1,yes,2\n")
    landing.land(s=block)
    assert landing.rows(columns="id") == [(2,)]

    landing.write("c.csv", "id,gone,at\n1,no,0\n")
    landing.land(s=block)

    assert landing.rows(columns="id") == [(2,)]
    landing.assert_conserved()


def test_a_log_whose_types_change_keeps_its_rows_in_the_wider_type(landing: Landing) -> None:
    block = {"file": "a.csv", "key": "id", "append_only": True}
    landing.write("a.csv", "id,n,gone\n1,5,x\n")
    landing.land(s=block)
    landing.write("a.csv", "id,n,new\n2,five,y\n")

    landed = landing.land(s=block)["s"]

    assert landed.columns == {"id": "BIGINT", "n": "VARCHAR", "new": "VARCHAR", "gone": "VARCHAR"}
    assert landing.rows() == [(1, "5", None, "x"), (2, "five", "y", None)]


def test_new_files_of_a_log_are_added_without_reading_the_others(landing: Landing) -> None:
    block = {"file": "*.csv", "key": "id", "append_only": True}
    landing.write("a.csv", "id,v\n1,x\n2,y\n")
    landing.land(s=block)
    seen: list[str] = []
    landing.write("b.csv", "id,v\n2,y\n3,z\n4\n")
    from tests.landed_files import AS_OF

    from c360.sources import land

    project = landing.project(s=block)
    landed = land(landing.work, project, AS_OF, progress=lambda source, done, total: seen.append(f"{source} {total}"))[
        "s"
    ]

    assert set(seen) == {"s 15"}
    assert landing.rows() == [(1, "x"), (2, "y"), (3, "z")]
    assert (landing.tally()["duplicates"], landed.quarantined) == (1, 1)
    landing.assert_conserved()


def test_quarantined_records_of_files_that_a_log_no_longer_has_stay(landing: Landing) -> None:
    block = {"file": "*.csv", "key": "id", "append_only": True}
    landing.write("a.csv", "id,v\n1,x,bad\n2,y\n")
    landing.land(s=block)
    (landing.root / "a.csv").unlink()
    landing.write("b.csv", "id,v\n3,z\n")

    landing.land(s=block)

    assert [row.raw for row in landing.quarantine()] == ["1,x,bad"]
    assert landing.rows(columns="id") == [(2,), (3,)]


def test_a_source_that_left_the_project_leaves_the_store(landing: Landing) -> None:
    landing.write("a.csv", "id\n1\n")
    landing.land(s={"file": "a.csv"}, other={"file": "a.csv"})

    landing.land(s={"file": "a.csv"})

    assert not landing.work.table_exists("landing", "other")
    assert landing.work.scalar("SELECT count(*) FROM landing._source") == 1


def test_describe_gives_what_land_gave(landing: Landing) -> None:
    landing.write("a.csv", "id,d,n\n1,2021-01-01,x\n2,2021-01-02,\n")
    landed = landing.land(s={"file": "a.csv", "key": "id", "time": "d"})

    assert describe(landing.work, landing.project(s={"file": "a.csv", "key": "id", "time": "d"})) == landed
    assert landed["s"].time_sql == 'CAST("d" AS TIMESTAMP)'


def test_describe_of_an_empty_store_is_empty(landing: Landing) -> None:
    assert describe(landing.work, landing.project(s={"file": "a.csv"})) == {}


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"file": "a.csv", "columns": {"n": "bigitn"}}, "unknown-type"),
        ({"file": "a.csv", "columns": {"n": "decimal(99,2)"}}, "unknown-type"),
        ({"file": "s3://bucket/a.csv"}, "source-remote"),
        ({"file": "a.csv", "encoding": "latin-99"}, "unknown-encoding"),
        ({"file": "a.csv", "encoding": "base64"}, "unknown-encoding"),
        ({"file": "a.csv", "delimiter": "::"}, "invalid-delimiter"),
        ({"file": "a.csv", "where": "SELECT 1"}, "sql-syntax"),
    ],
)
def test_check_finds_what_is_wrong_without_the_files(landing: Landing, block: dict[str, object], code: str) -> None:
    assert [fault.code for fault in check(landing.project(s=block))] == [code]


def test_check_refuses_a_name_that_landing_uses(landing: Landing) -> None:
    assert [fault.code for fault in check(landing.project(_file={"file": "a.csv"}))] == ["source-name"]


def test_examine_looks_at_headers_without_reading_the_files(landing: Landing) -> None:
    landing.write("a.csv", "id,name\n1,x\n")
    project = landing.project(
        good={"file": "a.csv", "key": "id"}, key={"file": "a.csv", "key": "idd"}, missing={"file": "b.csv"}
    )  # fmt: skip

    assert examine(project, "good") == []
    assert [fault.code for fault in examine(project, "key")] == ["source-unknown-column"]
    assert [fault.code for fault in examine(project, "missing")] == ["source-file-missing"]


def test_a_condition_over_an_unknown_column_points_at_its_line(landing: Landing) -> None:
    landing.write("a.csv", "id,name\n1,x\n")

    with pytest.raises(ProjectError) as caught:
        landing.land(s={"file": "a.csv", "where": "nam = 'x'"})

    assert caught.value.faults[0].at is not None
