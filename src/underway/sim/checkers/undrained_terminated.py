"""No machine ends under a pod that could have moved or with a volume still attached; no Node object goes before its machine."""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker


class UndrainedTerminated(Checker):
    """Looks at the node at the moment in which its end is asked for."""

    name = "undrained-terminated"

    def begin(self) -> None:
        """Nothing has ended yet."""
        self._ended: set[str] = set()

    def on_terminate(self, node: str) -> None:
        """Every pod that is left must belong to the node itself."""
        self._ended.add(node)
        for pod in self.store.values(r.PODS):
            owners = pod["metadata"].get("ownerReferences") or ()
            stays = any(owner["kind"] == "DaemonSet" for owner in owners)
            mirror = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
            if pod["spec"].get("nodeName") == node and not stays and not mirror:
                self.fail(f"machine of node {node} was ended with pod {pod['metadata']['name']} on it")

        for attachment in self.store.values(r.VOLUME_ATTACHMENTS):
            if attachment["spec"]["nodeName"] == node:
                self.fail(f"machine of node {node} was ended with volume {attachment['metadata']['name']} attached")

    def on_write(self, request: Request, code: int) -> None:
        """A Node object is the only record of its machine."""
        if request.resource == r.NODES and request.verb == "delete" and code < 300 and request.name not in self._ended:
            self.fail(f"node {request.name} was deleted before its machine was ended")
