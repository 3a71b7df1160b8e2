"""How a rotation stands, put together round by round: the Status that terminals, the Lease and the operator show.

Owns what is costly to know and changes slowly (how long it will take, what keeps nodes from being begun). It decides nothing.
"""

import msgspec

from underway.model.node import Node
from underway.policy.evictable import Rules
from underway.rotate import status
from underway.rotate.blockers import Blocker, blockers_of
from underway.rotate.estimates import Estimates
from underway.rotate.freezes import Frozen, held_back
from underway.rotate.long_work import ignored
from underway.rotate.owners import with_owners
from underway.rotate.quorum import must_stay
from underway.rotate.situation import Result, Situation
from underway.rotate.slots import may_surge, zones_of
from underway.rotate.spec import Rotation
from underway.rotate.status import NodeCounts, Statistics, Status
from underway.rotate.windows import Windows

LOOK_EVERY_MS = 5_000


class Outlook:
    """The status of one rotation. rules: what a drain may do now; windows: when work goes on."""

    def __init__(self, rotation: Rotation, rules: Rules, windows: Windows) -> None:
        self._spec = rotation.spec
        self.rules = rules
        self._windows = windows
        self._look_ms = 0
        self._outside: tuple[Blocker, ...] = ()
        self.status = Status(rotation.metadata.name, "Starting", "reading the cluster")

    def show(self, state: str, reason: str, now_ms: int) -> None:
        """Note how it stands; the state keeps its time."""
        if (state, reason) != (self.status.state, self.status.reason):
            since_ms = now_ms if state != self.status.state else self.status.since_ms
            self.change(state=state, reason=reason, since_ms=since_ms)

    def change(self, **fields: object) -> None:
        """Replace parts of it."""
        self.status = msgspec.structs.replace(self.status, **fields)

    def report(
        self,
        situation: Situation,
        old: list[Node],
        frozen: Frozen | None,
        result: Result,
        estimates: Estimates,
        *,
        counts: NodeCounts,
        statistics: Statistics,
        canary: str,
    ) -> None:
        """How it stands after a round. canary: what the canaries keep the others waiting for, or ""."""
        now_ms = situation.now_ms
        if now_ms >= self._look_ms:
            self._look_ahead(situation, old, estimates)
        stuck = with_owners(status.stuck(situation, result), situation.snapshot, self._spec.owners)
        blockers = (*stuck, *self._outside)
        quarantine = status.quarantine_of(situation, old, self._outside, self._spec)
        frozen = frozen or status.slots_held(situation, old, self._outside, self._spec)
        state, reason = "Progressing", situation.waiting or canary
        if frozen:
            state, reason = "Frozen", frozen.reason
        elif not situation.opening.open:
            state, reason = "Waiting", self._windows.closed_reason(situation.opening)
        elif blockers and status.is_blocked(situation, old, self._outside, quarantine):
            used_up = quarantine.used_up if quarantine else ""
            state, reason = "Blocked", f"{used_up}: {blockers[0].reason}" if used_up else blockers[0].reason
        self.show(state, reason, now_ms)
        self.change(
            quarantine=quarantine,
            frozen=frozen,
            held=held_back(situation.held, old),
            nodes=counts,
            in_flight=status.in_flight(situation, result, self.rules),
            blockers=blockers,
            started_ms=situation.journal.started_ms,
            statistics=statistics,
        )

    def _staying(self, waiting: list[Node], situation: Situation) -> list[Blocker]:
        """The nodes of the control plane that may not be begun. waiting: those that are not in hand."""
        zones, pace = zones_of(waiting) | situation.journal.zones, self._spec.pace
        reasons = [
            (node.name, must_stay(situation.snapshot, node, successor=may_surge(node, pace, zones)))
            for node in waiting
            if node.is_control_plane
        ]
        return [Blocker(name, reason) for name, reason in reasons if reason]

    def _look_ahead(self, situation: Situation, old: list[Node], estimates: Estimates) -> None:
        self._look_ms = situation.now_ms + LOOK_EVERY_MS
        left_s, least = status.time_left(old, situation, self._spec, self.rules, estimates)
        finish_ms = None if left_s == float("inf") else self._windows.finish_ms(situation.now_ms, round(left_s * 1_000))
        self.change(predicted_finish_ms=finish_ms, bound=None if finish_ms is None else least)
        if self.rules.honour_do_not_disrupt:
            pods = (pod for node in old for pod in situation.snapshot.pods_on(node.name))
            self.change(ignored=tuple(said for pod in pods if (said := ignored(pod))))
        waiting = [node for node in old if node.name not in situation.records]
        found = [blocker for node in waiting for blocker in blockers_of(node, situation.snapshot, self.rules)]
        if not any(situation.snapshot.nodes[name].is_control_plane for name in situation.records):
            found += self._staying(waiting, situation)
        self._outside = with_owners(found, situation.snapshot, self._spec.owners)
