"""A rollout, or the loss of one node, leaves a served workload without a pod that answers.

## What it finds
Served workloads that may go down to no available pod in a rollout (`maxUnavailable` as many as there are), strategy
Recreate, one replica, all pods on one node or in one of several zones, a Service without a ready endpoint, and two or more
replicas without a PodDisruptionBudget. As information: StatefulSets with OnDelete.

## Why it matters
Whatever the pods do right, clients get errors while none of them is there.

## Bad
```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  strategy: {rollingUpdate: {maxUnavailable: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/web:1"
```

## Good
```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/web:1"
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
```

## Fix
Run two replicas or more, with maxUnavailable 0 and a surge, spread over nodes, under a budget that spares one.

## Since
0.2. `maxUnavailable: 1` with one replica is often the default of apps/v1beta1, kept in the object ever since.

## References
- <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment>
- <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.storage import PersistentVolumeClaim
from underway.lint.objects.workload import Workload
from underway.lint.picture import Picture
from underway.lint.rollout import unavailable_most
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject
from underway.lint.traffic import ALSO, KINDS, Served, endpoints, served

ZONE = "topology.kubernetes.io/zone"
KINDS_READ = (*KINDS, "PodDisruptionBudget")


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        workload = serving.subject.about
        yield from _unanswered(serving, picture)
        if isinstance(workload, Workload) and workload.kind in ("Deployment", "StatefulSet"):
            yield from _rollout(workload, serving, picture)
            yield from _together(serving, picture)
            budgets = picture.budgets_of(serving.subject.namespace, serving.subject.labels)
            if serving.desired > 1 and not budgets:
                message = f"no PodDisruptionBudget: a drain may take all {serving.desired} pods at once"
                yield _found(serving, "metadata.labels", message, "write a budget with maxUnavailable 1", Severity.WARNING)


def _rollout(workload: Workload, serving: Served, picture: Picture) -> Iterator[Found]:
    desired, spec = serving.desired, workload.spec
    if spec.update_strategy.type == "OnDelete":
        message = "OnDelete: a new template changes nothing until somebody deletes the pods"
        yield _found(serving, "spec.updateStrategy.type", message, "use RollingUpdate", Severity.INFO)
    if spec.strategy.type == "Recreate":
        forced = _holds_volume(serving.subject, picture)
        reason = " (a volume that one pod alone can hold forces it to)" if forced else ""
        severity = Severity.WARNING if forced else Severity.ERROR
        message = f"Recreate ends all pods before it starts new ones{reason}"
        yield _found(serving, "spec.strategy.type", message, "use RollingUpdate", severity)
        return
    if workload.kind == "Deployment":
        away = unavailable_most(spec.strategy.rolling_update, desired)
        if away >= desired:
            message = f"a rollout may leave none of {desired} pods: maxUnavailable is {away}"
            path = "spec.strategy.rollingUpdate.maxUnavailable"
            yield _found(serving, path, message, "set maxUnavailable 0 and maxSurge 1", Severity.ERROR)
            return
    if desired == 1:
        message = "one replica: nobody answers while it moves"
        yield _found(serving, "spec.replicas", message, "run two or more", Severity.WARNING)


def _unanswered(serving: Served, picture: Picture) -> Iterator[Found]:
    """Services that lead to it and have no endpoint that is ready."""
    for service in serving.services:
        here = picture.derived(endpoints).get((service.namespace, service.name))
        if here is None or service.spec.publish_not_ready_addresses or any(one.ready for one in here):
            continue
        ending = any(one.ending for one in here)
        severity = Severity.WARNING if ending else Severity.ERROR
        who = "only pods that are ending answer" if ending else "nobody answers"
        message = f"Service {service.name} has no endpoint that is ready: {who}"
        remedy = "find out why its pods are not ready before nodes go"
        yield _found(serving, "status", message, remedy, severity, Evidence.OBSERVED)


def _together(serving: Served, picture: Picture) -> Iterator[Found]:
    ready = [pod for pod in serving.subject.pods if pod.ready and not pod.terminating]
    nodes = {pod.spec.node_name for pod in ready} - {""}
    if len(ready) > 1 and len(nodes) == 1:
        message = f"all {len(ready)} ready pods are on node {next(iter(nodes))}"
        path = f"{serving.subject.path}.topologySpreadConstraints"
        remedy = "spread them over kubernetes.io/hostname"
        yield _found(serving, path, message, remedy, Severity.WARNING, Evidence.OBSERVED)

    zones = {_zone(picture, name) for name in nodes}
    if len(nodes) > 1 and len(zones) == 1 and len(picture.derived(_zones)) > 1 and "" not in zones:
        message = f"all {len(ready)} ready pods are in zone {next(iter(zones))}"
        path = f"{serving.subject.path}.topologySpreadConstraints"
        yield _found(serving, path, message, f"spread them over {ZONE}", Severity.WARNING, Evidence.OBSERVED)


def _zone(picture: Picture, name: str) -> str:
    node = picture.get("Node", "", name)
    return node.metadata.labels.get(ZONE, "") if node is not None else ""


def _zones(picture: Picture) -> frozenset[str]:
    """The zones that the cluster has."""
    return frozenset(node.metadata.labels.get(ZONE, "") for node in picture.nodes) - {""}


def _holds_volume(subject: Subject, picture: Picture) -> bool:
    """Whether a claim of the pods can be mounted by one node alone."""
    names = [volume.persistent_volume_claim.claim_name for volume in subject.spec.volumes if volume.persistent_volume_claim]
    claims = (picture.get("PersistentVolumeClaim", subject.namespace, name) for name in names)
    once = {"ReadWriteOnce", "ReadWriteOncePod"}
    return any(isinstance(claim, PersistentVolumeClaim) and once & set(claim.spec.access_modes) for claim in claims)


def _found(
    serving: Served, path: str, message: str, remedy: str, severity: Severity, evidence: Evidence = Evidence.STATIC
) -> Found:
    return Found(
        about=serving.subject.about,
        path=path,
        message=message,
        remedy=remedy,
        severity=severity,
        evidence=evidence,
        pods=len(serving.subject.pods),
    )


RULE = Rule(
    name="rollout-capacity",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=KINDS_READ,
    run=run,
    page=__doc__,
    also=(*ALSO, "PersistentVolumeClaim"),
)
