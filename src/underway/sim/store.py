"""The objects of an embedded cluster, their revisions and a window of their history: what etcd is to an API server.

An object, once stored, is never mutated: writers store a new dict that shares the unchanged parts. That makes reads,
lists and watch events free of copies. The store does not know what an object means; `sim.apiserver` gives it manners
(defaults, deletion, conflicts as Status), `sim.world` gives it life.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from underway.kube.resource import Resource

Object = dict[str, Any]
Key = tuple[str, str]

# The real API server's watch cache keeps a window of at least 100 events per resource; ours is larger so that a lagging
# watcher meets 410 only when a test compacts the history or a fault asks for it.
HISTORY = 10_000


class Change(msgspec.Struct, frozen=True, gc=False):
    """One write. object: as stored, or, for DELETED, the last state with the revision of its deletion."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Object
    previous: Object | None
    revision: int


Subscriber = Callable[[Change], None]


class Conflict(Exception):
    """The object was changed since the revision that the writer knew. current: what is stored now."""

    def __init__(self, current: Object) -> None:
        super().__init__("the object has been modified")
        self.current = current


def object_key(value: Object) -> Key:
    """(namespace, name) of an object."""
    metadata = value["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class _Collection:
    """The objects of one resource and the window of their changes."""

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.changes: deque[Change] = deque(maxlen=HISTORY)
        self.compacted = 0
        self.subscribers: list[Subscriber] = []


class Store:
    """All resources of one cluster, with one revision counter as in etcd."""

    def __init__(self) -> None:
        self.revision = 1
        self._collections: dict[tuple[str, str], _Collection] = {}

    def _collection(self, resource: Resource) -> _Collection:
        # Versions of one resource share their storage, as on the real server.
        key = (resource.group, resource.plural)
        found = self._collections.get(key)
        if found is None:
            found = self._collections[key] = _Collection()
        return found

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self._collection(resource).objects.get((namespace, name))

    def ordered(self, resource: Resource, namespace: str = "") -> list[Object]:
        """The objects of a namespace ("" for all), ordered by namespace and name as etcd orders its keys."""
        objects = self._collection(resource).objects
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def values(self, resource: Resource) -> list[Object]:
        """All objects in order of creation: the cheap, deterministic iteration for controllers."""
        return list(self._collection(resource).objects.values())

    def create(self, resource: Resource, value: Object) -> Object:
        """Store a new object and return it with its resourceVersion. Raises Conflict if the name is taken."""
        collection = self._collection(resource)
        current = collection.objects.get(object_key(value))
        if current is not None:
            raise Conflict(current)
        return self._write(collection, "ADDED", value, None)

    def replace(self, resource: Resource, value: Object, expected: str | None = None) -> Object:
        """Store a new state of an object.

        expected: the resourceVersion that the writer knew, None to write whatever is there. Raises KeyError if the
        object is gone and Conflict if it was changed meanwhile. A write that changes nothing keeps the revision.
        """
        collection = self._collection(resource)
        current = collection.objects[object_key(value)]
        version = current["metadata"]["resourceVersion"]
        if expected is not None and expected != version:
            raise Conflict(current)
        if {**value, "metadata": {**value["metadata"], "resourceVersion": version}} == current:
            return current
        return self._write(collection, "MODIFIED", value, current)

    def remove(self, resource: Resource, namespace: str, name: str, last: Object | None = None) -> Object:
        """Drop an object; `last` replaces its final state in the event. Raises KeyError if it is not there."""
        collection = self._collection(resource)
        current = collection.objects[namespace, name]
        return self._write(collection, "DELETED", last or current, current)

    def _write(
        self, collection: _Collection, type_: Literal["ADDED", "MODIFIED", "DELETED"], value: Object, previous: Object | None
    ) -> Object:
        self.revision += 1
        stored = {**value, "metadata": {**value["metadata"], "resourceVersion": str(self.revision)}}
        key = object_key(stored)
        if type_ == "DELETED":
            del collection.objects[key]
        else:
            collection.objects[key] = stored
        change = Change(type_, stored, previous, self.revision)
        if len(collection.changes) == HISTORY:
            collection.compacted = collection.changes[0].revision
        collection.changes.append(change)
        for subscriber in tuple(collection.subscribers):
            subscriber(change)
        return stored

    def changes_since(self, resource: Resource, revision: int) -> list[Change] | None:
        """The changes after `revision`, in order; None if they are no longer all kept (410 Gone)."""
        collection = self._collection(resource)
        if revision < collection.compacted:
            return None
        changes = list(collection.changes)
        return changes[bisect_right(changes, revision, key=lambda change: change.revision) :]

    def as_of(self, resource: Resource, revision: int) -> list[Object]:
        """The objects as they were at an earlier revision, in order, as far back as the history reaches."""
        collection = self._collection(resource)
        objects = dict(collection.objects)
        for change in reversed(collection.changes):
            if change.revision <= revision:
                break
            if change.previous is None:
                objects.pop(object_key(change.object), None)
            else:
                objects[object_key(change.object)] = change.previous
        return [objects[key] for key in sorted(objects)]

    def compact(self, resource: Resource) -> None:
        """Forget the history, as etcd's compaction does: watches from an older revision meet 410."""
        collection = self._collection(resource)
        collection.compacted = self.revision
        collection.changes.clear()

    def subscribe(self, resource: Resource, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` synchronously at each change, in order of subscription; returns the way to stop it."""
        subscribers = self._collection(resource).subscribers
        subscribers.append(subscriber)
        return lambda: subscribers.remove(subscriber) if subscriber in subscribers else None
