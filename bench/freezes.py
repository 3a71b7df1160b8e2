"""How soon nothing is begun any more once a gate is in breach, with and without faults on the network.

Both ends are read off the world, nothing off what the driver writes. The breach: what the gate watches has been amiss for the
gate's `for`. The last act before somebody mends it: evictions and cordons count when they are sent, machines and their ends when
the provider hears of them. FREEZE_SEEDS=N for another count than 2.
"""

import os
from collections.abc import Callable, Iterator
from math import ceil
from random import Random
from statistics import median

import msgspec

from bench.table import show
from underway.kube import resource as r
from underway.kube.request import Request
from underway.model.duration import seconds
from underway.sim import swarm
from underway.sim.checkers.evidence import Checker, closes
from underway.sim.faults import Fault
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import DAEMONS, ZONES, App, NodeSpec, Scenario
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

GOAL_S = 5
FIRST_S = 40.0  # the first nodes drain
AGAIN_S = (5.0, 25.0)  # after the resume
LASTS_S = 45.0  # long enough to see whether it holds
ASIDE = "aside"
URL = "http://canary.example/healthz"


class Stopwatch(Checker):
    """Notes when something was begun. It judges nothing."""

    name = "stopwatch"

    def begin(self) -> None:
        """Nothing was begun."""
        self.acts_ms: list[int] = []

    def on_request(self, request: Request) -> None:
        """An eviction, or a cordon of a node that is open."""
        node = self.store.get(r.NODES, "", request.name) if request.resource == r.NODES and closes(request.body) else None
        if request.subresource == "eviction" or (node is not None and not node["spec"].get("unschedulable")):
            self.acts_ms.append(self.now_ms())

    def on_terminate(self, _node: str, /) -> None:
        """The end of a machine."""
        self.acts_ms.append(self.now_ms())

    def on_provision(self, _key: str, /) -> None:
        """A new machine."""
        self.acts_ms.append(self.now_ms())


class Trouble(msgspec.Struct, frozen=True):
    """What breaks, and how it is mended. lasts: the gate's `for`; strike: breaks it, and returns what mends it."""

    gate: str
    lasts: str
    strike: Callable[[World], Callable[[], None]]
    also: dict[str, str] = {}


def _node_fails(world: World) -> Callable[[], None]:
    """The kubelet of a node that is no part of the rotation says that it is not Ready."""
    world.nodes.ready(ASIDE, ready=False, reason="KubeletNotReady")
    return lambda: world.nodes.ready(ASIDE, ready=True)


def _workload_fails(world: World) -> Callable[[], None]:
    """Every pod of one application fails its probes."""

    def sick(pod: object) -> bool:
        return bool(pod["metadata"]["labels"].get("app") == "app-0")  # type: ignore[index]  # an Object

    def each(well: bool) -> None:
        world.kubelets.sick = (lambda _: False) if well else sick
        for pod in filter(sick, world.store.ordered(r.PODS, "shop")):
            if pod["status"].get("phase") == "Running":
                world.kubelets.set_ready(pod, ready=well)

    each(False)
    return lambda: each(True)


def _server_fails(world: World) -> Callable[[], None]:
    """A check of /readyz fails."""
    world.server.failing_checks = ["etcd"]
    return lambda: setattr(world.server, "failing_checks", [])


def _url_fails(world: World) -> Callable[[], None]:
    """A team's own check fails."""
    world.probes.codes[URL] = 503
    return lambda: world.probes.codes.__setitem__(URL, 200)


TROUBLES = (
    Trouble("nodes-ready", "10s", _node_fails),
    Trouble("workloads-available", "30s", _workload_fails),
    Trouble("api-server", "10s", _server_fails),
    Trouble("http", "10s", _url_fails, {"url": URL, "interval": "4s"}),
)


def scenario(seed: int, trouble: Trouble) -> Scenario:
    """A cluster where something is begun all the time: twelve nodes, four at once, budgets that let pods go one by one."""
    rng = Random(f"{seed}/freezes")
    nodes = tuple(NodeSpec(f"old-{i:02d}", ZONES[i % 3], {"pool": "workers"}) for i in range(12))
    nodes = (*nodes, NodeSpec(ASIDE, ZONES[0], {"pool": "others"}))
    manifests = DAEMONS[0].daemon_set()
    for index in range(6):
        replicas, start_s = rng.randint(12, 20), rng.uniform(0.5, 3)
        app = App(name=f"app-{index}", namespace="shop", replicas=replicas, cpu="200m", start_s=start_s, ready_s=2, pre_stop_s=2)
        manifests += msgspec.structs.replace(app, budget={"maxUnavailable": 1}).deployment()
    health = [{"gate": trouble.gate, "for": trouble.lasts, "onBreach": "Freeze", **trouble.also}]
    rotation = {
        "pace": {"maxSurge": 4},
        "drain": {"deregistration": "3s"},
        "health": health,
        "nodes": {"selector": {"matchLabels": {"pool": "workers"}}},
    }
    return Scenario(f"freezes-{seed}", nodes, tuple(manifests), timing=Timing(25, 8, 0.3), rotation=rotation)


def latencies_s(seed: int, trouble: Trouble, faults: tuple[Fault, ...]) -> Iterator[float]:
    """From each breach of one run to the last act within it, 0 where none came after it."""
    made, rng = scenario(seed, trouble), Random(f"{seed}/strikes")
    world = World(made, seed)
    world.start()
    world.probes.codes[URL] = 200
    run = Rehearsal(world, swarm.rotation_of(made), checkers=(Stopwatch,))
    run.begin()
    world.api.faults = faults
    stopwatch = run.checkers[0]
    assert isinstance(stopwatch, Stopwatch)
    at_ms = world.queue.now_ms() + round(FIRST_S * 1_000)
    while True:
        run.advance(at_ms)
        if run.done():
            return
        mend = trouble.strike(world)
        breach_ms = world.queue.now_ms() + round(seconds(trouble.lasts) * 1_000)
        run.advance(breach_ms)
        finished = run.done()
        run.advance(breach_ms + round(LASTS_S * 1_000))
        if not finished:
            later = [act_ms for act_ms in stopwatch.acts_ms if act_ms >= breach_ms]
            yield (max(later, default=breach_ms) - breach_ms) / 1_000
        mend()
        run.advance(world.queue.now_ms() + 15_000)
        run.resume()
        at_ms = world.queue.now_ms() + round(rng.uniform(*AGAIN_S) * 1_000)


def row(gate: str, lasts: str, network: str, found: list[float]) -> tuple[object, ...]:
    """What was found of one gate, or of all."""
    found = sorted(found)
    p99 = found[ceil(0.99 * len(found)) - 1]
    within = sum(latency_s <= GOAL_S for latency_s in found) / len(found)
    cells = (f"{median(found):.2f}", f"{p99:.2f}", f"{found[-1]:.2f}", f"{within:.1%}")
    return (gate, lasts, network, len(found), *cells, GOAL_S)


def run() -> None:
    """Print the table."""
    rows = []
    seeds = range(1, 1 + int(os.environ.get("FREEZE_SEEDS", "2")))
    for network in ("well", "faulty"):
        everything: list[float] = []
        for trouble in TROUBLES:
            drawn = {seed: swarm.options(seed).faults if network == "faulty" else () for seed in seeds}
            found = [latency_s for seed in seeds for latency_s in latencies_s(seed, trouble, drawn[seed])]
            rows.append(row(trouble.gate, trouble.lasts, network, found))
            everything += found
        rows.append(row("all", "", network, everything))
    head = ("gate", "for", "network", "freezes", "median s", "p99 s", "worst s", "within the goal", "goal s")
    show("from the breach of a gate in the world to the last act", head, rows)
