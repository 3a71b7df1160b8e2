"""Scaled real time for an embedded world: a thread that runs the event queue as fast as the clock on the wall asks.

Owns the one place where virtual and real time meet. It knows no cluster: `advance` moves the world (a Queue's run_until,
a Rehearsal's advance), `lock` keeps others out meanwhile. Rehearsals in virtual time do not need it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

STEP_S = 0.02  # fifty steps a second look continuous to a person, and each holds the lock for a moment only
STOP_S_MAX = 5


class Pace:
    """Runs a world between `with` and its end. speed: virtual seconds per real second; now_ms: the world's clock."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        advance: Callable[[int], None],
        lock: AbstractContextManager[Any],
        speed: float = 1.0,
    ) -> None:
        self._now_ms = now_ms
        self._advance = advance
        self._lock = lock
        self._speed = speed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedded-world", daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(STOP_S_MAX)
        if error is None and self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        started_s, started_ms = time.monotonic(), self._now_ms()
        try:
            while not self._ended.wait(STEP_S):
                target_ms = started_ms + round((time.monotonic() - started_s) * 1_000 * self._speed)
                with self._lock:
                    self._advance(target_ms)
        except BaseException as error:  # noqa: BLE001  # a thread's exception would vanish; __exit__ raises it
            self.failure = error
