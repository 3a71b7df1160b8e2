"""Which requests admission is asked about: what the rules about webhooks and about admission policies share."""

from collections.abc import Mapping

from underway.lint.objects.admission import RuleWithOperations, Webhook
from underway.lint.objects.cluster import Namespace
from underway.model.meta import LabelSelector
from underway.model.selector import matches

VERSIONS = frozenset({"*", "v1", "v1beta1", "v1beta2"})
GROUPS = frozenset({"", "*", "apps"})
RESOURCES = frozenset({"*", "pods", "deployments", "replicasets", "statefulsets", "daemonsets"})


def about_workloads(rule: RuleWithOperations) -> bool:
    """Whether a rule names a group and version in which pods and workloads are: all that clusterlint asks."""
    groups = set(rule.api_groups)
    return bool(VERSIONS & set(rule.api_versions)) and (not groups or bool(GROUPS & groups))


def about_new_pods(rule: RuleWithOperations) -> bool:
    """Whether a rule holds for the creation of pods, or of what makes them."""
    resources = {resource.partition("/")[0] for resource in rule.resources if "/" not in resource or resource.endswith("/*")}
    starts = not rule.resources or bool(RESOURCES & resources)
    created = not rule.operations or bool({"*", "CREATE"} & set(rule.operations))
    return about_workloads(rule) and starts and created and rule.scope != "Cluster"


def about_moving_pods(rule: RuleWithOperations) -> bool:
    """Whether a rotation cannot go on while nobody answers: pods, their workloads, nodes, leases, and what kubelets write."""
    if about_new_pods(rule):
        return True
    groups, resources = set(rule.api_groups), {resource.partition("/")[0] for resource in rule.resources}
    core = bool({"", "*"} & groups) and bool({"*", "pods", "nodes"} & resources)
    return core or (bool({"coordination.k8s.io", "*"} & groups) and bool({"*", "leases"} & resources))


def asked_of(webhook: Webhook, labels: Mapping[str, str], namespace: Namespace | None) -> bool:
    """Whether a webhook is asked before a pod with these labels is made in a namespace; what its conditions say is not read.

    Source: admissionregistration/v1 types.go, RuleWithOperations: "*" are all resources, "*/*" their subresources too.
    """
    about = webhook.object_selector is None or matches(webhook.object_selector, labels)
    return (
        about
        and selects(webhook.namespace_selector, namespace)
        and not webhook.match_conditions
        and any(
            {"", "*"} & set(rule.api_groups)
            and {"v1", "*"} & set(rule.api_versions)
            and {"pods", "*", "*/*"} & set(rule.resources)
            and {"CREATE", "*"} & set(rule.operations)
            and rule.scope != "Cluster"
            for rule in webhook.rules
        )
    )


def selects(selector: LabelSelector | None, namespace: Namespace | None) -> bool:
    """Whether a namespaceSelector takes a namespace; one that was not read has no labels."""
    labels = namespace.metadata.labels if namespace is not None else {}
    return selector is None or matches(selector, labels)
