"""Maintenance windows: whether acts are allowed at an instant, until when, and when they are next.

Outside of the windows a rotation stands as in a freeze that ends by itself: nothing is begun, what has not ended a machine
is taken back, what is ending ends. A node whose work would outlast the window is not begun in it, unless no window is long
enough for it.
"""

from collections.abc import Iterator

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.rotate.cron import fires
from underway.rotate.spec import Window

FOR_EVER_MS = 2**62
MERGED_MAX = 200  # openings that are looked at as one; a longer chain is looked at again when its known end comes
WALK_MAX = 400  # openings that a forecast walks through: more than a year of nights


class Opening(msgspec.Struct, frozen=True):
    """open: whether acts are allowed; until_ms: until when that stays so; span_ms: how long the whole opening is."""

    open: bool
    until_ms: int
    span_ms: int = 0

    @property
    def since_ms(self) -> int:
        """Since when acts are allowed; 0 for always. While it is closed this says nothing."""
        return self.until_ms - self.span_ms


ALWAYS = Opening(open=True, until_ms=FOR_EVER_MS, span_ms=FOR_EVER_MS)


class Windows:
    """The windows of a specification; with none, always open. Remembers the last answer until it ends."""

    def __init__(self, windows: tuple[Window, ...]) -> None:
        self._windows = windows
        self._last = Opening(open=True, until_ms=-1)
        self._from_ms = 0

    def at(self, now_ms: int) -> Opening:
        """What holds at an instant."""
        if not self._windows:
            return ALWAYS
        if not self._from_ms <= now_ms < self._last.until_ms:
            found = [_opening(window, now_ms) for window in self._windows]
            openings = [opening for opening in found if opening.open]
            self._last = (
                max(openings, key=lambda opening: opening.until_ms)
                if openings
                else min(found, key=lambda opening: opening.until_ms)
            )
            self._from_ms = now_ms
        return self._last

    def earliest_ms(self, at_ms: int, work_ms: int) -> int:
        """The first instant at or after `at_ms` at which work of that length may begin; far away if there is none."""
        for opening, now_ms in self._walk(at_ms):
            if opening.open and (opening.until_ms - now_ms >= work_ms or work_ms > opening.span_ms):
                return now_ms
        return FOR_EVER_MS

    def finish_ms(self, at_ms: int, work_ms: int) -> int:
        """When so much work is done that goes on in open windows only."""
        for opening, now_ms in self._walk(at_ms):
            if not opening.open:
                continue
            if opening.until_ms - now_ms >= work_ms:
                return now_ms + work_ms
            work_ms -= opening.until_ms - now_ms
        return FOR_EVER_MS

    def next_openings(self, now_ms: int, count: int) -> list[tuple[int, int]]:
        """The next times at which it is open, as (from, to) in epoch milliseconds; none where it always is."""
        found: list[tuple[int, int]] = []
        for opening, at_ms in self._walk(now_ms) if self._windows else ():
            if opening.open:
                found.append((at_ms, opening.until_ms))
            if len(found) == count:
                break
        return found

    def _walk(self, at_ms: int) -> Iterator[tuple[Opening, int]]:
        for _ in range(WALK_MAX):
            opening = self.at(at_ms)
            yield opening, at_ms
            if opening.until_ms >= FOR_EVER_MS:
                return
            at_ms = opening.until_ms

    def closed_reason(self, opening: Opening) -> str:
        """Why nothing is begun, or ""."""
        if opening.open:
            return ""
        if opening.until_ms >= FOR_EVER_MS:
            return "outside of the maintenance windows, and none of them will ever open"
        return f"outside of the maintenance windows; the next opens at {timestamp.format_ms(opening.until_ms)}"


def _opening(window: Window, now_ms: int) -> Opening:
    duration_ms = round(seconds(window.duration) * timestamp.MILLISECONDS)
    times = fires(window.schedule, window.time_zone, now_ms - duration_ms)
    first_ms = next(times, None)
    if first_ms is None:
        return Opening(open=False, until_ms=FOR_EVER_MS)
    if first_ms > now_ms:
        return Opening(open=False, until_ms=first_ms)
    until_ms = first_ms + duration_ms
    for _, at_ms in zip(range(MERGED_MAX), times, strict=False):
        if at_ms > until_ms:
            break
        until_ms = at_ms + duration_ms
    return Opening(open=True, until_ms=until_ms, span_ms=until_ms - first_ms)
