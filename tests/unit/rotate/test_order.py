"""The order in which nodes go, and the canaries before them."""

from typing import Any

from objects import budget, cluster, node, pod
from underway.model import timestamp
from underway.policy.evictable import Rules
from underway.rotate.admission import Hands, admit
from underway.rotate.estimates import Estimates
from underway.rotate.order import Canary, Order, canary
from underway.rotate.plan import plan
from underway.rotate.slots import zones_of
from underway.rotate.spec import Rotation, rotation_from

ESTIMATES = Estimates(boot_s=90, settle_s=0, deregister_s=0, terminate_s=20)
NOW_MS = timestamp.parse("2026-01-02T00:00:00Z")


def rotation(**spec: Any) -> Rotation:
    body = {"target": {"kubeletVersion": "v1.37.2"}, **spec}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "r"}, "spec": body}
    return rotation_from(values, "r.yaml", ["nodes-ready", "workloads-available", "api-server"], ["Command"])


def names(asked: Rotation, *objects: Any) -> list[str]:
    return [planned.node for planned in plan(asked, cluster(*objects), ESTIMATES, NOW_MS).order]


def pool(name: str) -> dict[str, Any]:
    return {"name": name, "selector": {"matchLabels": {"pool": name}}}


def test_pools_go_one_after_the_other_and_strangers_last() -> None:
    nodes = [node("a"), node("b", labels={"pool": "web"}), node("c", labels={"pool": "gpu"}), node("d", labels={"pool": "web"})]
    asked = rotation(nodes={"pools": [pool("gpu"), pool("web")]})
    assert names(asked, *nodes) == ["c", "b", "d", "a"]
    ordering = Order(asked.spec.nodes, cluster(*nodes), Rules())
    assert ordering.reason(nodes[2], 0) == "pool gpu, no wait for budgets"
    assert ordering.reason(nodes[0], 12.4) == "pool none, waits 12 s for budgets"


def test_zone_by_zone_then_pools_where_the_user_says_so() -> None:
    nodes = [node("a", zone="2", labels={"pool": "x"}), node("b", zone="1"), node("c", zone="1", labels={"pool": "x"})]
    asked = rotation(nodes={"pools": [pool("x")], "order": [{"by": "zone"}, {"by": "pool"}]})
    assert names(asked, *nodes) == ["c", "b", "a"]


def test_the_fewest_pods_to_move_go_first() -> None:
    objects = [node("a"), node("b"), pod("p1", "a", "x"), pod("p2", "a", "x"), pod("p3", "b", "x")]
    assert names(rotation(nodes={"order": [{"by": "disruptions"}]}), *objects) == ["b", "a"]


def test_without_keys_the_least_wait_for_budgets_decides() -> None:
    nodes = [node("a"), node("b"), node("c")]
    pods = [pod("w1", "a"), pod("w2", "b"), pod("x", "c", "other")]
    assert names(rotation(pace={"maxSurge": 2}), *nodes, *pods, budget(allowed=1)) == ["a", "c", "b"]


def test_the_plan_shows_windows_and_starts_in_them() -> None:
    asked = rotation(pace={"windows": [{"schedule": "0 1 * * *", "duration": "3m"}]})
    made = plan(asked, cluster(node("a"), node("b")), ESTIMATES, NOW_MS)
    assert [window.opens for window in made.windows][:2] == ["2026-01-02T01:00:00Z", "2026-01-03T01:00:00Z"]
    assert [planned.starts_s for planned in made.order] == [3_600.0, 90_000.0], "two do not fit into one window"


def test_a_node_that_would_outlast_the_window_is_not_begun_in_it() -> None:
    nodes, spec = [node("a")], rotation().spec
    for closes_in_s, span_s, begun in ((200, 600, 1), (60, 600, 0), (60, 100, 1)):
        hands = Hands(zones=zones_of(nodes), closes_in_s=closes_in_s, span_s=span_s)
        assert len(admit(nodes, hands, cluster(*nodes), spec, Rules(), ESTIMATES)) == begun


def test_canaries_go_first_and_the_others_wait_for_their_soak() -> None:
    assert canary(0, 0, 0, 0, None, 0) == Canary()
    assert canary(2, 0, 1, 0, None, 0) == Canary(1, "canary: 0 of 2 done")
    assert canary(2, 0, 3, 1, None, 0).limit == 0
    assert canary(2, 0, 2, 2, None, 0) == Canary(passed=True)
    soaking = canary(1, 60_000, 1, 1, None, 1_000)
    assert (soaking.limit, soaking.due_ms, soaking.passed) == (0, 61_000, True)
    assert canary(1, 60_000, 1, 1, 1_000, 60_999).waiting == "canary: the others wait until 1970-01-01T00:01:01Z"
    assert canary(1, 60_000, 1, 1, 1_000, 61_000) == Canary()


def test_a_zone_with_a_budget_of_its_own_goes_by_that_and_the_others_by_the_pace() -> None:
    nodes = [node(f"{zone}{index}", zone=zone) for zone in "ab" for index in range(4)]
    asked = rotation(pace={"perZone": True, "maxSurge": 1, "zones": [{"name": "a", "maxSurge": "75%"}]})
    picture = cluster(*nodes)
    taken = admit(nodes, Hands(zones=zones_of(nodes)), picture, asked.spec, Rules(), ESTIMATES)
    assert sorted(one.node.zone for one in taken) == ["a", "a", "a", "b"]
    assert plan(asked, picture, ESTIMATES, NOW_MS).slots == {"a": 3, "b": 1}


def test_the_plan_notes_what_the_specification_says_of_nodes_that_are_not_there() -> None:
    asked = rotation(nodes={"canary": 5}, pace={"perZone": True, "zones": [{"name": "moon"}]})
    zone, canaries = plan(asked, cluster(node("a", zone="1"), node("b")), ESTIMATES, NOW_MS).warnings
    assert zone.startswith("no selected node is in zone moon (spec.pace.zones); there are ")
    assert canaries == "spec.nodes.canary is 5, of 2 nodes: no node would be left to come after"
    nobody = rotation(nodes={"selector": {"matchLabels": {"pool": "none"}}})
    (empty,) = plan(nobody, cluster(node("a")), ESTIMATES, NOW_MS).warnings
    assert empty.startswith("no node is selected")


def test_the_plan_keeps_to_max_in_hand_over_all_zones() -> None:
    nodes = [node(f"{zone}{index}", zone=zone) for zone in "ab" for index in (1, 2)]

    def starts(**pace: Any) -> list[float]:
        asked = rotation(pace={"perZone": True, **pace})
        return [planned.starts_s for planned in plan(asked, cluster(*nodes), ESTIMATES, NOW_MS).order]

    assert starts() == [0, 0, 110, 110]
    assert starts(maxInHand=1) == [0, 110, 220, 330]
