"""One Rotation in the operator's hands: its driver while there is work, and what is known of it while there is none.

Owns when a driver begins, is replaced and is not needed. It sends nothing itself: `rotate.operator.operator` feeds the
driver and writes the status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from underway.rotate.alerts.routes import Alert
from underway.rotate.driver import Driver
from underway.rotate.freezes import ordered
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.lock import Lock
from underway.rotate.machine import TIDY
from underway.rotate.machinery import DRIFT_EVERY_MS, Machinery
from underway.rotate.operator.permits import Permits
from underway.rotate.record import Phase, journal_of, lease_name, record_of
from underway.rotate.signals import DriverEvent, Retire, Stop
from underway.rotate.spec import Machines, Rotation, RotationMetadata, RotationSpec, Target
from underway.rotate.status import NodeCounts, Statistics, Status, added
from underway.rotate.target import outdated, selected_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from underway.rotate.effects import MachineReply
    from underway.rotate.observe import Observed
    from underway.rotate.operator.roster import Wanted
    from underway.rotate.outbox import Act, Outbox

AGAIN_MS = 30_000  # after a failure that a person has to cure: rights, mostly
LOOK_EVERY_MS = 30_000  # for what time alone brings about: a node's age


def works_like(spec: RotationSpec, other: RotationSpec | None) -> bool:
    """Whether a driver may go on with another specification: only the mode differs, which it takes while it runs."""
    return other is not None and msgspec.structs.replace(spec, mode=other.mode) == other


class Hand:
    """One Rotation.

    uid: of the object; a new one under the old name is another Rotation. evict_in: the only namespaces to evict in,
    None for all. permits: what we are allowed to do for it.
    """

    def __init__(self, name: str, uid: str, identity: str, evict_in: frozenset[str] | None = None) -> None:
        self.permits = Permits(name, evict_in)
        self._asking = False
        self._unheard = False
        self._cried = ""
        self.name = name
        self.uid = uid
        self.identity = identity
        self.lock = Lock(identity, lease_name(name))
        self.driver: Driver | None = None
        self.status: Status | None = None
        self.told: Status | None = None
        self.written: RotationStatus | None = None
        self.written_ms = 0
        self.violation = ""
        self.generation = 0
        self._before = Statistics()
        self._working: RotationSpec | None = None
        self._done: RotationSpec | None = None
        self._not_before_ms = 0
        self._ordered: type[DriverEvent] | None = None
        self._watched: Machines | None = None
        self.machinery = Machinery()
        self._looked: tuple[int, int] = (-1, 0)
        self._stale = True

    @property
    def totals(self) -> Statistics:
        """What all drivers of this process have done."""
        now = self.driver.status.statistics if self.driver is not None else Statistics()
        return added(self._before, now)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Who the driver's specification wants told."""
        return self._working.alerts if self._working is not None else ()

    @property
    def machines(self) -> Machines | None:
        """Where the machines of the driver's specification come from, or of the one that is watched for drift."""
        return self._working.machines if self.driver is not None and self._working is not None else self._watched

    def orders(self, wanted: Wanted | None, picture: Observed, ids: Iterator[int], now_ms: int) -> list[DriverEvent]:
        """What the driver is told now. wanted: None when nothing may be done any more; a driver is made if one is needed."""
        if self.driver is not None and self.driver.finished:
            self._settle(self.driver, now_ms)
        if wanted is None:
            return self._order(Retire())
        if wanted.deleting:
            return self._part(wanted, picture, ids)
        if wanted.rotation is None:
            self.generation = wanted.generation
            self.status = Status(self.name, "Failed", wanted.problem)
            return self._order(Retire())
        if self.driver is None:
            self.generation = wanted.generation
            self._begin(wanted.rotation, wanted.shown, picture, ids, now_ms)
        elif self._working is not None and not works_like(wanted.rotation.spec, self._working):
            return self._order(Retire())
        else:
            self.generation = wanted.generation
            self.driver.brakes.ordered = ordered(wanted.rotation.spec.mode, wanted.rotation.metadata.annotations)
            self.driver.permit(self.permits.namespaces)
        return []

    def ask(self, outbox: Outbox, picture: Observed, now_ms: int) -> None:
        """Ask what is allowed, where a driver is about to begin; where one works, what may have changed."""
        if self._asking or self.driver is not None:
            self.permits.ask(outbox, picture, now_ms, working=self.driver is not None)

    def watch(self, wanted: Wanted, outbox: Outbox, now_ms: int) -> Act | None:
        """While no driver is at work, ask the provider now and then what has drifted, where the target is that; what was sent."""
        spec = wanted.rotation.spec if wanted.rotation is not None and not wanted.deleting else None
        if self.driver is not None or spec is None or not spec.target.drifted:
            return None
        if self._watched != spec.machines:
            self._watched, self.machinery = spec.machines, Machinery()
        return self.machinery.poll(outbox, now_ms, every_ms=DRIFT_EVERY_MS, drift=True, by=self.name)

    def heard(self, reply: MachineReply, nodes: Mapping[str, str], now_ms: int) -> None:
        """Take what the provider says of drift. nodes: the name of each Node by its spec.providerID."""
        self.machinery.answered(reply, now_ms, nodes)
        self._looked = (-1, 0)
        if self.driver is None and self.status is not None and self.status.state == "Finished":
            unknown = f"not known what has drifted: {reply.error}" if reply.error else ""
            self.status = msgspec.structs.replace(self.status, reason=unknown)

    def parted(self, picture: Observed) -> bool:
        """Whether a Rotation that is being deleted has nothing in hand any more."""
        return self.driver is None and not self._in_hand(picture)

    def _begin(self, rotation: Rotation, shown: RotationStatus, picture: Observed, ids: Iterator[int], now_ms: int) -> None:
        """Make a driver, unless all is done or has to wait."""
        if now_ms < self._not_before_ms or (self.violation and works_like(rotation.spec, self._working)):
            return
        if not self._is_stale(rotation, picture, now_ms) and (self._done is not None or shown.state == "Finished"):
            self._done = rotation.spec
            if self.status is None or self.status.state != "Finished":
                self.status = Status(self.name, "Finished", nodes=shown.nodes or NodeCounts())
            return
        self.permits.take(rotation.spec)
        self._asking = not self.permits.settled(picture, now_ms)
        if self._asking:
            return
        if self.permits.missing:
            self.refuse(self.permits.missing, now_ms)
            return
        self.violation = ""
        self._start(rotation, picture, ids)

    def _start(self, rotation: Rotation, picture: Observed, ids: Iterator[int]) -> Driver:
        self._ordered, self._working = None, rotation.spec
        evict_in = self.permits.namespaces
        self.driver = Driver(rotation, self.identity, picture=picture, ids=ids, lock=self.lock, evict_in=evict_in)
        return self.driver

    def _settle(self, driver: Driver, now_ms: int) -> None:
        """The driver has ended: keep what it found."""
        self._before = self.totals
        self.status = driver.status
        if driver.status.state == "Finished":
            self._done, self._cried = self._working, ""
        elif driver.status.state == "Failed":
            self._unheard = driver.unheard
            self._not_before_ms = now_ms + AGAIN_MS
        self.driver, self._looked = None, (-1, 0)

    def may_try(self, now_ms: int) -> bool:
        """Whether a failure that a person has to cure is long enough ago."""
        return now_ms >= self._not_before_ms

    def refuse(self, why: str, now_ms: int) -> None:
        """The API server has refused what has to come before any work."""
        self.status, self._not_before_ms, self._unheard = Status(self.name, "Failed", why), now_ms + AGAIN_MS, True

    def cries(self) -> bool:
        """Whether it has failed in a way that nobody has been told of: what its driver tells stands on a Lease, and it has none.

        Once for each reason in this process; whoever leads next says it once more.
        """
        failed = self.driver is None and self.status is not None and self.status.state == "Failed"
        reason = self.status.reason if self._unheard and failed and self.status is not None else ""
        news = bool(reason) and reason != self._cried
        self._cried = reason or self._cried
        return news

    def break_off(self, violation: str) -> None:
        """The driver has met a bug of ours: it ends at once, and no other begins until the specification changes."""
        self._before = self.totals
        self.violation = violation
        self.status = Status(self.name, "Failed", violation)
        self.driver = None

    def _order(self, order: DriverEvent) -> list[DriverEvent]:
        """Tell the driver once."""
        if self.driver is None or self._ordered is type(order):
            return []
        self._ordered = type(order)
        return [order]

    def _part(self, wanted: Wanted, picture: Observed, ids: Iterator[int]) -> list[DriverEvent]:
        """The Rotation is being deleted: end tidily. A leader that came later may have to make a driver just for this."""
        if self.driver is None:
            if not self._in_hand(picture):
                return []
            fallback = Rotation(RotationMetadata(self.name), self._working or RotationSpec(Target(max_age="87600h")))
            self._start(wanted.rotation or fallback, picture, ids)
        return self._order(Stop(for_good=True))

    def _in_hand(self, picture: Observed) -> bool:
        """Whether a node would be left half-done: closed, ending, or owed a successor."""
        records = [record for node in picture.snapshot().nodes.values() if (record := record_of(node)) is not None]
        phases = [record.phase for record in records if record.rotation == self.name]
        half_done = any(phase not in TIDY or phase is Phase.TERMINATING for phase in phases)
        return half_done or self._owes(picture)

    def _owes(self, picture: Observed) -> bool:
        """Whether the cluster has a machine coming, or a Deployment a replica too many."""
        journal = journal_of(picture.lease(self.lock.name))
        return bool(journal.owed or journal.raised)

    def _is_stale(self, rotation: Rotation, picture: Observed, now_ms: int) -> bool:
        """Whether there is work: a node out of date, one in hand, or one that is owed. Asked anew when the picture changes."""
        version, at_ms = self._looked
        if version != picture.version or now_ms >= at_ms + LOOK_EVERY_MS or not works_like(rotation.spec, self._done):
            self._looked = (picture.version, now_ms)
            snapshot = picture.snapshot()
            drift, target = self.machinery.drift, rotation.spec.target
            old = any(outdated(node, target, now_ms, drift) for node in selected_nodes(snapshot, rotation.spec))
            held = any((record := record_of(node)) and record.rotation == self.name for node in snapshot.nodes.values())
            self._stale = old or bool(held) or self._owes(picture)
        return self._stale
