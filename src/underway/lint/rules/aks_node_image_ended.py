"""Nodes of AKS whose operating system AKS has ended, or will end within half a year.

## What it finds
Nodes of AKS with Azure Linux 2.0 (images gone since 31 March 2026), Ubuntu 18.04 (since 17 June 2025) or Ubuntu 20.04 (from
17 March 2027): errors where the day has passed, warnings in the half year before.

## Why it matters
AKS removes the node images on that day: the pool can no longer be scaled or repaired, and an upgrade, which makes new
nodes first, fails.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "azure:///subscriptions/s/vm-1"}
status: {nodeInfo: {osImage: CBL-Mariner/Linux}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "azure:///subscriptions/s/vm-1"}
status: {nodeInfo: {osImage: Microsoft Azure Linux 3.0}}
```

## Fix
Upgrade the node pool to a Kubernetes version whose image is a newer one, or move it to another OS SKU (AzureLinux3, Ubuntu2404).

## Since
0.2. Runs where nodes are of AKS, or with `-g aks`.

## References
- <https://learn.microsoft.com/azure/aks/upgrade-os-version>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.model import timestamp

# What osImage begins with, what it is called, and the day from which there are no node images. Source: the reference above.
ENDS = (
    ("CBL-Mariner/Linux", "Azure Linux 2.0", "2026-03-31"),
    ("Ubuntu 18.04", "Ubuntu 18.04", "2025-06-17"),
    ("Ubuntu 20.04", "Ubuntu 20.04", "2027-03-17"),
)
DAY_MS = 86_400_000


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    ahead_ms = int(options.threshold(RULE, "ahead_days")) * DAY_MS
    for node in picture.nodes:
        image = node.status.node_info.os_image
        for beginning, name, day in ENDS:
            left_ms = timestamp.parse(f"{day}T00:00:00Z") - options.now_ms
            if image.startswith(beginning) and left_ms < ahead_ms:
                when = f"has no node images since {day}" if left_ms <= 0 else f"has no node images from {day}"
                yield Found(
                    about=node,
                    path="status.nodeInfo.osImage",
                    value=image,
                    message=f"the node runs {name}, of which AKS {when}: its pool cannot grow or be upgraded",
                    remedy="move the pool to a newer image: a newer Kubernetes version, or another OS SKU",
                    severity=Severity.ERROR if left_ms <= 0 else Severity.WARNING,
                    evidence=Evidence.OBSERVED,
                )


RULE = Rule(
    name="aks-node-image-ended",
    groups=("aks",),
    severity=Severity.ERROR,
    kinds=("Node",),
    run=run,
    page=__doc__,
    thresholds={"ahead_days": 180},
)
