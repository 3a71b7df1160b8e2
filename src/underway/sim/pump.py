"""Joins the production driver to an embedded world: what goes out, what comes back, and when it decides.

The counterpart of `live.loop`: the same driver, the same events, another clock. A driver can be killed and a new one put
in its place at any instant; replies to the dead one are lost, as they are in life.
"""

from collections.abc import Callable
from random import Random
from typing import Generic, TypeVar

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.watch import WatchEvent
from underway.ports import Pumped
from underway.rotate.effects import Answer, Ask, Delivered, MachineReply, Notice
from underway.rotate.outbox import Effect
from underway.rotate.signals import DriverEvent, Stop, Tick
from underway.sim.apiserver.memory import MemoryApi
from underway.sim.world.world import World

BATCH_MS = 100  # as live.loop: events of one moment are decided on together


P = TypeVar("P", bound=Pumped)


class Pump(Generic[P]):
    """One driver at a time on one world. make_driver: a fresh driver for the nth life, counted from 0.

    api: its own connection where there are several of them; name: of its dice, then.
    """

    def __init__(self, world: World, make_driver: Callable[[int], P], api: MemoryApi | None = None, name: str = "driver") -> None:
        self._world = world
        self._make_driver = make_driver
        self._api = api or world.api
        self._rng = Random(f"{world.seed}/{name}")
        self._tick_at_ms: int | None = None
        self.lives = 0
        self.driver = make_driver(0)
        self.on_tick: Callable[[P], None] = lambda _driver: None
        self._schedule(0)

    def kill(self) -> None:
        """End the driver as SIGKILL would: no goodbye; what is under way lands or not, and nobody hears of it."""
        self.lives += 1
        self._tick_at_ms = None
        self._api.drop_client()
        self.driver = self._make_driver(self.lives)
        self._schedule(0)

    def stop(self) -> None:
        """Ask the driver to stop, as Ctrl-C does."""
        self._feed(Stop(), self.lives)

    def _feed(self, event: DriverEvent, life: int) -> None:
        if life != self.lives or self.driver.finished:
            return
        self._send(self.driver.step(event, self._world.queue.now_ms(), self._rng))
        if not isinstance(event, Tick):
            self._schedule(BATCH_MS)

    def _schedule(self, delay_ms: int) -> None:
        """Have a Tick in `delay_ms`, unless one is due before."""
        at_ms = self._world.queue.now_ms() + delay_ms
        if self._tick_at_ms is not None and self._tick_at_ms <= at_ms:
            return
        self._tick_at_ms = at_ms
        life = self.lives
        self._world.queue.after(delay_ms, lambda: self._tick(life, at_ms))

    def _tick(self, life: int, at_ms: int) -> None:
        if life != self.lives or self._tick_at_ms != at_ms:
            return
        self._tick_at_ms = None
        self._feed(Tick(), life)
        self.on_tick(self.driver)
        wakeup_ms = self.driver.wakeup_ms
        if not self.driver.finished and wakeup_ms is not None:
            self._schedule(max(BATCH_MS, wakeup_ms - self._world.queue.now_ms()))

    def _send(self, effects: list[Effect]) -> None:
        life = self.lives

        def deliver(event: Reply | WatchEvent | MachineReply | Answer | Delivered) -> None:
            self._feed(event, life)

        for effect in effects:
            if isinstance(effect, Request):
                self._api.send(effect, deliver)
            elif isinstance(effect, Ask):
                self._world.probes.send(effect, deliver)
            elif isinstance(effect, Notice):
                self._world.mailbox.send(effect, deliver)
            else:
                self._world.machines.send(effect, deliver)
