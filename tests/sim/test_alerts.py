"""Alerts over whole rotations in virtual time: who hears what, once, whoever is killed meanwhile."""

from typing import Any

import msgspec

from underway.rotate.alerts.routes import Alert
from underway.rotate.spec import Gate, Rotation
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SEED = 3
ADMINS = Alert(to="admins", from_="ops", on=("Frozen", "Failed", "Finished"))


def rehearsal(*alerts: Alert, health: tuple[Gate, ...] = (), **drain: Any) -> Rehearsal:
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
