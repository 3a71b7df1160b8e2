"""Waiting for a state, with a deadline: never for a time."""

import threading
import time
from collections.abc import Callable

POLL_S = 0.1


def wait_until(holds: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Return when `holds()` is true; fail with `what` after `timeout_s`."""
    deadline_s = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}")
        pause.wait(POLL_S)
