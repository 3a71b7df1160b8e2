"""Pods behind an AWS load balancer that does not tell Kubernetes which of them it has taken up.

## What it finds
Workloads behind a load balancer of the AWS Load Balancer Controller with targets of type ip (an Ingress with
alb.ingress.kubernetes.io/target-type: ip, a Service with ...nlb-target-type: ip) whose pods have no readiness gate
target-health.elbv2.k8s.aws.

## Why it matters
Kubernetes calls a new pod ready and ends an old one, while the load balancer is still registering the first: for tens of seconds
a rollout, or a drained node, leaves it without healthy targets.

## Bad
```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {alb.ingress.kubernetes.io/target-type: ip}}
spec: {ingressClassName: alb, defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "registry.example.com/web:1"}]}}
```

## Good
```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {elbv2.k8s.aws/pod-readiness-gate-inject: enabled}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {alb.ingress.kubernetes.io/target-type: ip}}
spec: {ingressClassName: alb, defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "registry.example.com/web:1"}]}}
```

## Fix
`kubectl label namespace NAME elbv2.k8s.aws/pod-readiness-gate-inject=enabled`, then restart the workload: the controller adds
the gate to pods as they are made.

## Since
0.2. Where manifests do not hold the Namespace, nothing is said.

## References
- <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/>
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Patch, Severity
from underway.lint.objects.cluster import Namespace
from underway.lint.objects.traffic import Ingress, Service
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.traffic import ALSO, KINDS, Served, served

GATE = "target-health.elbv2.k8s.aws/"
INJECT = "elbv2.k8s.aws/pod-readiness-gate-inject"
INGRESS_TARGETS = "alb.ingress.kubernetes.io/target-type"
SERVICE_TARGETS = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
SERVICE_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    behind = {
        (ingress.namespace, name)
        for ingress in picture.of(Ingress)
        if ingress.metadata.annotations.get(INGRESS_TARGETS) == "ip"
        for name in ingress.services
    }
    ungated: dict[str, list[Served]] = {}
    for serving in served(picture):
        by_pod = any(service.key[1:] in behind or _by_pod(service) for service in serving.services)
        if by_pod and not any(gate.condition_type.startswith(GATE) for gate in serving.subject.spec.readiness_gates):
            ungated.setdefault(serving.subject.namespace, []).append(serving)
    for name in sorted(ungated):
        namespace = picture.namespace(name)
        if namespace is not None:
            yield from _ungated(namespace, ungated[name])


def _by_pod(service: Service) -> bool:
    """Whether a Service has a load balancer of that controller whose targets are pods."""
    annotations = service.metadata.annotations
    return service.spec.type == "LoadBalancer" and (
        annotations.get(SERVICE_TARGETS) == "ip" or annotations.get(SERVICE_TYPE) == "nlb-ip"
    )


def _ungated(namespace: Namespace, ungated: list[Served]) -> Iterator[Found]:
    if namespace.metadata.labels.get(INJECT) != "enabled":
        names = ", ".join(sorted(serving.subject.about.name for serving in ungated))
        yield Found(
            about=namespace,
            path=f'metadata.labels["{INJECT}"]',
            value=names,
            message=f"load balancers lead to the pods of {names}, and no readiness gate waits for them",
            remedy=f"label the namespace {INJECT}=enabled, then restart the workloads",
            patch=Patch({"metadata": {"labels": {INJECT: "enabled"}}}, "merge"),
            pods=sum(len(serving.subject.pods) for serving in ungated),
        )
        return
    for serving in ungated:
        if serving.subject.pods:
            yield Found(
                about=serving.subject.about,
                path=f"{serving.subject.path}.readinessGates",
                message="its pods are older than the label of their namespace: no readiness gate waits for the load balancer",
                remedy="restart the workload: the gate is added to pods as they are made",
                pods=len(serving.subject.pods),
            )


RULE = Rule(
    name="target-health-gate",
    groups=("zero-downtime", "eks"),
    severity=Severity.WARNING,
    kinds=KINDS,
    run=run,
    page=__doc__,
    also=ALSO,
)
