"""Admission webhooks that fail closed and whose backends would all leave together.

## What it finds
Webhooks with failurePolicy Fail whose Service has all its ready pods on one node, or, on a cluster, none at all. An error where
they are asked about what moving pods takes (pods and their workloads, nodes, leases), else a warning.

## Why it matters
When that node is drained no object that the webhook is asked about can be created or changed: also not the pods that
should replace its own backend.

## Bad
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
- name: policy.example.com
  failurePolicy: Fail
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  clientConfig: {service: {namespace: policy, name: policy}}
---
apiVersion: v1
kind: Service
metadata: {name: policy, namespace: policy}
spec: {selector: {app: policy}}
---
apiVersion: v1
kind: Pod
metadata: {name: policy-1, namespace: policy, labels: {app: policy}}
spec: {nodeName: node-1, containers: [{name: app, image: "registry.example/policy:1"}]}
```

## Good
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
- name: policy.example.com
  failurePolicy: Ignore
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  clientConfig: {service: {namespace: policy, name: policy}}
---
apiVersion: v1
kind: Service
metadata: {name: policy, namespace: policy}
spec: {selector: {app: policy}}
---
apiVersion: v1
kind: Pod
metadata: {name: policy-1, namespace: policy, labels: {app: policy}}
spec: {nodeName: node-1, containers: [{name: app, image: "registry.example/policy:1"}]}
```

## Fix
Run two replicas on different nodes, with a budget, and leave the webhook's own namespace out of its rules.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>
"""

from collections.abc import Iterator

from underway.lint.asked_about import about_moving_pods
from underway.lint.backends import alone
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for one in picture.derived(alone):
        service = f"Service {one.service.namespace}/{one.service.name}"
        where = f"and all its pods are on node {one.node}" if one.pods else f"and no pod of {service} is ready"
        stopping = any(about_moving_pods(rule) for rule in one.webhook.rules)
        yield Found(
            about=one.configuration,
            path=one.path,
            message=f"webhook {one.webhook.name!r} fails closed, {where}",
            remedy=f"spread the pods of {service} over two nodes" if one.pods else f"get the pods of {service} ready first",
            severity=Severity.ERROR if stopping else Severity.WARNING,
            evidence=Evidence.OBSERVED,
            pods=len(one.pods),
        )


RULE = Rule(
    name="webhook-on-one-node",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Service", "Pod"),
    run=run,
    page=__doc__,
)
