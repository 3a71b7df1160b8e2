"""Admission webhooks that fail closed and whose backends would all leave together.

## What it finds
Webhooks with failurePolicy Fail whose Service has all its ready pods on one node.

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

from collections.abc import Iterable, Iterator, Mapping

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.admission import WebhookConfiguration
from underway.lint.objects.pod import Pod
from underway.lint.objects.traffic import Service
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    running: dict[str, list[Pod]] = {}
    for pod in picture.of(Pod):
        if pod.spec.node_name and not pod.terminating and not pod.finished:
            running.setdefault(pod.namespace, []).append(pod)
    for configuration in picture.of(WebhookConfiguration):
        for webhook in configuration.webhooks:
            reference = webhook.client_config.service
            if reference is None or webhook.failure_policy == "Ignore":
                continue
            service = picture.get("Service", reference.namespace, reference.name)
            selector = service.spec.selector if isinstance(service, Service) else {}
            nodes = _nodes(selector, running.get(reference.namespace, ()))
            if len(nodes) == 1:
                yield Found(
                    about=configuration,
                    path=f'webhooks[name="{webhook.name}"]',
                    message=f"webhook {webhook.name!r} fails closed, and all its pods are on node {next(iter(nodes))}",
                    remedy=f"spread the pods of Service {reference.namespace}/{reference.name} over two nodes",
                    evidence=Evidence.OBSERVED,
                )


def _nodes(selector: Mapping[str, str], pods: Iterable[Pod]) -> set[str]:
    """The nodes of the pods that a Service selects; one without a selector selects none."""
    return {pod.spec.node_name for pod in pods if selector and selector.items() <= pod.metadata.labels.items()}


RULE = Rule(
    name="webhook-on-one-node",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Service", "Pod"),
    run=run,
    page=__doc__,
)
