"""The few Protocols that shells implement. Everything that decides is above or below this line, never on it.

Values cross the border: a Request goes out, Replies and WatchEvents come back through `deliver`, later and in any
order. `live` calls `deliver` from its event loop, `sim` from its event queue; the driver cannot tell which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.watch import WatchEvent
from underway.rotate.effects import Answer, Ask, Delivered, MachineReply, MachineRequest, Notice

if TYPE_CHECKING:
    from random import Random

    from underway.rotate.outbox import Effect
    from underway.rotate.signals import DriverEvent


class Api(Protocol):
    """An API server."""

    def send(self, request: Request, deliver: Callable[[Reply | WatchEvent], None]) -> None:
        """Send the request; deliver its events, if it is a watch, and at its end exactly one Reply, unless cancelled."""

    def cancel(self, request: Request) -> None:
        """End a watch (or give up a request) without a Reply."""


class Machines(Protocol):
    """What makes and ends machines: a cloud, a Cluster API, a command."""

    def send(self, request: MachineRequest, deliver: Callable[[MachineReply], None]) -> None:
        """Perform the request and deliver exactly one reply. Must be safe to call twice with the same key."""


class Probes(Protocol):
    """What answers the questions of health gates that lie outside of the cluster."""

    def send(self, ask: Ask, deliver: Callable[[Answer], None]) -> None:
        """Ask and deliver exactly one answer."""


class Notify(Protocol):
    """What tells people: chats, mail, pagers. It alone knows where a destination is."""

    def send(self, notice: Notice, deliver: Callable[[Delivered], None]) -> None:
        """Tell them, and deliver exactly one answer."""


class Pumped(Protocol):
    """What a shell pumps: a driver, or the operator with all its drivers. wakeup_ms: when it wants a Tick at the latest."""

    @property
    def finished(self) -> bool:
        """Whether it has ended: nothing is to be sent any more."""

    @property
    def wakeup_ms(self) -> int | None:
        """When it wants a Tick if nothing happens before, in epoch milliseconds."""

    def step(self, event: DriverEvent, now_ms: int, rng: Random) -> list[Effect]:
        """Take one event; what to send."""


class Clock(Protocol):
    """Time. A shell takes the system's (`live.clock`) unless it is given another one."""

    def __call__(self) -> int:
        """The present, in integer milliseconds since the epoch."""
