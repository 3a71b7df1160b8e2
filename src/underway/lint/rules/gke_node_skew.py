"""Nodes of GKE that are too old for the target control plane: GKE takes nodes two minor versions older, not three.

## What it finds
Nodes whose kubelet is three minor versions older than the target. What is older still is for `version-skew`.

## Why it matters
Kubernetes takes three, GKE two: what is older is outside of what GKE supports, and in the way of its next upgrade.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "gce://project/europe-west1-b/node-1"}
status: {nodeInfo: {kubeletVersion: v1.34.6-gke.200}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "gce://project/europe-west1-b/node-1"}
status: {nodeInfo: {kubeletVersion: v1.35.3-gke.300}}
```

## Fix
Upgrade the node pool first.

## Since
0.2. Runs where nodes are of GKE, or with `-g gke`.

## References
- <https://cloud.google.com/kubernetes-engine/versioning>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import minor_of, target_minor
from underway.policy.skew import KUBELET_MINORS_BEHIND_MAX

OLDER_MAX = 2


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    for node in picture.nodes:
        version = node.status.node_info.kubelet_version
        minor = minor_of(version)
        if minor and OLDER_MAX < target - minor <= KUBELET_MINORS_BEHIND_MAX:
            yield Found(
                about=node,
                path="status.nodeInfo.kubeletVersion",
                value=version,
                message=f"kubelet {version} is {target - minor} minor versions older than 1.{target}; GKE takes {OLDER_MAX}",
                remedy="upgrade its node pool first",
                evidence=Evidence.OBSERVED,
            )


RULE = Rule(name="gke-node-skew", groups=("gke",), severity=Severity.WARNING, kinds=("Node",), run=run, page=__doc__)
