"""Laws that hold for all inputs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from objects import budget, cluster, node, pod
from underway.model import quantity, timestamp
from underway.policy.budget import capacity, desired_healthy
from underway.policy.evictable import Rules
from underway.rotate.drain import Purse, drain
from underway.rotate.record import Phase, Record, Slot, annotations_of, record_of
from underway.rotate.slots import slots
from underway.rotate.spec import Pace
from underway.sim.apiserver.patch import merge, strategic

JSON = st.recursive(
    st.integers() | st.sampled_from(["", "x", "yy"]) | st.booleans(),
    lambda children: st.dictionaries(st.sampled_from("abc"), children, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
INT_OR_PERCENT = st.integers(0, 20) | st.integers(0, 100).map(lambda share: f"{share}%")
RECORD = Record("r", Phase.DRAINING, 0, Slot.SURGE, "key")


@given(INT_OR_PERCENT, st.integers(0, 50))
def test_a_budget_never_allows_more_than_it_says(most: int | str, expected: int) -> None:
    found = budget(expected=expected, maxUnavailable=most)
    assert capacity(found) + desired_healthy(found, expected) == expected or capacity(found) == 0


@given(st.lists(st.sampled_from("ab"), max_size=12), st.integers(0, 6), st.integers(0, 6))
@settings(max_examples=60)
def test_one_round_never_spends_more_than_is_allowed(places: list[str], allowed: int, spent: int) -> None:
    pods = [pod(f"p{i}", place) for i, place in enumerate(places)]
    snapshot, purse = cluster(node("a"), node("b"), *pods, budget(allowed=allowed, expected=12)), Purse({"shop/web": spent})
    evicted = [len(drain(node(name), RECORD, snapshot, Rules(), purse, 1).evict) for name in "ab"]
    assert sum(evicted) <= max(0, allowed - spent)


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_applied_twice_is_applied_once(target: object, patch: object) -> None:
    once = merge(target, patch)
    assert merge(once, patch) == once
    assert strategic(once, patch) == once


@given(st.integers(0, 10**12), st.sampled_from(list(Phase)), st.sampled_from(list(Slot)), st.booleans())
def test_a_record_survives_being_written_down(since_ms: int, phase: Phase, slot: Slot, cordoned: bool) -> None:
    record = Record("r", phase, since_ms, slot, "key", cordoned=cordoned)
    written = {key: value for key, value in annotations_of(record).items() if value is not None}
    assert record_of(node("a", annotations=written)) == record


@given(INT_OR_PERCENT, INT_OR_PERCENT, st.dictionaries(st.sampled_from("abc"), st.integers(1, 40), min_size=1), st.booleans())
def test_there_is_always_a_slot(surge: int | str, unavailable: int | str, zones: dict[str, int], per_zone: bool) -> None:
    found = slots(Pace(max_surge=surge, max_unavailable=unavailable, per_zone=per_zone), zones)
    assert set(found) == (set(zones) if per_zone else {""})
    assert all(slot.total >= 1 for slot in found.values())


@given(st.integers(0, 10**9))
def test_quantities_agree_across_suffixes(amount: int) -> None:
    assert quantity.milli(f"{amount}") == quantity.milli(f"{amount * 1000}m")


@given(st.integers(0, 4 * 10**12))
def test_timestamps_survive(at_ms: int) -> None:
    assert timestamp.parse(timestamp.format_micro(at_ms)) == at_ms
