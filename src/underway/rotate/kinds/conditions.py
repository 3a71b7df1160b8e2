"""From what a driver reports to what Kubernetes shows: the status of a Rotation, with conditions and times that stay.

Pure: the same report over the same status gives the same status. Source: API conventions, "Typical status properties"
(a condition keeps its lastTransitionTime while its status does not change).
"""

from math import isfinite

import msgspec

from underway.model import timestamp
from underway.rotate.kinds.status import BlockedBy, Condition, Freezing, HeldNodes, InHand, Least, RotationStatus
from underway.rotate.status import Status

TEXT_MAX = 1_024  # of one message: an object is kept small, whatever a server has to say
LISTED_MAX = 100  # nodes in hand and blockers; their number stands in nodes


def cut(text: str) -> str:
    """A message of bounded length."""
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


def published(status: Status, generation: int, before: RotationStatus, now_ms: int) -> RotationStatus:
    """The status to show. generation: of the spec that the driver works by; before: what is shown now."""
    if status.state == "Starting" and before.state:
        # A new driver has not looked yet: what is known stays, rather than to flicker at each change of leader.
        return before
    started = timestamp.format_ms(status.started_ms) if status.started_ms is not None else before.started_at
    finished = ""
    if status.state == "Finished":
        finished = before.finished_at if before.state == "Finished" else timestamp.format_ms(now_ms)
    predicted = status.predicted_finish_ms if status.state in ("Progressing", "Waiting") else None
    return RotationStatus(
        observed_generation=generation,
        state=status.state,
        reason=cut(status.reason),
        conditions=conditions(status, generation, before.conditions, now_ms),
        nodes=status.nodes,
        in_flight=tuple(
            InHand(
                node=one.node,
                phase=one.phase,
                since=timestamp.format_ms(one.since_ms),
                zone=one.zone,
                replacement=one.replacement,
                pods=one.pods,
                waiting=tuple(map(cut, one.waiting[:3])),
                rung=one.rung,
                stuck_since=timestamp.format_ms(one.stuck_ms) if one.stuck_ms else "",
            )
            for one in status.in_flight[:LISTED_MAX]
        ),
        blockers=_blockers(status, before, now_ms),
        frozen=_freezing(status, before, now_ms),
        bound=_bound(status, before, started),
        predicted_finish=timestamp.format_ms(predicted) if predicted is not None else "",
        started_at=started,
        finished_at=finished,
        statistics=status.statistics,
        quarantine=status.quarantine,
        held=tuple(
            HeldNodes(one.nodes, cut(one.reason), timestamp.format_ms(one.since_ms) if one.since_ms else "", one.by, one.pool)
            for one in status.held[:LISTED_MAX]
        ),
    )


def _blockers(status: Status, before: RotationStatus, now_ms: int) -> tuple[BlockedBy, ...]:
    since = {(one.node, one.pod, one.budget): one.since for one in before.blockers}
    now = timestamp.format_ms(now_ms)
    return tuple(
        BlockedBy(
            node=one.node,
            reason=cut(one.reason),
            since=timestamp.format_ms(one.since_ms) if one.since_ms else since.get((one.node, one.pod, one.budget), now),
            pod=one.pod,
            budget=one.budget,
            owner=cut(one.owner),
            rung=one.rung,
        )
        for one in status.blockers[:LISTED_MAX]
    )


def _freezing(status: Status, before: RotationStatus, now_ms: int) -> Freezing | None:
    frozen = status.frozen
    if frozen is None:
        return None
    since_ms = frozen.since_ms or now_ms
    since = before.frozen.since if before.frozen and not frozen.since_ms else timestamp.format_ms(since_ms)
    return Freezing(cut(frozen.reason), since, frozen.by, frozen.level)


def _bound(status: Status, before: RotationStatus, started: str) -> Least | None:
    """The bound of the whole: what was left when this driver first looked, unless the same rotation has one already."""
    if before.bound is not None and before.started_at == started:
        return before.bound
    if status.bound is None or not isfinite(status.bound.seconds):
        return None
    return Least(round(status.bound.seconds), status.bound.explanation)


def conditions(status: Status, generation: int, before: tuple[Condition, ...], now_ms: int) -> tuple[Condition, ...]:
    """Progressing, Healthy, Frozen, Blocked and Finished."""
    state, nodes = status.state, status.nodes
    count = f"{nodes.up_to_date} of {nodes.total} nodes are up to date, {nodes.in_hand} in hand"
    progressing = ("True", "Rotating", count) if state == "Progressing" else ("False", state, status.reason or count)
    healthy = ("True", "AllGatesPass", "every gate passes")
    if status.breaches:
        healthy = ("False", "GateInBreach", "; ".join(f"gate {one.gate}: {one.reason}" for one in status.breaches))
    elif state in ("Starting", "Failed"):
        healthy = ("Unknown", "NotJudged", status.reason or "nothing was judged yet")
    frozen = ("False", "NotFrozen", "nothing holds it")
    if status.held:
        frozen = ("False", "NodesHeld", f"{'; '.join(one.sentence for one in status.held)}; the others go on")
    if status.frozen is not None:
        who = f", by {status.frozen.by}" if status.frozen.by else ""
        frozen = ("True", f"{status.frozen.level.capitalize()}Frozen", f"{status.frozen.reason}{who}")
    blocked = ("False", "NothingBlocks", "nothing keeps a node from being emptied")
    if status.blockers:
        first, more = status.blockers[0], len(status.blockers) - 1
        tail = f"; and {more} more" if more else ""
        blocked = ("True", "CannotBeDrained", f"node {first.node}: {first.sentence}{tail}")
    finished = ("True", "AllUpToDate", count) if state == "Finished" else ("False", state, count)
    facts = {"Progressing": progressing, "Healthy": healthy, "Frozen": frozen, "Blocked": blocked, "Finished": finished}
    known = {one.type: one for one in before}
    return tuple(condition(kind, *fact, generation, known.get(kind), now_ms) for kind, fact in facts.items())


def condition(
    kind: str, status: str, reason: str, message: str, generation: int, before: Condition | None, now_ms: int
) -> Condition:
    """One condition; it keeps the time of its last transition. before: as it is shown now."""
    same = before is not None and before.status == status
    since = before.last_transition_time if before is not None and same else timestamp.format_ms(now_ms)
    return Condition(kind, status, reason, cut(message), since, generation)


def essence(status: RotationStatus) -> RotationStatus:
    """What of a status is worth a write at once; the rest moves all the time and is written when it is due."""
    brief = tuple(msgspec.structs.replace(one, pods=0, waiting=()) for one in status.in_flight)
    counted = tuple(msgspec.structs.replace(one, message="") for one in status.conditions)
    return msgspec.structs.replace(status, statistics=None, predicted_finish="", in_flight=brief, conditions=counted)
