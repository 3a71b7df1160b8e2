"""The gate quota in a whole rotation: no room is waited for, our own surge is no reason to wait, silence is not health."""

import msgspec

from underway.rotate.gate_spec import GateSpec
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

PLAIN = {"pace": {"maxSurge": 2}, "drain": {"deregistration": "3s"}}


def rehearsal(seed: int = 3) -> Rehearsal:
    scenario = msgspec.structs.replace(random_scenario(seed), rotation=PLAIN)
    world = World(scenario, seed)
    world.start()
    rotation = swarm.rotation_of(scenario)
    spec = msgspec.structs.replace(rotation.spec, health=(GateSpec(gate="quota", interval="10s"),))
    return Rehearsal(world, msgspec.structs.replace(rotation, spec=spec))


def breach(run: Rehearsal) -> str:
    assert run.pump is not None
    return "; ".join(breach.reason for breach in run.pump.driver.status.breaches)


def after(run: Rehearsal, seconds: int) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + seconds * 1_000)


def test_without_room_for_one_machine_more_nothing_is_begun_until_there_is() -> None:
    run = rehearsal()
    count = len(run.world.scenario.nodes)
    run.world.machines.trouble.quota = count
    run.begin()
    after(run, 120)
    assert breach(run) == f"instances: {count} of {count} are used, one machine more takes 1"
    assert run.pump is not None
    assert run.pump.driver.status.in_flight == ()
    run.world.machines.trouble.quota = count + 2
    assert run.run().broken == ()


def test_a_quota_that_holds_just_our_surge_is_room_enough() -> None:
    run = rehearsal()
    run.world.machines.trouble.quota = len(run.world.scenario.nodes) + 2
    run.begin()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_provider_that_cannot_be_asked_makes_it_wait() -> None:
    run = rehearsal()
    run.world.machines.trouble.throttled = 1.0
    run.begin()
    after(run, 60)
    assert breach(run) == "not known: RequestLimitExceeded: request limit exceeded"
    run.world.machines.trouble.throttled = 0.0
    assert run.run().broken == ()
