"""Only pods of a node that drains are evicted, and only those that can live elsewhere: no DaemonSet pod, no static pod.

A StatefulSet's pod keeps its name when it moves: an eviction by name alone may hit its successor on another node
(kubernetes/kubectl#1767).
"""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker, phase_of


class AstrayEviction(Checker):
    """Looks where the evicted pod is at the moment in which the server has said yes."""

    name = "astray-eviction"

    def on_write(self, request: Request, code: int) -> None:
        """An eviction that was accepted; a pod that went with it at once cannot be looked at."""
        pod = self.store.get(r.PODS, request.namespace, request.name) if request.subresource == "eviction" else None
        if pod is None or code >= 300:
            return
        key, host = f"{request.namespace}/{request.name}", pod["spec"].get("nodeName", "")
        node = self.store.get(r.NODES, "", host)
        if node is None or phase_of(node) != "Draining":
            self.fail(f"pod {key} was evicted from node {host or 'none'}, which does not drain")
        if any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ()):
            self.fail(f"pod {key} of a DaemonSet was evicted: it comes back at once")
        if "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {}):
            self.fail(f"static pod {key} was evicted: only its mirror goes")
