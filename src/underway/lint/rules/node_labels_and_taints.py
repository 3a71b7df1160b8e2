"""A node of DOKS has labels or taints that its replacement will lack.

## What it finds
Labels that neither Kubernetes nor DigitalOcean set, and taints. Those that Kubernetes puts on a node by itself
(`node.kubernetes.io/...`: cordoned, not ready, under pressure) are left alone.

## Why it matters
DOKS upgrades by replacing nodes, and the new ones carry what the node pool says, not what somebody wrote on the old ones:
pods that select or tolerate it stay Pending.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata:
  name: pool-a1
  labels: {disk: ssd, kubernetes.io/os: linux}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata:
  name: pool-a1
  labels: {doks.digitalocean.com/node-pool: pool, kubernetes.io/os: linux}
spec:
  taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]
```

## Fix
Put labels and taints on the node pool.

## Since
clusterlint's `node-labels-and-taints`, which takes a cordon for a custom taint. `--compat clusterlint` does so too.

## References
- <https://docs.digitalocean.com/products/kubernetes/how-to/upgrade-cluster/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.cluster import Node
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for node in picture.of(Node):
        labels = sorted(label for label in node.metadata.labels if _custom(label))
        taints = [
            f"{taint.key}:{taint.effect}"
            for taint in node.spec.taints
            if options.as_clusterlint or not taint.key.startswith("node.kubernetes.io/")
        ]
        for path, what, found in (("metadata.labels", "labels", labels), ("spec.taints", "taints", sorted(taints))):
            if found:
                yield Found(
                    about=node,
                    path=path,
                    value=", ".join(found),
                    message=f"{what} that its replacement will lack: {', '.join(found)}",
                    remedy=f"put the {what} on the node pool",
                )


def _custom(label: str) -> bool:
    return "kubernetes.io" not in label and not label.startswith("doks.digitalocean.com/") and label != "region"


RULE = Rule(name="node-labels-and-taints", groups=("doks",), severity=Severity.WARNING, kinds=("Node",), run=run, page=__doc__)
