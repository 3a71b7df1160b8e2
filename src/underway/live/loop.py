"""The loop that pumps the driver against a real cluster: events in, requests out, a Tick after each batch and when it asks.

The counterpart of `sim.pump`. It decides nothing and remembers nothing.
"""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import TypeVar

from underway.kube.request import Request
from underway.live.clock import now_ms
from underway.ports import Api, Clock, Machines, Notify, Probes, Pumped
from underway.rotate.effects import Ask, Notice
from underway.rotate.outbox import Effect
from underway.rotate.signals import DriverEvent, Stop, Tick

BATCH_S = 0.05  # what arrives within this is decided on together; a person cannot tell, the API server can
STOP_S = 20.0  # how long a tidy end may take before the process goes anyway

P = TypeVar("P", bound=Pumped)


async def pump(
    driver: P,
    api: Api,
    machines: Machines,
    probes: Probes,
    notify: Notify,
    stop: asyncio.Event,
    on_update: Callable[[P], None] = lambda _driver: None,
    clock: Clock = now_ms,
) -> None:
    """Run until the driver has finished, or `stop` is set and the cluster is tidy (or STOP_S have passed).

    clock: what the driver goes by. The API server goes by its own, and every other replica: none may be far from another.
    """
    inbox: asyncio.Queue[DriverEvent] = asyncio.Queue()
    rng = Random()

    def send(effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Request):
                api.send(effect, inbox.put_nowait)
            elif isinstance(effect, Ask):
                probes.send(effect, inbox.put_nowait)
            elif isinstance(effect, Notice):
                notify.send(effect, inbox.put_nowait)
            else:
                machines.send(effect, inbox.put_nowait)

    stopping = asyncio.create_task(stop.wait())
    stopped_at_s: float | None = None
    try:
        while not driver.finished:
            if stop.is_set() and stopped_at_s is None:
                stopped_at_s = time.monotonic()
                send(driver.step(Stop(), clock(), rng))
            if stopped_at_s is not None and time.monotonic() > stopped_at_s + STOP_S:
                return
            due_s = None if driver.wakeup_ms is None else (driver.wakeup_ms - clock()) / 1_000
            for event in await _batch(inbox, due_s, None if stop.is_set() else stopping):
                send(driver.step(event, clock(), rng))
            send(driver.step(Tick(), clock(), rng))
            on_update(driver)
    finally:
        stopping.cancel()


async def _batch(
    inbox: asyncio.Queue[DriverEvent], due_s: float | None, stopping: asyncio.Task[bool] | None
) -> list[DriverEvent]:
    """What arrives until the driver wants to be woken, and a moment more."""
    wait_s = 1.0 if due_s is None else max(BATCH_S, due_s)
    first = asyncio.create_task(inbox.get())
    awaited: set[asyncio.Task[DriverEvent] | asyncio.Task[bool]] = {first}
    if stopping is not None:
        awaited.add(stopping)
    await asyncio.wait(awaited, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    if not first.done():
        first.cancel()
        return []
    events = [first.result()]
    await asyncio.sleep(BATCH_S)
    while not inbox.empty():
        events.append(inbox.get_nowait())
    return events
