"""Nodes with cgroup v1, on which the kubelet of 1.35 and newer does not start.

## What it finds
Nodes whose kubelet said so (its Event CgroupV1), if the target is 1.35 or newer; and, as a warning, nodes whose operating
system or kernel is older than those that start with cgroup v2.

## Why it matters
Since 1.35 a kubelet refuses to start on cgroup v1 unless its configuration says failCgroupV1: false. A node that is upgraded
in place never comes back.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: old}
status: {nodeInfo: {kubeletVersion: v1.34.1, osImage: Amazon Linux 2, kernelVersion: 5.10.230-223.885.amzn2.x86_64}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: new}
status: {nodeInfo: {kubeletVersion: v1.34.1, osImage: Amazon Linux 2023.6, kernelVersion: 6.1.112-124.190.amzn2023.x86_64}}
```

## Fix
Move to a node image with cgroup v2 before the upgrade, or set failCgroupV1: false in the kubelet's configuration until then.

## Since
0.2. The API does not say which version of cgroups a node has. The kubelet's Event is seen for an hour after it started;
without it the name of the operating system speaks, as a warning: somebody may have switched it over.

## References
- <https://kubernetes.io/docs/concepts/architecture/cgroups/>
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/5573-remove-cgroup-v1>
"""

import re
from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import Event, Node
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor

REFUSED_SINCE = 35  # the default of failCgroupV1; kubernetes pkg/kubelet/apis/config/v1beta1/defaults.go
# "Linux distribution cgroup v2 support" in the reference above: what comes before those that start with it.
_OLD_SYSTEMS = re.compile(
    r"Amazon Linux 2(?!\d)|CentOS (Linux [78]|Stream 8)(?!\d)|Oracle Linux Server [78](?!\d)"
    r"|Red Hat Enterprise Linux.* [78](?!\d)|(Rocky|Alma) ?Linux 8(?!\d)"
    r"|Ubuntu (1\d|20|21\.04)(?!\d)|Debian GNU/Linux ([89]|10)(?!\d)"
)
_KERNEL = re.compile(r"(\d+)\.(\d+)")
KERNEL_MIN = (5, 8)  # "Requirements" in the reference above
REMEDY = "move to a node image with cgroup v2, or set failCgroupV1: false in the kubelet's configuration until then"


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    if target_minor(picture, options) < REFUSED_SINCE:
        return
    told = {event.involved_object.name for event in picture.of(Event) if event.reason == "CgroupV1"}
    for node in picture.nodes:
        info = node.status.node_info
        why = _why(node)
        if node.name in told:
            yield Found(
                about=node,
                path="status.nodeInfo.osImage",
                value=info.os_image,
                message=f"its kubelet says that it runs on cgroup v1, where 1.{REFUSED_SINCE} and newer do not start",
                remedy=REMEDY,
                evidence=Evidence.OBSERVED,
            )
        elif why:
            yield Found(
                about=node,
                path="status.nodeInfo.osImage",
                value=info.os_image,
                message=f"{why} starts with cgroup v1 unless somebody changed it; 1.{REFUSED_SINCE} and newer do not start there",
                remedy=REMEDY,
                severity=Severity.WARNING,
            )


def _why(node: Node) -> str:
    """What makes a node an old one, or ""."""
    info = node.status.node_info
    if _OLD_SYSTEMS.match(info.os_image):
        return info.os_image
    kernel = _KERNEL.match(info.kernel_version) if info.operating_system in ("", "linux") else None
    return f"kernel {info.kernel_version}" if kernel and (int(kernel[1]), int(kernel[2])) < KERNEL_MIN else ""


RULE = Rule(
    name="cgroup-v1",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=("Node",),
    run=run,
    page=__doc__,
    also=("Event",),
)
