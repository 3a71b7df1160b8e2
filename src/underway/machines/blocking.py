"""A provider whose client library blocks: one worker thread, one request at a time, one reply each.

Owns the thread and the order. One at a time is on purpose: what a provider reads and then changes (a group's size, a tag) is
not changed by itself in between.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from underway.background import Background
from underway.rotate.effects import MachineReply, MachineRequest

Deliver = Callable[[MachineReply], None]


class Blocking(ABC):
    """The base of such providers; implements ports.Machines."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=type(self).__name__)
        self._background = Background()

    @abstractmethod
    def perform(self, request: MachineRequest) -> MachineReply:
        """Perform a request, in the thread; what goes wrong is a reply."""

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Perform a request in the background; see ports.Machines."""
        self._background.start(self._run(request, deliver))

    async def _run(self, request: MachineRequest, deliver: Deliver) -> None:
        deliver(await asyncio.get_running_loop().run_in_executor(self._thread, self.perform, request))

    async def close(self) -> None:
        """Give up what still waits; a call that has begun ends by its own time limit."""
        await self._background.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
