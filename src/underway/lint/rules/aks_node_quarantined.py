"""Nodes of AKS that an upgrade could not drain and left behind.

## What it finds
Nodes with the label kubernetes.azure.com/upgrade-status: Quarantined.

## Why it matters
Where undrainable nodes are to be cordoned, AKS puts such a node aside, keeps a surge node for it, and calls the upgrade failed:
the old version goes on running, unseen, and is paid for twice.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a, labels: {kubernetes.azure.com/upgrade-status: Quarantined}}
spec: {providerID: "azure:///subscriptions/s/vm-1", unschedulable: true}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "azure:///subscriptions/s/vm-1"}
```

## Fix
See what keeps its pods (`-c pdb-blocks-drain,several-budgets,unhealthy-pods-held`), drain it, delete it, and upgrade again.

## Since
0.2. Runs where nodes are of AKS, or with `-g aks`.

## References
- <https://learn.microsoft.com/javascript/api/@azure/arm-containerservice/undrainablenodebehavior>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

STATUS, QUARANTINED = "kubernetes.azure.com/upgrade-status", "Quarantined"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for node in picture.nodes:
        if node.metadata.labels.get(STATUS) == QUARANTINED:
            yield Found(
                about=node,
                path=f'metadata.labels["{STATUS}"]',
                value=QUARANTINED,
                message="an upgrade could not drain it and left it behind, still of the old version",
                remedy="see what keeps its pods, drain it, delete it, and upgrade again",
                evidence=Evidence.OBSERVED,
            )


RULE = Rule(name="aks-node-quarantined", groups=("aks",), severity=Severity.ERROR, kinds=("Node",), run=run, page=__doc__)
