"""What people are told of, drawn from the status alone.

Owns the words, and what makes two sightings the same cause: many pods under one PodDisruptionBudget are one. It does not know
who is told.
"""

from collections.abc import Iterable, Iterator

from underway.model.enumeration import some_of
from underway.rotate.alerts.cause import Cause
from underway.rotate.blockers import Blocker
from underway.rotate.fields import RUNGS
from underway.rotate.freezes import next_command
from underway.rotate.status import Status

OBJECTS_SHOWN = 3


def causes_of(status: Status) -> tuple[Cause, ...]:
    """The causes that hold now, the gravest first."""
    return (*_state(status), *_blocked(status), *_capacity(status))


def _state(status: Status) -> Iterator[Cause]:
    about, show = f"rotation {status.rotation}", f"underway status {status.rotation}"
    count = f"{status.nodes.up_to_date} of {status.nodes.total} nodes are up to date"
    if status.state == "Failed":
        yield Cause("Failed", about, status.reason, count, status.since_ms, command=show)
    elif status.state == "Finished":
        yield Cause("Finished", about, count, "", status.since_ms, command=show)
    elif status.state == "Blocked" and status.quarantine is not None and status.quarantine.used_up:
        yield Cause("Blocked", about, status.quarantine.used_up, count, status.since_ms, command=show)
    elif status.state == "Frozen" and status.frozen is not None:
        frozen = status.frozen
        by = f", by {frozen.by}" if frozen.by else ""
        whole = {"cluster": "the whole cluster", "pool": f"{about}, by its pools"}.get(frozen.level, about)
        resume = next_command(frozen, status.rotation)
        yield Cause("Frozen", whole, f"{frozen.reason}{by}", count, frozen.since_ms, command=resume, mark=frozen.reason)


def _blocked(status: Status) -> Iterator[Cause]:
    groups: dict[str, list[Blocker]] = {}
    for blocker in status.blockers:
        groups.setdefault(_about(blocker), []).append(blocker)
    for about, found in groups.items():
        first = found[0]
        level, rung = max((_level(one.rung), one.rung) for one in found)
        yield Cause(
            "Blocked",
            about,
            first.reason,
            _objects(found),
            min((one.since_ms for one in found if one.since_ms), default=0),
            next((one.owner for one in found if one.owner), ""),
            _describe(first),
            rung=rung,
            level=level,
        )


def _level(rung: str) -> int:
    """How high a rung is, 0 below the ladder."""
    return RUNGS.index(rung) + 1 if rung in RUNGS else 0


def _about(blocker: Blocker) -> str:
    if blocker.budget:
        return f"PodDisruptionBudget {blocker.budget}"
    return f"pod {blocker.pod}" if blocker.pod else f"node {blocker.node}"


def _objects(found: Iterable[Blocker]) -> str:
    named = dict.fromkeys(f"pod {one.pod} on node {one.node}" if one.pod else f"node {one.node}" for one in found)
    return some_of(list(named), OBJECTS_SHOWN)


def _describe(blocker: Blocker) -> str:
    """The command that shows what blocks."""
    kind, key = ("poddisruptionbudget", blocker.budget) if blocker.budget else ("pod", blocker.pod)
    if not key:
        return f"kubectl describe node {blocker.node}"
    namespace, _, name = key.rpartition("/")
    return f"kubectl describe {kind} {name} --namespace {namespace}"


def _capacity(status: Status) -> Iterator[Cause]:
    if status.refused:
        more = f"; and {len(status.refused) - 1} more machines" if len(status.refused) > 1 else ""
        about, command = f"machines of rotation {status.rotation}", f"underway status {status.rotation}"
        yield Cause("Capacity", about, f"{status.refused[0]}{more}", command=command)
