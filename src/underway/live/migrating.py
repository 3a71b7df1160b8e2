"""Carries a storage migration to a cluster: sends its batches, waits its pauses. It decides nothing (`crd.migration`)."""

import asyncio
import itertools
from collections.abc import Callable
from random import Random

from underway.crd.migration import Batch, Migration, migrate
from underway.live.http import HttpApi


async def run(api: HttpApi, name: str, progress: Callable[[int], None]) -> Migration:
    """Migrate the objects of the definition `name`. progress: told how many objects are done."""
    talk = migrate(name, itertools.count(1), Random(), progress)
    effect = next(talk)
    try:
        while True:
            if isinstance(effect, Batch):
                replies = await asyncio.gather(*(api.call(request) for request in effect.requests))
                effect = talk.send(tuple(replies))
            else:
                await _pause(effect.delay_ms / 1000)
                effect = talk.send(())
    except StopIteration as ended:
        outcome: Migration = ended.value
        return outcome


async def _pause(seconds: float) -> None:
    """Let time pass: the server asked for it."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return
