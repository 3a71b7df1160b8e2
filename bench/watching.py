"""An independent client of a real API server: follows pods and nodes event by event, and keeps what a judge of rotations needs.

It counts by itself; nothing of Underway is imported. Source: "Kubernetes API Concepts", efficient detection of changes.
"""

import threading
import time
from typing import Any, Self

PHASE = "rotation.underway.dev/phase"
REPLACEMENT = "rotation.underway.dev/replacement"
KEY = "rotation.underway.dev/key"
IDLE = frozenset(("", "Outdated", "Surging", "UpToDate"))


def true(value: Any, type_: str) -> bool:
    """Whether a condition of an object is True."""
    return any(one["type"] == type_ and one["status"] == "True" for one in value.get("status", {}).get("conditions", ()))


class Follower(threading.Thread):
    """Lists, then watches, for as long as it is used as a context manager. states: how many changes it has seen."""

    def __init__(self, cluster: Any, path: str) -> None:
        super().__init__(daemon=True)
        self._cluster, self._path, self._over = cluster, path, threading.Event()
        self.states = 0
        self.there: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def run(self) -> None:
        """Follow; a watch that breaks off begins again with a list."""
        version = ""
        while not self._over.is_set():
            try:
                version = self._watched(version or self._listed())
            except (OSError, RuntimeError):
                version = ""

    def _listed(self) -> str:
        found = self._cluster.get(self._path)
        self.there = {}
        for one in found["items"]:
            self._take("ADDED", one)
        self.changed()
        return str(found["metadata"]["resourceVersion"])

    def _watched(self, version: str) -> str:
        for event in self._cluster.watch(self._path, version):
            if self._over.is_set() or event["type"] == "ERROR":
                return ""
            version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                self._take(event["type"], event["object"])
                self.states += 1
                self.changed()
        return version

    def _take(self, type_: str, value: Any) -> None:
        uid = value["metadata"]["uid"]
        if type_ == "DELETED":
            self.there.pop(uid, None)
        else:
            self.there[uid] = value
        self.taken(type_, value)

    def taken(self, type_: str, value: Any) -> None:
        """One object has changed."""

    def changed(self) -> None:
        """Everything that came together has been taken."""


class Pods(Follower):
    """Healthy pods of each app. least: how many its budget wants; broken: how often there were fewer.

    left_s: when each pod was gone, by its node; epoch seconds.
    """

    def __init__(self, cluster: Any, least: dict[str, int]) -> None:
        super().__init__(cluster, "/api/v1/namespaces/default/pods")
        self._least = least
        self._short: set[str] = set()
        self.broken = 0
        self.left_s: dict[str, list[float]] = {}

    def taken(self, type_: str, value: Any) -> None:
        """Note what has gone."""
        if type_ == "DELETED":
            self.left_s.setdefault(value["spec"].get("nodeName", ""), []).append(time.time())

    def changed(self) -> None:
        """Count."""
        healthy = dict.fromkeys(self._least, 0)
        for pod in self.there.values():
            name = pod["metadata"].get("labels", {}).get("app")
            if name in healthy and "deletionTimestamp" not in pod["metadata"] and true(pod, "Ready"):
                healthy[name] += 1
        short = {name for name, least in self._least.items() if healthy[name] < least}
        self.broken += len(short - self._short)
        self._short = short


class Nodes(Follower):
    """When nodes became Ready, were cordoned, and went from phase to phase; epoch seconds.

    spent: node, phase, begin, end; successors: the key of each node's successor.
    """

    def __init__(self, cluster: Any) -> None:
        super().__init__(cluster, "/api/v1/nodes")
        self.ready_s: dict[str, float] = {}
        self.cordoned_s: list[float] = []
        self.spent: list[tuple[str, str, float, float]] = []
        self.successors: dict[str, str] = {}
        self.gone: set[str] = set()
        self._phase: dict[str, tuple[str, float]] = {}
        self._closed: set[str] = set()

    def taken(self, type_: str, value: Any) -> None:
        """Note what is new."""
        name, now_s = value["metadata"]["name"], time.time()
        if type_ == "DELETED":
            self.gone.add(name)
        elif true(value, "Ready"):
            self.ready_s.setdefault(name, now_s)
        closed = bool(value.get("spec", {}).get("unschedulable")) and type_ != "DELETED"
        if closed and name not in self._closed:
            self.cordoned_s.append(now_s)
        (self._closed.add if closed else self._closed.discard)(name)
        annotations = {} if type_ == "DELETED" else value["metadata"].get("annotations", {})
        if REPLACEMENT in annotations:
            self.successors[name] = annotations[REPLACEMENT]
        phase = annotations.get(PHASE, "")
        before, since_s = self._phase.get(name, ("", now_s))
        if phase != before:
            self.spent.append((name, before, since_s, now_s))
            self._phase[name] = (phase, now_s)

    @property
    def quiet(self) -> bool:
        """Whether no node is amid its work."""
        return all(phase in IDLE for phase, _ in list(self._phase.values()))

    @property
    def evicting(self) -> bool:
        """Whether pods are being evicted: when a freeze has most to stop."""
        return any(phase == "Draining" for phase, _ in list(self._phase.values()))

    @property
    def cordons(self) -> int:
        """How many nodes are cordoned now."""
        return len(self._closed)


class Machines(Follower):
    """When the object of each machine came, and from when until when it was deleted; epoch seconds, by name, in order.

    of_key: the name of the machine of each key.
    """

    def __init__(self, cluster: Any, path: str) -> None:
        super().__init__(cluster, path)
        self.came_s: dict[str, float] = {}
        self.ends: dict[str, tuple[float, float]] = {}
        self.of_key: dict[str, str] = {}
        self._ending_s: dict[str, float] = {}

    def taken(self, type_: str, value: Any) -> None:
        """Note what is new."""
        metadata, name, now_s = value["metadata"], value["metadata"]["name"], time.time()
        self.came_s.setdefault(name, now_s)
        for marks in (metadata.get("annotations", {}), metadata.get("labels", {})):
            if KEY in marks:
                self.of_key[marks[KEY]] = name
        if type_ == "DELETED":
            self.ends[name] = (self._ending_s.pop(name, now_s), now_s)
        elif "deletionTimestamp" in metadata:
            self._ending_s.setdefault(name, now_s)


class Replicas(Follower):
    """When a replica more was asked for; epoch seconds."""

    def __init__(self, cluster: Any, path: str) -> None:
        super().__init__(cluster, path)
        self.asked_s: list[float] = []
        self._replicas: dict[str, int] = {}

    def taken(self, type_: str, value: Any) -> None:
        """Note what is wanted."""
        if type_ == "DELETED":
            return
        uid, wanted = value["metadata"]["uid"], value["spec"]["replicas"]
        self.asked_s += [time.time()] * (wanted - self._replicas.get(uid, wanted))
        self._replicas[uid] = wanted
