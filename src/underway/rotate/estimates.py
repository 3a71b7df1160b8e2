"""How long things take, as far as a Snapshot tells: the numbers that forecasts and bounds are made of.

Owns the defaults, each with its source, and what can be read off the cluster itself: how long a budget's pods took to
become Ready, how long a pod's preStop hook sleeps. It does not know what is done with them.
"""

from collections.abc import Iterable
from statistics import median

import msgspec

from underway.model import timestamp
from underway.model.disruption import PodDisruptionBudget
from underway.model.duration import seconds
from underway.model.hook import sleep_s
from underway.model.pod import LifecycleHandler, Pod
from underway.model.snapshot import Snapshot
from underway.rotate.spec import RotationSpec

GRACE_S_DEFAULT = 30  # core/v1 defaulting of terminationGracePeriodSeconds
RESTART_S_DEFAULT = 15.0  # schedule, pull from a warm registry, one readiness period; used only where no pod has ever been Ready


class Estimates(msgspec.Struct, frozen=True):
    """Seconds. boot: from the request to a Ready node; settle: from Ready to the cordon (gates, soak); terminate: from the
    request to the machine's end; overhead: what one node costs in API calls and watch lag."""

    boot_s: float = 90.0
    settle_s: float = 0.0
    deregister_s: float = 10.0
    terminate_s: float = 20.0


def leaving_s_min(pod: Pod) -> float:
    """A time that the pod surely takes to end: its longest preStop sleep, capped by its grace period (KEP-3960)."""
    hooks = [container.lifecycle.pre_stop for container in pod.spec.containers if container.lifecycle]
    return float(min(max((_sleeps_s(hook) for hook in hooks if hook is not None), default=0.0), grace_s(pod)))


def _sleeps_s(hook: LifecycleHandler) -> float:
    """The sleep of a hook, by its own action or by a command that is nothing else; 0 for what takes nobody knows how long."""
    if hook.sleep is not None:
        return hook.sleep.seconds
    command = (hook.exec or {}).get("command") or ()
    return sleep_s([str(word) for word in command]) or 0.0


def grace_s(pod: Pod) -> int:
    """The pod's termination grace period."""
    given = pod.spec.termination_grace_period_seconds
    return GRACE_S_DEFAULT if given is None else given


def start_times_s(pods: tuple[Pod, ...]) -> list[float]:
    """How long each Ready pod took from creation to Ready, where both are written down."""
    times = []
    for pod in pods:
        ready = next(
            (condition for condition in pod.status.conditions if condition.type == "Ready" and condition.status == "True"), None
        )
        if ready is not None and ready.last_transition_time and pod.metadata.creation_timestamp:
            created_ms = timestamp.parse(pod.metadata.creation_timestamp)
            times.append((timestamp.parse(ready.last_transition_time) - created_ms) / timestamp.MILLISECONDS)
    return [time for time in times if time >= 0]


class Restart(msgspec.Struct, frozen=True):
    """How long a budget's disruption lasts, from eviction to a Ready replacement: the rho of the lower bound.

    typical_s: to forecast with; min_s: to bound with.
    """

    typical_s: float
    min_s: float


def restart(budget: PodDisruptionBudget, snapshot: Snapshot) -> Restart:
    """The restart time of a budget's pods, read off the pods themselves.

    A StatefulSet starts the successor only when the old pod is gone, so its leaving counts too.
    """
    pods = snapshot.pods_of(budget)
    starts = start_times_s(pods) or [RESTART_S_DEFAULT]
    one_after_another = any(pod.metadata.controller and pod.metadata.controller.kind == "StatefulSet" for pod in pods)
    leaving_s = min((leaving_s_min(pod) for pod in pods), default=0.0) if one_after_another else 0.0
    return Restart(typical_s=median(starts) + leaving_s, min_s=min(starts) + leaving_s)


def estimates_of(spec: RotationSpec) -> Estimates:
    """The estimates with which a rotation begins: the specification's own waits, defaults for the rest."""
    return Estimates(settle_s=seconds(spec.pace.soak), deregister_s=seconds(spec.drain.deregistration))


def learned(estimates: Estimates, boots_ms: Iterable[int]) -> Estimates:
    """The estimates, with the boot corrected by what boots have taken.

    An exponential average that half forgets: zones and hours differ, and so do their machines.
    """
    for boot_ms in boots_ms:
        estimates = msgspec.structs.replace(estimates, boot_s=(estimates.boot_s + boot_ms / 1_000) / 2)
    return estimates
