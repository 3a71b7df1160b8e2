"""Zones with budgets of their own, over a whole rotation in virtual time."""

import pytest

from underway.kube import resource as r
from underway.rotate import admission
from underway.rotate.slots import Slots, slots
from underway.sim import swarm
from underway.sim.checkers.evidence import phase_of
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.store import Change
from underway.sim.world.world import World

SEED = 5


def rehearsal(**pace: object) -> Rehearsal:
    """Three nodes in each of two zones; two of the first may go at once, one of the second. pace: what else it says."""
    there = tuple(NodeSpec(f"old-{index}", ZONES[index % 2], {}) for index in range(6))
    web = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 3}, start_s=2, ready_s=2)
    zones = {"perZone": True, "maxSurge": 1, "zones": [{"name": ZONES[0], "maxSurge": "50%"}]}
    rotation = {"pace": {**zones, **pace}, "drain": {"deregistration": "3s"}, "health": []}
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


def in_hand_at_most(run: Rehearsal) -> int:
    """How many nodes were ever in hand at once."""
    counts = [0]
    held: set[str] = set()
    run.begin()

    def look(change: Change) -> None:
        name = change.object["metadata"]["name"]
        (held.add if change.type != "DELETED" and phase_of(change.object) else held.discard)(name)
        counts.append(len(held))

    run.world.store.subscribe(r.NODES, look)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    return max(counts)


def test_no_more_go_in_all_zones_together_than_max_in_hand() -> None:
    assert in_hand_at_most(rehearsal(maxInHand=2)) == 2
    assert in_hand_at_most(rehearsal(maxInHand="20%")) == 2, "of six nodes, rounded up"
    assert in_hand_at_most(rehearsal()) == 3


def test_a_driver_that_forgets_the_cap_over_all_zones_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "in_hand_limit", lambda *_: 99)
    run = rehearsal(maxInHand=2)
    run.begin()
    assert any("3 nodes are in hand, limit 2" in text for text in run.run().broken)


def test_a_driver_that_gives_every_zone_the_largest_budget_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = Slots(2, 0)
    monkeypatch.setattr(admission, "slots", lambda pace, zones: dict.fromkeys(slots(pace, zones), largest))
    run = rehearsal()
    run.begin()
    assert any(text.startswith("budget-exceeded") for text in run.run().broken)
