"""Pods that may run on one node only.

What it finds
    Workloads with a nodeSelector on kubernetes.io/hostname, or with nodeName, other than DaemonSets.

Why it matters
    When that node is replaced its successor has another name: the pod stays Pending for ever.

Bad
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {nodeSelector: {kubernetes.io/hostname: node-7}, containers: [{name: app, image: "registry.example/app:1"}]}

Good
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {nodeSelector: {pool: fast}, containers: [{name: app, image: "registry.example/app:1"}]}

Fix
    Select nodes by a label of their pool.

Since
    0.2. clusterlint: node-name-pod-selector looks at nodeSelector alone.

References
    https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

HOSTNAME = "kubernetes.io/hostname"


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each workload that names its node."""
    for subject in picture.pod_subjects(options):
        written = subject.template
        if subject.thing.kind == "DaemonSet" or (subject.workload is None and not written.node_selector):
            continue
        name = written.node_selector.get(HOSTNAME) or (written.node_name if subject.workload is not None else "")
        if name:
            path = f"{subject.path}.nodeSelector" if HOSTNAME in written.node_selector else f"{subject.path}.nodeName"
            message = f"can run on node {name} alone: when that is replaced, it cannot run"
            remedy = "select nodes by a label of their pool"
            yield Finding(RULE.name, RULE.severity, picture.ref(subject.thing), message, path, name, remedy=remedy)


RULE = Rule("pinned-to-node", ("upgrade", "disruption"), Severity.ERROR, __doc__, run)
