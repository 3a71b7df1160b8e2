"""The lower bound, and the order that stays close to it."""

import pytest

from objects import budget, cluster, node, pod
from underway.policy.evictable import Rules
from underway.rotate.admission import Hands, admit
from underway.rotate.bound import bound
from underway.rotate.estimates import Estimates, leaving_s_min, restart
from underway.rotate.forecast import Forecast, Tokens
from underway.rotate.record import Slot
from underway.rotate.slots import Slots, slots, zones_of
from underway.rotate.spec import Pace, RotationSpec, Target

ESTIMATES = Estimates(boot_s=90, settle_s=0, deregister_s=0, terminate_s=20)
SPEC = RotationSpec(target=Target(kubelet_version="v1.37.2"))


def test_restart_time_is_read_off_the_pods() -> None:
    snapshot = cluster(node("a"), pod("p", "a"), budget())
    assert restart(budget(), snapshot).typical_s == 10.0


@pytest.mark.parametrize(
    ("hook", "seconds"),
    [
        ({"sleep": {"seconds": 12}}, 12),
        ({"exec": {"command": ["sh", "-c", "sleep 15"]}}, 15),
        ({"sleep": {"seconds": 300}}, 30),
        ({"exec": {"command": ["/app/drain"]}}, 0),
        ({"httpGet": {"path": "/drain"}}, 0),
    ],
)
def test_a_pod_surely_takes_as_long_as_its_hook_is_known_to_sleep(hook: dict[str, object], seconds: float) -> None:
    assert leaving_s_min(pod("p", "a", spec={"containers": [{"name": "app", "lifecycle": {"preStop": hook}}]})) == seconds


def test_slot_bound_counts_whole_nodes() -> None:
    nodes = [node(f"n{i}") for i in range(5)]
    found = bound(nodes, cluster(*nodes), Pace(max_surge=2), {"a": 5}, Rules(), ESTIMATES)
    assert found.seconds == pytest.approx(330)
    assert found.limit == "slots"


def test_what_goes_in_all_zones_together_bounds_as_well() -> None:
    nodes = [node(f"n{i}", zone="ab"[i % 2]) for i in range(4)]
    apart = bound(nodes, cluster(*nodes), Pace(per_zone=True), {"a": 2, "b": 2}, Rules(), ESTIMATES)
    one = bound(nodes, cluster(*nodes), Pace(per_zone=True, max_in_hand=1), {"a": 2, "b": 2}, Rules(), ESTIMATES)
    assert one.seconds == pytest.approx(2 * apart.seconds)
    assert one.explanation == "4 nodes, of which maxInHand lets 1 go at once"


def test_a_budget_that_never_allows_makes_the_bound_infinite() -> None:
    snapshot = cluster(node("a"), pod("p", "a"), budget(allowed=0, maxUnavailable=0))
    found = bound([node("a")], snapshot, Pace(), {"a": 1}, Rules(), ESTIMATES)
    assert found.seconds == float("inf")


def test_nothing_to_do_takes_no_time() -> None:
    assert bound([], cluster(), Pace(), {}, Rules(), ESTIMATES).seconds == 0


def test_tokens_come_back_after_a_restart() -> None:
    tokens = Tokens(budget(allowed=1), restart_s=10)
    assert [tokens.take(0), tokens.take(0), tokens.take(25)] == [0, 10, 25]
    assert Tokens(budget(allowed=0, maxUnavailable=0), 10).take(0) == float("inf")


def test_the_node_that_waits_least_goes_next() -> None:
    nodes = [node("a"), node("b"), node("c")]
    pods = [pod("w1", "a"), pod("w2", "b"), pod("x", "c", "other")]
    snapshot = cluster(*nodes, *pods, budget(allowed=1))
    forecast = Forecast(snapshot, Rules())
    forecast.reserve(nodes[0], 0)
    assert forecast.wait_s(nodes[1], 0) == 10
    assert forecast.wait_s(nodes[2], 0) == 0


def test_of_nodes_that_wait_equally_long_the_one_that_needs_what_is_short_goes_first() -> None:
    short, ample = budget("short", app="short", maxUnavailable=1), budget("ample", app="ample", allowed=5, maxUnavailable=5)
    nodes = [node(name) for name in ("a", "b", "c")]
    pods = [pod("p1", "a", app="ample"), pod("p2", "b", app="short"), pod("p3", "c", app="short")]
    found = admit(nodes, Hands(), cluster(*nodes, *pods, short, ample), SPEC, Rules(), ESTIMATES)
    assert [admission.node.name for admission in found] == ["b"], "a would leave b and c to wait for each other at the end"


def test_admission_prefers_it_and_keeps_the_budget() -> None:
    nodes = [node("a"), node("b"), node("c")]
    pods = [pod("w1", "a"), pod("w2", "b"), pod("x", "c", "other")]
    snapshot = cluster(*nodes, *pods, budget(allowed=1))
    pace = Pace(max_surge=2)
    spec = RotationSpec(target=SPEC.target, pace=pace)
    admitted = admit(nodes, Hands(zones=zones_of(nodes)), snapshot, spec, Rules(), ESTIMATES)
    assert [(a.node.name, a.slot) for a in admitted] == [("a", Slot.SURGE), ("c", Slot.SURGE)]


def test_blocked_nodes_are_not_begun() -> None:
    snapshot = cluster(node("a"), pod("p", "a", owner=""))
    assert admit([node("a")], Hands(), snapshot, SPEC, Rules(), ESTIMATES) == ()


def test_percentages_are_of_the_nodes_at_the_beginning() -> None:
    assert slots(Pace(max_surge="10%"), {"a": 24}) == {"": Slots(3, 0)}
    assert slots(Pace(max_surge="10%", per_zone=True), {"a": 8, "b": 16}) == {"a": Slots(1, 0), "b": Slots(2, 0)}
    assert slots(Pace(max_surge=0, max_unavailable="10%"), {"a": 5}) == {"": Slots(0, 1)}
