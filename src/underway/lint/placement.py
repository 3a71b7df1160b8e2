"""Where a pod may run: what it asks of a node, which taints it bears, and which nodes it names.

Owns arithmetic that several rules share; zones, affinities and spread are not judged here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from underway.lint.objects.cluster import Node
from underway.lint.objects.pod import Amount, PodSpec, ResourceRequirements, Toleration
from underway.model.node import Taint
from underway.model.quantity import milli

HOSTNAME = "kubernetes.io/hostname"
KEEPING_OUT = ("NoSchedule", "NoExecute")
STAYING = ("DaemonSet", "Node")  # who makes pods that a drain leaves: a node owns its static pods


def demand(spec: PodSpec, resource: str, part: str = "requests") -> int:
    """What a pod asks of a node for one resource, thousandths. part: "requests" or "limits".

    Containers run together, native sidecars with them; an initContainer runs beside the sidecars before it, so that the larger
    of the two counts. What is written for the whole pod counts instead, and its overhead besides.
    Source: kubernetes component-helpers resource/helpers.go, PodRequests and AggregateContainerRequests.
    """
    together = sum(_amount(container.resources, part, resource) for container in spec.containers)
    sidecars = largest = 0
    for container in spec.init_containers:
        own = _amount(container.resources, part, resource)
        if container.restart_policy == "Always":
            sidecars += own
        else:
            largest = max(largest, sidecars + own)
    amount = max(together + sidecars, largest)
    if resource in getattr(spec.resources, part):
        amount = _amount(spec.resources, part, resource)
    return amount + milli(str(spec.overhead.get(resource, "0")))


def _amount(resources: ResourceRequirements, part: str, resource: str) -> int:
    written: Mapping[str, Amount] = getattr(resources, part)
    return milli(str(written.get(resource, "0")))


def takes_pods(node: Node) -> bool:
    """Whether a node takes new pods at all: not cordoned, and not known to be unready."""
    unready = any(condition.type == "Ready" and condition.status != "True" for condition in node.status.conditions)
    return not node.spec.unschedulable and not unready


def bears(tolerations: Iterable[Toleration], taints: Iterable[Taint]) -> bool:
    """Whether tolerations allow a pod on a node with these taints. Source: core/v1 toleration.go, ToleratesTaint."""
    tolerations = tuple(tolerations)
    return all(any(_tolerates(one, taint) for one in tolerations) for taint in taints if taint.effect in KEEPING_OUT)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator in ("", "Equal") and bool(toleration.key) and toleration.value == taint.value


def nodes_named(selector: Mapping[str, Any] | None) -> frozenset[str]:
    """The nodes that a NodeSelector names in each of its terms, of which one has to hold; empty where a term names none.

    Source: core/v1 types.go, NodeSelector: matchExpressions on the hostname, matchFields on metadata.name.
    """
    named: set[str] = set()
    for term in (selector or {}).get("nodeSelectorTerms") or ():
        wishes = [*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ())]
        values = [
            wish.get("values") or ()
            for wish in wishes
            if wish.get("key") in (HOSTNAME, "metadata.name") and wish.get("operator") == "In"
        ]
        if not values:
            return frozenset()
        named |= set(values[0])
    return frozenset(named)


def required_affinity(spec: PodSpec) -> Mapping[str, Any] | None:
    """The NodeSelector that a pod's affinity requires, if it does."""
    affinity = (spec.affinity or {}).get("nodeAffinity") or {}
    required: Mapping[str, Any] | None = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required
