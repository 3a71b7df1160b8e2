"""What the fleets of a hub tell people: decided by `rotate.alerts`, remembered in each Fleet's status, sent by `ports.Notify`.

A message is sent once it stands in the status, and noted there once it has arrived: as for a rotation, whose memory is its Lease.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

import msgspec

from underway.ports import Notify
from underway.rotate.alerts.fleets import causes_of_fleet
from underway.rotate.alerts.memory import Memory
from underway.rotate.alerts.message import message
from underway.rotate.alerts.routes import Alert, routed
from underway.rotate.alerts.telling import Due, arrived, decide
from underway.rotate.effects import Delivered, Notice
from underway.rotate.kinds.fleet import FleetStatus

Dues = dict[str, tuple[Due, ...]]


class Crier:
    """The alerts of all fleets of one process. delivered, failed: how many messages of each fleet."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._ids = itertools.count(1 << 42)
        self._sent: dict[int, tuple[str, str, int]] = {}
        self._arrived: dict[str, list[tuple[str, int]]] = {}
        self._seen_ms: dict[str, dict[str, int]] = {}
        self._failures: dict[str, str] = {}
        self.delivered: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def round(
        self, fleet: str, alerts: Sequence[Alert], before: FleetStatus, after: FleetStatus, now_ms: int
    ) -> tuple[FleetStatus, Dues]:
        """The status with what is about to be said in it, and that. before: as it is shown now."""
        memory = before.alerted or Memory()
        for destination, sent_ms in self._arrived.pop(fleet, ()):
            memory = arrived(memory, destination, sent_ms, now_ms)
        causes = causes_of_fleet(fleet, after)
        known = self._seen_ms.get(fleet, {})
        self._seen_ms[fleet] = {cause.key: known.get(cause.key, now_ms) for cause in causes}
        decision = decide(memory, routed(alerts, causes), self._seen_ms[fleet], now_ms, acting=True)
        alerted = decision.memory if decision.memory != Memory() else None
        return msgspec.structs.replace(after, alerted=alerted, undelivered=self._failures.get(fleet, "")), decision.due

    def send(self, fleet: str, due: Dues, now_ms: int) -> None:
        """Send what now stands in the status of a fleet."""
        for destination, items in due.items():
            said = message(f"fleet {fleet}", items, now_ms, f"underway status --fleet {fleet}")
            notice = Notice(id=next(self._ids), destination=destination, **msgspec.structs.asdict(said))
            self._sent[notice.id] = (fleet, destination, now_ms)
            self._notify.send(notice, self._answered)

    def _answered(self, answer: Delivered) -> None:
        fleet, destination, sent_ms = self._sent.pop(answer.request.id)
        if answer.error:
            self.failed[fleet] += 1
            self._failures[fleet] = f"alert to {destination} did not arrive: {answer.error}"
            return
        self.delivered[fleet] += 1
        self._failures.pop(fleet, None)
        self._arrived.setdefault(fleet, []).append((destination, sent_ms))
