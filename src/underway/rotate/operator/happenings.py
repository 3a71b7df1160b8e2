"""What has happened between two reports of a driver, as Events that people read with `kubectl describe`.

Owns the words. An Event is made once for each change, never for a state that lasts: there is no storm to be aggregated.
Source: API conventions, "Events" (reason in CamelCase, a message for people).
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from underway.kube import resource as r
from underway.kube.request import Request
from underway.model import timestamp
from underway.rotate.freezes import Frozen, next_command
from underway.rotate.kinds.conditions import cut
from underway.rotate.kinds.definitions import ROTATIONS
from underway.rotate.status import InFlight, Status

NAMESPACE = "default"
"""Where Events of objects without a namespace live (Kubernetes pkg/apis/core/validation/events.go)."""

REASONS = {
    "Surging": "ReplacementRequested",
    "Cordoned": "NodeCordoned",
    "Draining": "NodeDraining",
    "Detaching": "VolumesDetaching",
    "Terminating": "MachineTerminating",
    "Quarantined": "NodeQuarantined",
}


class Happening(msgspec.Struct, frozen=True):
    """One Event to be. node: which one it is about, or ""."""

    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"
    node: str = ""


def happenings(before: Status | None, after: Status) -> list[Happening]:
    """What has happened. before: None when nothing was seen yet, after a start or a change of leader."""
    found: list[Happening] = []
    if before is None or before.state == "Starting":
        # What stood before we looked is no news, except that it may be asked for: the state itself.
        states = [_state(after)] if after.state not in ("Starting", "Finished") else found
        return [*states, *_ignored(after.ignored)]
    if after.state != before.state:
        found.append(_state(after))
    known = {one.node: one for one in before.in_flight}
    for one in after.in_flight:
        earlier = known.get(one.node)
        if earlier is None or earlier.phase != one.phase:
            found.append(_phase(one) if earlier is None or one.phase != "Surging" else _released(one))
        if one.rung not in ("", "Quarantine", earlier.rung if earlier else ""):
            found.append(_rung(one))
    present = {one.node for one in after.in_flight}
    for name, earlier in known.items():
        if name not in present and earlier.phase == "Terminating":
            found.append(Happening("NodeReplaced", f"node {name} and its machine are gone", node=name))
    found += _held(before, after)
    told = {(one.node, one.pod, one.budget) for one in before.blockers}
    found += [
        Happening("NodeBlocked", f"node {one.node}: {one.sentence}", "Warning", one.node)
        for one in after.blockers
        if (one.node, one.pod, one.budget) not in told
    ]
    breached = {one.gate for one in before.breaches}
    found += [
        Happening("GateInBreach", f"gate {one.gate}: {one.reason}", "Warning")
        for one in after.breaches
        if one.gate not in breached
    ]
    found += _ignored(one for one in after.ignored if one not in before.ignored)
    if after.undelivered and after.undelivered != before.undelivered:
        found.append(Happening("AlertNotDelivered", after.undelivered, "Warning"))
    return found


def _state(after: Status) -> Happening:
    nodes = after.nodes
    count = f"{nodes.up_to_date} of {nodes.total} nodes are up to date"
    match after.state:
        case "Frozen":
            frozen = after.frozen or Frozen(after.reason)
            by = f", by {frozen.by}" if frozen.by else ""
            return Happening("Frozen", f"{after.reason}{by}; next: {next_command(frozen, after.rotation)}", "Warning")
        case "Finished":
            return Happening("Finished", count)
        case "Progressing":
            return Happening("Progressing", f"{count}; {after.reason}" if after.reason else count)
        case state:
            return Happening(state, after.reason or count, "Warning" if state in ("Blocked", "Failed") else "Normal")


def _phase(one: InFlight) -> Happening:
    reason = REASONS.get(one.phase, one.phase)
    waits = f": {one.waiting[0]}" if one.waiting else ""
    kind: Literal["Normal", "Warning"] = "Warning" if one.phase == "Quarantined" else "Normal"
    return Happening(reason, f"node {one.node} is {one.phase}{waits}", kind, one.node)


def _released(one: InFlight) -> Happening:
    """A node whose work was taken back: by a freeze, the end of a window, or because it was released."""
    beside = f"; {one.replacement} stays beside it" if one.replacement else ""
    return Happening("NodeReleased", f"node {one.node} is open to pods again{beside}", node=one.node)


def _held(before: Status, after: Status) -> list[Happening]:
    """Nodes that are kept back now, or not any more, while the others go on."""
    known, holding = ({(one.pool, one.reason): one for one in status.held} for status in (before, after))
    found = []
    for key, one in holding.items():
        if key not in known:
            command = f"; next: underway resume --pool {one.pool}" if one.pool else ""
            found.append(Happening("NodesHeld", f"{one.sentence}{command}", "Warning"))
    for key, one in known.items():
        if key not in holding:
            what = f"pool {one.pool}" if one.pool else one.reason
            found.append(Happening("NodesFree", f"held back no more: {what}"))
    return found


def _ignored(sentences: Iterable[str]) -> list[Happening]:
    """Annotations that ask for something nobody can read."""
    return [Happening("AnnotationIgnored", one, "Warning") for one in sentences]


def _rung(one: InFlight) -> Happening:
    """A stuck drain has come to a rung; that of the quarantine is told by the phase."""
    waits = f": {'; '.join(one.waiting[:3])}" if one.waiting else ""
    return Happening(f"Drain{one.rung}", f"the drain of node {one.node} is stuck, {one.rung}{waits}", "Warning", one.node)


def event_request(
    request_id: int, happening: Happening, rotation: Mapping[str, str], identity: str, now_ms: int, number: int
) -> Request:
    """The request that makes an Event. rotation: name and uid of the object that it is about; number: unique in this process."""
    at = timestamp.format_ms(now_ms)
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{rotation['name']}.{now_ms:x}{number:x}", "namespace": NAMESPACE},
        "involvedObject": {"apiVersion": ROTATIONS.api_version, "kind": ROTATIONS.kind, **rotation},
        "reason": happening.reason,
        "message": cut(happening.message),
        "type": happening.type,
        "source": {"component": "underway"},
        "reportingComponent": "underway.dev/operator",
        "reportingInstance": identity[:128],
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
    return Request(id=request_id, verb="create", resource=r.EVENTS, namespace=NAMESPACE, body=body)
