"""Nothing is begun while frozen: five seconds after the freeze is written, no eviction, cordon, machine or end of one.

A freeze of a pool holds for the nodes of that pool alone.
"""

import json

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import ANNOTATION, CLUSTER, Checker, closes
from underway.sim.store import Change, Object

EFFECT_MS = 5_000  # the promise: a freeze takes effect within 5 s


class FrozenActs(Checker):
    """Reads the freezes off the Leases."""

    name = "frozen-acts"

    def begin(self) -> None:
        """No pool is frozen."""
        self._pools: dict[str, tuple[Object, int]] = {}

    def on_change(self, change: Change) -> None:
        """The Lease says whether it is frozen."""
        if change.object.get("kind") == "Lease":
            self.read_freeze(change)
            if change.object["metadata"]["name"] == CLUSTER:
                self._read_pools(change)

    def _read_pools(self, lease: Change) -> None:
        text = (lease.object["metadata"].get("annotations") or {}).get(f"{ANNOTATION}freezes")
        pools = [one["selector"] for one in json.loads(text or "[]") if "selector" in one and lease.type != "DELETED"]
        found = {json.dumps(pool, sort_keys=True): pool for pool in pools}
        self._pools = {key: self._pools.get(key, (pool, self.now_ms())) for key, pool in found.items()}

    def on_request(self, request: Request) -> None:
        """An eviction or a cordon is an act when it is sent: the API server's queue may keep it for longer than the promise."""
        if request.subresource == "eviction":
            pod = self.store.get(r.PODS, request.namespace, request.name)
            host = str(pod["spec"].get("nodeName", "")) if pod else ""
            self._judge(f"pod {request.namespace}/{request.name} was evicted", host)
        elif request.resource == r.NODES and closes(request.body):
            node = self.store.get(r.NODES, "", request.name)
            if node and not node["spec"].get("unschedulable"):
                self._judge(f"node {request.name} was cordoned", request.name)

    def on_terminate(self, node: str) -> None:
        """So is the end of a machine."""
        self._judge(f"the machine of node {node} was ended", node)

    def on_provision(self, key: str) -> None:
        """So is a new machine."""
        self._judge(f"machine {key} was asked for", "")

    def _judge(self, act: str, node: str) -> None:
        times = [self.frozen_ms] if self.frozen_ms is not None else []
        found = self.store.get(r.NODES, "", node) if node and self._pools else None
        if found is not None:
            labels = found["metadata"].get("labels") or {}
            times += [since_ms for pool, since_ms in self._pools.values() if _chooses(pool, labels)]
        if times and self.now_ms() > min(times) + EFFECT_MS:
            self.fail(f"{act} {(self.now_ms() - min(times)) / 1_000:.1f} s after the freeze")


def _chooses(pool: Object, labels: dict[str, str]) -> bool:
    """Whether a selector of labels and of lists of values, which is what `underway freeze` writes, chooses a node."""
    wanted = (pool.get("matchLabels") or {}).items()
    lists = [(one["key"], one["values"]) for one in pool.get("matchExpressions") or () if one["operator"] == "In"]
    return wanted <= labels.items() and all(labels.get(key) in values for key, values in lists)
