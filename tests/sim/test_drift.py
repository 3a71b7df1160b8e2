"""Target drifted: what the machine provider says is out of date is replaced, by a driver and by an operator that watches."""

from typing import Any

import msgspec

from underway.kube import resource as r
from underway.rotate.effects import ListMachines, MachineReply
from underway.rotate.spec import Target
from underway.sim import swarm
from underway.sim.operating import Operating
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

PLAIN = {"pace": {"maxSurge": 2}, "drain": {"deregistration": "3s"}}


def world_of(seed: int) -> tuple[World, Any]:
    """A world, and a Rotation whose target is drift alone."""
    scenario = msgspec.structs.replace(random_scenario(seed), rotation=PLAIN)
    world = World(scenario, seed)
    world.start()
    rotation = swarm.rotation_of(scenario)
    spec = msgspec.structs.replace(rotation.spec, target=Target(drifted=True))
    return world, msgspec.structs.replace(rotation, spec=spec)


def drifted(world: World) -> list[str]:
    """The nodes that the provider calls out of date."""
    replies: list[MachineReply] = []
    world.machines.send(ListMachines(id=1, drift=True), replies.append)
    world.queue.run_until(world.queue.now_ms() + 1_000)
    there = {node["metadata"]["name"] for node in world.store.values(r.NODES)}
    return [machine.node for machine in replies[0].machines if machine.drifted and machine.node in there]


def test_a_driver_replaces_what_has_drifted_and_nothing_else() -> None:
    world, rotation = world_of(3)
    world.machines.revise()
    count = len(world.store.values(r.NODES))
    assert len(drifted(world)) == count
    run = Rehearsal(world, rotation)
    run.begin()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert drifted(world) == []
    assert len(world.store.values(r.NODES)) == count


def test_a_driver_that_finds_no_drift_finishes_without_an_act() -> None:
    world, rotation = world_of(3)
    before = {node["metadata"]["uid"] for node in world.store.values(r.NODES)}
    run = Rehearsal(world, rotation)
    run.begin()
    assert run.run().state == "Finished"
    assert {node["metadata"]["uid"] for node in world.store.values(r.NODES)} == before


def test_a_driver_that_is_killed_goes_on_with_what_it_has_in_hand() -> None:
    world, rotation = world_of(4)
    world.machines.revise()
    run = Rehearsal(world, rotation)
    run.begin()
    for at_s in (20, 70, 95, 140):
        run.at(at_s, run.kill)
    assert run.run().broken == ()
    assert drifted(world) == []


def test_while_the_provider_says_nothing_nothing_is_begun() -> None:
    world, rotation = world_of(3)
    world.machines.revise()
    world.machines.trouble.throttled = 1.0
    run = Rehearsal(world, rotation)
    pump = run.begin()
    world.queue.run_until(world.queue.now_ms() + 120_000)
    status = pump.driver.status
    assert (status.state, status.reason) == (
        "Waiting",
        "not known what has drifted: RequestLimitExceeded: request limit exceeded",
    )
    world.machines.trouble.throttled = 0.0
    assert run.run().broken == ()


def test_an_operator_begins_by_itself_when_something_drifts() -> None:
    world, rotation = world_of(3)
    run = Operating(world, rotation, time_limit_s=swarm.TIME_LIMIT_S)
    run.operate()
    assert run.run().state == "Finished"
    world.machines.revise()
    world.queue.run_until(world.queue.now_ms() + 40_000)
    assert run.object()["status"]["state"] == "Progressing"
    assert run.run().broken == ()
    assert drifted(world) == []


def test_a_new_leader_watches_what_another_has_finished() -> None:
    world, rotation = world_of(3)
    run = Operating(world, rotation, time_limit_s=swarm.TIME_LIMIT_S)
    run.operate()
    assert run.run().state == "Finished"
    run.kill()
    world.queue.run_until(world.queue.now_ms() + 60_000)
    world.machines.revise()
    world.queue.run_until(world.queue.now_ms() + 60_000)
    assert run.object()["status"]["state"] == "Progressing"
    assert run.run().broken == ()


def test_a_finished_rotation_says_when_drift_is_not_known() -> None:
    world, rotation = world_of(3)
    run = Operating(world, rotation, time_limit_s=swarm.TIME_LIMIT_S)
    run.operate()
    assert run.run().state == "Finished"
    world.machines.trouble.throttled = 1.0
    world.queue.run_until(world.queue.now_ms() + 90_000)
    status = run.object()["status"]
    assert status["state"] == "Finished"
    assert status["reason"].startswith("not known what has drifted: RequestLimitExceeded")
