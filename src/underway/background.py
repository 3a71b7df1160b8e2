"""Tasks that run beside the loop: what a shell was asked for and nobody waits for.

Owns that each is held until it ends (the event loop holds tasks weakly) and that none outlives its shell.
"""

import asyncio
from collections.abc import Coroutine


class Background:
    """The tasks of one shell."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin some work in the running loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what still runs, and wait until it has ended."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
