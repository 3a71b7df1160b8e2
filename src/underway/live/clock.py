"""The system's clock, the `ports.Clock` of everything that is given no other."""

import time


def now_ms() -> int:
    """The wall clock, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
