"""Volumes: bound where the pod is placed, attached to one node at a time, detached some seconds after the pod is gone.

Sources: kubernetes pkg/controller/volume/{persistentvolume,attachdetach}; binding mode WaitForFirstConsumer, access mode
ReadWriteOnce. A volume that is still attached elsewhere keeps its next pod from starting, as a real one does.
"""

from underway.kube import resource as r
from underway.model.node import ZONE_LABEL
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, with_status
from underway.sim.world.index import PodIndex

# Cloud block volumes attach and detach within seconds (Amazon EBS: typically 2 to 10).
ATTACH_MS = (2_000, 5_000)
DETACH_MS = (1_500, 4_000)
ATTACHER = "csi.sim.underway.dev"


def claims_of(pod: Object) -> list[str]:
    """The names of the claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or ()
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]


class Volumes(Controller):
    """Looks at a claim whenever a pod that mounts it, or an attachment of its volume, changes."""

    name = "attachdetach-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.detach_ms = DETACH_MS
        self._attached: set[tuple[str, str]] = set()
        self._detaching: set[str] = set()
        self.store.subscribe(r.PODS, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        for claim in claims_of(change.object):
            self.again((change.object["metadata"]["namespace"], claim))

    def mounted(self, pod: Object) -> bool:
        """Whether all volumes of a bound pod are attached to its node."""
        namespace, node = pod["metadata"]["namespace"], pod["spec"].get("nodeName", "")
        return all((self._volume_name(namespace, claim), node) in self._attached for claim in claims_of(pod))

    @staticmethod
    def _volume_name(namespace: str, claim: str) -> str:
        return f"pv-{namespace}-{claim}"

    def reconcile(self, key: tuple[str, str]) -> None:
        """Bind the claim, attach its volume where a pod needs it, detach it where none does."""
        namespace, claim = key
        users = [pod for pod in self.pods.matching_claim(namespace, claim) if pod["spec"].get("nodeName")]
        volume = self._volume_name(namespace, claim)
        wanted = {pod["spec"]["nodeName"] for pod in users}
        attachments = [
            a for a in self.store.values(r.VOLUME_ATTACHMENTS) if a["spec"]["source"]["persistentVolumeName"] == volume
        ]
        for attachment in attachments:
            if attachment["spec"]["nodeName"] not in wanted:
                self._detach(attachment, key)
        if users and not attachments:
            self._bind(namespace, claim, volume, users[0]["spec"]["nodeName"])
            self._attach(volume, users[0]["spec"]["nodeName"], key)

    def _bind(self, namespace: str, claim: str, volume: str, node: str) -> None:
        if self.store.get(r.PERSISTENT_VOLUMES, "", volume) is not None:
            return
        host = self.store.get(r.NODES, "", node)
        zone = host["metadata"].get("labels", {}).get(ZONE_LABEL, "") if host else ""
        spec = {
            "claimRef": {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": ATTACHER, "volumeHandle": volume},
        }
        metadata = {"name": volume, "labels": {ZONE_LABEL: zone}}
        self.registry.create(r.PERSISTENT_VOLUMES, {"metadata": metadata, "spec": spec, "status": {"phase": "Bound"}})
        claims = r.PERSISTENT_VOLUME_CLAIMS
        self.registry.mutate(claims, namespace, claim, lambda now: {**now, "spec": {**now["spec"], "volumeName": volume}})
        self.registry.mutate(claims, namespace, claim, lambda now: with_status(now, phase="Bound"), "status")

    def _attach(self, volume: str, node: str, key: tuple[str, str]) -> None:
        spec = {"attacher": ATTACHER, "nodeName": node, "source": {"persistentVolumeName": volume}}
        metadata = {"name": f"csi-{volume}-{self.registry.suffix()}"}
        made = self.registry.create(r.VOLUME_ATTACHMENTS, {"metadata": metadata, "spec": spec, "status": {"attached": False}})

        def done() -> None:
            name = made["metadata"]["name"]
            if self.store.get(r.VOLUME_ATTACHMENTS, "", name) is not None:
                self._attached.add((volume, node))
                self.registry.mutate(r.VOLUME_ATTACHMENTS, "", name, lambda now: {**now, "status": {"attached": True}}, "status")
                self.again(key)

        self.queue.after(self.rng.randint(*ATTACH_MS), done)

    def _detach(self, attachment: Object, key: tuple[str, str]) -> None:
        name = attachment["metadata"]["name"]
        if name in self._detaching:
            return
        self._detaching.add(name)

        def done() -> None:
            self._detaching.discard(name)
            self._attached.discard((attachment["spec"]["source"]["persistentVolumeName"], attachment["spec"]["nodeName"]))
            if self.store.get(r.VOLUME_ATTACHMENTS, "", name) is not None:
                self.registry.delete(r.VOLUME_ATTACHMENTS, "", name)
            self.again(key)

        self.queue.after(self.rng.randint(*self.detach_ms), done)
