"""Zones with budgets of their own, over a whole rotation in virtual time."""

import pytest

from underway.rotate import admission
from underway.rotate.slots import Slots, slots
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.world.world import World

SEED = 5


def rehearsal() -> Rehearsal:
    """Three nodes in each of two zones; two of the first may go at once, one of the second."""
    there = tuple(NodeSpec(f"old-{index}", ZONES[index % 2], {}) for index in range(6))
    web = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 3}, start_s=2, ready_s=2)
    pace = {"perZone": True, "maxSurge": 1, "zones": [{"name": ZONES[0], "maxSurge": "50%"}]}
    rotation = {"pace": pace, "drain": {"deregistration": "3s"}, "health": []}
    drawn = Scenario("zones", there, (*web.deployment(), *App(name="agent", namespace="shop").daemon_set()), rotation=rotation)
    world = World(drawn, SEED)
    world.start()
    return Rehearsal(world, swarm.rotation_of(drawn), time_limit_s=3_600)


def test_each_zone_goes_at_its_own_pace() -> None:
    run = rehearsal()
    pump = run.begin()
    run.advance(run.trace.start_ms + 30_000)
    assert sorted(one.zone for one in pump.driver.status.in_flight) == [ZONES[0], ZONES[0], ZONES[1]]
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_driver_that_gives_every_zone_the_largest_budget_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = Slots(2, 0)
    monkeypatch.setattr(admission, "slots", lambda pace, zones: dict.fromkeys(slots(pace, zones), largest))
    run = rehearsal()
    run.begin()
    assert any(text.startswith("budget-exceeded") for text in run.run().broken)
