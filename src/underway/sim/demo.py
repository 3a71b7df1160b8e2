"""The demo: a whole upgrade of an embedded cluster, with traffic before, during and after, and one incident if asked for.

Owns the course and the figures. `cli.demo` shows it; nothing here prints or waits for the wall clock.
"""

from collections import Counter
from random import Random
from typing import Any

import msgspec

from underway.kube import resource as r
from underway.model import decode
from underway.model.snapshot import snapshot_of
from underway.rotate.estimates import Estimates
from underway.rotate.gates import GATES
from underway.rotate.plan import Plan, plan
from underway.rotate.spec import Rotation, rotation_from
from underway.sim.incidents import INCIDENTS, Incident
from underway.sim.rehearsal import AFTER_MS, WARM_UP_MS, Outcome, Rehearsal
from underway.sim.scenario import Scenario, demo_scenario
from underway.sim.trace import Fact
from underway.sim.world.traffic import Sample
from underway.sim.world.world import EPOCH_MS, World

STRIKE_S = 150.0  # the first nodes are gone by then, most are still to go
MEND_S = 120.0  # an incident lasts so long after it has frozen the rotation
RESUME_S = 30.0  # and a person looks for so long before letting it go on
GIVE_UP_S = 1_800.0
SNAPSHOT_KINDS = (r.NODES, r.PODS, r.POD_DISRUPTION_BUDGETS, r.DEPLOYMENTS, r.STATEFUL_SETS, r.DAEMON_SETS, r.PERSISTENT_VOLUMES)


class Percentiles(msgspec.Struct, frozen=True):
    """Latency of one window, in milliseconds."""

    before: float
    during: float
    after: float


class Requests(msgspec.Struct, frozen=True):
    """The traffic. causes: why requests failed, and how many each."""

    sent: int
    failed: int
    p50_ms: Percentiles
    p95_ms: Percentiles
    p99_ms: Percentiles
    causes: dict[str, int]


class Nodes(msgspec.Struct, frozen=True, rename="camel"):
    """Nodes at the end."""

    total: int
    up_to_date: int


class Invariants(msgspec.Struct, frozen=True):
    """checked: how many independent checkers watched; broken: how many violations, each told in `violations`."""

    checked: int
    broken: int


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """The demo's figures; `demo -o json` prints it. trace: a hash of everything that happened."""

    seed: int
    nodes: Nodes
    pods: int
    evictions: int
    pods_moved: int
    makespan_s: float = msgspec.field(name="makespan_s")
    bound_s: float = msgspec.field(name="bound_s")
    bound_limit: str = ""
    requests: Requests | None = None
    invariants: Invariants = Invariants(0, 0)
    violations: tuple[str, ...] = ()
    state: str = ""
    reason: str = ""
    fault: str = ""
    freezes: tuple[dict[str, Any], ...] = ()
    trace: str = ""


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile of sorted values; 0 for none."""
    if not values:
        return 0.0
    return round(values[min(len(values) - 1, int(share * len(values)))], 1)


def demo_rotation(scenario: Scenario) -> Rotation:
    """The Rotation of the demo: per zone one at a time, as written in a file it would be the README's."""
    spec = {
        "target": {"kubeletVersion": scenario.target},
        "machines": {"provider": "Command", "command": ["embedded"], "bootTimeout": "4m"},
        "drain": {"timeout": "5m", "ladder": ["NotifyOwner", "Freeze"], "deadline": "5m"},
        "health": [
            {"gate": "nodes-ready"},
            {"gate": "workloads-available", "onBreach": "Freeze"},
            {"gate": "api-server", "onBreach": "Freeze"},
        ],
        **scenario.rotation,
    }
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "demo"}, "spec": spec}
    return rotation_from(values, "demo", [gate.name for gate in GATES], ["Command"])


class Demo:
    """One demo. seed: of all dice; fault: the name of an incident, "" for none; start_ms: the instant at which it begins.

    Raises KeyError for an unknown incident.
    """

    def __init__(self, seed: int, fault: str = "", start_ms: int = EPOCH_MS) -> None:
        self.seed = seed
        self.scenario = demo_scenario()
        self.incident: Incident | None = {incident.name: incident for incident in INCIDENTS}[fault] if fault else None
        self.world = World(self.scenario, seed, start_ms)
        self.rotation = demo_rotation(self.scenario)
        self.rehearsal: Rehearsal
        self.plan: Plan
        self.pods = 0

    def prepare(self) -> None:
        """Bring the cluster up and let its users work for a minute."""
        world = self.world
        world.start()
        world.traffic.start()
        world.queue.run_until(world.queue.now_ms() + WARM_UP_MS)
        self.pods = len(world.store.values(r.PODS))
        timing, least = self.scenario.timing, 1 - self.scenario.timing.jitter
        # The least times, not the typical: otherwise the bound would not be one.
        estimates = Estimates(timing.boot_s * least, 0.0, 10.0, timing.terminate_s * least)
        self.plan = plan(self.rotation, self._snapshot(), estimates, world.queue.now_ms())
        self.rehearsal = Rehearsal(world, self.rotation)
        self.rehearsal.begin()
        if self.incident is not None:
            self.rehearsal.at(STRIKE_S, self._strike)

    def _snapshot(self) -> Any:
        objects = {
            resource.kind: [decode.from_values(resource.kind, value) for value in self.world.store.ordered(resource)]
            for resource in SNAPSHOT_KINDS
        }
        return snapshot_of(objects)

    def _strike(self) -> None:
        if self.incident is not None:
            self.rehearsal.trace.note("fault", self.incident.name, self.incident.story)
            self.incident.strike(self.world)
            self.rehearsal.at(5, self._look)

    def _look(self) -> None:
        """Wait for the freeze; some time after it the incident is mended and the rotation resumed."""
        driver = self.rehearsal.pump.driver if self.rehearsal.pump else None
        since_s = (self.world.queue.now_ms() - self.rehearsal.trace.start_ms) / 1_000 - STRIKE_S
        if driver is not None and (driver.status.state == "Frozen" or since_s > GIVE_UP_S):
            self.rehearsal.at(MEND_S, self._mend)
        else:
            self.rehearsal.at(5, self._look)

    def _mend(self) -> None:
        if self.incident is not None:
            self.incident.mend(self.world)
            self.rehearsal.trace.note("mended", self.incident.name)
            self.rehearsal.at(RESUME_S, self.rehearsal.resume)

    def finish(self) -> Result:
        """Let the users work for another minute, and take stock."""
        outcome = self.rehearsal.outcome()
        end_ms = self.world.queue.now_ms()
        self.world.queue.run_until(end_ms + AFTER_MS)
        self.world.traffic.stop()
        return self._result(outcome, end_ms)

    def _result(self, outcome: Outcome, end_ms: int) -> Result:
        nodes = self.world.store.values(r.NODES)
        current = sum(1 for node in nodes if node["status"]["nodeInfo"]["kubeletVersion"] == self.scenario.target)
        trace = self.rehearsal.trace
        samples = self.world.traffic.samples
        windows = (
            [s for s in samples if s.at_ms < trace.start_ms],
            [s for s in samples if trace.start_ms <= s.at_ms < end_ms],
            [s for s in samples if s.at_ms >= end_ms],
        )
        return Result(
            seed=self.seed,
            nodes=Nodes(len(nodes), current),
            pods=self.pods,
            evictions=trace.evictions,
            pods_moved=sum(node.pods for node in self.plan.order),
            makespan_s=round(outcome.makespan_s, 1),
            bound_s=round(self.plan.bound.seconds, 1),
            bound_limit=self.plan.bound.limit,
            requests=requests_of(windows),
            invariants=Invariants(outcome.checked, len(outcome.broken)),
            violations=outcome.broken,
            state=outcome.state,
            reason=outcome.reason,
            fault=self.incident.name if self.incident else "",
            freezes=tuple(freezes(trace.facts)),
            trace=trace.digest(),
        )


def requests_of(windows: tuple[list[Sample], list[Sample], list[Sample]]) -> Requests:
    """The figures of three windows."""
    sorted_ms = [sorted(sample.latency_ms for sample in window if not sample.cause) for window in windows]
    failed = [sample for window in windows for sample in window if sample.cause]
    p50, p95, p99 = (Percentiles(*(percentile(values, share) for values in sorted_ms)) for share in (0.5, 0.95, 0.99))
    causes = Counter(f"{sample.service}: {sample.cause.partition(' by ')[0]}" for sample in failed)
    return Requests(sum(len(window) for window in windows), len(failed), p50, p95, p99, dict(sorted(causes.items())))


def freezes(facts: list[Fact]) -> list[dict[str, Any]]:
    """The freezes of a run: when, why, and when it went on."""
    found: list[dict[str, Any]] = []
    for fact in facts:
        if fact.kind == "freeze":
            found.append({"at_s": fact.at_ms / 1_000, "reason": fact.text, "resumed_s": None})
        elif fact.kind == "resume" and found:
            found[-1]["resumed_s"] = fact.at_ms / 1_000
    return found


def play(seed: int, fault: str = "") -> tuple[Demo, Result]:
    """A whole demo in virtual time."""
    demo = Demo(seed, fault)
    demo.prepare()
    demo.rehearsal.run()
    return demo, demo.finish()


def draw_seed() -> int:
    """A seed for a run that nobody chose one for."""
    return Random().randrange(1, 1_000_000)
