"""Once for each cause, again after a while, once more at the end, and never a storm."""

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underway.rotate.alerts.cause import Cause
from underway.rotate.alerts.memory import TOLD_MAX, Memory, annotation_of, memory_of
from underway.rotate.alerts.routes import Route
from underway.rotate.alerts.telling import GAP_MS, OVER_MS, RETRY_MS, SETTLE_MS, TRIES_MAX, Due, arrived, decide
from underway.rotate.record import ALERTED

FROZEN = Cause("Frozen", "rotation r", "gate x", mark="gate x")
BLOCKED = Cause("Blocked", "pod shop/a", "needs 2")
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Town:
    """One destination or several, over time. works: whether messages arrive."""

    def __init__(self, remind_ms: int = HOUR_MS, destinations: Iterable[str] = ("ops",)) -> None:
        self.memory, self.now_ms, self.works = Memory(), 1_000_000_000, True
        self.remind_ms, self.destinations = remind_ms, tuple(destinations)
        self.seen_ms: dict[str, int] = {}
        self.said: list[tuple[int, str, Due]] = []

    def sees(self, *causes: Cause, acting: bool = True, restart: bool = False) -> list[str]:
        """One round; what was said in it."""
        if restart:
            self.memory, self.seen_ms = memory_of(annotation_of(self.memory)[ALERTED] or ""), {}
        self.seen_ms = {cause.key: self.seen_ms.get(cause.key, self.now_ms) for cause in causes}
        routes = [Route(name, cause, self.remind_ms) for name in self.destinations for cause in causes]
        decision = decide(self.memory, routes, self.seen_ms, self.now_ms, acting=acting)
        self.memory, said = decision.memory, []
        for destination, due in decision.due.items():
            self.said += [(self.now_ms, destination, one) for one in due]
            said += [f"{'over' if one.cause is None else 'again' if one.again else 'new'} {one.told.about}" for one in due]
            if self.works:
                self.memory = arrived(self.memory, destination, self.now_ms, self.now_ms + 300)
        return said

    def after(self, ms: int) -> "Town":
        self.now_ms += ms
        return self


def test_a_freeze_is_said_at_once_and_not_again_until_the_reminder() -> None:
    town = Town()
    assert town.sees(FROZEN) == ["new rotation r"]
    assert [town.after(MINUTE_MS).sees(FROZEN) for _ in range(59)] == [[]] * 59
    assert town.after(MINUTE_MS + 300).sees(FROZEN) == ["again rotation r"]
    assert town.after(MINUTE_MS).sees(FROZEN) == []


def test_no_reminder_where_none_is_wanted() -> None:
    town = Town(remind_ms=0)
    town.sees(FROZEN)
    assert town.after(100 * HOUR_MS).sees(FROZEN) == []


def test_a_new_driver_does_not_repeat_what_was_said() -> None:
    town = Town()
    town.sees(FROZEN)
    assert town.after(1_000).sees(FROZEN, restart=True) == []
    assert town.after(HOUR_MS).sees(FROZEN, restart=True) == ["again rotation r"]


def test_what_a_killed_driver_had_sent_but_not_confirmed_is_sent_once_more() -> None:
    town = Town()
    town.works = False
    town.sees(FROZEN)
    town.works = True
    assert town.after(1_000).sees(FROZEN, restart=True) == []
    assert town.after(RETRY_MS).sees(FROZEN, restart=True) == ["new rotation r"]
    assert town.after(RETRY_MS).sees(FROZEN, restart=True) == []


def test_the_end_is_said_once_it_has_lasted() -> None:
    town = Town()
    town.sees(FROZEN)
    assert town.after(1_000).sees() == []
    assert town.after(OVER_MS).sees() == ["over rotation r"]
    assert town.memory.told == ()
    assert town.after(HOUR_MS).sees() == []


def test_a_cause_that_swings_is_said_once() -> None:
    town = Town()
    town.sees(FROZEN)
    for _ in range(20):
        assert town.after(OVER_MS // 2).sees() == []
        assert town.after(1_000).sees(FROZEN) == []


def test_a_cause_that_lasts_but_is_told_elsewhere_now_is_not_said_to_be_over() -> None:
    town = Town()
    town.sees(FROZEN)
    town.destinations = ()
    assert town.after(1_000).sees(FROZEN) == []
    assert town.after(10 * OVER_MS).sees(FROZEN) == []
    assert town.memory.told == ()


def test_what_nobody_has_heard_of_has_no_end() -> None:
    town = Town()
    assert town.sees(BLOCKED) == []
    assert town.after(1_000).sees() == []
    assert town.after(OVER_MS).sees() == []
    assert town.memory.told == ()


def test_a_block_has_to_last_a_moment_and_one_of_a_provider_longer() -> None:
    town = Town()
    assert town.sees(BLOCKED) == []
    assert town.after(SETTLE_MS["Blocked"]).sees(BLOCKED) == ["new pod shop/a"]
    capacity = Cause("Capacity", "machines", "none left")
    assert town.after(GAP_MS).sees(BLOCKED, capacity) == []
    assert town.after(SETTLE_MS["Capacity"] - 1).sees(BLOCKED, capacity) == []
    assert town.after(1).sees(BLOCKED, capacity) == ["new machines"]


def test_a_freeze_does_not_look_like_the_end_of_what_blocks() -> None:
    town = Town()
    town.sees(BLOCKED)
    town.after(SETTLE_MS["Blocked"]).sees(BLOCKED)
    assert town.after(GAP_MS).sees(FROZEN, acting=False) == ["new rotation r"]
    assert town.after(10 * OVER_MS).sees(FROZEN, acting=False) == []
    assert town.after(1_000).sees(BLOCKED) == []


def test_another_rung_or_another_reason_is_worth_telling() -> None:
    town = Town()
    town.sees(FROZEN)
    other = msgspec.structs.replace(FROZEN, text="gate y", mark="gate y")
    assert town.after(GAP_MS).sees(other) == ["new rotation r"]
    assert town.after(GAP_MS).sees(other) == []


def test_another_reason_has_a_since_of_its_own() -> None:
    town = Town()
    town.sees(msgspec.structs.replace(FROZEN, since_ms=town.now_ms - MINUTE_MS))
    other = msgspec.structs.replace(FROZEN, text="gate y", mark="gate y", since_ms=town.after(HOUR_MS // 2).now_ms - 1_000)
    town.sees(other)
    assert town.said[-1][2].told.since_ms == other.since_ms
    town.after(HOUR_MS).sees(other)
    assert town.said[-1][2].told.since_ms == other.since_ms


def test_the_ladder_is_told_of_as_it_is_climbed_but_not_of_each_swing() -> None:
    town = Town()
    rungs = [msgspec.structs.replace(BLOCKED, level=level) for level in (0, 1, 2)]
    town.sees(rungs[0])
    assert town.after(SETTLE_MS["Blocked"]).sees(rungs[0]) == ["new pod shop/a"]
    assert town.after(GAP_MS).sees(rungs[1]) == ["new pod shop/a"]
    assert [town.after(GAP_MS).sees(rungs[at]) for at in (2, 1, 2, 1, 2)] == [["new pod shop/a"], [], [], [], []]


def test_a_message_that_does_not_arrive_is_sent_again_ever_more_seldom() -> None:
    town = Town(remind_ms=HOUR_MS)
    town.works = False
    times = [town.now_ms for _ in range(3 * 360) if town.after(10_000).sees(FROZEN)]
    gaps = [(later - earlier) // 1_000 for earlier, later in pairwise(times)]
    assert gaps[: TRIES_MAX - 1] == [30, 60, 120, 240]
    assert set(gaps[TRIES_MAX - 1 :]) == {3_600}
    town.works = True
    town.after(HOUR_MS).sees(FROZEN)
    assert town.memory.told[0].tries == 0


def test_an_end_that_does_not_arrive_is_given_up() -> None:
    town = Town(remind_ms=HOUR_MS)
    town.sees(FROZEN)
    town.works = False
    said = [town.after(10_000).sees() for _ in range(200)]
    assert said.count(["over rotation r"]) == TRIES_MAX
    assert town.memory.told == ()


def test_what_is_due_together_is_one_message() -> None:
    town = Town()
    many = [Cause("Blocked", f"pod shop/{index}", "needs 2") for index in range(50)]
    town.sees(*many)
    assert len(town.after(SETTLE_MS["Blocked"]).sees(*many)) == 50
    assert len({at_ms for at_ms, _, _ in town.said}) == 1


def test_one_destination_that_is_deaf_does_not_make_another_hear_twice() -> None:
    town = Town(destinations=("ops", "pager"))
    town.works = False
    town.sees(FROZEN)
    town.memory = arrived(town.memory, "ops", town.now_ms, town.now_ms)
    town.works = True
    town.after(RETRY_MS).sees(FROZEN)
    assert [destination for _, destination, _ in town.said] == ["ops", "pager", "pager"]


def test_the_annotation_stays_small_whatever_happens() -> None:
    town = Town(destinations=("ops", "pager"))
    many = [Cause("Blocked", f"pod shop/{index:04}", "x" * 5_000, owner="o" * 60, mark="m" * 300) for index in range(2_000)]
    town.sees(*many)
    town.after(SETTLE_MS["Blocked"]).sees(*many)
    text = annotation_of(town.memory)[ALERTED] or ""
    assert len(town.memory.told) == TOLD_MAX
    assert len(text) < 128 * 1024


@pytest.mark.parametrize("text", ["", "[", "{}", '{"told": 3}', '{"told": [{"kind": "Luck"}]}'])
def test_a_memory_that_cannot_be_read_is_none(text: str) -> None:
    assert memory_of(text) == Memory()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40_000), st.sets(st.integers(0, 30)), st.booleans(), st.booleans()), max_size=60))
def test_no_destination_is_ever_used_more_than_four_times_a_minute(rounds: list[tuple[int, set[int], bool, bool]]) -> None:
    town = Town(remind_ms=MINUTE_MS)
    for wait_ms, present, works, restart in rounds:
        town.works = works
        causes = [Cause("Frozen", f"rotation {index}", "x", mark=str(wait_ms % 3)) for index in sorted(present)]
        town.after(wait_ms).sees(*causes, restart=restart)
    times = sorted({at_ms for at_ms, _, _ in town.said})
    assert all(later - earlier >= GAP_MS for earlier, later in pairwise(times))
