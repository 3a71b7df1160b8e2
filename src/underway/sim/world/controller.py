"""What every controller of the embedded world is: keys that changed, looked at again a little later.

Owns the work queue (one entry a key, however often it changed) and the lag. Source of the shape: client-go's workqueue.
"""

from collections.abc import Callable, Hashable
from random import Random
from typing import Any

from underway.kube.resource import Resource
from underway.sim.apiserver import namespaces
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.status import StatusError
from underway.sim.queue import Queue
from underway.sim.store import Change, Object

# An informer hears of a change within milliseconds; the controller's worker takes a few more.
LAG_MS = (5, 60)


class Controller:
    """Base of the controllers. name seeds its dice, so that one controller's draws do not disturb another's."""

    name = "controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int) -> None:
        self.queue = queue
        self.registry = registry
        self.store = registry.store
        self.rng = Random(f"{seed}/{self.name}")
        self._waiting: set[Hashable] = set()

    def watch(self, resource: Resource, key: Callable[[Change], Hashable | None]) -> None:
        """Look again at `key(change)` whenever an object of the resource changes."""

        def on_change(change: Change) -> None:
            found = key(change)
            if found is not None:
                self.again(found)

        self.store.subscribe(resource, on_change)

    def again(self, key: Any, after_ms: int | None = None) -> None:
        """Look at a key soon, or after a while; once, however often this is called until then."""
        if after_ms is not None:
            self.queue.after(after_ms, lambda: self.again(key))
            return
        if key in self._waiting:
            return
        self._waiting.add(key)
        self.queue.after(self.rng.randint(*LAG_MS), lambda: self._run(key))

    def _run(self, key: Any) -> None:
        self._waiting.discard(key)
        try:
            self.reconcile(key)
        except StatusError as error:
            if not namespaces.is_refusal(error):  # whatever would be created there is refused: the real ones give up as well
                raise

    def reconcile(self, key: Any) -> None:
        """Bring what the key names closer to what is wanted."""
        raise NotImplementedError  # pragma: no cover - every controller says what it does


def controller_of(value: Object) -> Object | None:
    """The owner reference with controller: true."""
    return next((owner for owner in value["metadata"].get("ownerReferences", ()) if owner.get("controller")), None)


def owner_key(kind: str) -> Callable[[Change], Hashable | None]:
    """The (namespace, name) of the controlling owner of that kind, for `Controller.watch`."""

    def key(change: Change) -> Hashable | None:
        owner = controller_of(change.object)
        if owner is None or owner["kind"] != kind:
            return None
        return change.object["metadata"].get("namespace", ""), owner["name"]

    return key


def own_key(change: Change) -> Hashable:
    """The (namespace, name) of the object itself, for `Controller.watch`."""
    return change.object["metadata"].get("namespace", ""), change.object["metadata"]["name"]


def reference(owner: Object) -> Object:
    """An owner reference with controller: true."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(kind: str, holds: bool, now: str, reason: str = "", message: str = "") -> Object:
    """A status condition."""
    found = {"type": kind, "status": "True" if holds else "False", "lastTransitionTime": now}
    return found | ({"reason": reason} if reason else {}) | ({"message": message} if message else {})


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is True."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def is_active(pod: Object) -> bool:
    """Whether a controller counts the pod: neither finished nor on its way out."""
    return pod.get("status", {}).get("phase") not in ("Succeeded", "Failed") and not pod["metadata"].get("deletionTimestamp")


def with_status(value: Object, **fields: Any) -> Object:
    """The object with some fields of its status replaced."""
    return {**value, "status": {**value.get("status", {}), **fields}}
