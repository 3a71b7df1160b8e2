"""The autoscaler is kept from nodes in hand, and let go of them again, however the driver ends."""

from typing import Any

import msgspec

from underway.kube import resource as r
from underway.rotate.record import HANDS_OFF, NAME
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


def later(run: Operating, seconds: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(seconds * 1_000))


def test_every_node_in_hand_is_kept_from_the_autoscaler_and_no_other() -> None:
    run = operating()
    later(run, 40)
    found = annotations(run)
    in_hand = {name for name, given in found.items() if NAME in given}
    assert in_hand
    assert {name for name, given in found.items() if SCALE_DOWN_DISABLED in given} == in_hand


def test_after_a_crash_and_the_end_of_the_rotation_only_what_was_there_before_is_left() -> None:
    run = operating()
    own = set(sorted(annotations(run))[::2])

    def keep(node: dict[str, Any]) -> dict[str, Any]:
        given = {**(node["metadata"].get("annotations") or {}), SCALE_DOWN_DISABLED: "true"}
        return {**node, "metadata": {**node["metadata"], "annotations": given}}

    for name in own:
        run.world.registry.mutate(r.NODES, "", name, keep)
    later(run, 40)
    run.kill()
    later(run, 40)
    assert [name for name, given in annotations(run).items() if NAME in given]
    run.delete()
    later(run, 180)
    left = annotations(run)
    assert own & set(left)
    assert {name for name, given in left.items() if set(HANDS_OFF) & set(given)} == own & set(left)
