"""Maintenance windows, in any time zone, across the nights on which clocks change."""

from itertools import islice

import pytest

from underway.model import timestamp
from underway.rotate.cron import checked_schedule, fires, zone
from underway.rotate.spec import Window
from underway.rotate.windows import ALWAYS, FOR_EVER_MS, Windows

HOUR_MS = 3_600_000


def at(text: str) -> int:
    return timestamp.parse(text)


def night(time_zone: str, schedule: str = "0 1 * * *", duration: str = "5h") -> Windows:
    return Windows((Window(schedule, duration, time_zone),))


def test_no_window_means_always() -> None:
    assert Windows(()).at(0) == ALWAYS
    assert ALWAYS.since_ms == 0
    assert Windows(()).earliest_ms(7, 10**9) == 7
    assert Windows(()).next_openings(0, 3) == []


def test_a_night_in_tokyo_is_an_afternoon_and_evening_in_utc() -> None:
    tokyo = night("Asia/Tokyo")
    before, inside = tokyo.at(at("2026-11-24T15:59:59Z")), tokyo.at(at("2026-11-24T16:00:00Z"))
    assert (before.open, timestamp.format_ms(before.until_ms)) == (False, "2026-11-24T16:00:00Z")
    assert (inside.open, timestamp.format_ms(inside.until_ms)) == (True, "2026-11-24T21:00:00Z")
    assert timestamp.format_ms(inside.since_ms) == "2026-11-24T16:00:00Z"
    assert not tokyo.at(at("2026-11-24T21:00:00Z")).open
    assert tokyo.closed_reason(before) == ("outside of the maintenance windows; the next opens at 2026-11-24T16:00:00Z")


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        ("2026-03-07", "2026-03-07T06:00:00Z"),  # EST, five hours behind
        ("2026-03-08", "2026-03-08T06:00:00Z"),  # the clocks go forward an hour later
        ("2026-03-09", "2026-03-09T05:00:00Z"),  # EDT
        ("2026-11-01", "2026-11-01T05:00:00Z"),  # the first of two 1:00 o'clocks
        ("2026-11-02", "2026-11-02T06:00:00Z"),
    ],
)
def test_one_oclock_in_new_york_follows_the_clocks(day: str, opens: str) -> None:
    (found,) = night("America/New_York").next_openings(at(f"{day}T04:30:00Z"), 1)
    assert timestamp.format_ms(found[0]) == opens
    assert found[1] - found[0] == 5 * HOUR_MS, "a duration is a length of real time"


def test_a_time_that_a_spring_night_skips_fires_right_after_the_gap() -> None:
    skipped = night("America/New_York", "30 2 * * *", "1h")
    (found,) = skipped.next_openings(at("2026-03-08T06:00:00Z"), 1)
    assert timestamp.format_ms(found[0]) == "2026-03-08T07:00:00Z"


def test_overlapping_windows_are_one_opening() -> None:
    chain = night("UTC", "0 1-3 * * *", "90m")
    assert chain.next_openings(at("2026-01-01T00:00:00Z"), 1) == [(at("2026-01-01T01:00:00Z"), at("2026-01-01T04:30:00Z"))]
    two = Windows((Window("0 1 * * *", "1h"), Window("30 1 * * *", "2h")))
    assert two.at(at("2026-01-01T01:45:00Z")).until_ms == at("2026-01-01T03:30:00Z")


def test_work_waits_for_a_window_that_is_long_enough_for_it() -> None:
    hours = night("UTC", "0 1 * * *", "1h")
    late = at("2026-01-01T01:50:00Z")
    assert hours.earliest_ms(late, 5 * 60_000) == late
    assert hours.earliest_ms(late, 30 * 60_000) == at("2026-01-02T01:00:00Z")
    assert hours.earliest_ms(late, 3 * HOUR_MS) == late, "no window is long enough: it may begin in any"


def test_work_goes_on_in_open_windows_only() -> None:
    hours = night("UTC", "0 1 * * *", "1h")
    assert hours.finish_ms(at("2026-01-01T00:00:00Z"), 90 * 60_000) == at("2026-01-02T01:30:00Z")


def test_a_window_that_never_opens_is_told() -> None:
    never = night("UTC", "0 0 31 2 1")
    opening = never.at(at("2026-01-01T00:00:00Z"))
    assert opening.open or opening.until_ms <= FOR_EVER_MS
    rare = night("UTC", "0 0 29 2 *")
    assert timestamp.format_ms(rare.at(at("2026-01-01T00:00:00Z")).until_ms) == "2028-02-29T00:00:00Z"


@pytest.mark.parametrize("text", ["every night", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *"])
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match="is not a schedule"):
        checked_schedule(text)


@pytest.mark.parametrize("name", ["the moon", "Asia/Atlantis", "", "../etc"])
def test_what_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        zone(name)


def test_fires_come_in_order() -> None:
    times = list(islice(fires("*/15 * * * *", "UTC", at("2026-01-01T00:07:00Z")), 3))
    assert [timestamp.format_ms(ms)[11:16] for ms in times] == ["00:15", "00:30", "00:45"]
