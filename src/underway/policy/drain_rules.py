"""What a pod's own label, or a MachineDrainRule of its node's machine, asks of a drain, on machines of Cluster API.

Source: Cluster API core/reconcilers/machine/drain (the label comes first; of several rules, the first by name).
"""

import msgspec

from underway.model.drain_rule import Behavior, DrainRule
from underway.model.meta import LabelSelector
from underway.model.pod import Pod
from underway.model.selector import matches
from underway.model.snapshot import Snapshot

LABEL = "cluster.x-k8s.io/drain"
BY_LABEL: dict[str, Behavior] = {"skip": "Skip", "waitcompleted": "WaitCompleted"}
NAME_LABEL = "kubernetes.io/metadata.name"  # the one label of a namespace that its name tells


class Asked(msgspec.Struct, frozen=True):
    """What is asked. by: who asks, for people; unknown: why it cannot be told, "" where it can."""

    behavior: Behavior = "Drain"
    order: int = 0
    by: str = ""
    unknown: str = ""


NOTHING = Asked()


def asked_of(pod: Pod, snapshot: Snapshot) -> Asked:
    """What is asked for a pod."""
    rules = snapshot.drain_rules.get(pod.spec.node_name)
    if rules is None:
        return NOTHING
    behavior = BY_LABEL.get(pod.metadata.labels.get(LABEL, "").lower().replace("-", "", 1))
    if behavior is not None:
        return Asked(behavior, by=f"label {LABEL}")
    for rule in rules:
        verdict = _applies(rule, pod, snapshot)
        if verdict is None:
            why = f"MachineDrainRule {rule.name} asks for labels of namespace {pod.metadata.namespace}, which may not be read"
            return Asked(by=f"MachineDrainRule {rule.name}", unknown=f"{why}; grant get, list and watch on namespaces")
        if verdict:
            order = rule.order if rule.behavior == "Drain" else 0
            return Asked(rule.behavior, order, f"MachineDrainRule {rule.name}")
    return NOTHING


def _applies(rule: DrainRule, pod: Pod, snapshot: Snapshot) -> bool | None:
    """Whether a rule speaks of a pod, None if that cannot be told."""
    unknown = False
    for selector in rule.pods:
        if selector.selector is not None and not matches(selector.selector, pod.metadata.labels):
            continue
        in_namespace = _in_namespace(selector.namespace_selector, pod.metadata.namespace, snapshot)
        if in_namespace:
            return True
        unknown = unknown or in_namespace is None
    return None if unknown else not rule.pods


def _in_namespace(selector: LabelSelector | None, name: str, snapshot: Snapshot) -> bool | None:
    if selector is None:
        return True
    namespace = snapshot.namespaces.get(name)
    if namespace is not None:
        return matches(selector, namespace.metadata.labels)
    keys = {*selector.match_labels, *(one.key for one in selector.match_expressions)}
    return matches(selector, {NAME_LABEL: name}) if keys <= {NAME_LABEL} else None
