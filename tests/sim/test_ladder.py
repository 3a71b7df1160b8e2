"""Drains that are stuck, over whole rotations in virtual time: each rung is climbed, told, and comes down again."""

from typing import Any

import pytest

from underway.kube import resource as r
from underway.sim import swarm
from underway.sim.operating import Operating
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.store import Object
from underway.sim.world.world import World

SEED = 5
TEXT = "needs 6 healthy pods and has 6 currently"


def scenario(**drain: Any) -> Scenario:
    web = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 1}, start_s=2, ready_s=2)
    nodes = tuple(NodeSpec(f"old-{index}", ZONES[0], {}) for index in range(3))
    rotation = {"pace": {"maxSurge": 1}, "drain": {"deregistration": "3s", **drain}, "health": []}
    return Scenario("ladder", nodes, (*web.deployment(), *App(name="agent", namespace="shop").daemon_set()), rotation=rotation)


def world_of(drawn: Scenario) -> World:
    world = World(drawn, SEED)
    world.start()
    return world


def budget(world: World, disruptions: int) -> None:
    """Let so many pods of web be disrupted."""

    def changed(current: Object) -> Object:
        return {**current, "spec": {**current["spec"], "maxUnavailable": disruptions}}

    world.registry.mutate(r.POD_DISRUPTION_BUDGETS, "shop", "web", changed)


def tighten_once_draining(run: Any) -> None:
    """The budget stops to allow anything as soon as the first node drains: the preflight has seen nothing of it."""

    def look() -> None:
        nodes = run.world.store.values(r.NODES)
        if any((node["metadata"].get("annotations") or {}).get("rotation.underway.dev/phase") == "Draining" for node in nodes):
            budget(run.world, 0)
        else:
            run.at(0.1, look)

    run.at(0.1, look)


def rehearsal(**drain: Any) -> Rehearsal:
    drawn = scenario(**drain)
    run = Rehearsal(world_of(drawn), swarm.rotation_of(drawn), time_limit_s=12 * 3_600)
    run.begin()
    tighten_once_draining(run)
    return run


def later(run: Any, minutes: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(minutes * 60_000))


def phases(run: Rehearsal) -> list[str]:
    return [fact.text for fact in run.trace.facts if fact.kind == "phase"]


@pytest.mark.parametrize("killed", [False, True])
def test_a_stuck_drain_is_told_then_quarantined_then_goes_on(killed: bool) -> None:
    run = rehearsal()
    later(run, 12)
    if killed:
        run.kill()
        later(run, 0.5)
    assert run.pump is not None
    told = [one for one in run.pump.driver.status.blockers if one.rung]
    assert {(one.rung, one.budget) for one in told} == {("NotifyOwner", "shop/web")}
    assert TEXT in told[0].reason
    later(run, 25)
    assert "Quarantined" in phases(run)
    assert {one.rung for one in run.pump.driver.status.blockers if one.rung} == {"Quarantine"}
    budget(run.world, 1)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_the_last_rung_freezes_and_opens_the_node_and_a_resume_goes_on() -> None:
    run = rehearsal(ladder=["NotifyOwner", "Freeze"], deadline="20m")
    later(run, 25)
    frozen = [fact.text for fact in run.trace.facts if fact.kind == "freeze"]
    assert len(frozen) == 1
    assert "could not be drained in time" in frozen[0]
    assert TEXT in frozen[0]
    later(run, 3)
    assert [node for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")] == []
    budget(run.world, 1)
    run.resume()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_each_rung_is_an_event_and_stands_in_the_status() -> None:
    drawn = scenario(ladder=["NotifyOwner", "Quarantine", "Freeze"], timeout="3m", deadline="6m")
    run = Operating(world_of(drawn), swarm.rotation_of(drawn), time_limit_s=12 * 3_600)
    run.operate(())
    tighten_once_draining(run)
    later(run, 2.5)
    status = run.object()["status"]
    assert [one["rung"] for one in status["inFlight"]] == ["NotifyOwner"]
    blocker = next(one for one in status["blockers"] if one.get("rung"))
    assert (blocker["rung"], blocker["budget"]) == ("NotifyOwner", "shop/web")
    assert TEXT in blocker["reason"]
    later(run, 6)
    events = [event for event in run.world.store.values(r.EVENTS) if event["involvedObject"]["kind"] == "Rotation"]
    told = [event["reason"] for event in sorted(events, key=lambda event: int(event["metadata"]["resourceVersion"]))]
    rungs = [reason for reason in told if reason in ("DrainNotifyOwner", "NodeQuarantined", "DrainFreeze", "Frozen")]
    assert rungs[:2] == ["DrainNotifyOwner", "NodeQuarantined"]
    assert "Frozen" in rungs
    assert rungs.count("DrainNotifyOwner") == 1, "once, not in every round"
    assert any(TEXT in event["message"] for event in events if event["reason"] == "DrainNotifyOwner")
