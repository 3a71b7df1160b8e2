"""A webhook can stop the pods of kube-system from starting when nodes are replaced.

## What it finds
Webhooks that fail closed, are answered from within the cluster, and are asked about the creation of pods or workloads in
kube-system, unless they leave their own namespace alone and there is more than one node.

## Why it matters
When the node with the webhook's backend goes, its replacement needs pods of kube-system (CNI, DNS) to start, which the
webhook must admit, which needs its backend to run: nothing starts any more.

## Bad
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {service: {namespace: policy, name: webhook}}
    failurePolicy: Fail
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    admissionReviewVersions: [v1]
    sideEffects: None
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, labels: {kubernetes.io/metadata.name: kube-system}}
```

## Good
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {service: {namespace: policy, name: webhook}}
    failurePolicy: Fail
    namespaceSelector:
      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, policy]}]
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    admissionReviewVersions: [v1]
    sideEffects: None
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, labels: {kubernetes.io/metadata.name: kube-system}}
```

## Fix
Leave kube-system and the webhook's own namespace out with a namespaceSelector, or set `failurePolicy: Ignore`.

## Since
clusterlint's `admission-controller-webhook-replacement`. It ignores which resources, operations and scope the rules name,
and reports one webhook of a configuration; we look at them, and report each. `--compat clusterlint` looks as it does.

## References
- <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>
"""

from collections.abc import Iterator

from underway.lint.asked_about import about_new_pods, about_workloads, selects
from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import Webhook, WebhookConfiguration
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for configuration in picture.of(WebhookConfiguration):
        stopping = [webhook for webhook in configuration.webhooks if _stops(webhook, picture, options)]
        for webhook in stopping[:1] if options.as_clusterlint else stopping:
            service = webhook.client_config.service
            where = f"{service.namespace}/{service.name}" if service else ""
            yield Found(
                about=configuration,
                path=f'webhooks[name="{webhook.name}"]',
                value=where,
                message=f"webhook {webhook.name!r} fails closed, is asked about kube-system, and runs in the cluster as {where}",
                remedy="leave kube-system and its own namespace out with a namespaceSelector, or set failurePolicy: Ignore",
            )


def _stops(webhook: Webhook, picture: Picture, options: Options) -> bool:
    service = webhook.client_config.service
    if service is None or webhook.failure_policy == "Ignore" or (service.namespace, service.name) == ("default", "kubernetes"):
        return False
    applies = about_workloads if options.as_clusterlint else about_new_pods
    system, own = picture.namespace("kube-system"), picture.namespace(service.namespace)
    if not any(applies(rule) for rule in webhook.rules) or not selects(webhook.namespace_selector, system):
        return False
    return own is None or selects(webhook.namespace_selector, own) or len(picture.nodes) <= 1


RULE = Rule(
    name="admission-controller-webhook-replacement",
    groups=("doks",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Namespace", "Node"),
    run=run,
    page=__doc__,
)
