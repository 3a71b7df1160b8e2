"""Rules that machines carry, in a whole rotation: what may not be replaced is left, what drains in an order does."""

import msgspec

from underway.kube import resource as r
from underway.model.drain_rule import DrainRule, PodSelector
from underway.model.meta import LabelSelector
from underway.rotate.spec import Machines
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

PLAIN = {"pace": {"maxSurge": 2}, "drain": {"deregistration": "3s"}}


def rehearsal(seed: int = 3) -> Rehearsal:
    scenario = msgspec.structs.replace(random_scenario(seed), rotation=PLAIN)
    world = World(scenario, seed)
    world.machines.drain_rules = ()
    world.start()
    rotation = swarm.rotation_of(scenario)
    spec = msgspec.structs.replace(rotation.spec, machines=Machines(provider="ClusterAPI"))
    return Rehearsal(world, msgspec.structs.replace(rotation, spec=spec))


def nodes(run: Rehearsal) -> set[str]:
    return {node["metadata"]["name"] for node in run.world.store.values(r.NODES)}


def test_a_machine_that_may_not_be_replaced_is_left_until_it_may() -> None:
    run = rehearsal()
    held = min(nodes(run))
    run.world.machines.holds[held] = "Machine clusters/x has the hook y"
    run.begin()
    run.world.queue.run_until(run.world.queue.now_ms() + 1_800_000)
    assert run.pump is not None
    status = run.pump.driver.status
    assert {blocker.reason for blocker in status.blockers} == {"Machine clusters/x has the hook y"}
    assert held in nodes(run)
    assert status.nodes.up_to_date == status.nodes.total - 1
    run.world.machines.holds.clear()
    assert run.run().broken == ()
    assert held not in nodes(run)


def test_a_driver_hears_of_the_rules_before_it_evicts_anything() -> None:
    run = rehearsal()
    skipped = LabelSelector(match_labels={"app": "nothing-has-this"})
    run.world.machines.drain_rules = (DrainRule("r", "Skip", 0, (PodSelector(skipped),)),)
    run.world.machines.trouble.throttled = 1.0
    run.begin()
    run.world.queue.run_until(run.world.queue.now_ms() + 60_000)
    assert run.pump is not None
    assert run.pump.driver.status.reason.startswith("not known the rules of its machines: RequestLimitExceeded")
    assert run.pump.driver.status.in_flight == ()
    run.world.machines.trouble.throttled = 0.0
    assert run.run().broken == ()
