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

from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import RuleWithOperations, Webhook, WebhookConfiguration
from underway.lint.objects.cluster import Namespace
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.model.selector import matches

VERSIONS = frozenset({"*", "v1", "v1beta1", "v1beta2"})
GROUPS = frozenset({"", "*", "apps"})
RESOURCES = frozenset({"*", "pods", "deployments", "replicasets", "statefulsets", "daemonsets"})


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
    applies = _applies if options.as_clusterlint else _starts_pods
    if not any(applies(rule) for rule in webhook.rules) or not _selects(webhook, picture.namespace("kube-system")):
        return False
    own = picture.namespace(service.namespace)
    return own is None or _selects(webhook, own) or len(picture.nodes) <= 1


def _applies(rule: RuleWithOperations) -> bool:
    """What clusterlint asks of a rule."""
    groups = set(rule.api_groups)
    return bool(VERSIONS & set(rule.api_versions)) and (not groups or bool(GROUPS & groups))


def _starts_pods(rule: RuleWithOperations) -> bool:
    """Whether the rule holds for the creation of pods, or of what makes them."""
    resources = {resource.partition("/")[0] for resource in rule.resources if "/" not in resource or resource.endswith("/*")}
    starts = not rule.resources or bool(RESOURCES & resources)
    created = not rule.operations or bool({"*", "CREATE"} & set(rule.operations))
    return _applies(rule) and starts and created and rule.scope != "Cluster"


def _selects(webhook: Webhook, namespace: Namespace | None) -> bool:
    labels = namespace.metadata.labels if namespace is not None else {}
    return webhook.namespace_selector is None or matches(webhook.namespace_selector, labels)


RULE = Rule(
    name="admission-controller-webhook-replacement",
    groups=("doks",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Namespace", "Node"),
    run=run,
    page=__doc__,
)
