"""Canaries whose successors are no good: nobody else is begun."""

import msgspec

from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

ALONE = {"nodes": {"canary": 1}, "pace": {"maxSurge": 1, "perZone": True}}


def test_a_new_node_of_the_old_version_is_none_that_was_there_at_the_beginning() -> None:
    """It is out of date as well; taken for one that is left over, it would let another canary begin beside the first."""
    scenario = msgspec.structs.replace(random_scenario(135), rotation=ALONE)
    world = World(scenario, 135)
    world.start()
    world.machines.trouble.wrong_version = scenario.version
    run = Rehearsal(world, swarm.rotation_of(scenario))
    run.begin()
    run.advance(run.trace.start_ms + 120_000)
    outcome = run.outcome()
    assert outcome.state == "Frozen"
    assert "is itself out of date: kubelet v1.36.4, wanted v1.37.2" in outcome.reason
    assert [sentence for checker in run.checkers for sentence in checker.broken] == []
