"""What only some seeds draw: rare, repeatable, and each with a bug that nothing else would show."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from underway.rotate import admission, progress, slots
from underway.rotate.machine import Event
from underway.rotate.progress import Step
from underway.rotate.spec import Pace
from underway.sim import swarm
from underway.sim.draws import DRAWS, Draw, drawn

Plant = Callable[[pytest.MonkeyPatch], None]
BY_NAME = {draw.name: draw for draw in DRAWS}
FEW = 4
PATIENCE_MS = 30_000


def give_zones_with_a_budget_of_their_own_the_largest(patch: pytest.MonkeyPatch) -> None:
    def largest(pace: Pace, zones: Any) -> Any:
        own = tuple(msgspec.structs.replace(zone, max_surge=3) for zone in pace.zones)
        return slots.slots(msgspec.structs.replace(pace, zones=own), zones)

    patch.setattr(admission, "slots", largest)


def wait_half_a_minute_for_volumes(patch: pytest.MonkeyPatch) -> None:
    whole = progress.detaching

    def detaching(node: Any, record: Any, snapshot: Any, limits: Any, now_ms: int) -> Step:
        late = now_ms >= record.since_ms + PATIENCE_MS
        return Step(Event.DETACHED) if late else whole(node, record, snapshot, limits, now_ms)

    patch.setattr(progress, "detaching", detaching)


def take_nodes_of_the_control_plane_like_workers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "_control_plane_is_busy", lambda *_: False)


def take_successors_of_any_version(patch: pytest.MonkeyPatch) -> None:
    """Their predecessors close for nodes that somebody takes away again."""
    patch.setattr(progress, "outdated", lambda *_: "")


PLANTS: tuple[tuple[str, Plant, str], ...] = (
    ("zone-budgets", give_zones_with_a_budget_of_their_own_the_largest, "budget-exceeded"),
    ("late-volumes", wait_half_a_minute_for_volumes, "undrained-terminated"),
    ("control-plane", take_nodes_of_the_control_plane_like_workers, "etcd-quorum"),
    ("wrong-version", take_successors_of_any_version, "budget-exceeded"),
)


def seeds_of(draw: Draw) -> list[int]:
    """The first seeds that have the draw."""
    return [seed for seed in range(1_000) if draw.dice(seed) is not None][:FEW]


@pytest.mark.parametrize(("name", "plant", "judge"), PLANTS, ids=[name for name, *_ in PLANTS])
def test_a_bug_that_only_this_draw_shows_is_caught(name: str, plant: Plant, judge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    caught: list[str] = []
    for seed in seeds_of(BY_NAME[name]):
        caught += swarm.run(seed, draws=[BY_NAME[name]]).broken
        if any(sentence.startswith(judge) for sentence in caught):
            assert swarm.run(seed, draws=()).broken == (), "the same seed without the draw shows nothing"
            return
    pytest.fail(f"{plant.__name__} was not caught by {judge}, only: {caught}")


def test_every_draw_has_a_bug_to_show() -> None:
    assert {name for name, *_ in PLANTS} == set(BY_NAME)


def test_each_draw_is_rare_and_comes() -> None:
    for draw in DRAWS:
        share = sum(draw.dice(seed) is not None for seed in range(2_000)) / 2_000
        assert share == pytest.approx(draw.share, abs=0.02)


def test_a_seed_draws_what_it_drew_before_whatever_else_there_is() -> None:
    seed = seeds_of(DRAWS[0])[0]
    together, alone = drawn(seed), drawn(seed, DRAWS[:1])
    assert [dice.random() for draw, dice in together if draw is DRAWS[0]] == [dice.random() for _, dice in alone]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_run_with_the_draw_ends_well(name: str) -> None:
    seed = seeds_of(BY_NAME[name])[0]
    outcome = swarm.run(seed, draws=[BY_NAME[name]])
    assert (outcome.state, outcome.broken) == ("Finished", ()), f"replay with: python tools/replay.py {seed}"
