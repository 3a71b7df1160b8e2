"""What faults cost: evictions for each pod that had to move, and what the driver adds to a node, over seeds of the swarm.

Faults, kills and freezes are those of each seed. The policies of kops and cyclops rotate the same clusters without any: they
have no answer to them. All are judged by the same arithmetic over what the API server shows: a pod has moved once it was
evicted from where it was at the beginning; whatever else was evicted had been moved before. Both peers bring machines first,
also where the seed asks for maxUnavailable. MOVES_SEEDS=N for another count than 20, MOVES_FIRST=N to begin elsewhere.
"""

import os
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median

import msgspec

from bench import policies
from bench.table import show
from underway.kube import resource as r
from underway.kube.request import Request
from underway.model.duration import seconds
from underway.rotate.slots import slots
from underway.sim import swarm
from underway.sim.checkers import CHECKERS
from underway.sim.checkers.evidence import Checker, Claim, evicted
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.store import Change
from underway.sim.world.world import World

COURSE = ["Surging", "Cordoned", "Draining", "Detaching", "Terminating", "Deleted"]
DEREGISTER_S = 3  # of every drawn rotation


class Moves(Checker):
    """Counts which pods were evicted, from the changes of the store alone. It judges nothing."""

    name = "moves"

    def begin(self) -> None:
        """Who is where."""
        self.sent = 0
        self.evicted: set[str] = set()
        self._there = {pod["metadata"]["uid"] for pod in self.store.values(r.PODS) if pod["spec"].get("nodeName")}

    def on_change(self, change: Change) -> None:
        """A pod is evicted."""
        if change.object.get("kind") == "Pod" and evicted(change.object):
            self.evicted.add(change.object["metadata"]["uid"])

    def on_request(self, request: Request) -> None:
        """An eviction is sent."""
        self.sent += request.subresource == "eviction"

    @property
    def moved(self) -> int:
        """How many pods of the beginning were moved."""
        return len(self.evicted & self._there)


class Rotated(msgspec.Struct, frozen=True):
    """One rotation. broken: invariants; overheads_s: what the driver added to each node whose course nobody stopped."""

    finished: bool
    moved: int
    evicted: int
    sent: int
    broken: int = 0
    overheads_s: tuple[float, ...] = ()


def ours(seed: int) -> Rotated:
    """A seed of the swarm. Its machines all take the mean time, so that what is added to it can be told."""
    run = swarm.rehearsal_of(seed, (*CHECKERS, Moves))
    run.world.machines.timing = msgspec.structs.replace(run.world.machines.timing, jitter=0.0)
    outcome = run.run()
    moves = run.checkers[-1]
    assert isinstance(moves, Moves)
    added = () if _is_stopped(run) else tuple(overheads_s(run))
    return Rotated(
        outcome.state == "Finished", moves.moved, len(moves.evicted), moves.sent, broken=len(outcome.broken), overheads_s=added
    )


def _is_stopped(run: Rehearsal) -> bool:
    """Whether something other than the work made nodes wait."""
    return bool(run.rotation.spec.pace.windows) or any(fact.kind == "freeze" for fact in run.trace.facts)


def overheads_s(run: Rehearsal) -> list[float]:
    """For each node: the time in phases whose length is known, less that length."""
    timing = run.world.machines.timing
    known = {
        "Surging": timing.boot_s + seconds(run.rotation.spec.pace.soak),
        "Cordoned": DEREGISTER_S,
        "Terminating": timing.terminate_s,
    }
    courses: dict[str, list[tuple[str, int]]] = {}
    for fact in run.trace.facts:
        if fact.kind == "phase":
            courses.setdefault(fact.subject, []).append((fact.text, fact.at_ms))
    plain = [dict(zip(COURSE, course, strict=True)) for course in courses.values() if [phase for phase, _ in course] == COURSE]
    ends = dict(pairwise(COURSE))
    return [
        sum((course[ends[phase]][1] - course[phase][1]) / 1_000 - length_s for phase, length_s in known.items())
        for course in plain
    ]


def is_short(seed: int) -> bool:
    """Whether nodes go before their successors come: what is on the first of them has only other old nodes to go to."""
    return "maxUnavailable" in random_scenario(seed).rotation["pace"]


def theirs(policy: str, seed: int) -> Rotated:
    """The same cluster, rotated as a peer does, with nothing going wrong."""
    scenario = random_scenario(seed)
    world = World(scenario, seed)
    world.start()
    rotation = swarm.rotation_of(scenario)
    nodes = {node["metadata"]["name"]: "" for node in world.store.values(r.NODES)}
    moves = Moves(world.store, world.queue.now_ms, Claim({}, scenario.target, nodes))
    world.store.subscribe(r.PODS, moves.on_change)
    allowed = slots(rotation.spec.pace, dict(Counter(node.zone for node in scenario.nodes)))
    at_once = sum(scope.total for scope in allowed.values())
    fleet = {"kops": policies.kops, "cyclops": policies.cyclops}[policy](world, at_once)
    fleet.finish(swarm.TIME_LIMIT_S)
    return Rotated(not fleet.old(), moves.moved, len(moves.evicted), fleet.asked)


def row(name: str, faults: str, runs: Sequence[Rotated]) -> tuple[object, ...]:
    """One policy over all seeds."""
    ratios = [run.evicted / run.moved for run in runs if run.moved]
    moved, went = sum(run.moved for run in runs), sum(run.evicted for run in runs)
    finished = f"{sum(run.finished for run in runs)} of {len(runs)}"
    sent = sum(run.sent for run in runs)
    return (name, faults, finished, moved, sent, went, f"{went / moved:.3f}", f"{mean(ratios):.3f}", f"{max(ratios):.3f}")


def run() -> None:
    """Print the tables."""
    first = int(os.environ.get("MOVES_FIRST", "0"))
    seeds = range(first, first + int(os.environ.get("MOVES_SEEDS", "20")))
    own = [ours(seed) for seed in seeds]
    surging = [not is_short(seed) for seed in seeds]
    rows = [row("underway, a machine comes first", "as drawn", [one for one, first in zip(own, surging, strict=True) if first])]
    rows += [row("underway, maxUnavailable", "as drawn", [one for one, first in zip(own, surging, strict=True) if not first])]
    rows += [row(policy, "none", [theirs(policy, seed) for seed in seeds]) for policy in ("kops", "cyclops")]
    head = (
        "policy",
        "faults",
        "finished",
        "pods moved",
        "evictions sent",
        "pods evicted",
        "a moved pod",
        "average",
        "worst seed",
    )
    show(f"evictions for each pod that had to move, seeds {seeds.start} to {seeds.stop - 1}", head, rows)
    added = sorted(added_s for one in own for added_s in one.overheads_s)
    figures = [
        ("evictions for each moved pod, a machine comes first", rows[0][6], "1.02"),
        (f"what the driver adds to a node, median of {len(added)}", f"{median(added):.2f} s", "2 s"),
        ("the same, average", f"{mean(added):.2f} s", "-"),
        ("the same, worst", f"{added[-1]:.2f} s", "-"),
        ("broken invariants", sum(one.broken for one in own), 0),
    ]
    show("under faults", ("figure", "measured", "goal"), figures)
