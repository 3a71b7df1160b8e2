"""No machine ends under a pod that could have moved or with a volume still attached; no Node object goes before its machine."""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker
from underway.sim.store import Object


class UndrainedTerminated(Checker):
    """Looks at the node at the moment in which its end is asked for."""

    name = "undrained-terminated"

    def begin(self) -> None:
        """Nothing has ended yet."""
        self._ended: set[str] = set()

    def on_terminate(self, node: str) -> None:
        """Every pod that is left must belong to the node itself."""
        self._ended.add(node)
        # Nobody is there to end pods or to let go of volumes; ending the machine is what makes that certain.
        silent = _is_silent(self.store.get(r.NODES, "", node))
        for pod in self.store.values(r.PODS):
            owners = pod["metadata"].get("ownerReferences") or ()
            stays = any(owner["kind"] == "DaemonSet" for owner in owners)
            mirror = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
            if pod["spec"].get("nodeName") == node and not stays and not mirror and not (silent and _deleting(pod)):
                self.fail(f"machine of node {node} was ended with pod {pod['metadata']['name']} on it")

        for attachment in self.store.values(r.VOLUME_ATTACHMENTS):
            if attachment["spec"]["nodeName"] == node and not silent:
                self.fail(f"machine of node {node} was ended with volume {attachment['metadata']['name']} attached")

    def on_write(self, request: Request, code: int) -> None:
        """A Node object is the only record of its machine."""
        if request.resource == r.NODES and request.verb == "delete" and code < 300 and request.name not in self._ended:
            self.fail(f"node {request.name} was deleted before its machine was ended")


def _is_silent(node: Object | None) -> bool:
    conditions = node["status"].get("conditions") or () if node else ()
    return any(condition["type"] == "Ready" and condition["status"] == "Unknown" for condition in conditions)


def _deleting(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))
