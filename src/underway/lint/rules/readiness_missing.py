"""A served container has no readinessProbe, or its Service leads to pods that are not ready.

## What it finds
Answering containers without a readinessProbe (readiness gates do not replace one), and Services with
`publishNotReadyAddresses` that have an address of their own.

## Why it matters
Without a probe a container counts as ready as soon as it has started: a rollout goes on, and clients come, before it answers.

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
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/web:1"
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
```

## Fix
Add a readinessProbe that answers whether this pod can serve, and nothing about what it depends on.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.traffic import ALSO, KINDS, served


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        for placed in serving.answering:
            if placed.container.readiness_probe is None:
                yield Found(
                    about=serving.subject.about,
                    path=f"{placed.path}.readinessProbe",
                    message=f"container {placed.container.name!r} counts as ready as soon as it has started",
                    remedy="add a readinessProbe",
                    severity=serving.severity(Severity.ERROR, Severity.WARNING),
                    pods=len(serving.subject.pods),
                )
        for service in serving.services:
            if service.spec.publish_not_ready_addresses and not service.spec.headless:
                yield Found(
                    about=service,
                    path="spec.publishNotReadyAddresses",
                    value="true",
                    message="the Service leads clients to pods that are not ready",
                    remedy="drop publishNotReadyAddresses; it is for headless Services of peers that must find each other",
                    severity=Severity.ERROR,
                )


RULE = Rule(
    name="readiness-missing", groups=("zero-downtime",), severity=Severity.WARNING, kinds=KINDS, run=run, page=__doc__, also=ALSO
)
