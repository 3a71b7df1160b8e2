"""Nodes whose container runtime the target version does not work with.

## What it finds
containerd 1.x and a target of 1.36 or newer; Docker through dockershim and a target of 1.24 or newer.

## Why it matters
A new kubelet does not start on such a node: it stays NotReady, and its pods have to go somewhere else all at once.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: old}
status: {nodeInfo: {kubeletVersion: v1.35.1, containerRuntimeVersion: "containerd://1.7.20"}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: new}
status: {nodeInfo: {kubeletVersion: v1.36.1, containerRuntimeVersion: "containerd://2.1.4"}}
```

## Fix
Move to a node image with containerd 2 before, or together with, the upgrade.

## Since
0.2. 1.35 is the last version that works with containerd 1.x. Docker by cri-dockerd goes on working: a kubelet of 1.24 or newer
that runs on Docker has it.

## References
- <https://kubernetes.io/docs/setup/production-environment/container-runtimes/>
- <https://kubernetes.io/blog/2025/09/12/kubernetes-v1-34-cri-cgroup-driver-lookup-now-ga/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import Node
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import minor_of, target_minor

# What a runtime's version begins with, and the first minor version that does not work with it.
DOCKERSHIM_GONE = 24
ENDS = (("containerd://1.", 36), ("docker://", DOCKERSHIM_GONE))


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    for node in picture.nodes:
        runtime = node.status.node_info.container_runtime_version
        for beginning, end in ENDS:
            if runtime.startswith(beginning) and target >= end and not _by_cri_dockerd(node):
                yield Found(
                    about=node,
                    path="status.nodeInfo.containerRuntimeVersion",
                    value=runtime,
                    message=f"the node runs {runtime}, with which 1.{end} and newer do not work",
                    remedy="replace the node by one with a newer runtime",
                    evidence=Evidence.OBSERVED,
                )


def _by_cri_dockerd(node: Node) -> bool:
    """Whether its Docker works by cri-dockerd: a kubelet without dockershim runs on it already."""
    info = node.status.node_info
    return info.container_runtime_version.startswith("docker://") and minor_of(info.kubelet_version) >= DOCKERSHIM_GONE


RULE = Rule(name="container-runtime", groups=("upgrade",), severity=Severity.ERROR, kinds=("Node",), run=run, page=__doc__)
