"""Pods that may take longer to end than a drain waits.

What it finds
    Workloads whose terminationGracePeriodSeconds is longer than the drain timeout (30 minutes, --drain-timeout).

Why it matters
    The drain gives up, or kills the pod before its time: what it wanted to finish is lost.

Bad
    apiVersion: v1
    kind: Pod
    metadata: {name: trainer, namespace: shop}
    spec: {terminationGracePeriodSeconds: 7200, containers: [{name: app, image: "registry.example/app:1"}]}

Good
    apiVersion: v1
    kind: Pod
    metadata: {name: trainer, namespace: shop}
    spec: {terminationGracePeriodSeconds: 600, containers: [{name: app, image: "registry.example/app:1"}]}

Fix
    Checkpoint within the drain timeout, or let the rotation wait for such pods (drain.wait).

Since
    0.2.

References
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule
from underway.model.duration import human


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each workload that takes too long."""
    for subject in picture.pod_subjects(options):
        grace_s = subject.spec.termination_grace_period_seconds
        if grace_s is not None and grace_s > options.drain_timeout_s:
            message = f"may take {human(grace_s)} to end; a drain waits {human(options.drain_timeout_s)}"
            path = f"{subject.path}.terminationGracePeriodSeconds"
            remedy = "end within the drain's time, or have the rotation wait for it"
            yield Finding(RULE.name, RULE.severity, picture.ref(subject.thing), message, path, grace_s, remedy=remedy)


RULE = Rule("grace-beyond-drain", ("upgrade", "disruption"), Severity.WARNING, __doc__, run)
