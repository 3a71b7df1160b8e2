"""getFullYear() and its kin, of timestamps (in UTC without a zone) and durations. Source: cel-go common/stdlib/standard.go."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from underway.cel.arithmetic import SECOND_NS
from underway.cel.go_text import quote
from underway.cel.overload import Function, member
from underway.cel.types import DURATION, INT, STRING, TIMESTAMP
from underway.cel.values import Duration, EvalError, Timestamp

_INTEGER = re.compile(r"[+-]?[0-9]+")


def _atoi(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise EvalError(f"strconv.Atoi: parsing {quote(text)}: invalid syntax")
    return int(text)


def _zone(name: str) -> tzinfo:
    hours, colon, minutes = name.partition(":")
    if colon:
        hour, minute = _atoi(hours), _atoi(minutes)
        offset = timedelta(minutes=hour * 60 - minute if name.startswith("-") else hour * 60 + minute)
        if abs(offset) >= timedelta(days=1):
            raise EvalError(f"unknown time zone {name}")
        return timezone(offset)
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvalError(f"unknown time zone {name}") from None


def _local(of: Timestamp, zone: str) -> datetime:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=of.ns // SECOND_NS)).astimezone(_zone(zone))
    except OverflowError:
        raise EvalError("timestamp overflow") from None


_FIELDS: tuple[tuple[str, str, Callable[[datetime], int]], ...] = (
    ("getFullYear", "year", lambda at: at.year),
    ("getMonth", "month", lambda at: at.month - 1),
    ("getDayOfYear", "day_of_year", lambda at: at.timetuple().tm_yday - 1),
    ("getDayOfMonth", "day_of_month", lambda at: at.day - 1),
    ("getDate", "day_of_month_1_based", lambda at: at.day),
    ("getDayOfWeek", "day_of_week", lambda at: at.isoweekday() % 7),
    ("getHours", "hours", lambda at: at.hour),
    ("getMinutes", "minutes", lambda at: at.minute),
    ("getSeconds", "seconds", lambda at: at.second),
)


def _cut(ns: int, unit_ns: int) -> int:
    """Whole units, towards zero."""
    return abs(ns) // unit_ns * (-1 if ns < 0 else 1)


# Hours, minutes and seconds of a duration are those of its whole length; milliseconds as well.
_LENGTHS = {"getHours": 3600 * SECOND_NS, "getMinutes": 60 * SECOND_NS, "getSeconds": SECOND_NS, "getMilliseconds": 10**6}


def _getter(name: str, word: str, of: Callable[[Timestamp, str], int]) -> Function:
    overloads = [
        member(f"timestamp_to_{word}", (TIMESTAMP,), INT, lambda at: of(at, "")),
        member(f"timestamp_to_{word}_with_tz", (TIMESTAMP, STRING), INT, of),
    ]
    unit_ns = _LENGTHS.get(name)
    if unit_ns is not None:

        def length(value: Duration) -> int:
            return _cut(value.ns, unit_ns)

        overloads.append(member(f"duration_to_{word}", (DURATION,), INT, length))
    return Function(name, tuple(overloads))


def _from_calendar(read: Callable[[datetime], int]) -> Callable[[Timestamp, str], int]:
    def field(at: Timestamp, zone: str) -> int:
        return read(_local(at, zone))

    return field


def _milliseconds(at: Timestamp, zone: str) -> Any:
    _zone(zone)
    return at.ns % SECOND_NS // 10**6


FUNCTIONS: tuple[Function, ...] = (
    *(_getter(name, word, _from_calendar(read)) for name, word, read in _FIELDS),
    _getter("getMilliseconds", "milliseconds", _milliseconds),
)
