"""Which pods a drain moves, which it leaves, and which it must not touch. Every answer carries its reason.

Sources: kubectl pkg/drain/filters.go (mirror, DaemonSet, local storage, unreplicated), eviction.go (budgets bypassed for
Pending, finished and terminating pods; unready pods under KEP-3017), "API-initiated eviction". Beyond kubectl, which
misses them: hostPath volumes, local PersistentVolumes and pods that tolerate the cordon and come back.
"""

import msgspec

from underway.model.disruption import PodDisruptionBudget
from underway.model.meta import LabelSelector
from underway.model.node import UNSCHEDULABLE_TAINT
from underway.model.pod import Pod, Toleration
from underway.model.snapshot import Snapshot
from underway.policy.budget import is_stale
from underway.policy.drain_rules import asked_of


class Leave(msgspec.Struct, frozen=True):
    """The pod stays where it is until its machine ends: nothing is lost by that."""

    reason: str


class Move(msgspec.Struct, frozen=True):
    """The pod is to be evicted."""


class Block(msgspec.Struct, frozen=True):
    """Evicting it would lose something that the specification does not allow to be lost, or cannot succeed."""

    reason: str


Fate = Leave | Move | Block


DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
NEVER = (
    (DO_NOT_DISRUPT, "true"),
    ("karpenter.sh/do-not-evict", "true"),
    ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
)
"""Annotations of pods that are never to be disrupted. Sources: Karpenter, "Disruption" and its upgrade guide (do-not-evict was
the word before v0.32); Cluster Autoscaler FAQ."""


class Wait(msgspec.Struct, frozen=True):
    """Pods that a drain lets run to their end, for so long at most; checkpoint: or until they have saved their work."""

    selector: LabelSelector
    limit_ms: int
    checkpoint: bool = False


class Rules(msgspec.Struct, frozen=True):
    """What the specification allows: pods with data on the node's disk, pods that nothing would recreate, pods that ask not to
    be disrupted; and which pods are waited for. namespaces: the only ones in which the API server lets us evict, None for all.
    past_deadline: whether a budget that never allows is no reason not to begin, since its pods are deleted in the end.
    surge_single: whether a second replica is brought up beside a single one first.
    """

    evict_local_data: bool = True
    evict_unmanaged: bool = False
    namespaces: frozenset[str] | None = None
    honour_do_not_disrupt: bool = True
    waits: tuple[Wait, ...] = ()
    past_deadline: bool = False
    surge_single: bool = False


def fate(pod: Pod, snapshot: Snapshot, rules: Rules) -> Fate:
    """Whether a drain leaves, moves or must not touch the pod."""
    verdict = _fate(pod, snapshot, rules)
    namespace = pod.metadata.namespace
    if isinstance(verdict, Move) and rules.namespaces is not None and namespace not in rules.namespaces and not pod.terminating:
        return Block(
            f"pod {pod.key} is in namespace {namespace}, where Underway may not evict; grant it, or move the pod yourself"
        )
    return verdict


def _fate(pod: Pod, snapshot: Snapshot, rules: Rules) -> Fate:
    if pod.is_mirror:
        return Leave("a static pod: its mirror object cannot be evicted")
    if pod.finished:
        return Move()
    controller = pod.metadata.controller
    if controller is not None and controller.kind == "DaemonSet":
        if f"DaemonSet/{pod.metadata.namespace}/{controller.name}" in snapshot.workloads:
            return Leave(f"DaemonSet {controller.name} would recreate it at once")
        if not rules.evict_unmanaged:
            return Block(f"pod {pod.key} belongs to DaemonSet {controller.name}, which no longer exists; delete the pod")
    if pod.terminating:
        return Move()
    asked = asked_of(pod, snapshot)
    if asked.unknown:
        return Block(f"pod {pod.key}: {asked.unknown}")
    if asked.behavior == "Skip":
        return Leave(f"{asked.by} says that a drain leaves it")
    if asked.behavior == "WaitCompleted":
        return Move()  # it goes by itself; the drain waits for that
    if controller is None and not rules.evict_unmanaged:
        return Block(
            f"pod {pod.key} has no controller: nothing would recreate it; "
            "delete it, give it one, or set spec.drain.unmanaged: Evict"
        )
    for key, value in NEVER if rules.honour_do_not_disrupt else ():
        if pod.metadata.annotations.get(key) == value:
            return Block(
                f"pod {pod.key} asks never to be disrupted ({key}: {value}); "
                "take the annotation off, or set spec.drain.doNotDisrupt: Ignore"
            )
    return _storage_fate(pod, snapshot, rules) or _budget_fate(pod, snapshot) or Move()


def _storage_fate(pod: Pod, snapshot: Snapshot, rules: Rules) -> Block | None:
    for volume in pod.spec.volumes:
        claim = volume.persistent_volume_claim
        if claim is not None and f"{pod.metadata.namespace}/{claim.claim_name}" in snapshot.local_claims:
            return Block(
                f"pod {pod.key} uses PersistentVolumeClaim {claim.claim_name} on a local volume: "
                "it cannot start on another node; move its data first"
            )
        if rules.evict_local_data:
            continue
        if volume.empty_dir is not None or volume.host_path is not None:
            kind = "emptyDir" if volume.empty_dir is not None else "hostPath"
            return Block(f"pod {pod.key} keeps data in {kind} volume {volume.name}; set spec.drain.emptyDir: Evict to let it go")
    return None


def _budget_fate(pod: Pod, snapshot: Snapshot) -> Block | None:
    budgets = snapshot.budgets_of(pod)
    if len(budgets) < 2 or pod.terminating or pod.status.phase == "Pending":
        return None
    names = " and ".join(sorted(budget.key for budget in budgets))
    return Block(f"pod {pod.key} has more than one PodDisruptionBudget ({names}): the API refuses every eviction; leave it one")


def bypasses_budget(pod: Pod, budget: PodDisruptionBudget) -> bool:
    """Whether the server evicts the pod without asking the budget for a disruption."""
    if pod.finished or pod.status.phase == "Pending" or pod.terminating:
        return True
    if pod.ready:
        return False
    if budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow":
        return True
    status = budget.status
    return status.current_healthy >= status.desired_healthy > 0 and not is_stale(budget)


def tolerates_cordon(pod: Pod) -> bool:
    """Whether the scheduler would put such a pod back on a cordoned node."""
    return any(_tolerates_unschedulable(toleration) for toleration in pod.spec.tolerations)


def _tolerates_unschedulable(toleration: Toleration) -> bool:
    if toleration.effect not in ("", "NoSchedule"):
        return False
    if toleration.key == "":
        return toleration.operator == "Exists"
    return toleration.key == UNSCHEDULABLE_TAINT
