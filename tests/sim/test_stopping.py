"""Ctrl-C at any moment: nothing new is begun, and no node is left cordoned."""

import msgspec
import pytest

from underway.kube import resource as r
from underway.rotate.spec import Rotation
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SEED = 3


@pytest.mark.parametrize("stop_s", range(40, 160, 4))
def test_no_node_is_left_cordoned(stop_s: int) -> None:
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(scenario, SEED)
    world.start()
    asked = swarm.rotation_of(scenario)
    run = Rehearsal(world, Rotation(asked.metadata, msgspec.structs.replace(asked.spec, health=())), time_limit_s=3_600)
    pump = run.begin()
    run.at(stop_s, pump.stop)
    outcome = run.run()
    assert outcome.broken == ("liveness: not finished: Stopped: stopped by the user",), (
        "it was stopped, and nothing else is wrong"
    )
    nodes = world.store.values(r.NODES)
    assert [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")] == []
