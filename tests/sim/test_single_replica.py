"""Single replicas that get a second one before they are evicted: in order, restored however the run goes, no fight at all."""

from collections.abc import Callable
from typing import Any

import pytest

from underway.kube import resource as r
from underway.kube.request import Request
from underway.policy.single import single
from underway.rotate import replicas
from underway.rotate.record import Raised
from underway.sim import swarm
from underway.sim.rehearsal import Outcome, Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.store import Object
from underway.sim.world.world import World

SEED = 5


def autoscaler(most: int) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": most}
    return {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def rehearsal(*, single: str = "Surge", change: dict[str, Any] | None = None, most: int = 0) -> Rehearsal:
    """A rotation of two nodes; on one of them runs the single pod of web. most: to which an autoscaler scales it, 0 for none."""
    web = App(name="web", namespace="shop", replicas=1, budget={"minAvailable": 1}, start_s=3, ready_s=3)
    deployment, *around = web.deployment()
    spec = {**deployment[1]["spec"], **(change or {})}
    spec["template"] = {**spec["template"], "spec": {**spec["template"]["spec"], "nodeSelector": {"pool": "workers"}}}
    manifests = ((deployment[0], {**deployment[1], "spec": spec}), *around, *App(name="agent", namespace="shop").daemon_set())
    if most:
        manifests += ((r.HORIZONTAL_POD_AUTOSCALERS, autoscaler(most)),)
    nodes = tuple(NodeSpec(f"old-{index}", ZONES[0], {"pool": "workers"} if index == 0 else {}) for index in range(2))
    rotation = {
        "pace": {"maxSurge": 1},
        "drain": {"deregistration": "3s", "singleReplica": single},
        "nodes": {"order": [{"by": "name"}]},
        "health": [],
    }
    drawn = Scenario("single", nodes, manifests, rotation=rotation)
    world = World(drawn, SEED)
    world.start()
    return Rehearsal(world, swarm.rotation_of(drawn), time_limit_s=3_600)


def scales(run: Rehearsal) -> list[int]:
    """The numbers of replicas that were written, in order."""
    written: list[int] = []
    noted = run.world.api.on_write

    def note(request: Request, code: int) -> None:
        noted(request, code)
        if request.subresource == "scale" and code < 300:
            written.append(request.body["spec"]["replicas"])

    run.world.api.on_write = note
    return written


def replicas_now(run: Rehearsal) -> int:
    deployment = run.world.store.get(r.DEPLOYMENTS, "shop", "web")
    assert deployment is not None
    return int(deployment["spec"]["replicas"])


def lower(run: Rehearsal, resource: r.Resource, field: str) -> None:
    """Somebody sets the number of the Deployment, or of its autoscaler, back to one."""
    run.world.registry.mutate(resource, "shop", "web", lambda now: {**now, "spec": {**now["spec"], field: 1}})


def debts(run: Rehearsal) -> list[str]:
    found = [lease["metadata"].get("annotations") or {} for lease in run.world.store.values(r.LEASES)]
    return [one["rotation.underway.dev/raised"] for one in found if "rotation.underway.dev/raised" in one]


def ended(run: Rehearsal) -> Outcome:
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert (replicas_now(run), debts(run)) == (1, [])
    return outcome


def test_a_second_replica_is_there_before_the_first_goes_and_goes_after_it() -> None:
    run = rehearsal()
    run.begin()
    written = scales(run)
    ended(run)
    assert written == [2, 1]


def test_without_it_a_budget_of_the_only_pod_forbids_the_node() -> None:
    run = rehearsal(single="Evict")
    pump = run.begin()
    written = scales(run)
    run.advance(run.trace.start_ms + 120_000)
    assert pump.driver.status.state == "Blocked"
    assert written == []


STEPS = range(14)


def is_step(request: Request) -> bool:
    """What a surge is made of: its record, the scale, the eviction, and the writes of the node around them."""
    return request.subresource in ("scale", "eviction") or request.resource in (r.LEASES, r.NODES, r.HORIZONTAL_POD_AUTOSCALERS)


@pytest.mark.parametrize("landed", [False, True], ids=["sent", "landed"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_no_replica_too_many(step: int, landed: bool) -> None:
    run = rehearsal()
    run.begin()
    kill_at_step(run, step, landed=landed)
    ended(run)
    assert [fact for fact in run.trace.facts if fact.kind == "kill"]


def kill_at_step(run: Rehearsal, step: int, *, landed: bool) -> None:
    """Kill the driver when it sends, or has just been answered, the step of that number after a node began to drain."""
    count = iter(range(1_000))

    def kill_at(request: Request, _code: int = 0) -> None:
        draining = any("draining-since" in str(node["metadata"].get("annotations")) for node in run.world.store.values(r.NODES))
        if draining and is_step(request) and next(count) == step:
            run.world.queue.after(0, run.kill)

    hook = "on_write" if landed else "on_send"
    noted: Callable[..., None] = getattr(run.world.api, hook)

    def note(*told: Any) -> None:
        noted(*told)
        kill_at(*told)

    setattr(run.world.api, hook, note)


@pytest.mark.parametrize("frozen_s", [67, 70, 73, 80])
def test_a_freeze_restores_and_a_resume_begins_anew(frozen_s: int) -> None:
    run = rehearsal()
    run.begin()
    run.at(frozen_s, lambda: run.freeze("drill"))
    run.advance(run.trace.start_ms + (frozen_s + 150) * 1_000)
    assert (replicas_now(run), debts(run)) == (1, [])
    run.resume()
    ended(run)


def minimum(run: Rehearsal) -> int:
    autoscaler = run.world.store.get(r.HORIZONTAL_POD_AUTOSCALERS, "shop", "web")
    assert autoscaler is not None
    return int(autoscaler["spec"]["minReplicas"])


def minima(run: Rehearsal) -> list[int]:
    """The least numbers of replicas that the autoscaler was given, in order."""
    written: list[int] = []
    noted = run.world.api.on_write

    def note(request: Request, code: int) -> None:
        noted(request, code)
        if request.resource == r.HORIZONTAL_POD_AUTOSCALERS and code < 300:
            written.append(request.body["spec"]["minReplicas"])

    run.world.api.on_write = note
    return written


def ended_autoscaled(run: Rehearsal) -> None:
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert (minimum(run), debts(run)) == (1, [])


def test_what_an_autoscaler_scales_gets_its_second_replica_from_the_autoscaler() -> None:
    run = rehearsal(most=3)
    run.begin()
    scaled, written = scales(run), minima(run)
    ended_autoscaled(run)
    assert (scaled, written) == ([], [2, 1])


def test_an_autoscaler_that_allows_no_second_replica_is_left_alone() -> None:
    run = rehearsal(most=1)
    pump = run.begin()
    scaled, written = scales(run), minima(run)
    run.advance(run.trace.start_ms + 240_000)
    assert (scaled, written) == ([], [])
    assert [one.phase for one in pump.driver.status.in_flight] == ["Draining"]
    assert "needs 1 healthy pods" in pump.driver.status.in_flight[0].waiting[0], "its budget keeps it, as without the surge"


@pytest.mark.parametrize("landed", [False, True], ids=["sent", "landed"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_no_autoscaler_raised(step: int, landed: bool) -> None:
    run = rehearsal(most=3)
    run.begin()
    kill_at_step(run, step, landed=landed)
    ended_autoscaled(run)
    assert [fact for fact in run.trace.facts if fact.kind == "kill"]


@pytest.mark.parametrize("frozen_s", [67, 70, 73, 80, 90])
def test_a_freeze_restores_the_autoscaler_and_a_resume_begins_anew(frozen_s: int) -> None:
    run = rehearsal(most=3)
    run.begin()
    run.at(frozen_s, lambda: run.freeze("drill"))
    run.advance(run.trace.start_ms + (frozen_s + 150) * 1_000)
    assert (minimum(run), debts(run)) == (1, [])
    run.resume()
    ended_autoscaled(run)


def test_an_autoscaler_that_somebody_takes_back_is_not_raised_again() -> None:
    run = rehearsal(most=3)
    run.begin()
    written = minima(run)

    def take_back() -> None:
        if minimum(run) == 2:
            lower(run, r.HORIZONTAL_POD_AUTOSCALERS, "minReplicas")
        elif not written:
            run.at(0.5, take_back)

    run.at(1, take_back)
    run.advance(run.trace.start_ms + 400_000)
    assert written == [2]
    assert (minimum(run), debts(run)) == (1, [])


def test_an_autoscaler_that_is_deleted_meanwhile_is_owed_nothing() -> None:
    run = rehearsal(most=3)
    run.begin()
    written = minima(run)

    def delete() -> None:
        if written:
            run.world.registry.delete(r.HORIZONTAL_POD_AUTOSCALERS, "shop", "web")
        else:
            run.at(0.5, delete)

    run.at(1, delete)
    run.advance(run.trace.start_ms + 400_000)
    assert (written, debts(run)) == ([2], [])


def test_what_somebody_takes_back_is_not_raised_again() -> None:
    run = rehearsal()
    run.begin()
    written = scales(run)

    def take_back() -> None:
        if replicas_now(run) == 2:
            lower(run, r.DEPLOYMENTS, "replicas")
        elif not written:
            run.at(0.5, take_back)

    run.at(1, take_back)
    run.advance(run.trace.start_ms + 400_000)
    assert written == [2]
    assert (replicas_now(run), debts(run)) == (1, [])


def test_what_somebody_scales_further_is_theirs() -> None:
    run = rehearsal()
    run.begin()
    written = scales(run)

    def more(current: Object) -> Object:
        return {**current, "spec": {**current["spec"], "replicas": 5}}

    def scale_up() -> None:
        if replicas_now(run) == 2:
            run.world.registry.mutate(r.DEPLOYMENTS, "shop", "web", more)
        elif not written:
            run.at(0.5, scale_up)

    run.at(1, scale_up)
    outcome = run.run()
    assert outcome.state == "Finished"
    assert written == [2]
    assert (replicas_now(run), debts(run)) == (5, [])


def test_a_recreated_deployment_is_evicted_as_it_is() -> None:
    run = rehearsal(change={"strategy": {"type": "Recreate"}})
    pump = run.begin()
    written = scales(run)
    run.advance(run.trace.start_ms + 120_000)
    assert written == []
    assert pump.driver.status.state == "Blocked", "its budget forbids the node, as without the surge"


def evict_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replicas.Replicas, "missing", lambda *_: lambda _pod: "")
    patch.setattr("underway.sim.apiserver.eviction._check_and_decrement", lambda *_, **__: None)
    patch.setattr("underway.rotate.drain.Purse.take", lambda *_: True)


def forget_to_restore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replicas.Replicas, "_is_over", lambda *_: True)


def raise_off_the_record(patch: pytest.MonkeyPatch) -> None:
    def bring(self: replicas.Replicas, pods: Any, node: Any, situation: Any) -> None:
        for pod in pods:
            found = single(pod, situation.snapshot)
            if found is not None:
                self._raise(Raised("shop", "web", found.deployment.metadata.uid, node.name, "", 1), situation.snapshot)

    patch.setattr(replicas.Replicas, "bring", bring)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (evict_at_once, "had no other"),
        (forget_to_restore, "is left with 2"),
        (raise_off_the_record, "without a record of it"),
    ],
)
@pytest.mark.parametrize("most", [0, 3], ids=["plain", "autoscaled"])
def test_a_planted_bug_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], found: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    run = rehearsal(most=most)
    run.begin()
    outcome = run.run()
    assert any(sentence.startswith("single-replica") and found in sentence for sentence in outcome.broken), outcome.broken
