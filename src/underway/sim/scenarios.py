"""Named scenarios: what went wrong in other programs, played with ours in virtual time, each with what must hold.

Owns the tuple SCENARIOS: one line a scenario, its evidence (the issue or pull request in which somebody met it), what is done
to the run and what must be true at its end. Every checker of `sim.checkers` watches as well; nothing here prints.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from underway.kube import resource as r
from underway.rotate.gates import GATES
from underway.rotate.spec import rotation_from
from underway.sim.faults import Queued
from underway.sim.rehearsal import Outcome, Rehearsal
from underway.sim.scenario import DAEMONS, App, Manifest, NodeSpec, Scenario
from underway.sim.store import Object
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

TIME_LIMIT_S = 2 * 3600
TRAINED = 2  # pods of the training
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
    """One scenario being played. said: every reason for which the rotation waited, was blocked or frozen, once each."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.world = rehearsal.world
        self.said: list[str] = []
        rehearsal.on_tick = lambda driver: self._listen(driver.status)

    def _listen(self, status: Any) -> None:
        told = [status.reason, *(blocker.reason for blocker in status.blockers)]
        told += [wait for node in status.in_flight for wait in node.waiting]
        self.said += [reason for reason in dict.fromkeys(told) if reason and reason not in self.said]

    def at(self, at_s: float, act: Callable[[], object]) -> None:
        """Do something so many seconds after the beginning."""
        self.rehearsal.at(at_s, lambda: (act(), None)[1])

    def heard(self, part: str) -> bool:
        """Whether a reason with these words was given."""
        return any(part in reason for reason in self.said)

    def change(self, resource: r.Resource, namespace: str, name: str, **spec: Any) -> None:
        """Set fields of an object's specification, as a person would; None takes one away."""

        def changed(now: Object) -> Object:
            merged = {**now["spec"], **spec}
            return {**now, "spec": {key: value for key, value in merged.items() if value is not None}}

        self.world.registry.mutate(resource, namespace, name, changed)

    def phases(self) -> list[str]:
        """All phases that nodes have been in."""
        return [fact.text for fact in self.rehearsal.trace.facts if fact.kind == "phase"]


Script = Callable[[Run], None]
Holds = Callable[[Run], str]


class Named(msgspec.Struct, frozen=True):
    """One scenario. holds: why it did not end as it must, ""; spec: what the Rotation says beside its target."""

    name: str
    evidence: str
    story: str
    script: Script
    holds: Holds
    spec: Manifest = {}
    apps: tuple[tuple[r.Resource, Manifest], ...] = ()
    nodes: int = 4

    def cluster(self) -> Scenario:
        """Its cluster: a few nodes in two zones, a web application, a database with volumes, and its own workloads."""
        nodes = tuple(NodeSpec(f"old-{i}", ("zone-a", "zone-b")[i % 2], {"pool": "workers"}) for i in range(self.nodes))
        manifests = (*DAEMONS[0].daemon_set(), *WEB.deployment(), *DATABASE.stateful_set(), *self.apps)
        return Scenario(self.name, nodes, manifests, timing=Timing(boot_s=40, terminate_s=10))


def begin(scenario: Named, seed: int = 1) -> Run:
    """The run of a scenario, ready to go."""
    cluster = scenario.cluster()
    world = World(cluster, seed)
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
    missed = "" if outcome.broken else scenario.holds(run)
    return Played(
        scenario.name,
        scenario.evidence,
        scenario.story,
        outcome.state,
        outcome.makespan_s,
        run.rehearsal.trace.evictions,
        tuple(run.said),
        (*outcome.broken, *([missed] if missed else ())),
    )


# What is done


def _nothing(_: Run) -> None:
    """Nobody does anything."""


def _kills(run: Run) -> None:
    for at_s in (20, 52, 66, 74, 110, 131):
        run.at(at_s, run.rehearsal.kill)


def _freeze(run: Run) -> None:
    run.at(AMID_S, partial(run.rehearsal.freeze, "black friday"))
    run.at(AMID_S + 600, run.rehearsal.resume)


def _tighten(run: Run) -> None:
    run.at(40, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=0))
    run.at(1_500, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=1))


def _forbid(run: Run) -> None:
    run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=0)
    run.at(900, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=1))


def _arrive_slowly(run: Run) -> None:
    """New pods that take a minute to start: bound to the node, still Pending when it drains."""

    def create() -> None:
        for resource, manifest in App(name="slow", namespace="shop", replicas=8, cpu="200m", start_s=60).deployment():
            run.world.registry.create(resource, manifest)

    run.at(30, create)


def _second_budget(run: Run) -> None:
    run.world.registry.create(
        r.POD_DISRUPTION_BUDGETS,
        {"metadata": {"name": "also", "namespace": "shop"}, "spec": {"maxUnavailable": 1, "selector": WEB.selector()}},
    )
    run.at(900, lambda: run.world.registry.delete(r.POD_DISRUPTION_BUDGETS, "shop", "also"))


def _use_up_the_quota(run: Run) -> None:
    trouble = run.world.machines.trouble
    trouble.quota = len(run.world.store.values(r.NODES))
    run.at(500, lambda: setattr(trouble, "quota", None))


def _fill_a_zone(run: Run) -> None:
    trouble = run.world.machines.trouble
    trouble.full_zones = frozenset({"zone-a"})
    run.at(400, lambda: setattr(trouble, "full_zones", frozenset()))


def _fail_a_boot(run: Run) -> None:
    run.world.machines.trouble.failing_boots = 1
    run.at(300, run.rehearsal.resume)


def _roll_out(run: Run) -> None:
    """Somebody deploys in the middle of it."""
    deployment = run.world.registry.get(r.DEPLOYMENTS, "shop", "web")
    template = {**deployment["spec"]["template"]}
    labels = {**template["metadata"]["labels"], "release": "2"}
    template["metadata"] = {**template["metadata"], "labels": labels}
    run.at(AMID_S, lambda: run.change(r.DEPLOYMENTS, "shop", "web", template=template))


def _move_under_an_eviction(run: Run) -> None:
    """Evictions wait in the server's queue; meanwhile a person deletes the pod, and its namesake starts on another node."""

    def delete() -> None:
        draining = [name for name in run.rehearsal.world.store.values(r.NODES) if _is_draining(name)]
        for node in draining:
            for pod in run.world.store.ordered(r.PODS, "data"):
                if pod["spec"].get("nodeName") == node["metadata"]["name"]:
                    run.world.registry.delete(r.PODS, "data", pod["metadata"]["name"], grace_s=1)

    run.world.api.faults = (Queued(1.0, queued_ms_max=25_000),)
    for at_s in range(60, 1_200, 4):
        run.at(at_s, delete)
    run.at(1_200, lambda: setattr(run.world.api, "faults", ()))


def _is_draining(node: Object) -> bool:
    return (node["metadata"].get("annotations") or {}).get("rotation.underway.dev/phase") == "Draining"


# What must hold


def _finished_at_once(run: Run) -> str:
    return "" if run.rehearsal.trace.evictions else "nothing was evicted"


def _no_request_failed(run: Run) -> str:
    failed = [sample for sample in run.world.traffic.samples if sample.cause]
    return f"{len(failed)} requests failed, the first: {failed[0].cause}" if failed else ""


def _each_moved_once(run: Run) -> str:
    counts: dict[str, int] = {}
    for fact in run.rehearsal.trace.facts:
        if fact.kind == "eviction" and fact.subject.startswith("shop/"):
            counts[fact.subject] = counts.get(fact.subject, 0) + 1
    moved = sum(counts.values())
    return "" if moved == WEB.replicas else f"{moved} evictions for {WEB.replicas} pods of shop/web"


def _training_completed(run: Run) -> str:
    succeeded = run.world.registry.get(r.JOBS, "shop", "training")["status"].get("succeeded", 0)
    started = [fact for fact in run.rehearsal.trace.facts if fact.kind == "eviction" and "training" in fact.subject]
    return "" if succeeded == TRAINED == len(started) else f"{succeeded} of {TRAINED} completions, {len(started)} evictions"


def _heard(*parts: str) -> Holds:
    def holds(run: Run) -> str:
        missing = [part for part in parts if not run.heard(part)]
        return f"nobody was told {missing[0]!r}; told was: {'; '.join(run.said)}" if missing else ""

    return holds


def _quarantined(run: Run) -> str:
    if "Quarantined" not in run.phases():
        return "the stuck node was not quarantined"
    return _heard("PodDisruptionBudget shop/web")(run)


SCENARIOS: tuple[Named, ...] = (
    Named(
        "stuck-drain",
        "kured#78, kops#2537, upgrade-manager#225",
        "a team sets maxUnavailable 0 amid a drain; half an hour later it gives way",
        _tighten,
        _quarantined,
        {"drain": {"deregistration": "5s", "timeout": "5m"}},
    ),
    Named(
        "never-allowing-budget",
        "Azure/AKS#2986, nodewright#541",
        "a budget never allows a disruption: nothing is begun where it would get stuck",
        _forbid,
        _heard("shop/web"),
    ),
    Named(
        "two-budgets-on-one-pod",
        "kubernetes#75957, kubernetes#113891",
        "two budgets select one pod: the API refuses every eviction with 500",
        _second_budget,
        _heard("more than one PodDisruptionBudget"),
    ),
    Named(
        "half-drained-nodes",
        "karpenter#2466, karpenter#2689",
        "three nodes drain at once and share a budget of one",
        _nothing,
        _each_moved_once,
        {"pace": {"maxSurge": 3}},
        nodes=6,
    ),
    Named(
        "killed-again-and-again",
        "system-upgrade-controller#71",
        "SIGKILL six times, in every phase: no cordon is left, no machine is made twice",
        _kills,
        _finished_at_once,
    ),
    Named(
        "global-freeze",
        "containers-roadmap#1531, karpenter#2497",
        "a person freezes it amid a drain and lets it go on ten minutes later",
        _freeze,
        _heard("black friday"),
    ),
    Named(
        "load-balancers-first",
        "containers-roadmap#2748, aws-node-termination-handler#316",
        "live traffic: load balancers let go of a node before its pods go",
        _nothing,
        _no_request_failed,
    ),
    Named(
        "long-job",
        "karpenter-provider-aws#6764",
        "training of seven minutes runs to its end on a cordoned node",
        _nothing,
        _training_completed,
        {"drain": {"deregistration": "5s", "wait": [{"selector": {"matchLabels": {"app": "training"}}, "limit": "1h"}]}},
        apps=tuple(App(name="training", namespace="shop", replicas=TRAINED, cpu="200m").job(run_s=420)),
    ),
    Named(
        "pending-pods",
        "cyclops pkg/controller/pod.go",
        "pods bound to the node are still Pending when it drains: they count",
        _arrive_slowly,
        _finished_at_once,
    ),
    Named(
        "quota-used-up",
        "upgrade-manager#124, Azure/AKS#799",
        "the account may have no more machines than it has; then the quota is raised",
        _use_up_the_quota,
        _heard("VcpuLimitExceeded"),
    ),
    Named(
        "zone-without-capacity",
        "karpenter-provider-aws#8359",
        "one zone has no machine to give for a while",
        _fill_a_zone,
        _finished_at_once,
    ),
    Named(
        "boot-fails",
        "cluster-api machine health checks",
        "a new machine stops during its boot: nothing was cordoned for it, and what is left of it is ended",
        _fail_a_boot,
        _heard("cloud-init exited"),
    ),
    Named(
        "rollout-amid-the-drain",
        "kubernetes#48307",
        "somebody deploys shop/web while its pods are moved",
        _roll_out,
        _finished_at_once,
    ),
    Named(
        "namesake-moved",
        "kubectl#1767, kubernetes#138555",
        "a StatefulSet's pod moves while its eviction waits: its namesake is left alone",
        _move_under_an_eviction,
        _finished_at_once,
    ),
)
