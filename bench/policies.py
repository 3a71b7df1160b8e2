"""How others rotate, played in the same embedded world: policies alone, on the same machines, budgets and API server.

Each is written from what its sources document, as a process that yields the seconds until its next look. Their waits are
their own: kops 1.31 (validation every 30 s, node interval 15 s, post-drain delay 5 s, drain retries every 5 s), cyclops
(six transitions requeued after 10 s, a drain after 30 s, at least 60 s for each batch to scale up).
"""

from collections.abc import Callable, Iterator

from underway.kube import resource as r
from underway.rotate.effects import Provision, Terminate
from underway.sim.apiserver.server import Call
from underway.sim.store import Object
from underway.sim.world.world import World

Process = Iterator[float]
LIMIT_S = 24 * 3600


class Fleet:
    """What any policy can do to the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ids = iter(range(1, 1_000_000))
        self.asked = 0
        self.evictions = 0
        self.running = 0

    def start(self, process: Process) -> None:
        """Let a process run beside the others."""
        self.running += 1
        self._step(process)

    def _step(self, process: Process) -> None:
        delay_s = next(process, None)
        if delay_s is None:
            self.running -= 1
        else:
            self.world.queue.after(round(delay_s * 1_000), lambda: self._step(process))

    def finish(self, limit_s: float = LIMIT_S) -> float:
        """Run until all processes have ended, or out of time; the seconds that took."""
        begun_ms = self.world.queue.now_ms()
        while self.running and self.world.queue.now_ms() < begun_ms + limit_s * 1_000:
            self.world.queue.step()
        return (self.world.queue.now_ms() - begun_ms) / 1_000

    def old(self) -> list[Object]:
        """The nodes that are to go, by name."""
        nodes = self.world.store.ordered(r.NODES)
        return [node for node in nodes if node["metadata"]["name"].startswith("old-")]

    def boot(self, node: Object) -> Callable[[], bool]:
        """Ask for a successor; whether it is Ready."""
        key = f"peer-{node['metadata']['name']}"
        labels = node["metadata"]["labels"]
        request = Provision(
            id=next(self._ids),
            key=key,
            replaces=node["metadata"]["name"],
            zone=labels["topology.kubernetes.io/zone"],
            labels=labels,
            kubelet_version=self.world.scenario.target,
        )
        made: list[str] = []
        self.world.machines.send(request, lambda reply: made.extend(m.provider_id for m in reply.machines))
        return lambda: bool(made) and self._is_ready(made[0].rpartition("/")[2])

    def _is_ready(self, name: str) -> bool:
        node = self.world.store.get(r.NODES, "", name)
        conditions = node["status"].get("conditions", ()) if node else ()
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def set(self, node: Object, **spec: object) -> None:
        """Cordon or taint."""
        name = node["metadata"]["name"]
        self.world.registry.mutate(r.NODES, "", name, lambda now: {**now, "spec": {**now["spec"], **spec}})

    def evict_all(self, node: Object) -> bool:
        """Ask once for each pod that moves; whether none is left."""
        left = False
        for pod in list(self.world.store.values(r.PODS)):
            owners = pod["metadata"].get("ownerReferences") or ()
            if pod["spec"].get("nodeName") != node["metadata"]["name"] or any(o["kind"] == "DaemonSet" for o in owners):
                continue
            left = True
            if not pod["metadata"].get("deletionTimestamp"):
                where = {"namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"]}
                body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": where}
                entry = self.world.server.entry(r.PODS)
                code, _ = self.world.server.handle(Call(verb="create", entry=entry, subresource="eviction", body=body, **where))
                self.asked += 1
                self.evictions += code < 300
        return not left

    def end(self, node: Object) -> Process:
        """Terminate the machine and delete its Node."""
        name = node["metadata"]["name"]
        request = Terminate(id=next(self._ids), node=name, provider_id=node["spec"]["providerID"])
        self.world.machines.send(request, lambda _: None)
        yield self.world.scenario.timing.terminate_s
        self.world.registry.delete(r.NODES, "", name)


def kops(world: World, slots: int) -> Fleet:
    """Nodes by name; `slots` extra machines first (detached ones), then so many at a time, each replaced when it has ended."""
    fleet = Fleet(world)
    queue = fleet.old()
    taint = {"key": "kops.k8s.io/scheduled-for-update", "effect": "PreferNoSchedule"}
    for node in queue:
        fleet.set(node, taints=[taint])

    def worker() -> Process:
        while queue:
            node = queue.pop(0)
            ready = fleet.boot(node)
            while not ready():
                yield 30.0  # validation
            yield 10.0  # twice in a row
            fleet.set(node, unschedulable=True)
            while not fleet.evict_all(node):
                yield 5.0
            yield 5.0
            yield from fleet.end(node)
            yield 15.0

    for _ in range(slots):
        fleet.start(worker())
    return fleet


def cyclops(world: World, slots: int) -> Fleet:
    """Batches of `slots`, the whole batch before the next; old nodes are not marked."""
    fleet = Fleet(world)
    queue = fleet.old()

    def node_cycle(node: Object) -> Process:
        yield 10.0
        fleet.set(node, unschedulable=True)
        yield 10.0
        while not fleet.evict_all(node):
            yield 30.0
        yield 20.0
        yield from fleet.end(node)
        yield 20.0

    def batches() -> Process:
        while queue:
            batch = [queue.pop(0) for _ in range(min(slots, len(queue)))]
            arrivals = [fleet.boot(node) for node in batch]
            yield 60.0
            while not all(ready() for ready in arrivals):
                yield 10.0
            before = fleet.running
            for node in batch:
                fleet.start(node_cycle(node))
            while fleet.running > before:
                yield 10.0

    fleet.start(batches())
    return fleet
