"""Nothing is begun outside of the maintenance windows: no cordon, no eviction, no machine, no end of one.

Own arithmetic: the schedule's minutes and hours are spelled out and laid on the calendar of the time zone, day by day; no
library of cron is asked. It reads schedules of minutes and hours only ("5-59/20 1,2 * * *"), which is what runs draw.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import ANNOTATION, Checker, closes

ARRIVAL_MS = 10_000  # a request to a provider may be that long on its way
UNIT_S = {"s": 1, "m": 60, "h": 3600}


class WindowActs(Checker):
    """Judges requests when they are sent."""

    name = "window-acts"

    def begin(self) -> None:
        """The windows of the specification."""
        windows = self.claim.spec.get("pace", {}).get("windows") or ()
        self._windows = [
            (
                _values(window["schedule"].split()[0], 60),
                _values(window["schedule"].split()[1], 24),
                ZoneInfo(window.get("timeZone", "UTC")),
                _length_s(window["duration"]),
            )
            for window in windows
        ]

    def on_request(self, request: Request) -> None:
        """A cordon or an eviction."""
        if request.subresource == "eviction":
            self._judge(f"pod {request.namespace}/{request.name} was evicted", 0)
        elif request.resource == r.NODES and closes(request.body):
            self._judge(f"node {request.name} was cordoned", 0)

    def on_terminate(self, node: str) -> None:
        """The end of a machine."""
        self._judge(f"the machine of node {node} was ended", ARRIVAL_MS)

    def on_provision(self, key: str) -> None:
        """A machine, unless the cluster is short of it."""
        notes = [(lease["metadata"].get("annotations") or {}).get(f"{ANNOTATION}owed") for lease in self.store.values(r.LEASES)]
        owed = {debt["key"] for text in notes if text for debt in json.loads(text)}
        if key not in owed:
            self._judge(f"machine {key} was asked for", ARRIVAL_MS)

    def _judge(self, act: str, on_its_way_ms: int) -> None:
        now_ms = self.now_ms()
        if self._windows and not self._open(now_ms) and not self._open(now_ms - on_its_way_ms):
            self.fail(f"{act} outside of the maintenance windows")

    def _open(self, at_ms: int) -> bool:
        return any(self._covers(at_ms / 1_000, *window) for window in self._windows)

    @staticmethod
    def _covers(at_s: float, minutes: set[int], hours: set[int], zone: ZoneInfo, length_s: int) -> bool:
        """Whether a start on one of the days before covers the instant."""
        today = datetime.fromtimestamp(at_s, tz=zone).date()
        for days_before in range(length_s // 86_400 + 2):
            day = today - timedelta(days=days_before)
            for hour in hours:
                for minute in minutes:
                    start_s = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
                    if start_s <= at_s < start_s + length_s:
                        return True
        return False


def _values(field: str, size: int) -> set[int]:
    """The values of one field: "*", "3", "1,2", "4-59/20", "*/15"."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = 0 if first == "*" else int(first)
        end = size - 1 if first == "*" else int(last or first)
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def _length_s(text: Any) -> int:
    return int(text[:-1]) * UNIT_S[text[-1]]
