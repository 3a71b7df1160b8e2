"""Pods that more than one PodDisruptionBudget speaks for.

## What it finds
Workloads whose pods match the selectors of two or more budgets; not DaemonSets, whose pods a drain leaves where they are, nor
what has ended.

## Why it matters
The eviction API answers 500 for such a pod, always: no retry helps, and its node is never drained.

## Bad
```yaml
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
```

## Good
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: one, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
```

## Fix
Leave each pod one budget: narrow a selector or delete a budget.

## Since
0.2.

## References
- <https://github.com/kubernetes/kubernetes/issues/75957>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject
from underway.lint.trials import proven


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects():
        budgets = picture.budgets_of(subject.namespace, subject.labels)
        if len(budgets) > 1 and not _never_evicted(subject):
            names = " and ".join(sorted(budget.name for budget in budgets))
            found = Found(
                about=subject.about,
                path="metadata.labels",
                value=names,
                message=f"more than one PodDisruptionBudget ({names}): the API refuses every eviction of its pods",
                remedy="leave it one budget",
                pods=len(subject.pods),
            )
            yield proven(found, picture, subject.pods)


def _never_evicted(subject: Subject) -> bool:
    """Whether no drain evicts its pods: those of a DaemonSet stay, those that have ended are asked of no budget.

    Source: kubernetes pkg/registry/core/pod/storage/eviction.go, canIgnorePDB.
    """
    if subject.about.kind == "DaemonSet":
        return True
    return subject.about.kind in ("Pod", "Job") and bool(subject.pods) and all(pod.finished for pod in subject.pods)


RULE = Rule(
    name="several-budgets",
    groups=("upgrade", "disruption"),
    severity=Severity.ERROR,
    kinds=("PodDisruptionBudget", "Pod"),
    run=run,
    page=__doc__,
)
