"""Nodes that the target control plane cannot work with.

## What it finds
Kubelets more than three minor versions older than the target (two, if older than 1.25), kubelets newer than the API
server, and a target more than one minor version ahead of the cluster.

## Why it matters
The API server takes no kubelet that is newer, and promises nothing to one that is too old; a control plane goes one
minor version at a time.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: old}
status: {nodeInfo: {kubeletVersion: v1.30.4}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: new}
status: {nodeInfo: {kubeletVersion: v1.36.1}}
```

## Fix
Upgrade the nodes first, to a version that the target still takes; or go in several steps.

## Since
0.2.

## References
- <https://kubernetes.io/releases/version-skew-policy/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import minor_of, target_minor

OLDER_MAX, OLDER_MAX_BEFORE_125 = 3, 2
SINCE_THREE = 25


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target, server = target_minor(picture, options), minor_of(picture.server_version)
    for node in picture.nodes:
        version = node.status.node_info.kubelet_version
        kubelet = minor_of(version)
        if not kubelet:
            continue
        allowed = OLDER_MAX if kubelet >= SINCE_THREE else OLDER_MAX_BEFORE_125
        if target - kubelet > allowed:
            message = f"kubelet {version} is {target - kubelet} minor versions older than 1.{target}; {allowed} are taken"
            remedy = f"replace the node by one of 1.{target - OLDER_MAX} or newer first"
        elif server and kubelet > server:
            message = f"kubelet {version} is newer than the API server ({picture.server_version})"
            remedy = "replace the node by one of the API server's version"
        elif server and options.target is not None and target > server + 1:
            steps = ", ".join(f"1.{step}" for step in range(server + 1, target + 1))
            message = f"kubelet {version}: from 1.{server} to 1.{target} in one step skips minor versions of the control plane"
            remedy = f"go by {steps}"
        else:
            continue
        yield Found(
            about=node,
            path="status.nodeInfo.kubeletVersion",
            value=version,
            message=message,
            remedy=remedy,
            evidence=Evidence.OBSERVED,
        )


RULE = Rule(name="version-skew", groups=("upgrade",), severity=Severity.ERROR, kinds=("Node",), run=run, page=__doc__)
