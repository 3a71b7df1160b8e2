"""Writes whose answers get lost: what the watches show of them need not be waited for."""

import msgspec
import pytest

from underway.rotate.ledger import Ledger
from underway.sim import swarm
from underway.sim.faults import LostReply
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SEED = 1


def took_s(rate: float) -> float:
    """How long a rotation takes that loses the answers to so many of its writes."""
    made = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(made, SEED)
    world.start()
    run = Rehearsal(world, swarm.rotation_of(made), time_limit_s=7_200)
    run.begin()
    world.api.faults = (LostReply(rate),)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    return (world.queue.now_ms() - run.trace.start_ms) / 1_000


def test_a_rotation_whose_every_answer_gets_lost_takes_no_longer_than_its_machines() -> None:
    assert took_s(1.0) < 1.03 * took_s(0.0)


def test_without_looking_it_would_wait_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "writes", lambda _: [])
    assert took_s(0.3) > 1.08 * took_s(0.0)
