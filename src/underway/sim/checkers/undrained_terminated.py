"""No machine ends under a pod that could have moved or with a volume still attached; no Node object goes before its machine."""

from datetime import datetime

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
        # A silent node confirms no end: nobody is there to end its pods, or to let go of what they mount, and ending the machine
        # is what makes that certain. That excuses the pods whose whole grace is over, and their own volumes, nothing else.
        silent = _is_silent(self.store.get(r.NODES, "", node))
        excused: set[str] = set()
        for pod in self.store.values(r.PODS):
            owners = pod["metadata"].get("ownerReferences") or ()
            stays = any(owner["kind"] == "DaemonSet" for owner in owners)
            mirror = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
            if pod["spec"].get("nodeName") != node or stays or mirror:
                continue
            if silent and self._is_overdue(pod):
                excused |= _claims(pod)
            else:
                self.fail(f"machine of node {node} was ended with pod {pod['metadata']['name']} on it")

        for attachment in self.store.values(r.VOLUME_ATTACHMENTS):
            if attachment["spec"]["nodeName"] == node and self._claim_of(attachment) not in excused:
                self.fail(f"machine of node {node} was ended with volume {attachment['metadata']['name']} attached")

    def _is_overdue(self, pod: Object) -> bool:
        """Whether a pod should have ended by itself: its deletionTimestamp, which lies behind its grace, is past."""
        due = pod["metadata"].get("deletionTimestamp")
        return due is not None and round(datetime.fromisoformat(due).timestamp() * 1_000) < self.now_ms()

    def _claim_of(self, attachment: Object) -> str:
        """The claim that an attached volume is bound to, namespace/name."""
        volume = self.store.get(r.PERSISTENT_VOLUMES, "", attachment["spec"]["source"]["persistentVolumeName"])
        claim = volume["spec"].get("claimRef") or {} if volume else {}
        return f"{claim.get('namespace', '')}/{claim.get('name', '')}"

    def on_write(self, request: Request, code: int) -> None:
        """A Node object is the only record of its machine."""
        if request.resource == r.NODES and request.verb == "delete" and code < 300 and request.name not in self._ended:
            self.fail(f"node {request.name} was deleted before its machine was ended")


def _is_silent(node: Object | None) -> bool:
    conditions = node["status"].get("conditions") or () if node else ()
    return any(condition["type"] == "Ready" and condition["status"] == "Unknown" for condition in conditions)


def _claims(pod: Object) -> set[str]:
    """The claims that a pod mounts, namespace/name."""
    claims = [volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or ()]
    return {f"{pod['metadata']['namespace']}/{claim['claimName']}" for claim in claims if claim}
