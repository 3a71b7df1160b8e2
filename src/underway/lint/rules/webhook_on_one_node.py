"""Admission webhooks that fail closed and whose backends would all leave together.

What it finds
    Webhooks with failurePolicy Fail whose Service has all its ready pods on one node.

Why it matters
    When that node is drained no object that the webhook is asked about can be created or changed: also not the pods that
    should replace its own backend.

Bad
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

Good
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

Fix
    Run two replicas on different nodes, with a budget, and leave the webhook's own namespace out of its rules.

Since
    0.2.

References
    https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.objects.cluster import WebhookService
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each such webhook."""
    for kind in KINDS:
        for configuration in picture.of(kind):
            for index, webhook in enumerate(configuration.webhooks):
                service = webhook.client_config.service
                if service is None or webhook.failure_policy == "Ignore":
                    continue
                nodes = _nodes(service, picture)
                if len(nodes) == 1:
                    message = f"webhook {webhook.name} fails closed, and all its pods are on node {next(iter(nodes))}"
                    reference = picture.ref(configuration)
                    remedy = f"spread the pods of Service {service.namespace}/{service.name} over two nodes"
                    path = f"webhooks[{index}]"
                    yield Finding(RULE.name, RULE.severity, reference, message, path, None, Evidence.OBSERVED, remedy)


def _nodes(reference: WebhookService, picture: Picture) -> set[str]:
    """The nodes of the pods behind a Service."""
    service = picture.by_key.get(("Service", f"{reference.namespace}/{reference.name}"))
    selector = getattr(getattr(service, "spec", None), "selector", {}) or {}
    return {
        pod.spec.node_name
        for pod in picture.pods
        if selector
        and pod.metadata.namespace == reference.namespace
        and selector.items() <= pod.metadata.labels.items()
        and pod.spec.node_name
        and not pod.metadata.deletion_timestamp
    }


RULE = Rule("webhook-on-one-node", ("upgrade",), Severity.ERROR, __doc__, run, needs=("Service", "Pod"))
