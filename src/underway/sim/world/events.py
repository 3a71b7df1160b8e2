"""Events (core/v1) of the world: what a person would look for with kubectl. Bounded, as the real ones are by their TTL."""

from collections import deque

from underway.kube.resource import EVENTS, NAMESPACES
from underway.sim.apiserver.namespaces import ends
from underway.sim.apiserver.registry import Registry
from underway.sim.store import Object

KEPT = 500


class Events:
    """Writes Events and forgets the oldest."""

    def __init__(self, registry: Registry, component: str) -> None:
        self._registry = registry
        self._component = component
        self._names: deque[tuple[str, str]] = deque()

    def tell(self, about: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Write one Event about an object."""
        metadata = about["metadata"]
        namespace = metadata.get("namespace", "default")
        if ends(self._registry.find(NAMESPACES, "", namespace)):
            return  # the server takes none there, and nobody who posts one minds
        now = self._registry.now()
        made = self._registry.create(
            EVENTS,
            {
                "metadata": {"generateName": f"{metadata['name']}.", "namespace": namespace},
                "involvedObject": {
                    "kind": about["kind"],
                    "namespace": metadata.get("namespace", ""),
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "apiVersion": about["apiVersion"],
                },
                "reason": reason,
                "message": message,
                "source": {"component": self._component},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
                "type": kind,
            },
        )
        self._names.append((namespace, made["metadata"]["name"]))
        if len(self._names) > KEPT:
            self._registry.store.remove(EVENTS, *self._names.popleft())
