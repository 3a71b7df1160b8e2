"""Nodes that vanish under the rotation's hands, as spot instances do: it goes on, and leaves no node too many."""

import pytest

from underway.kube import resource as r
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import DAEMONS, App, NodeSpec, Scenario
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

NODES = 4


def rehearsal() -> Rehearsal:
    """A rotation of four nodes, unjudged: the checkers hold us to nodes that nobody takes away."""
    manifests = (*DAEMONS[0].daemon_set(), *App(name="web", namespace="shop", replicas=6).deployment())
    specs = tuple(NodeSpec(f"n{index}", "zone-a") for index in range(NODES))
    timing = Timing(boot_s=40, terminate_s=5)
    scenario = Scenario("vanishing", specs, manifests, timing=timing, rotation={"pace": {"maxSurge": 1}})
    world = World(scenario, 3)
    world.start()
    run = Rehearsal(world, swarm.rotation_of(scenario), time_limit_s=3_600, checkers=())
    run.begin()
    return run


def vanish_in(run: Rehearsal, phase: str) -> list[str]:
    """Take away the first node that comes into the phase; its name, once it has happened."""
    gone: list[str] = []

    def look() -> None:
        for node in run.world.store.values(r.NODES):
            if (node["metadata"].get("annotations") or {}).get("rotation.underway.dev/phase") == phase:
                gone.append(node["metadata"]["name"])
                run.world.machines.vanish(gone[0])
                return
        run.at(0.05, look)  # a node may pass through a phase in a tenth of a second

    look()
    return gone


@pytest.mark.parametrize("phase", ["Surging", "Cordoned", "Draining", "Detaching", "Terminating"])
@pytest.mark.parametrize("killed", [False, True])
def test_a_node_that_vanishes_is_neither_waited_for_nor_replaced_twice(phase: str, killed: bool) -> None:
    run = rehearsal()
    gone = vanish_in(run, phase)
    if killed:
        run.at(20, run.kill)
    outcome = run.run()
    assert gone
    assert outcome.state == "Finished", outcome.reason
    left = run.world.store.values(r.NODES)
    assert NODES - 1 <= len(left) <= NODES
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in left} == {run.world.scenario.target}
    assert run.world.machines.running() == len(left), "no machine without a node"
