"""Pods that are the only one of their Deployment, and whether a second one may stand beside such a pod for a while.

Owns the conditions. StatefulSets are not asked: their second ordinal is another member with its own data, not a copy.
Sources: apps/v1 types.go (DeploymentStrategy), autoscaling/v2 types.go.
"""

import msgspec

from underway.model.autoscaler import HorizontalPodAutoscaler
from underway.model.pod import Pod
from underway.model.selector import matches
from underway.model.snapshot import Snapshot
from underway.model.workload import Workload
from underway.policy.ownership import deployment_key


class Single(msgspec.Struct, frozen=True):
    """A Deployment that the pod is the only one of.

    obstacle: why it may not have a second one, "" where it may; autoscaler: whose minReplicas brings it, "" where none is known.
    """

    deployment: Workload
    obstacle: str = ""
    autoscaler: str = ""


def single(pod: Pod, snapshot: Snapshot) -> Single | None:
    """The Deployment that is down while this pod moves, None for pods of others."""
    deployment = deployment_of(pod, snapshot)
    if deployment is None or deployment.wanted != 1 or not pod.ready or pod.terminating or pod.finished:
        return None
    claim = next((volume.persistent_volume_claim for volume in pod.spec.volumes if volume.persistent_volume_claim), None)
    if deployment.spec.strategy.type == "Recreate":
        return Single(deployment, "its strategy is Recreate: two at once are not wanted")
    if claim is not None:
        return Single(deployment, f"both would want PersistentVolumeClaim {claim.claim_name}")
    if deployment.spec.paused:
        return Single(deployment, "it is paused")
    autoscaler = snapshot.autoscalers.get(deployment.key)
    return Single(deployment, hindrance(autoscaler), autoscaler.metadata.name) if autoscaler is not None else Single(deployment)


def hindrance(autoscaler: HorizontalPodAutoscaler) -> str:
    """Why an autoscaler does not bring a second replica for as long as it is needed, "" if it can be made to."""
    name, spec = autoscaler.metadata.name, autoscaler.spec
    if spec.max_replicas < 2:
        return f"HorizontalPodAutoscaler {name} allows one (maxReplicas)"
    return f"HorizontalPodAutoscaler {name} asks for {spec.min_replicas} itself (minReplicas)" if spec.min_replicas >= 2 else ""


def deployment_of(pod: Pod, snapshot: Snapshot) -> Workload | None:
    """The Deployment of a pod, by way of its ReplicaSet's name, if it selects the pod."""
    found = snapshot.workloads.get(deployment_key(pod))
    ours = found is not None and found.spec.selector is not None and matches(found.spec.selector, pod.metadata.labels)
    return found if ours else None
