"""Ranges of time in words: complete calendar units before now, in the time zone of the query."""

from datetime import datetime

import pytest

from c360.errors import ProjectError
from c360.lenses.request.ranges import read_range
from c360.lenses.snippets.clock import Clock

now = Clock(datetime(2026, 3, 18, 10, 30))  # a Wednesday


def ends(text, clock=now):
    found = read_range(text, clock)
    return found.start.isoformat(sep=" "), found.stop.isoformat(sep=" ")


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("last month", "2026-02-01", "2026-03-01"),
        ("last 1 month", "2026-02-01", "2026-03-01"),
        ("Last 12 Months", "2025-03-01", "2026-03-01"),
        ("last week", "2026-03-09", "2026-03-16"),
        ("last 2 weeks", "2026-03-02", "2026-03-16"),
        ("last quarter", "2025-10-01", "2026-01-01"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("last 5 days", "2026-03-13", "2026-03-18"),
        ("this month", "2026-03-01", "2026-04-01"),
        ("this quarter", "2026-01-01", "2026-04-01"),
        ("next week", "2026-03-23", "2026-03-30"),
        ("next 2 months", "2026-04-01", "2026-06-01"),
        ("today", "2026-03-18", "2026-03-19"),
        ("yesterday", "2026-03-17", "2026-03-18"),
        ("tomorrow", "2026-03-19", "2026-03-20"),
        (["2026-01-01", "2026-01-31"], "2026-01-01", "2026-02-01"),
        (["2026-01-05"], "2026-01-05", "2026-01-06"),
        ("2026-01-05", "2026-01-05", "2026-01-06"),
        ("2026-01-01, 2026-01-02", "2026-01-01", "2026-01-03"),
    ],
)
def test_a_range_is_whole_days_half_open(text, start, stop):
    assert ends(text) == (f"{start} 00:00:00", f"{stop} 00:00:00")


def test_hours_are_complete_hours():
    assert ends("last 2 hours") == ("2026-03-18 08:00:00", "2026-03-18 10:00:00")


def test_explicit_times_are_inclusive():
    found = read_range(["2026-01-01 08:00:00", "2026-01-01 09:00:00"], now)
    assert found.closed
    assert found.stop == datetime(2026, 1, 1, 9)


def test_from_some_days_ago_to_now_ends_now():
    assert ends("from 7 days ago to now") == ("2026-03-11 10:30:00", "2026-03-18 10:30:00")


def test_the_unit_that_holds_now_is_that_of_the_time_zone():
    late = Clock(datetime(2026, 3, 31, 22, 0), "Asia/Kolkata")  # 1 April there
    assert ends("last month", late) == ("2026-03-01 00:00:00", "2026-04-01 00:00:00")
    assert late.to_utc(datetime(2026, 3, 1)) == datetime(2026, 2, 28, 18, 30)


def test_a_leap_day_a_year_ago_is_the_last_of_february():
    assert ends("from 1 year ago to now", Clock(datetime(2028, 2, 29, 12)))[0] == "2027-02-28 12:00:00"


@pytest.mark.parametrize(
    "text", ["last fortnight", "sometime", "last -2 days", ["2026-02-30", "2026-03-01"], ["a", "b", "c"]]
)
def test_what_is_no_range_is_refused_with_the_forms(text):
    with pytest.raises(ProjectError) as caught:
        read_range(text, now)
    assert caught.value.faults[0].code == "lens-range"
    assert "last 3 months" in str(caught.value)


def test_a_day_that_the_month_does_not_have_is_told():
    with pytest.raises(ProjectError, match=r"'2026-02-30 .*' is no range of time: day .*month"):
        read_range(["2026-02-30", "2026-03-01"], now)


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(ProjectError, match="ends before it starts"):
        read_range(["2026-02-01", "2026-01-01"], now)


def test_an_unknown_time_zone_is_named():
    with pytest.raises(ProjectError, match="unknown time zone 'Mars/Olympus'"):
        _ = Clock(datetime(2026, 1, 1), "Mars/Olympus").zone
