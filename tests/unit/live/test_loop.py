"""The loop of a real cluster: whose time the driver goes by, and when it is woken."""

import asyncio
from random import Random

from underway.kube.request import Request
from underway.live.loop import pump
from underway.rotate.outbox import Effect
from underway.rotate.signals import DriverEvent, Tick

YEAR_3000_MS = 32_503_680_000_000


class Sleeper:
    """A driver that wants to be woken at a time, and ends then. ticks_ms: when it was woken."""

    def __init__(self, until_ms: int) -> None:
        self.wakeup_ms: int | None = until_ms
        self.ticks_ms: list[int] = []
        self.finished = False

    def step(self, event: DriverEvent, now_ms: int, _rng: Random) -> list[Effect]:
        assert isinstance(event, Tick)
        assert self.wakeup_ms is not None
        self.ticks_ms.append(now_ms)
        self.finished = now_ms >= self.wakeup_ms
        return []


class Nobody:
    """Whom nothing is sent to."""

    def send(self, *_: object) -> None:
        raise AssertionError("nothing is to be sent")

    def cancel(self, request: Request) -> None:
        raise AssertionError(f"nothing was sent: {request}")


def test_the_driver_goes_by_the_clock_that_the_loop_is_given() -> None:
    nobody, driver = Nobody(), Sleeper(YEAR_3000_MS + 1)
    times_ms = iter(range(YEAR_3000_MS, YEAR_3000_MS + 1_000))

    async def run() -> None:
        await pump(driver, nobody, nobody, nobody, nobody, asyncio.Event(), clock=lambda: next(times_ms))

    asyncio.run(asyncio.wait_for(run(), 10))
    assert driver.ticks_ms == [YEAR_3000_MS + 1], "a moment of that clock has passed, and nobody waited for ours"
