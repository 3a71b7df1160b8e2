"""Rollouts that cannot begin: the first new pod does not fit into the namespace's ResourceQuota.

## What it finds
Deployments that give up no pod before a new one is ready (maxUnavailable 0, or what 25 % of few replicas comes to), in a
namespace whose ResourceQuota has no room for one pod more.

## Why it matters
The new ReplicaSet may not make a pod, the old one may not give one up: the rollout stands still until its deadline, and
nothing says why but an Event.

## Bad
```yaml
apiVersion: v1
kind: ResourceQuota
metadata: {name: small, namespace: shop}
spec: {hard: {requests.cpu: "2"}}
status: {hard: {requests.cpu: "2"}, used: {requests.cpu: "2"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/web:1", resources: {requests: {cpu: "1"}}}]}
```

## Good
```yaml
apiVersion: v1
kind: ResourceQuota
metadata: {name: small, namespace: shop}
spec: {hard: {requests.cpu: "3"}}
status: {hard: {requests.cpu: "3"}, used: {requests.cpu: "2"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/web:1", resources: {requests: {cpu: "1"}}}]}
```

## Fix
Raise the quota by one pod of the largest workload, or let the rollout give up a pod first (maxUnavailable 1, maxSurge 0) where
enough replicas remain.

## Since
0.2. Quotas with scopes are left out: which pods count under them is not judged here. What a LimitRange adds to a pod is seen
where a pod lives.

## References
- <https://kubernetes.io/docs/concepts/policy/resource-quotas/>
- <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.limits import ResourceQuota
from underway.lint.objects.pod import PodSpec
from underway.lint.objects.workload import Deployment
from underway.lint.picture import Picture
from underway.lint.placement import demand
from underway.lint.rollout import waits_for_one_more
from underway.lint.rule import Options, Rule
from underway.model.quantity import milli

PODS = ("pods", "count/pods")


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    quotas: dict[str, list[ResourceQuota]] = {}
    for quota in picture.of(ResourceQuota):
        if not quota.spec.scopes and quota.spec.scope_selector is None:
            quotas.setdefault(quota.namespace, []).append(quota)
    for subject in picture.subjects():
        deployment = subject.about
        if not isinstance(deployment, Deployment) or subject.namespace not in quotas or not waits_for_one_more(deployment):
            continue
        for quota in quotas[subject.namespace]:
            for name, need, left in _lacking(quota, subject.spec):
                short = f"ResourceQuota {quota.name} has {left} {name} left, and it takes {need}"
                yield Found(
                    about=deployment,
                    path="spec.strategy.rollingUpdate.maxSurge",
                    value=name,
                    message=f"a rollout begins with one pod more: {short}",
                    remedy="raise the quota by one pod, or let the rollout give one up first (maxSurge 0, maxUnavailable 1)",
                    evidence=Evidence.OBSERVED,
                    pods=len(subject.pods),
                )


def _lacking(quota: ResourceQuota, spec: PodSpec) -> Iterator[tuple[str, str, str]]:
    """What of the quota one pod more would exceed: the resource, how much a pod needs, how much is left."""
    for name, hard in sorted(quota.status.hard.items()):
        need = 1000 if name in PODS else _demand(spec, name)
        left = milli(hard) - milli(quota.status.used.get(name, "0"))
        if need > 0 and left < need:
            yield name, _shown(need), _shown(max(0, left))


def _demand(spec: PodSpec, name: str) -> int:
    """What a pod asks for of a resource of a quota, thousandths: "cpu" and "requests.cpu" are the same."""
    part, _, resource = name.rpartition(".")
    if part not in ("", "requests", "limits"):
        return 0
    return demand(spec, resource, "limits" if part == "limits" else "requests")


def _shown(thousandths: int) -> str:
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


RULE = Rule(
    name="surge-exceeds-quota",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=("Pod", "ResourceQuota"),
    run=run,
    page=__doc__,
)
