"""One named scenario: its cluster, what is done to it, what must hold, and how it is played.

Owns the shape and the playing; which scenarios there are is the package's. Nothing here prints.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube import resource as r
from underway.model import timestamp
from underway.model.node import CONTROL_PLANE_LABEL
from underway.rotate.gates import GATES
from underway.rotate.spec import rotation_from
from underway.sim.checkers.evidence import phase_of
from underway.sim.rehearsal import Outcome, Rehearsal
from underway.sim.scenario import DAEMONS, ZONES, App, Manifest, NodeSpec, Scenario
from underway.sim.store import Object
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

TIME_LIMIT_S = 2 * 3600
AMID_S = 75.0  # the first node drains, all others are still to go
WEB = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 1}, rps=4, pre_stop_s=10)
DATABASE = App(name="db", namespace="data", replicas=2, budget={"maxUnavailable": 1}, cpu="200m")


class Played(msgspec.Struct, frozen=True, rename="camel"):
    """How one scenario went. problems: what did not hold, none when all is well; reasons: why the rotation stopped meanwhile."""

    name: str
    evidence: str
    story: str
    state: str
    makespan_s: float = msgspec.field(name="makespan_s")
    evictions: int = 0
    reasons: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Run:
    """One scenario being played. said: every reason for which the rotation waited, was blocked or frozen, once each.

    wrong: what a script has seen that must not be.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.world = rehearsal.world
        self.said: list[str] = []
        self.wrong: list[str] = []
        rehearsal.on_tick = lambda driver: self._listen(driver.status)

    def _listen(self, status: Any) -> None:
        told = [status.reason, *(blocker.reason for blocker in status.blockers)]
        told += [wait for node in status.in_flight for wait in node.waiting]
        self.said += [reason for reason in dict.fromkeys(told) if reason and reason not in self.said]

    def at(self, at_s: float, act: Callable[[], object]) -> None:
        """Do something so many seconds after the beginning."""
        self.rehearsal.at(at_s, lambda: (act(), None)[1])

    def every(self, period_s: float, until_s: float, act: Callable[[], object]) -> None:
        """Do something again and again until so many seconds after the beginning."""
        for count in range(1, int(until_s / period_s) + 1):
            self.at(count * period_s, act)

    def in_phase(self, *phases: str) -> list[Object]:
        """The nodes on which one of these phases is written."""
        return [node for node in self.world.store.values(r.NODES) if phase_of(node) in phases]

    def touched(self) -> set[str]:
        """The nodes that were ever cordoned."""
        return {fact.subject for fact in self.rehearsal.trace.facts if fact.kind == "phase" and fact.text == "Cordoned"}

    def heard(self, part: str) -> bool:
        """Whether a reason with these words was given."""
        return any(part in reason for reason in self.said)

    def change(self, resource: r.Resource, namespace: str, name: str, **spec: Any) -> None:
        """Set fields of an object's specification, as a person would; None takes one away."""

        def changed(now: Object) -> Object:
            merged = {**now["spec"], **spec}
            return {**now, "spec": {key: value for key, value in merged.items() if value is not None}}

        self.world.registry.mutate(resource, namespace, name, changed)

    def sicken(self, sick: Callable[[Object], bool]) -> None:
        """Have the readiness probes of these pods fail from their next one on, also of those that come later."""
        self.world.kubelets.sick = sick

    def heal(self, namespace: str) -> None:
        """Nothing is sick any more: what runs of it in the namespace is Ready at once."""
        kubelets = self.world.kubelets
        sick, kubelets.sick = kubelets.sick, lambda _pod: False
        for pod in self.world.store.ordered(r.PODS, namespace):
            if pod["status"].get("phase") == "Running" and sick(pod):
                kubelets.set_ready(pod, ready=True)

    def phases(self) -> list[str]:
        """All phases that nodes have been in."""
        return [fact.text for fact in self.rehearsal.trace.facts if fact.kind == "phase"]


Script = Callable[[Run], None]
Holds = Callable[[Run], str]


class Named(msgspec.Struct, frozen=True):
    """One scenario. holds: why it did not end as it must, ""; spec: what the Rotation says beside its target.

    nodes: its workers; control_plane: its nodes with a member of etcd each, 0 where etcd lies outside; begins: the instant
    at which the world begins, RFC 3339.
    """

    name: str
    evidence: str
    story: str
    script: Script
    holds: Holds
    spec: Manifest = {}
    apps: tuple[tuple[r.Resource, Manifest], ...] = ()
    nodes: int = 4
    control_plane: int = 0
    begins: str = ""

    def cluster(self) -> Scenario:
        """Its cluster: a few nodes in two zones, a web application, a database with volumes, and its own workloads."""
        workers = tuple(NodeSpec(f"old-{i}", ("zone-a", "zone-b")[i % 2], {"pool": "workers"}) for i in range(self.nodes))
        role = {CONTROL_PLANE_LABEL: ""}
        nodes = (*workers, *(NodeSpec(f"control-{i}", ZONES[i % len(ZONES)], role) for i in range(self.control_plane)))
        manifests = (*DAEMONS[0].daemon_set(), *WEB.deployment(), *DATABASE.stateful_set(), *self.apps)
        return Scenario(self.name, nodes, manifests, timing=Timing(boot_s=40, terminate_s=10))


def begin(scenario: Named, seed: int = 1) -> Run:
    """The run of a scenario, ready to go."""
    cluster = scenario.cluster()
    world = World(cluster, seed, timestamp.parse(scenario.begins)) if scenario.begins else World(cluster, seed)
    world.start()
    world.traffic.start()
    spec = {"target": {"kubeletVersion": cluster.target}, "drain": {"deregistration": "5s"}, **scenario.spec}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": scenario.name}, "spec": spec}
    rotation = rotation_from(values, f"scenario {scenario.name}", [gate.name for gate in GATES], ["Command"])
    run = Run(Rehearsal(world, rotation, time_limit_s=TIME_LIMIT_S))
    run.rehearsal.begin()
    scenario.script(run)
    return run


def play(scenario: Named, seed: int = 1) -> Played:
    """Play one scenario to its end."""
    run = begin(scenario, seed)
    outcome: Outcome = run.rehearsal.run()
    run.world.traffic.stop()
    problems = (*outcome.broken, *run.wrong)
    missed = "" if problems else scenario.holds(run)
    return Played(
        scenario.name,
        scenario.evidence,
        scenario.story,
        outcome.state,
        outcome.makespan_s,
        run.rehearsal.trace.evictions,
        tuple(run.said),
        problems or ((missed,) if missed else ()),
    )


def nothing(_: Run) -> None:
    """Nobody does anything."""
