"""What somebody should see before a frozen rotation goes on: why it stopped, and what is still wrong.

Owns the findings and their order, worst first. It reads nothing: `live` hands in the status, the freezes and the Events.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from underway.rotate.freezes import Frozen
from underway.rotate.status import Status

EVENTS_MAX = 10


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """One finding.

    kind: frozen, gate, waits, blocker, node, event, pod or log; since_ms: 0 if not known; grave: it would stop it again;
    lines: of a log, as they were written. Findings are shown to whoever asked, and never written into the cluster.
    """

    kind: str
    text: str
    since_ms: int = 0
    grave: bool = False
    lines: tuple[str, ...] = ()


def findings(status: Status | None, frozen: Frozen | None, events: Iterable[dict[str, Any]]) -> list[Finding]:
    """What there is to know. frozen: the freeze that is to end; events: core/v1 Events of the cluster, as plain values."""
    found: list[Finding] = []
    if frozen is not None:
        by = f" by {frozen.by}" if frozen.by else ""
        found.append(Finding("frozen", f"frozen{by} ({frozen.level}): {frozen.reason}", frozen.since_ms))
    if status is None:
        return [*found, Finding("node", "no driver has reported yet: what is wrong now is not known", grave=True)]
    found += [Finding("gate", f"gate {one.gate}: {one.reason}", one.since_ms, grave=True) for one in status.breaches]
    if status.state == "Progressing" and status.reason and not status.breaches:
        found.append(Finding("waits", status.reason, status.since_ms))
    found += [Finding("blocker", f"node {one.node}: {one.sentence}", grave=True) for one in status.blockers]
    for one in status.in_flight:
        waits = f", waiting: {one.waiting[0]}" if one.waiting else ""
        rung = f" (stuck, {one.rung})" if one.rung else ""
        found.append(Finding("node", f"node {one.node} is {one.phase}{rung}{waits}", one.since_ms))
    return [*found, *_warnings(status, events)]


def _warnings(status: Status, events: Iterable[dict[str, Any]]) -> Sequence[Finding]:
    """The last Warning Events about the rotation's nodes in hand and the pods that block."""
    nodes = {one.node for one in status.in_flight} | {one.node for one in status.blockers}
    pods = {one.pod for one in status.blockers if one.pod}
    told: list[tuple[str, Finding]] = []
    for event in events:
        about = event.get("involvedObject") or {}
        name, namespace = about.get("name", ""), about.get("namespace", "")
        ours = (about.get("kind") == "Node" and name in nodes) or (about.get("kind") == "Pod" and f"{namespace}/{name}" in pods)
        if event.get("type") == "Warning" and ours:
            where = f"{namespace}/{name}" if namespace else name
            text = f"{about['kind'].lower()} {where}: {event.get('reason', '')}: {event.get('message', '')}"[:500]
            told.append((event.get("lastTimestamp") or event.get("eventTime") or "", Finding("event", text)))
    return [finding for _, finding in sorted(told, key=lambda one: one[0])[-EVENTS_MAX:]]
