"""Nodes of EKS with Amazon Linux 2, of which there is no image for the target.

## What it finds
Nodes of EKS whose operating system is Amazon Linux 2: an error if the target is 1.33 or newer, else a warning.

## Why it matters
EKS published its last images with Amazon Linux 2 for 1.32, and its last ones of all in December 2025. A managed node group
with such an image cannot be updated to a newer version, and gets no fixes.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "aws:///eu-central-1a/i-0123456789"}
status: {nodeInfo: {kubeletVersion: v1.32.9-eks-113cf36, osImage: Amazon Linux 2}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "aws:///eu-central-1a/i-0123456789"}
status: {nodeInfo: {kubeletVersion: v1.32.9-eks-113cf36, osImage: Amazon Linux 2023.9.20250929}}
```

## Fix
Move the workloads to a node group with Amazon Linux 2023 or Bottlerocket before the upgrade.

## Since
0.2. Runs where nodes are of EKS, or with `-g eks`. Images of your own are not told apart from those of EKS.

## References
- <https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html>
"""

import re
from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor

LAST_MINOR = 32  # with images of Amazon Linux 2
_AMAZON_LINUX_2 = re.compile(r"Amazon Linux 2(?!\d)")


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    gone = target_minor(picture, options) > LAST_MINOR
    for node in picture.nodes:
        image = node.status.node_info.os_image
        if _AMAZON_LINUX_2.match(image):
            why = f"EKS has no images of it for versions after 1.{LAST_MINOR}" if gone else "EKS publishes no new images of it"
            yield Found(
                about=node,
                path="status.nodeInfo.osImage",
                value=image,
                message=f"the node runs {image}: {why}",
                remedy="move to a node group with Amazon Linux 2023 or Bottlerocket",
                severity=Severity.ERROR if gone else Severity.WARNING,
                evidence=Evidence.OBSERVED,
            )


RULE = Rule(name="eks-amazon-linux-2", groups=("eks",), severity=Severity.ERROR, kinds=("Node",), run=run, page=__doc__)
