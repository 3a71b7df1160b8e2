"""Whether a node in hand may take its next step: what is observed, as an Event of the transition table, or what it waits for.

Owns the conditions of each step. It performs nothing and changes no phase: `rotate.driver` asks, `rotate.machine` holds
the table.
"""

from collections.abc import Container, Mapping

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.node import EXCLUDE_FROM_LOAD_BALANCERS_LABEL, Node
from underway.model.snapshot import Snapshot
from underway.policy.readiness import node_closed, node_unready, pool_taints
from underway.rotate.drain import Drain, Waiting
from underway.rotate.effects import Machine
from underway.rotate.ladder import Climb, Ladder, Rung, climb, ladder_of
from underway.rotate.machine import Event
from underway.rotate.quorum import must_stay, not_voting
from underway.rotate.record import Record, Slot
from underway.rotate.spec import RotationSpec
from underway.rotate.target import outdated


class Step(msgspec.Struct, frozen=True):
    """event: what has happened, None while it has not. waiting: what for. due_ms: when time alone may change that.

    failure: a sentence when it will not happen by itself and the rotation has to stop for it. climb: how far a node has come
    that does not get empty.
    """

    event: Event | None = None
    waiting: tuple[Waiting, ...] = ()
    due_ms: int | None = None
    failure: str = ""
    climb: Climb = Climb()


class Limits(msgspec.Struct, frozen=True):
    """The specification's times, in milliseconds; grace_ms None: each pod's own. ladder: of a drain that is stuck."""

    boot_ms: int
    soak_ms: int
    deregister_ms: int
    ladder: Ladder = Ladder()
    grace_ms: int | None = None


def limits_of(spec: RotationSpec) -> Limits:
    """The times of a specification whose durations have been checked."""

    def milliseconds(text: str) -> int:
        return round(seconds(text) * timestamp.MILLISECONDS)

    return Limits(
        boot_ms=milliseconds(spec.machines.boot_timeout),
        soak_ms=milliseconds(spec.pace.soak),
        deregister_ms=milliseconds(spec.drain.deregistration),
        ladder=ladder_of(spec.drain),
        grace_ms=milliseconds(spec.drain.grace_period_limit) if spec.drain.grace_period_limit else None,
    )


def _waits(node: Node, reason: str, due_ms: int | None = None) -> Step:
    return Step(waiting=(Waiting(node.name, reason),), due_ms=due_ms)


def surging(
    node: Node,
    record: Record,
    since_ms: int,
    machines: Mapping[str, Machine],
    snapshot: Snapshot,
    spec: RotationSpec,
    limits: Limits,
    now_ms: int,
) -> Step:
    """Whether the replacement is there, Ready, of the right version and soaked.

    since_ms: when its time began to run; machines: by key.
    """
    if record.slot is Slot.UNAVAILABLE:
        step = Step(Event.REPLACEMENT_READY)
    else:
        own = pool_taints(node)
        step = arrival(node.name, record.replacement, since_ms, machines, snapshot, spec, limits, now_ms, own)
    if step.event is Event.REPLACEMENT_READY and (reason := must_stay(snapshot, node)):
        return _waits(node, reason)
    return step


def arrival(
    replaces: str,
    key: str,
    since_ms: int,
    machines: Mapping[str, Machine],
    snapshot: Snapshot,
    spec: RotationSpec,
    limits: Limits,
    now_ms: int,
    taints: Container[str] = (),
) -> Step:
    """Whether the machine of a key has become a Ready node, asked for since `since_ms`. taints: of its pool, key:effect."""
    machine = machines.get(key)
    deadline_ms = since_ms + limits.boot_ms
    if machine is not None and machine.state in ("Failed", "Gone"):
        how = "failed" if machine.state == "Failed" else "is gone"
        why = f": {machine.reason}" if machine.reason else ""
        return Step(Event.REPLACEMENT_FAILED, failure=f"machine {key}, replacing node {replaces}, {how}{why}")
    successor = snapshot.nodes.get(machine.node) if machine is not None and machine.node else None
    reason = _unready(key, machine, successor, taints)
    if not reason and successor is not None:
        reason = not_voting(snapshot, successor)
    if reason or successor is None:
        if now_ms >= deadline_ms:
            minutes = limits.boot_ms // 60_000
            return Step(
                Event.REPLACEMENT_FAILED,
                failure=f"machine {key}, replacing node {replaces}, did not become Ready within {minutes} min: {reason}",
            )
        return Step(waiting=(Waiting(replaces, reason),), due_ms=deadline_ms)
    if spec.target.drifted and successor.name not in snapshot.drift:
        return Step(
            waiting=(Waiting(replaces, f"the machine provider has not said yet whether node {successor.name} is current"),)
        )
    wrong = outdated(successor, spec.target, now_ms, snapshot.drift)
    if wrong:
        return Step(
            Event.REPLACEMENT_FAILED,
            failure=f"node {successor.name}, replacing node {replaces}, is itself out of date: {wrong}; "
            "correct the machine template, delete the node, then resume",
        )
    soaked_ms = _ready_since_ms(successor) + limits.soak_ms
    if now_ms < soaked_ms:
        return Step(waiting=(Waiting(replaces, f"node {successor.name} is soaking"),), due_ms=soaked_ms)
    return Step(Event.REPLACEMENT_READY)


def _unready(key: str, machine: Machine | None, successor: Node | None, taints: Container[str]) -> str:
    if machine is None:
        return f"machine {key} is requested"
    if successor is None:
        return f"machine {key} is {machine.state}" + (f": {machine.reason}" if machine.reason else "")
    return node_unready(successor) or node_closed(successor, taints)


def _ready_since_ms(node: Node) -> int:
    ready = next(condition for condition in node.status.conditions if condition.type == "Ready")
    return timestamp.parse(ready.last_transition_time) if ready.last_transition_time else 0


def is_out(node: Node) -> bool:
    """Whether the node is closed to the scheduler, and load balancers are told to leave it."""
    return node.spec.unschedulable and EXCLUDE_FROM_LOAD_BALANCERS_LABEL in node.metadata.labels


def cordoned(node: Node, out_ms: int | None, limits: Limits, now_ms: int) -> Step:
    """Whether the node has been out of the load balancers for long enough. out_ms: since when it is seen to be out, or None."""
    if out_ms is None:
        return _waits(node, f"node {node.name} is being cordoned")
    due_ms = out_ms + limits.deregister_ms
    if now_ms < due_ms:
        return _waits(node, "load balancers let go of the node", due_ms)
    return Step(Event.DEREGISTERED)


def draining(node: Node, record: Record, drain: Drain, limits: Limits, now_ms: int) -> Step:
    """Whether everything that moves has gone, or has taken too long."""
    if drain.done:
        return Step(Event.DRAINED)
    reason = drain.waiting[0].reason if drain.waiting else f"{len(drain.evict)} pods are left"
    step = _stuck(
        record, drain.waiting, f"node {node.name} could not be drained in time: {reason}", drain.held_ms, limits, now_ms
    )
    return msgspec.structs.replace(step, due_ms=drain.held_ms) if now_ms < drain.held_ms else step


def quarantined(node: Node, record: Record, drain: Drain, limits: Limits, now_ms: int) -> Step:
    """Whether what kept the node from being drained is gone: nothing left, or something that may be evicted now."""
    if drain.done or drain.evict:
        return Step(Event.UNSTUCK)
    reason = f"node {node.name} could not be drained in time: {drain.waiting[0].reason}"
    return _stuck(record, drain.waiting, reason, drain.held_ms, limits, now_ms)


def _stuck(record: Record, waiting: tuple[Waiting, ...], reason: str, held_ms: int, limits: Limits, now_ms: int) -> Step:
    """How far up the ladder a node has come that does not get empty. reason: what is said where the rotation freezes for it."""
    at = climb(limits.ladder, record, held_ms, now_ms)
    if at.rung is Rung.FREEZE:
        return Step(waiting=waiting, failure=reason, climb=at)
    return Step(Event.STUCK if at.quarantine else None, waiting, at.due_ms, climb=at)


def detaching(node: Node, record: Record, snapshot: Snapshot, limits: Limits, now_ms: int) -> Step:
    """Whether every volume is detached, save those of pods that stay to the end (DaemonSet and static pods)."""
    held = {
        f"{pod.metadata.namespace}/{volume.persistent_volume_claim.claim_name}"
        for pod in snapshot.pods_on(node.name)
        for volume in pod.spec.volumes
        if volume.persistent_volume_claim is not None
    }
    attached = [
        attachment.metadata.name
        for attachment in snapshot.attachments.get(node.name, ())
        if snapshot.claims.get(attachment.spec.source.persistent_volume_name) not in held
    ]
    if not attached:
        reason = must_stay(snapshot, node)
        return _waits(node, reason) if reason else Step(Event.DETACHED)
    waiting = tuple(Waiting(node.name, f"VolumeAttachment {name} is being detached") for name in sorted(attached))
    return _stuck(record, waiting, f"node {node.name} keeps VolumeAttachment {min(attached)} for too long", 0, limits, now_ms)


def terminating(node: Node, machines: Mapping[str, Machine], *, confirmed: bool, refused: str = "") -> Step:
    """Whether the machine is gone.

    machines: by node name, of a listing made after the provider said yes (confirmed); refused: why it has not said so.
    """
    machine = machines.get(node.name)
    if confirmed and (machine is None or machine.state == "Gone"):
        return Step(Event.MACHINE_GONE)
    if refused:
        return _waits(node, f"machine of node {node.name} cannot be ended yet: {refused}")
    reason = f": {machine.reason}" if machine and machine.reason else ""
    return _waits(node, f"machine of node {node.name} is {machine.state if machine else 'ending'}{reason}")
