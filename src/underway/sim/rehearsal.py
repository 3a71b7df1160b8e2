"""A whole rotation in virtual time: a world, the production driver, checkers, a trace, and what is done to them meanwhile.

Owns the course of one run: warm-up, rotation, interventions (a kill, a freeze, a fault) at their times, the end. The demo,
the swarm and `bench` all run this; nothing in it knows which.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec

from underway.errors import InvariantViolated
from underway.kube import resource as r
from underway.kube.request import Request
from underway.model import selector_text
from underway.rotate.driver import Driver
from underway.rotate.estimates import Estimates
from underway.rotate.freezes import FREEZE_LEASE, Freeze, annotations_of
from underway.rotate.record import LEASE_LABELS, LEASE_NAMESPACE, freeze_annotations, lease_name, resume_annotations
from underway.rotate.spec import Rotation
from underway.sim.checkers import CHECKERS
from underway.sim.checkers.evidence import Checker, Claim
from underway.sim.pump import Pump
from underway.sim.store import Change, Object
from underway.sim.trace import Trace
from underway.sim.world.world import World

WARM_UP_MS = 60_000  # of traffic before the rotation: the "before" of the latency figures
AFTER_MS = 60_000  # and after it
BROKEN = attrgetter("broken")  # asked after each event of a run
JUDGED = (r.NODES, r.PODS, r.LEASES)


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended. state: the driver's last; makespan_s: from its start to its end; broken: violations, in order."""

    state: str
    reason: str
    makespan_s: float
    broken: tuple[str, ...]
    checked: int


class Rehearsal:
    """One run. time_limit_s: of the rotation, after which it counts as stuck."""

    def __init__(
        self, world: World, rotation: Rotation, *, time_limit_s: float = 4 * 3600, checkers: Sequence[type[Checker]] = CHECKERS
    ) -> None:
        self.world = world
        self.rotation = rotation
        self.trace = Trace(world.queue.now_ms)
        nodes = {
            node["metadata"]["name"]: node["metadata"]["labels"].get("topology.kubernetes.io/zone", "")
            for node in world.store.values(r.NODES)
        }
        claim = Claim(msgspec.to_builtins(rotation.spec), rotation.spec.target.kubelet_version, nodes)
        self.checkers = [checker(world.store, world.queue.now_ms, claim) for checker in checkers]
        self.on_tick: Callable[[Driver], None] = lambda _driver: None
        self.before_resume: Callable[[], None] = lambda: None  # what a person sees to first
        self._limit_ms = round(time_limit_s * 1_000)
        self.pump: Pump[Driver] | None = None
        self.violation = ""

    def begin(self, estimates: Estimates | None = None) -> Pump[Driver]:
        """Put the driver to work; from here on everything is judged."""
        self._observe()
        self.pump = Pump(self.world, lambda life: Driver(self.rotation, f"rehearsal-{life}", estimates))
        self.pump.on_tick = self.on_tick
        return self.pump

    def _observe(self) -> None:
        """Let the trace and the checkers see what happens from now on."""
        world = self.world
        self.trace.start_ms = world.queue.now_ms()
        for checker in self.checkers:
            checker.start_ms = world.queue.now_ms()
        for resource in JUDGED:
            world.store.subscribe(resource, self._changed)
        world.api.on_send = self._sent
        world.api.on_write = self._wrote
        world.machines.on_terminate = self._terminated
        world.machines.on_provision = self._provisioned
        world.machines.on_replace = self._replaced

    def _changed(self, change: Change) -> None:
        self.trace.on_change(change)
        for checker in self.checkers:
            checker.on_change(change)

    def _sent(self, request: Request) -> None:
        for checker in self.checkers:
            checker.on_request(request)

    def _wrote(self, request: Request, code: int) -> None:
        self.trace.on_write(request, code)
        for checker in self.checkers:
            checker.on_write(request, code)

    def _terminated(self, node: str) -> None:
        for checker in self.checkers:
            checker.on_terminate(node)

    def _replaced(self, node: str, successor: str) -> None:
        for checker in self.checkers:
            checker.on_replace(node, successor)

    def _provisioned(self, key: str) -> None:
        for checker in self.checkers:
            checker.on_provision(key)

    def at(self, delay_s: float, act: Callable[[], None]) -> None:
        """Do something to the run, so many seconds from now."""
        self.world.queue.after(round(delay_s * 1_000), act)

    def kill(self) -> None:
        """SIGKILL the driver; another starts."""
        if self.pump is not None and not self.pump.driver.finished:
            self.trace.note("kill", "driver")
            self.pump.kill()

    def freeze(self, reason: str) -> None:
        """Freeze as a person would, through the API."""
        self._annotate(freeze_annotations(reason, "user", self.world.queue.now_ms()))

    def resume(self) -> None:
        """End the freeze."""
        self.before_resume()
        self._annotate(resume_annotations(self.world.queue.now_ms()))

    def _annotate(self, annotations: dict[str, str | None]) -> None:
        def change(lease: Object) -> Object:
            merged = {**(lease["metadata"].get("annotations") or {}), **annotations}
            kept = {key: value for key, value in merged.items() if value is not None}
            return {**lease, "metadata": {**lease["metadata"], "annotations": kept}}

        self.world.registry.mutate(r.LEASES, LEASE_NAMESPACE, lease_name(self.rotation.metadata.name), change)

    def freeze_cluster(self, reason: str, pool: str = "") -> None:
        """Freeze everything, or a pool, as `underway freeze` does."""
        now_ms = self.world.queue.now_ms()
        selector = selector_text.parse(pool) if pool else None
        self._orders(annotations_of([Freeze(reason, "user", now_ms, pool, selector)], now_ms, ended=False))

    def resume_cluster(self) -> None:
        """End that."""
        self._orders(annotations_of([], self.world.queue.now_ms(), ended=True))

    def _orders(self, annotations: dict[str, str | None]) -> None:
        found = self.world.store.get(r.LEASES, LEASE_NAMESPACE, FREEZE_LEASE)
        kept = {key: value for key, value in annotations.items() if value is not None}
        if found is None:
            metadata = {"name": FREEZE_LEASE, "namespace": LEASE_NAMESPACE, "labels": LEASE_LABELS, "annotations": kept}
            self.world.registry.create(r.LEASES, {"metadata": metadata, "spec": {}})
        else:
            change = {**found, "metadata": {**found["metadata"], "annotations": kept}}
            self.world.registry.mutate(r.LEASES, LEASE_NAMESPACE, FREEZE_LEASE, lambda _: change)

    def done(self) -> bool:
        """Whether the run is over: finished, broken or out of time."""
        over = self.world.queue.now_ms() >= self.trace.start_ms + self._limit_ms
        return bool(self.violation) or self._finished() or over or any(map(BROKEN, self.checkers))

    def _finished(self) -> bool:
        return self.pump is not None and self.pump.driver.finished

    def _stands(self) -> tuple[str, str]:
        """The driver's state and reason."""
        if self.pump is None:
            raise RuntimeError("begin() was not called")
        return self.pump.driver.status.state, self.pump.driver.status.reason

    def advance(self, until_ms: int) -> None:
        """Run until an instant, or until it is over."""
        queue = self.world.queue
        try:
            while not self.done() and (queue.next_ms() or until_ms) <= until_ms and queue.step():
                pass
        except InvariantViolated as error:
            self.violation = f"invariant: {error}"

    def run(self) -> Outcome:
        """Run to the end."""
        self.advance(self.trace.start_ms + self._limit_ms)
        return self.outcome()

    def outcome(self) -> Outcome:
        """How it ended; liveness is judged here."""
        state, reason = self._stands()
        broken = [self.violation] if self.violation else []
        if state == "Finished":
            for checker in self.checkers:
                checker.at_end()
        broken += [sentence for checker in self.checkers for sentence in checker.broken]
        if not broken and state != "Finished":
            broken.append(f"liveness: not finished: {state}: {reason}")
        makespan_s = (self.world.queue.now_ms() - self.trace.start_ms) / 1_000
        return Outcome(state, reason, makespan_s, tuple(broken), len(self.checkers))


def interventions(rehearsal: Rehearsal, plan: Sequence[tuple[float, str, Any]]) -> None:
    """Schedule what is done to a run: (seconds, act, argument); freeze-pool takes a label selector."""
    acts: dict[str, Callable[..., None]] = {
        "kill": rehearsal.kill,
        "freeze": rehearsal.freeze,
        "resume": rehearsal.resume,
        "freeze-pool": partial(rehearsal.freeze_cluster, "drill"),
        "resume-pool": rehearsal.resume_cluster,
    }
    for at_s, name, argument in plan:
        rehearsal.at(at_s, partial(acts[name], argument) if argument is not None else acts[name])
