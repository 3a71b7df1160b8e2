"""No pod is evicted before load balancers have let go of its node, or while other old nodes would still attract it.

Sources: KEP-1669 (the label that takes a node out of external load balancers); the taint PreferNoSchedule on every old node
keeps a pod from moving twice.
"""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker
from underway.sim.store import Change, Object

LABEL = "node.kubernetes.io/exclude-from-external-load-balancers"
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


class EarlyEviction(Checker):
    """Notes itself since when each node carries the label."""

    name = "early-eviction"

    def begin(self) -> None:
        """How long load balancers have to let go."""
        text = self.claim.spec.get("drain", {}).get("deregistration", "10s")
        self._wait_ms = int(text[:-1]) * UNIT_MS[text[-1]]
        self._out_ms: dict[str, int] = {}

    def on_change(self, change: Change) -> None:
        """A node leaves the load balancers, or comes back."""
        node = change.object
        if node.get("kind") != "Node":
            return
        name = node["metadata"]["name"]
        if change.type != "DELETED" and LABEL in node["metadata"].get("labels", {}):
            self._out_ms.setdefault(name, self.now_ms())
        else:
            self._out_ms.pop(name, None)

    def on_write(self, request: Request, code: int) -> None:
        """An eviction that was accepted."""
        pod = self.store.get(r.PODS, request.namespace, request.name) if request.subresource == "eviction" else None
        if pod is None or code >= 300:
            return
        key, host = f"{request.namespace}/{request.name}", pod["spec"].get("nodeName", "")
        out_s = (self.now_ms() - self._out_ms.get(host, self.now_ms())) / 1_000
        if out_s * 1_000 < self._wait_ms:
            self.fail(f"pod {key} was evicted {out_s:.1f} s after load balancers were told, not {self._wait_ms / 1_000:.0f} s")
        inviting = [name for name in self.claim.nodes if self._is_inviting(self.store.get(r.NODES, "", name))]
        if inviting:
            self.fail(f"pod {key} was evicted while old nodes still attract pods: {', '.join(sorted(inviting))}")

    def _is_inviting(self, node: Object | None) -> bool:
        """Whether an old node takes pods as gladly as a new one."""
        if node is None or node["status"]["nodeInfo"]["kubeletVersion"] == self.claim.target:
            return False
        shunned = any(taint["effect"] == "PreferNoSchedule" for taint in node["spec"].get("taints") or ())
        return not shunned and not node["spec"].get("unschedulable")
