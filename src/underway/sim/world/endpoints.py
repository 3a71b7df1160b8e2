"""EndpointSlices: which pods a Service sends traffic to, some time after they changed.

Source: kubernetes pkg/controller/endpointslice; "EndpointSlices" (conditions ready, serving, terminating). One slice a
Service: a hundred endpoints fit in one, and the world's Services have fewer.
"""

from underway.kube import resource as r
from underway.model.node import ZONE_LABEL
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, is_ready, own_key, reference
from underway.sim.world.index import PodIndex
from underway.sim.world.placement import concerns

# The controller batches changes of one Service for a moment (endpointslice controller, 100 ms minimum sync period and up).
BATCH_MS = (50, 500)


class Endpoints(Controller):
    """Looks at a Service whenever it or one of its pods changes."""

    name = "endpointslice-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self._batched: set[tuple[str, str]] = set()
        self.watch(r.SERVICES, own_key)
        self.store.subscribe(r.PODS, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        namespace = change.object["metadata"]["namespace"]
        for service in self.store.values(r.SERVICES):
            selector = service["spec"].get("selector")
            if selector and service["metadata"]["namespace"] == namespace and concerns({"matchLabels": selector}, change):
                self._batch((namespace, service["metadata"]["name"]))

    def _batch(self, key: tuple[str, str]) -> None:
        if key not in self._batched:
            self._batched.add(key)
            self.queue.after(self.rng.randint(*BATCH_MS), lambda: self.again(key))

    def reconcile(self, key: tuple[str, str]) -> None:
        """Write the slice if it changed."""
        self._batched.discard(key)
        service = self.store.get(r.SERVICES, *key)
        if service is None or not service["spec"].get("selector"):
            return
        pods = self.pods.matching(key[0], {"matchLabels": service["spec"]["selector"]})
        endpoints = [self._endpoint(pod) for pod in pods if pod.get("status", {}).get("podIP")]
        name = f"{key[1]}-slice"
        ports = [{"name": port.get("name", ""), "port": port["port"], "protocol": "TCP"} for port in service["spec"]["ports"]]
        if self.store.get(r.ENDPOINT_SLICES, key[0], name) is None:
            metadata = {
                "name": name,
                "namespace": key[0],
                "labels": {"kubernetes.io/service-name": key[1], "endpointslice.kubernetes.io/managed-by": self.name},
                "ownerReferences": [reference(service)],
            }
            made = {"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}
            self.registry.create(r.ENDPOINT_SLICES, made)
        else:
            self.registry.mutate(r.ENDPOINT_SLICES, key[0], name, lambda now: {**now, "endpoints": endpoints, "ports": ports})

    def _endpoint(self, pod: Object) -> Object:
        node = self.store.get(r.NODES, "", pod["spec"]["nodeName"])
        terminating = bool(pod["metadata"].get("deletionTimestamp"))
        serving = is_ready(pod)
        return {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": serving and not terminating, "serving": serving, "terminating": terminating},
            "nodeName": pod["spec"]["nodeName"],
            "targetRef": {
                "kind": "Pod",
                "namespace": pod["metadata"]["namespace"],
                "name": pod["metadata"]["name"],
                "uid": pod["metadata"]["uid"],
            },
            "zone": node["metadata"].get("labels", {}).get(ZONE_LABEL, "") if node else "",
        }
