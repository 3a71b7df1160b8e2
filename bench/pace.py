"""Makespan over its lower bound in five settings, beside name order and the policies of kops and cyclops in the same world.

Boot 90 s, 10 s for load balancers, 10 s to stop, 20 s to end a machine; one replica of an application a node, which starts in
10 to 40 s. PACE_SETTINGS=50,100 for some of the settings only, PACE_SEEDS=N for more than one seed each.
"""

import os
import sys
from random import Random
from statistics import mean

import msgspec

from bench import policies
from bench.table import show
from underway.kube import resource as r
from underway.model import decode
from underway.model.snapshot import snapshot_of
from underway.rotate.bound import Bound
from underway.rotate.estimates import Estimates
from underway.rotate.plan import plan
from underway.rotate.spec import Rotation
from underway.sim import swarm
from underway.sim.demo import SNAPSHOT_KINDS
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import DAEMONS, ZONES, App, NodeSpec, Scenario
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

BOOT_S, DEREGISTER_S, STOP_S, TERMINATE_S = 90, 10, 10, 20
ESTIMATES = Estimates(BOOT_S, 0.0, DEREGISTER_S, TERMINATE_S)


class Setting(msgspec.Struct, frozen=True):
    """nodes; apps: how many applications; allowed: share of an application that its budget lets go at once; surge: slots."""

    nodes: int
    apps: int
    allowed: float
    surge: int
    per_zone: bool = False


SETTINGS = (
    Setting(50, 12, 0.20, 5),
    Setting(100, 16, 0.10, 5),
    Setting(150, 12, 0.10, 4, per_zone=True),
    Setting(200, 12, 0.05, 10),
    Setting(300, 10, 0.10, 30),
)


def scenario(setting: Setting, seed: int) -> Scenario:
    """A cluster of a setting. Each application has from 3 replicas to one on half of the nodes."""
    rng = Random(f"{seed}/{setting.nodes}")
    nodes = tuple(NodeSpec(f"old-{i:03d}", ZONES[i % 3], {"pool": "workers"}) for i in range(setting.nodes))
    manifests = DAEMONS[0].daemon_set()
    for index in range(setting.apps):
        replicas = rng.randint(3, setting.nodes // 2)
        budget = {"maxUnavailable": max(1, int(replicas * setting.allowed))}
        manifests += App(
            name=f"app-{index:02d}",
            namespace="shop",
            replicas=replicas,
            cpu="200m",
            start_s=rng.uniform(5, 20),
            ready_s=rng.uniform(5, 20),
            stop_s=0,
            pre_stop_s=STOP_S,
            budget=budget,
            spread="kubernetes.io/hostname",
        ).deployment()
    pace = {"maxSurge": setting.surge, "perZone": setting.per_zone}
    rotation = {"pace": pace, "drain": {"deregistration": f"{DEREGISTER_S}s"}, "health": [{"gate": "nodes-ready"}]}
    name = f"bench-{setting.nodes}"
    return Scenario(name, nodes, tuple(manifests), timing=Timing(BOOT_S, TERMINATE_S, 0.0), rotation=rotation)


def world_of(setting: Setting, seed: int) -> tuple[World, Rotation, Bound, int]:
    """A world that has settled, what to do in it, the least time for that, and how many pods have to move."""
    made = scenario(setting, seed)
    world = World(made, seed)
    world.start()
    rotation = swarm.rotation_of(made)
    objects = {kind.kind: [decode.from_values(kind.kind, one) for one in world.store.ordered(kind)] for kind in SNAPSHOT_KINDS}
    planned = plan(rotation, snapshot_of(objects), ESTIMATES, world.queue.now_ms())
    return world, rotation, planned.bound, sum(node.pods for node in planned.order)


def ours(setting: Setting, seed: int, order: list[str]) -> tuple[float, float, float, int]:
    """Makespan / bound, evictions / pods that had to move, overhead a node in seconds, and broken invariants."""
    world, rotation, bound, pods = world_of(setting, seed)
    if order:
        values = msgspec.to_builtins(rotation)
        values["spec"]["nodes"] = {"order": [{"by": key} for key in order]}
        rotation = msgspec.convert(values, Rotation)
    run = Rehearsal(world, rotation, time_limit_s=24 * 3600)
    run.begin(ESTIMATES)
    outcome = run.run()
    return outcome.makespan_s / bound.seconds, run.trace.evictions / pods, overhead_s(run), len(outcome.broken)


def overhead_s(run: Rehearsal) -> float:
    """What the controller adds to a node, in seconds: the time in phases whose length is known, less that length."""
    begun: dict[tuple[str, str], int] = {}
    spent: dict[str, float] = {}
    for fact in run.trace.facts:
        if fact.kind == "phase":
            previous = next((phase for node, phase in begun if node == fact.subject), "")
            if previous:
                spent[previous] = spent.get(previous, 0.0) + (fact.at_ms - begun.pop((fact.subject, previous))) / 1_000
            begun[fact.subject, fact.text] = fact.at_ms
    known = {"Surging": BOOT_S, "Cordoned": DEREGISTER_S, "Detaching": 0, "Terminating": TERMINATE_S}
    nodes = len(run.world.scenario.nodes)
    return sum(spent.get(phase, 0.0) / nodes - length_s for phase, length_s in known.items())


def theirs(policy: str, setting: Setting, seed: int) -> tuple[float, float]:
    """Makespan / bound and evictions / pods of a peer's policy."""
    world, _, bound, pods = world_of(setting, seed)
    slots = setting.surge * (3 if setting.per_zone else 1)
    fleet = {"kops": policies.kops, "cyclops": policies.cyclops}[policy](world, slots)
    took_s = fleet.finish()
    if any(node["metadata"]["name"].startswith("old-") for node in world.store.values(r.NODES)):
        return float("inf"), float("inf")
    return took_s / bound.seconds, fleet.evictions / pods


def run() -> None:
    """Print the table."""
    chosen = [int(size) for size in os.environ.get("PACE_SETTINGS", "50,100,150,200,300").split(",")]
    rows, ratios, worst_overhead_s = [], [], 0.0
    for setting in (one for one in SETTINGS if one.nodes in chosen):
        for seed in range(1, 1 + int(os.environ.get("PACE_SEEDS", "1"))):
            ratio, moves, overhead, broken = ours(setting, seed, [])
            name, *_ = ours(setting, seed, ["name"])
            kops, cyclops = theirs("kops", setting, seed), theirs("cyclops", setting, seed)
            ratios.append(ratio)
            worst_overhead_s = max(worst_overhead_s, overhead)
            cells = (f"{ratio:.3f}", f"{name:.3f}", f"{kops[0]:.3f}", f"{cyclops[0]:.3f}")
            rows.append(
                (setting.nodes, seed, *cells, f"{moves:.3f}", f"{kops[1]:.3f}", f"{cyclops[1]:.3f}", f"{overhead:.2f}", broken)
            )
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    head = ("nodes", "seed", "underway", "name order", "kops", "cyclops", "evictions", "kops", "cyclops", "overhead s", "broken")
    show("makespan / bound; evictions / pods that had to move; seconds that the controller adds a node", head, rows)
    figures = [
        ("makespan / bound, average", f"{mean(ratios):.3f}", "1.05"),
        ("makespan / bound, worst", f"{max(ratios):.3f}", "1.10"),
        ("overhead a node, worst", f"{worst_overhead_s:.2f} s", "2 s"),
    ]
    show("the pace", ("figure", "measured", "goal"), figures)
