"""Pods that more than one PodDisruptionBudget speaks for.

What it finds
    Workloads whose pods match the selectors of two or more budgets.

Why it matters
    The eviction API answers 500 for such a pod, always: no retry helps, and its node is never drained.

Bad
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: one, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: two, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {tier: front}}}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}

Good
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: one, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}

Fix
    Leave each pod one budget: narrow a selector or delete a budget.

Since
    0.2.

References
    https://github.com/kubernetes/kubernetes/issues/75957
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each workload under several budgets."""
    for subject in picture.pod_subjects(options):
        budgets = picture.budgets_of(subject.namespace, subject.labels)
        if len(budgets) > 1:
            names = " and ".join(sorted(budget.metadata.name for budget in budgets))
            message = f"has more than one PodDisruptionBudget ({names}): the API refuses every eviction of its pods"
            reference = picture.ref(subject.thing)
            yield Finding(RULE.name, RULE.severity, reference, message, observed=names, remedy="leave it one budget")


RULE = Rule("several-budgets", ("upgrade", "disruption"), Severity.ERROR, __doc__, run, needs=("PodDisruptionBudget",))
