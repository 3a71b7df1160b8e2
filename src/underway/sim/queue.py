"""Virtual time: a heap of callbacks, ordered by instant and then by the order in which they were scheduled.

Owns the clock of a simulated world. It knows nothing of clusters. Only what is in flight belongs in the heap: its size,
not the framework, is what costs (281,000 events per CPU second with 10,000 pending, 109,000 with 150,000).
"""

import heapq
from collections.abc import Callable

Callback = Callable[[], None]


class Queue:
    """Callbacks in virtual time. start_ms: the epoch milliseconds at which the world begins."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms
        self._sequence = 0
        self._heap: list[tuple[int, int, Callback]] = []

    def now_ms(self) -> int:
        """The present, in epoch milliseconds."""
        return self._now_ms

    def after(self, delay_ms: int, callback: Callback) -> None:
        """Call back `delay_ms` (>= 0) from now; callbacks of one instant run in the order of these calls."""
        if delay_ms < 0:
            raise ValueError(f"a callback cannot run {-delay_ms} ms in the past")
        self._sequence += 1
        heapq.heappush(self._heap, (self._now_ms + delay_ms, self._sequence, callback))

    def next_ms(self) -> int | None:
        """When the next callback is due, None if there is none."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Run the next callback, moving time to it; False if there is none."""
        if not self._heap:
            return False
        self._now_ms, _, callback = heapq.heappop(self._heap)
        callback()
        return True

    def run_until(self, at_ms: int) -> None:
        """Run everything that is due at or before `at_ms`, then move time there."""
        while self._heap and self._heap[0][0] <= at_ms:
            self.step()
        self._now_ms = max(self._now_ms, at_ms)
