"""Where the alerts of an embedded world arrive: nobody reads them but tests. Owns what has come in, and whether anything does."""

from collections.abc import Callable

from underway.rotate.effects import Delivered, Notice
from underway.sim.queue import Queue

DELAY_MS = 300


class SimMailbox:
    """ports.Notify of the embedded world. received: each notice with its time; down: whether nothing arrives."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.received: list[tuple[int, Notice]] = []
        self.down = False

    def send(self, notice: Notice, deliver: Callable[[Delivered], None]) -> None:
        """Take a notice a moment later. It arrives also if nobody is left to hear that it did."""
        self._queue.after(DELAY_MS, lambda: self._arrive(notice, deliver))

    def _arrive(self, notice: Notice, deliver: Callable[[Delivered], None]) -> None:
        if self.down:
            deliver(Delivered(request=notice, error="nobody is there"))
            return
        self.received.append((self._queue.now_ms(), notice))
        deliver(Delivered(request=notice))
