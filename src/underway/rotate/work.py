"""One round of work on the nodes in hand: each takes its next step if it may, and its phase's acts are sent.

    phase        acts while in it                          leaves it by
    Surging      provision the successor                   replacement Ready / failed / became current
    Cordoned     (cordon and label written on entry)       deregistered
    Draining     evict                                     drained / stuck
    Detaching    -                                         detached / stuck
    Terminating  terminate the machine, delete the Node    machine gone
    Quarantined  -                                         unstuck

Owns the dispatch by phase. When a step is due is `rotate.progress`'s; what may follow is `rotate.machine`'s.
"""

from functools import partial

import msgspec

from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Rules
from underway.policy.readiness import pool_taints
from underway.rotate import acts, guard, progress
from underway.rotate.deadline import Deadline, explained
from underway.rotate.drain import Drain, Purse, Waiting, drain, unreachable
from underway.rotate.effects import Provision, Terminate
from underway.rotate.eviction import Evictions
from underway.rotate.journal import JournalWriter, owed_annotation
from underway.rotate.ladder import Rung
from underway.rotate.machine import TIDY, Event, next_phase
from underway.rotate.machinery import Machinery
from underway.rotate.outbox import Act, Outbox
from underway.rotate.progress import Limits, Step
from underway.rotate.quorum import must_stay
from underway.rotate.record import Owed, Phase, Record, Slot
from underway.rotate.replicas import Replicas
from underway.rotate.situation import Result, Situation
from underway.rotate.spec import Rotation
from underway.rotate.target import outdated

CLOSED_BY_PHASE = {Phase.CORDONED: True, Phase.SURGING: False}
"""Phases whose entry closes or opens the node; the others leave it as it is."""


class Work:
    """The nodes in hand of one rotation.

    rules: what a drain may do now; boots_ms: how long the boots took that ended since it was last emptied; replicas: the second
    ones of pods that are alone.
    """

    def __init__(
        self,
        rotation: Rotation,
        limits: Limits,
        rules: Rules,
        outbox: Outbox,
        machinery: Machinery,
        evictions: Evictions,
        journal: JournalWriter,
    ) -> None:
        self._rotation = rotation
        self._limits = limits
        self.rules = rules
        self._outbox = outbox
        self._machinery = machinery
        self._evictions = evictions
        self._journal = journal
        self._deadline = Deadline(outbox)
        self.replicas = Replicas(outbox, journal)
        self.boots_ms: list[int] = []
        self._out_ms: dict[str, tuple[int, int]] = {}

    def round(self, situation: Situation) -> Result:
        """Work on every node in hand: those that drain first, in the order in which budgets were promised to them."""
        snapshot = situation.snapshot
        self._machinery.begin(situation.now_ms)
        purse = Purse(self._evictions.spent(snapshot))
        waiting: dict[str, tuple[Waiting, ...]] = {}
        steps: dict[str, Step] = {}
        present: set[str] = set()
        leaving = self._evictions.leaving
        missing = self.replicas.missing(situation) if self.rules.surge_single else lambda _pod: ""
        for name, record in sorted(situation.records.items(), key=claim):
            node = snapshot.nodes[name]
            left = drain(node, record, snapshot, self.rules, purse, situation.now_ms, missing, leaving)
            step = steps[name] = self._step(node, record, left, situation)
            waiting[name] = self._explained(step, present, situation, name)
            self._take(node, record, step, situation)
            if situation.acts_on(name):
                self._act(node, record, left, situation)
                if step.climb.rung is Rung.DEADLINE_DELETE:
                    self._deadline.round(node, record, left, situation, self._grace_s)
        self._evictions.forget(present)
        self.replicas.settle(situation)
        failed = next((step for step in steps.values() if step.failure), Step())
        return Result(
            waiting,
            climbs={name: step.climb for name, step in steps.items() if step.climb.told},
            failure=failed.failure,
            by="ladder" if failed.climb.rung is Rung.FREEZE else "driver",
            due_ms=min((step.due_ms for step in steps.values() if step.due_ms is not None), default=None),
        )

    def _explained(self, step: Step, present: set[str], situation: Situation, node: str) -> tuple[Waiting, ...]:
        """The waits with the server's own words where it has spoken, and past the deadline with why the pod is still there."""
        pods = {pod.key: pod for pod in situation.snapshot.pods_on(node)}
        present.update(pod.metadata.uid for pod in pods.values())
        said = [(wait, self._evictions.refusal(pods[wait.pod]) if wait.pod in pods else "") for wait in step.waiting]
        waits = tuple(msgspec.structs.replace(wait, reason=text) if text else wait for wait, text in said)
        return explained(waits, pods, situation) if step.climb.rung is Rung.DEADLINE_DELETE else waits

    def _step(self, node: Node, record: Record, left: Drain, situation: Situation) -> Step:
        snapshot, now_ms, spec = situation.snapshot, situation.now_ms, self._rotation.spec
        if not situation.acts_on(node.name):
            return self._frozen_step(node, record, snapshot)
        match record.phase:
            case Phase.SURGING if not outdated(node, spec.target, now_ms, snapshot.drift):
                return Step(Event.BECAME_CURRENT)
            case Phase.SURGING:
                machine = self._machinery.shown(record.replacement)
                known = {record.replacement: machine} if machine else {}
                # What stood still could not ask for its machine: the time for a boot counts from when it might.
                since_ms = max(record.since_ms, situation.journal.resumed_ms, situation.opening.since_ms)
                step = progress.surging(node, record, since_ms, known, snapshot, spec, self._limits, now_ms)
                if situation.waiting and step.event is Event.REPLACEMENT_READY:
                    return Step(waiting=(Waiting(node.name, situation.waiting),))
                return step
            case Phase.CORDONED:
                return progress.cordoned(node, self._seen_out_ms(node, record, now_ms), self._limits, now_ms)
            case Phase.DRAINING:
                return progress.draining(node, record, left, self._limits, now_ms)
            case Phase.DETACHING:
                return self._detaching(node, record, left, situation)
            case Phase.TERMINATING:
                return self._terminating(node, must_stay(snapshot, node))
            case _:
                return progress.quarantined(node, record, left, self._limits, now_ms)

    def _seen_out_ms(self, node: Node, record: Record, now_ms: int) -> int | None:
        """Since when this driver has seen that load balancers are told to leave the node; None while they are not.

        The record's own time is that of the decision: the write that tells them may have waited in the API server's queue.
        """
        if not progress.is_out(node):
            return None
        decided_ms, seen_ms = self._out_ms.get(node.metadata.uid, (-1, now_ms))
        if decided_ms != record.since_ms:  # it was let go of meanwhile
            seen_ms = now_ms
        self._out_ms[node.metadata.uid] = (record.since_ms, seen_ms)
        return seen_ms

    def _frozen_step(self, node: Node, record: Record, snapshot: Snapshot) -> Step:
        """A freeze: finish what is ending already, take back what has not ended a machine, begin nothing.

        An eviction that waits in the API server's queue may come after all: the node is let go of once it is answered.
        """
        if record.phase is Phase.TERMINATING:
            kept = self._machinery.is_kept(node.name, record.since_ms) and self._outbox.free(("terminate", node.name))
            return Step(Event.RELEASED) if kept else self._terminating(node)
        if record.phase in TIDY or any(self._outbox.awaits(("evict", pod.metadata.uid)) for pod in snapshot.pods_on(node.name)):
            return Step()
        return Step(Event.RELEASED)

    def _detaching(self, node: Node, record: Record, left: Drain, situation: Situation) -> Step:
        if not left.done:
            return Step(waiting=left.waiting)
        step = progress.detaching(node, record, situation.snapshot, self._limits, situation.now_ms)
        if step.event is not Event.DETACHED or record.slot is Slot.SURGE:
            return step
        if all(owed.replaces != node.name for owed in situation.journal.owed):
            # The successor must be on record before the only trace of this node ends with it.
            self._journal.want(owed_annotation((*situation.journal.owed, owed_by(node, record))))
            return Step(waiting=(Waiting(node.name, "its successor is being put on record"),))
        return step

    def _terminating(self, node: Node, stays: str = "") -> Step:
        if stays and not self._machinery.ending(node.name):
            return Step(waiting=(Waiting(node.name, stays),))
        confirmed = self._machinery.end_confirmed(node.name)
        return progress.terminating(
            node, self._machinery.by_node, confirmed=confirmed, refused=self._machinery.end_refused(node.name)
        )

    def _take(self, node: Node, record: Record, step: Step, situation: Situation) -> None:
        """Write the next phase down; deleting the Node is how Deleted is written."""
        if step.event is None:
            return
        following = next_phase(record.phase, step.event)
        now_ms = situation.now_ms
        if following is Phase.DELETED:
            guard.before_delete(node, record, machine_gone=step.event is Event.MACHINE_GONE)
            self._outbox.send(("delete", node.metadata.uid), lambda id_: acts.delete_node(id_, node))
            return
        if following in (Phase.OUTDATED, Phase.UP_TO_DATE):
            self._outbox.send(("record", node.metadata.uid), lambda id_: acts.erase_record(id_, node, record))
            return
        if step.event is Event.REPLACEMENT_READY and record.slot is Slot.SURGE:
            self.boots_ms.append(now_ms - record.since_ms)
        closed = CLOSED_BY_PHASE.get(following)
        written = Record(
            rotation=record.rotation,
            phase=following,
            since_ms=now_ms,
            slot=record.slot,
            replacement=record.replacement,
            reason=step.failure or (step.waiting[0].reason if step.event is Event.STUCK and step.waiting else ""),
            cordoned=record.cordoned if closed is None else closed and not node.spec.unschedulable,
            protected=record.protected,
            draining_ms=_draining_ms(record, following, now_ms),
            forced_ms=record.forced_ms,
            forced=record.forced,
            admitted_ms=record.admitted_ms,
        )
        # A node that somebody else had cordoned stays cordoned when we let go of it.
        lifted = None if closed is False and not record.cordoned and node.spec.unschedulable else closed
        self._outbox.send(("record", node.metadata.uid), lambda id_: acts.write_record(id_, node, written, closed=lifted))

    def _act(self, node: Node, record: Record, left: Drain, situation: Situation) -> None:
        match record.phase:
            case Phase.SURGING if record.slot is Slot.SURGE:
                self.provision(owed_by(node, record))
            case Phase.DRAINING:
                for pod in left.ask:
                    build = partial(acts.request_checkpoint, pod=pod, now_ms=situation.now_ms)
                    self._outbox.send(("checkpoint", pod.metadata.uid), build)
                self.replicas.bring(left.alone, node, situation)
                for pod in left.evict:
                    self._evict(pod, node, record, situation.snapshot)
            case Phase.QUARANTINED:
                self.replicas.bring(left.alone, node, situation)
            case Phase.TERMINATING if left.done and not self._machinery.ending(node.name):
                guard.before_terminate(node, record, left)
                if not must_stay(situation.snapshot, node):
                    self._end(node, situation.now_ms)

    def _end(self, node: Node, now_ms: int) -> None:
        """Ask for the end of a node's machine, and remember that it was asked: from here on there may be no way back."""

        def build(request_id: int) -> Act:
            return Terminate(id=request_id, node=node.name, provider_id=node.spec.provider_id)

        if self._outbox.send(("terminate", node.name), build) is not None:
            self._machinery.asked_end(node.name, now_ms)

    def provision(self, owed: Owed) -> None:
        """Ask for a machine that is owed, once for each life of this driver."""
        if self._machinery.wants(owed.key):
            version = self._rotation.spec.target.kubelet_version

            def build(request_id: int) -> Act:
                return Provision(
                    id=request_id,
                    key=owed.key,
                    replaces=owed.replaces,
                    replaces_provider_id=owed.provider_id,
                    zone=owed.zone,
                    labels=owed.labels,
                    kubelet_version=version,
                )

            self._outbox.send(("provision", owed.key), build)

    def _evict(self, pod: Pod, node: Node, record: Record, snapshot: Snapshot) -> None:
        guard.before_evict(pod, node, record)
        grace_s = self._grace_s(pod, node)
        if self._outbox.send(("evict", pod.metadata.uid), lambda id_: acts.evict(id_, pod, grace_s)) is not None:
            self._evictions.asked(pod, snapshot)

    def _grace_s(self, pod: Pod, node: Node) -> int | None:
        if unreachable(node):
            return 1  # nobody is there to use it; never 0, which would skip the kubelet's word for good
        limit_ms = self._limits.grace_ms
        own_s = pod.spec.termination_grace_period_seconds
        if limit_ms is None or own_s is None or own_s * 1_000 <= limit_ms:
            return None
        return max(1, limit_ms // 1_000)


def _draining_ms(record: Record, following: Phase, now_ms: int) -> int:
    """Since when the node drains: a quarantine does not end that, letting go of it does."""
    if following is Phase.SURGING:
        return 0
    return record.draining_ms or (now_ms if following is Phase.DRAINING else 0)


def owed_by(node: Node, record: Record) -> Owed:
    """The successor that a node in hand is to get."""
    return Owed(record.replacement, node.name, node.zone, dict(node.metadata.labels), node.spec.provider_id, pool_taints(node))


def claim(item: tuple[str, Record]) -> tuple[bool, tuple[int, str]]:
    """Who has first claim on a budget: a node that drains, before one that only would; among them, who was admitted first.

    The forecast has promised the tokens in that order. Any other makes nodes wait for each other half drained.
    """
    _, record = item
    return record.phase is not Phase.DRAINING, record.place
