"""Pods that nothing recreates when their node goes.

What it finds
    Pods without an owner. Static pods, which their node's kubelet makes, are no bare pods.

Why it matters
    A drain either refuses to touch such a pod or deletes it for good. A rotation stops at its node.

Bad
    apiVersion: v1
    kind: Pod
    metadata: {name: debug, namespace: shop}
    spec: {containers: [{name: app, image: "registry.example/app:1"}]}

Good
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: shop}
    spec:
      replicas: 2
      selector: {matchLabels: {app: app}}
      template:
        metadata: {labels: {app: app}}
        spec: {containers: [{name: app, image: "registry.example/app:1"}]}

Fix
    Give the pod an owner: a Deployment, a StatefulSet or a Job; or delete it.

Since
    0.2. clusterlint: bare-pods. It takes a pod for static if its name ends in a node's name; here the mirror annotation
    counts, and with
    --compat clusterlint the name.

References
    https://kubernetes.io/docs/concepts/workloads/pods/#using-pods
    https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.objects.pod import Pod
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

MIRROR = "kubernetes.io/config.mirror"


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each pod without an owner."""
    nodes = {f"-{node.metadata.name.lower()}" for node in picture.nodes}
    for pod in picture.pods:
        if not pod.metadata.owner_references and not _is_static(pod, nodes, options):
            yield Finding(
                RULE.name,
                RULE.severity,
                picture.ref(pod),
                "nothing recreates this pod when its node goes",
                "metadata.ownerReferences",
                remedy="run it by a Deployment, a StatefulSet or a Job, or delete it",
            )


def _is_static(pod: Pod, nodes: set[str], options: Options) -> bool:
    if options.as_clusterlint:
        return any(pod.metadata.name.endswith(ending) for ending in nodes)
    return MIRROR in pod.metadata.annotations


RULE = Rule("bare-pods", ("basic", "doks"), Severity.WARNING, __doc__, run, needs=("Pod",))
