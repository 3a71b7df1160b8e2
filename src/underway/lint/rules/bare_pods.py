"""A pod has no controller: when its node goes, it goes for good.

## What it finds
Pods without any ownerReference that have not ended. Static pods, which a node's kubelet owns, are none.

## Why it matters
Draining a node deletes its pods; controllers make new ones elsewhere. Nobody makes a bare pod anew, so drains stop at it
(`kubectl drain` without --force) or lose it.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: debug, namespace: shop}
spec:
  containers:
    - {name: debug, image: "registry.example.com/debug:1.0"}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: debug, namespace: shop}
spec:
  selector: {matchLabels: {app: debug}}
  template:
    metadata: {labels: {app: debug}}
    spec:
      containers:
        - {name: debug, image: "registry.example.com/debug:1.0"}
```

## Fix
Give it to a Deployment, StatefulSet or Job; or delete it before the rotation.

## Since
clusterlint's `bare-pods`. It takes any pod whose name ends in a node's name for a static pod, and so misses bare pods that are
named so; we ask for the mirror annotation or an owning Node. It flags pods that have ended, at which no drain stops; we do not.
`--compat clusterlint` asks as it does.

## References
- <https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.pod import Pod
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.model.pod import MIRROR_ANNOTATION


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    endings = tuple(f"-{node.name.lower()}" for node in picture.nodes)
    for pod in picture.of(Pod):
        static = pod.name.endswith(endings) if options.as_clusterlint else MIRROR_ANNOTATION in pod.metadata.annotations
        over = pod.finished and not options.as_clusterlint
        if not pod.metadata.owner_references and not static and not over:
            yield Found(
                about=pod,
                path="metadata.ownerReferences",
                message="the pod has no controller: nobody makes it anew when its node goes",
                remedy="give it to a Deployment, StatefulSet or Job",
                pods=1,
            )


RULE = Rule(name="bare-pods", groups=("basic", "doks"), severity=Severity.WARNING, kinds=("Pod", "Node"), run=run, page=__doc__)
