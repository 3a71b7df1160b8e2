"""The autoscaler is kept from nodes in hand, and let go of them again, however the driver ends."""

from random import Random
from typing import Any

import msgspec
import pytest

from underway.kube import resource as r
from underway.rotate.record import HANDS_OFF, NAME, PROTECTED, SUCCESSOR
from underway.sim import swarm
from underway.sim.operating import Operating
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SCALE_DOWN_DISABLED = HANDS_OFF[0]
PLAIN = {"pace": {"maxSurge": 3}, "drain": {"deregistration": "3s"}}


def operating() -> Operating:
    scenario = msgspec.structs.replace(random_scenario(3), rotation=PLAIN)
    world = World(scenario, 3)
    world.start()
    run = Operating(world, swarm.rotation_of(scenario), time_limit_s=swarm.TIME_LIMIT_S)
    run.operate()
    return run


def annotations(run: Operating) -> dict[str, dict[str, Any]]:
    return {node["metadata"]["name"]: node["metadata"].get("annotations") or {} for node in run.world.store.values(r.NODES)}


def with_annotation(node: dict[str, Any], key: str) -> dict[str, Any]:
    """The node with an annotation of somebody else's."""
    given = {**(node["metadata"].get("annotations") or {}), key: "true"}
    return {**node, "metadata": {**node["metadata"], "annotations": given}}


def later(run: Operating, seconds: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(seconds * 1_000))


def test_every_node_in_hand_and_its_successor_are_kept_from_the_autoscaler_and_no_other() -> None:
    run = operating()
    later(run, 40)
    found = annotations(run)
    in_hand = {name for name, given in found.items() if NAME in given}
    new = {name for name in found if not name.startswith("old-")}
    assert in_hand
    assert new
    assert {name for name, given in found.items() if SCALE_DOWN_DISABLED in given} == in_hand | new
    assert {name for name, given in found.items() if SUCCESSOR in given} == new


@pytest.mark.parametrize("seed", range(4))
def test_wherever_a_leader_dies_no_successor_stays_kept_and_what_somebody_else_wrote_stays(seed: int) -> None:
    """Somebody annotates new nodes too; those that had it before we came are theirs."""
    run = operating()
    key, dice = HANDS_OFF[1], Random(seed)
    theirs: set[str] = set()
    kept: set[str] = set()

    def look() -> None:
        for name, given in annotations(run).items():
            if SUCCESSOR in given:
                kept.add(name)
            elif not name.startswith("old-") and name not in kept | theirs:
                theirs.add(name)
                run.world.registry.mutate(r.NODES, "", name, lambda node: with_annotation(node, key))

    for turn in range(3_000):
        run.at(turn / 5, look)
    for _ in range(4):
        run.at(dice.uniform(20, 400), run.kill)
    outcome = run.run()
    left = annotations(run)
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert kept & theirs
    assert {name for name, given in left.items() if {SUCCESSOR, PROTECTED, SCALE_DOWN_DISABLED} & set(given)} == set()
    assert {name for name, given in left.items() if key in given} == theirs & set(left)


def test_after_a_crash_and_the_end_of_the_rotation_only_what_was_there_before_is_left() -> None:
    run = operating()
    own = set(sorted(annotations(run))[::2])
    for name in own:
        run.world.registry.mutate(r.NODES, "", name, lambda node: with_annotation(node, SCALE_DOWN_DISABLED))
    later(run, 40)
    run.kill()
    later(run, 40)
    assert [name for name, given in annotations(run).items() if NAME in given]
    run.delete()
    later(run, 180)
    left = annotations(run)
    assert own & set(left)
    assert {name for name, given in left.items() if set(HANDS_OFF) & set(given)} == own & set(left)
