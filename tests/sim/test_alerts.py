"""Alerts over whole rotations in virtual time: who hears what, once, whoever is killed meanwhile."""

from typing import Any

import msgspec
import pytest

from underway.errors import InvariantViolated
from underway.kube import resource as r
from underway.rotate import guard
from underway.rotate.alerts.routes import Alert
from underway.rotate.gate_spec import GateSpec
from underway.rotate.spec import Owners, Rotation
from underway.sim import swarm
from underway.sim.operating import Operating
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario, random_scenario
from underway.sim.world.world import World

SEED = 3
ADMINS = Alert(to="admins", from_="ops", causes=("Frozen", "Failed", "Finished"))


def rehearsal(*alerts: Alert, health: tuple[GateSpec, ...] = (), **drain: Any) -> Rehearsal:
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s", **drain}})
    world = World(scenario, SEED)
    world.start()
    asked = swarm.rotation_of(scenario)
    spec = msgspec.structs.replace(asked.spec, health=health, alerts=alerts)
    made = Rehearsal(world, Rotation(asked.metadata, spec), time_limit_s=3_600)
    made.begin()
    return made


def heard(run: Rehearsal, destination: str = "ops") -> list[str]:
    return [notice.title.partition("] ")[2] for _, notice in run.world.mailbox.received if notice.destination == destination]


def test_a_freeze_its_end_and_the_finish_are_told_once_though_the_driver_is_killed_again_and_again() -> None:
    run = rehearsal(ADMINS)
    run.at(30, lambda: run.freeze("incident 4711"))
    for at_s in (33, 40, 55, 80):
        run.at(at_s, run.kill)
    run.at(120, run.resume)
    run.at(150, run.kill)
    assert run.run().state == "Finished"
    said = heard(run)
    assert said.count("Frozen: rotation random-3") == 1
    assert said[-1] == "Finished: rotation random-3"
    assert said.count("Finished: rotation random-3") == 1
    assert len(said) <= 3, said


def test_a_destination_that_is_down_stops_nothing_and_hears_once_it_is_back() -> None:
    run = rehearsal(ADMINS)
    run.world.mailbox.down = True
    run.at(20, lambda: run.freeze("incident 4711"))
    run.at(60, lambda: setattr(run.world.mailbox, "down", False))
    run.at(300, run.resume)
    assert run.run().state == "Finished"
    assert heard(run)[0] == "Frozen: rotation random-3"
    statistics = run.pump.driver.status.statistics if run.pump else None
    assert statistics is not None
    assert statistics.alerts_failed >= 1


def test_a_rotation_without_alerts_sends_and_remembers_nothing() -> None:
    run = rehearsal()
    run.at(20, lambda: run.freeze("incident 4711"))
    run.at(60, run.resume)
    assert run.run().state == "Finished"
    assert run.world.mailbox.received == []


def operating(*alerts: Alert) -> Operating:
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(scenario, SEED)
    world.start()
    asked = swarm.rotation_of(scenario)
    run = Operating(world, Rotation(asked.metadata, msgspec.structs.replace(asked.spec, health=(), alerts=alerts)))
    run.operate()
    return run


def later(run: Rehearsal, seconds: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(seconds * 1_000))


def test_a_new_leader_repeats_nothing_and_says_the_end() -> None:
    run = operating(ADMINS)
    run.at(30, lambda: run.freeze("incident 4711"))
    for at_s in (45, 90):
        run.at(at_s, run.kill)
    run.at(150, run.resume)
    run.at(180, run.stop_leader)
    assert run.run().state == "Finished"
    later(run, 60)
    said = heard(run)
    assert said.count("Frozen: rotation random-3") == 1
    assert said.count("Finished: rotation random-3") == 1
    assert run.object()["status"]["statistics"]["alertsFailed"] == 0


def test_a_destination_that_is_down_is_an_event() -> None:
    run = operating(ADMINS)
    run.world.mailbox.down = True
    run.at(20, lambda: run.freeze("incident 4711"))
    later(run, 120)
    told = {event["reason"]: event["message"] for event in run.world.store.values(r.EVENTS)}
    assert told["AlertNotDelivered"] == "alert to ops did not arrive: nobody is there"


def test_a_bug_of_ours_is_told_although_its_driver_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InvariantViolated("refusing to evict pod shop/a: a planted reason; this is a bug in Underway, nothing was sent")

    run = operating(ADMINS)
    monkeypatch.setattr(guard, "before_evict", refuse)
    later(run, 600)
    assert heard(run) == ["Failed: rotation random-3"]
    (_, notice) = run.world.mailbox.received[0]
    assert "a planted reason; this is a bug in Underway" in notice.body
    assert notice.severity == "failure"


def test_the_owner_of_a_drain_that_is_stuck_is_told_rung_by_rung() -> None:
    web = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 1}, start_s=2, ready_s=2)
    there = tuple(NodeSpec(f"old-{index}", ZONES[0], {}) for index in range(3))
    drain = {"deregistration": "3s", "notifyAfter": "5m", "timeout": "15m"}
    drawn = Scenario("stuck", there, tuple(web.deployment()), rotation={"pace": {"maxSurge": 1}, "drain": drain, "health": []})
    world = World(drawn, SEED)
    world.start()
    asked = swarm.rotation_of(drawn)
    teams = Alert(to="team", teams={"tills": "tills-chat"})
    spec = msgspec.structs.replace(asked.spec, alerts=(teams,), owners=Owners(namespaces={"shop": "tills"}))
    run = Rehearsal(world, Rotation(asked.metadata, spec), time_limit_s=6 * 3_600)
    run.begin()

    def tighten() -> None:
        nodes = world.store.values(r.NODES)
        if any((node["metadata"].get("annotations") or {}).get("rotation.underway.dev/phase") == "Draining" for node in nodes):
            world.registry.mutate(
                r.POD_DISRUPTION_BUDGETS, "shop", "web", lambda now: {**now, "spec": {**now["spec"], "maxUnavailable": 0}}
            )
        else:
            run.at(0.1, tighten)

    run.at(0.1, tighten)
    later(run, 240)
    before = len(world.mailbox.received)
    later(run, 24 * 60)
    bodies = [notice.body for _, notice in world.mailbox.received[before:] if notice.destination == "tills-chat"]
    rungs = [line.split()[1] for body in bodies for line in body.splitlines() if line.strip().startswith("rung")]
    assert rungs[:2] == ["NotifyOwner", "Quarantine"]
    assert "owner  tills" in bodies[0]
    assert "next   kubectl describe poddisruptionbudget web --namespace shop" in bodies[0]


def test_a_driver_that_cannot_write_its_lease_is_told_of_once_and_goes_on_when_it_can() -> None:
    """What a driver tells stands on its Lease; of one that cannot write there the operator tells."""
    run = operating(Alert("admins", "ops"))
    for api in run.apis:
        api.may = lambda asked: (asked.resource, asked.verb, asked.name[:9]) != ("leases", "patch", "underway-")
    run.world.queue.run_until(run.world.queue.now_ms() + 200_000)
    assert run.object()["status"]["state"] == "Failed"
    told = [notice for _, notice in run.world.mailbox.received]
    assert len(told) == 1, "it is tried again every half minute, and told of once"
    assert "cannot write Lease kube-system/underway-" in told[0].body
    for api in run.apis:
        api.may = None
    assert run.run().state == "Finished"


def test_a_rotation_that_lacks_a_right_tells_its_people() -> None:
    run = operating(Alert("admins", "ops"))
    for api in run.apis:
        api.may = lambda asked: (asked.resource, asked.verb) != ("nodes", "delete")
    run.world.queue.run_until(run.world.queue.now_ms() + 200_000)
    (told,) = [notice for _, notice in run.world.mailbox.received]
    assert "the operator may not delete nodes; apply `underway manifests`" in told.body
