"""The node lifecycle controller: what the conditions of nodes mean for pods, told as taints.

    cordoned, Ready False, Ready Unknown --(at once)--> unschedulable, not-ready, unreachable : NoSchedule
    Ready False, Ready Unknown --(at a look, so many nodes a zone)--> not-ready, unreachable : NoExecute
    Ready again --> both go, NoExecute only at the next look

The scheduler knows nodes by these taints alone. Source: kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go
(doNoScheduleTaintingPass, processTaintBaseEviction, handleDisruption) and its default flags.
"""

from collections.abc import Iterable

from underway.kube import resource as r
from underway.model.node import UNSCHEDULABLE_TAINT, ZONE_LABEL
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition
from underway.sim.world.index import PodIndex
from underway.sim.world.nodes import ready_status
from underway.sim.world.taints import NOT_READY, UNREACHABLE

MONITOR_MS = 5_000  # --node-monitor-period
PER_NODE_MS = 10_000  # --node-eviction-rate 0.1: one node a zone in so long
PER_NODE_DISRUPTED_MS = 100_000  # --secondary-node-eviction-rate 0.01: in a large zone that is half down
DISRUPTED_SHARE = 0.55  # --unhealthy-zone-threshold
DISRUPTED_NODES = 2  # ComputeZoneState: so few are never called a disruption
LARGE_ZONE = 50  # --large-cluster-size-threshold: a smaller zone that is half down is left alone

TAINT_OF = {"False": NOT_READY, "Unknown": UNREACHABLE}
CONDITION_TAINTS = frozenset({NOT_READY, UNREACHABLE, UNSCHEDULABLE_TAINT})


class NodeLifecycle(Controller):
    """Answers changes of nodes with NoSchedule taints, and looks at all of them every five seconds."""

    name = "node-lifecycle-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self._look_is_due = False
        self._fallen: list[str] = []
        self._next_ms: dict[str, int] = {}
        self.store.subscribe(r.NODES, self._changed)

    def _changed(self, change: Change) -> None:
        if change.type == "DELETED":
            return
        node, name = change.object, change.object["metadata"]["name"]
        if _missing(node) or _outlived(node):
            self.again(name)
        if change.previous is not None and ready_status(change.previous) == "True" != ready_status(node):
            self._fallen.append(name)
        if _unsettled(node):
            self._look_later()

    def reconcile(self, key: str) -> None:
        """The NoSchedule taints of one node."""
        node = self.store.get(r.NODES, "", key)
        if node is not None:
            added = [{"key": key, "effect": "NoSchedule"} for key in _missing(node)]
            self._swap(key, added, {(taint, "NoSchedule") for taint in _outlived(node)})

    def _look_later(self) -> None:
        if not self._look_is_due:
            self._look_is_due = True
            self.queue.after(MONITOR_MS - self.queue.now_ms() % MONITOR_MS, self._look)

    def _look(self) -> None:
        """One pass of the monitor: pods of fallen nodes, then NoExecute taints."""
        self._look_is_due = False
        fallen, self._fallen = self._fallen, []
        for name in fallen:
            for pod in self.pods.on_node(name):
                self._mark_not_ready(pod)
        zones: dict[str, list[Object]] = {}
        for node in self.store.values(r.NODES):
            zones.setdefault(node["metadata"].get("labels", {}).get(ZONE_LABEL, ""), []).append(node)
        down = all(ready_status(node) != "True" for nodes in zones.values() for node in nodes)
        waiting = False
        for zone, nodes in zones.items():
            for node in nodes:
                waiting |= not self._settle(node, zone, None if down else _per_node_ms(nodes))
        if waiting and not down:
            self._look_later()

    def _settle(self, node: Object, zone: str, per_node_ms: int | None) -> bool:
        """Bring the NoExecute taint of one node; False if its turn has not come. per_node_ms None: none is added now."""
        name, wanted = node["metadata"]["name"], TAINT_OF.get(ready_status(node))
        present = {taint["key"] for taint in node["spec"].get("taints") or () if taint["effect"] == "NoExecute"}
        wrong = {(taint, "NoExecute") for taint in (present & set(TAINT_OF.values())) - {wanted}}
        if wanted is None or wanted in present:
            self._swap(name, [], wrong)
            return True
        now_ms = self.queue.now_ms()
        if not wrong:  # the opposite taint is swapped at once; a first one waits for its turn
            if per_node_ms is None or now_ms < self._next_ms.get(zone, 0):
                return False
            self._next_ms[zone] = now_ms + per_node_ms
        self._swap(name, [{"key": wanted, "effect": "NoExecute", "timeAdded": self.registry.now()}], wrong)
        return True

    def _swap(self, name: str, added: list[Object], removed: set[tuple[str, str]]) -> None:
        if not added and not removed:
            return

        def change(node: Object) -> Object:
            kept = [t for t in node["spec"].get("taints") or () if (t["key"], t["effect"]) not in removed]
            spec = {key: value for key, value in node["spec"].items() if key != "taints"}
            return {**node, "spec": {**spec, **({"taints": [*kept, *added]} if kept or added else {})}}

        self.registry.mutate(r.NODES, "", name, change)

    def _mark_not_ready(self, pod: Object) -> None:
        """Nobody vouches for the pods of such a node. Source: pkg/controller/util/node (MarkPodsNotReady)."""
        now = self.registry.now()

        def change(value: Object) -> Object:
            conditions = [c for c in value["status"].get("conditions", ()) if c["type"] != "Ready"]
            return {**value, "status": {**value["status"], "conditions": [*conditions, condition("Ready", False, now)]}}

        if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ())):
            self.registry.mutate(r.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change, "status")


def _wanted(node: Object) -> list[str]:
    """The NoSchedule taints that the state of the node asks for."""
    found = [TAINT_OF[status]] if (status := ready_status(node)) in TAINT_OF else []
    return [*found, *((UNSCHEDULABLE_TAINT,) if node["spec"].get("unschedulable") else ())]


def _present(node: Object) -> list[str]:
    taints = node["spec"].get("taints") or ()
    return [taint["key"] for taint in taints if taint["effect"] == "NoSchedule" and taint["key"] in CONDITION_TAINTS]


def _missing(node: Object) -> list[str]:
    present = _present(node)
    return [key for key in _wanted(node) if key not in present]


def _outlived(node: Object) -> list[str]:
    wanted = _wanted(node)
    return [key for key in _present(node) if key not in wanted]


def _unsettled(node: Object) -> bool:
    """Whether the next look has something to do here."""
    present = any(t["effect"] == "NoExecute" and t["key"] in CONDITION_TAINTS for t in node["spec"].get("taints") or ())
    return present or ready_status(node) != "True"


def _per_node_ms(nodes: Iterable[Object]) -> int | None:
    """How often one node of a zone may get a NoExecute taint, None for not at all."""
    states = [ready_status(node) for node in nodes]
    unready = len(states) - states.count("True")
    if DISRUPTED_NODES < unready < len(states) and unready / len(states) >= DISRUPTED_SHARE:
        return PER_NODE_DISRUPTED_MS if len(states) > LARGE_ZONE else None
    return PER_NODE_MS
