"""The few Protocols that shells implement. Everything that decides is above or below this line, never on it.

Values cross the border: a Request goes out, Replies and WatchEvents come back through `deliver`, later and in any
order. `live` calls `deliver` from its event loop, `sim` from its event queue; the driver cannot tell which.
"""

from collections.abc import Callable
from typing import Protocol

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.watch import WatchEvent
from underway.rotate.effects import MachineReply, MachineRequest


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


class Clock(Protocol):
    """Time, in integer milliseconds since the epoch."""

    def now_ms(self) -> int:
        """The present."""
