"""The pods that hold a rotation up because they are not Ready: which they are, which container is to blame, and where its log is.

Owns that choice. It reads nothing: `live.first_aid` brings the pods that a rotation's status speaks of, and the logs. A log may
hold anything, secrets too: it goes to the terminal of whoever asked, and nowhere else.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from underway.model.disruption import PodDisruptionBudget
from underway.model.meta import Condition, Model, ObjectMeta
from underway.model.selector import matches
from underway.rotate.status import Status

PODS_MAX = 3
NAMESPACES_MAX = 3
FINISHED = ("Succeeded", "Failed")
# namespace/name as our sentences write it; neither a label's key, whose prefix has a dot, nor a part of a path.
_SUBJECT = re.compile(r"(?<![\w./-])([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?)")


class Ended(Model, frozen=True):
    """How a run of a container ended."""

    exit_code: int = 0
    reason: str = ""


class Waiting(Model, frozen=True):
    """Why a container does not run."""

    reason: str = ""
    message: str = ""


class ContainerState(Model, frozen=True):
    """What a container does: one of these, or it runs."""

    waiting: Waiting | None = None
    terminated: Ended | None = None


class ContainerStatus(Model, frozen=True):
    """One container. Source: core/v1 types.go."""

    name: str
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(Model, frozen=True):
    """The part of a status that says what is wrong."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class SeenPod(Model, frozen=True):
    """A pod with what its containers do, which no decision of a driver reads."""

    metadata: ObjectMeta
    status: PodStatus = PodStatus()

    @property
    def well(self) -> bool:
        """Whether it is Ready, or needs not be: it has ended, or is about to."""
        if self.status.phase in FINISHED or self.metadata.deletion_timestamp:
            return True
        return any(one.type == "Ready" and one.status == "True" for one in self.status.conditions)


class Culprit(msgspec.Struct, frozen=True):
    """A pod that is not Ready.

    sentence: what is wrong; container: whose log says more, "" where none has run; previous: whether it is the log of the run
    before this one.
    """

    namespace: str
    name: str
    sentence: str
    container: str = ""
    previous: bool = False


def subjects(status: Status) -> tuple[tuple[str, str], ...]:
    """The namespaced objects (namespace, name) that a status speaks of: what blocks, what is in breach, what it waits for."""
    blocking = [key for blocker in status.blockers for key in (blocker.pod, blocker.budget) if key]
    said = [status.reason, *(breach.reason for breach in status.breaches)]
    found = [
        *(tuple(key.split("/", 1)) for key in blocking if "/" in key),
        *(pair for text in said for pair in _SUBJECT.findall(text)),
    ]
    return tuple(dict.fromkeys(found))


def culprits(
    pods: Iterable[SeenPod], named: Sequence[tuple[str, str]], budgets: Sequence[PodDisruptionBudget]
) -> tuple[list[Culprit], int]:
    """The pods to show, what crashes first, and how many more there are.

    named: what the status speaks of: pods, or workloads, whose pods begin with their name; budgets: those among it.
    """
    found = [pod for pod in pods if not pod.well and (_is_named(pod, named) or _is_kept(pod, budgets))]
    found.sort(key=lambda pod: (-_restarts(pod), pod.metadata.key))
    return [_culprit(pod) for pod in found[:PODS_MAX]], max(0, len(found) - PODS_MAX)


def _is_named(pod: SeenPod, named: Iterable[tuple[str, str]]) -> bool:
    metadata = pod.metadata
    return any(
        metadata.namespace == namespace and (metadata.name == name or metadata.name.startswith(f"{name}-"))
        for namespace, name in named
    )


def _is_kept(pod: SeenPod, budgets: Iterable[PodDisruptionBudget]) -> bool:
    """Whether a budget that blocks counts this pod: it is one of those that are missing."""
    metadata = pod.metadata
    return any(
        budget.metadata.namespace == metadata.namespace
        and budget.spec.selector is not None
        and matches(budget.spec.selector, metadata.labels)
        for budget in budgets
    )


def _restarts(pod: SeenPod) -> int:
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    return sum(one.restart_count for one in statuses)


def _culprit(pod: SeenPod) -> Culprit:
    metadata, where = pod.metadata, f"pod {pod.metadata.key}"
    first = _blamed(pod.status)
    if first is None:
        scheduled = next((one for one in pod.status.conditions if one.type == "PodScheduled" and one.status == "False"), None)
        why = f"finds no node: {scheduled.message}" if scheduled is not None else "is not Ready, and no container of it says why"
        return Culprit(metadata.namespace, metadata.name, f"{where} {why}")
    state, ended = first.state, first.last_state.terminated or first.state.terminated
    does = "runs but is not Ready"
    if state.waiting is not None:
        message = f" ({state.waiting.message})" if state.waiting.message else ""
        does = f"waits: {state.waiting.reason or 'no reason given'}{message}"
    elif state.terminated is not None:
        does = "has ended"
    times = f", {first.restart_count} restart{'s' if first.restart_count > 1 else ''}" if first.restart_count else ""
    end = f", last exit code {ended.exit_code}{f' ({ended.reason})' if ended.reason else ''}" if ended is not None else ""
    sentence = f"{where}: container {first.name} {does}{times}{end}"
    has_run = ended is not None or state.waiting is None
    previous = first.last_state.terminated is not None
    return Culprit(metadata.namespace, metadata.name, sentence, first.name if has_run else "", previous)


def _blamed(status: PodStatus) -> ContainerStatus | None:
    """The container that keeps the pod from being Ready: of those that come first, the one that ended worst."""
    preparing = [one for one in status.init_container_statuses if not one.ready and not _completed(one)]
    waiting = preparing or [one for one in status.container_statuses if not one.ready]
    return max(waiting, key=lambda one: one.restart_count, default=None)


def _completed(one: ContainerStatus) -> bool:
    return one.state.terminated is not None and one.state.terminated.exit_code == 0
