"""One node's drain at one instant."""

from objects import budget, cluster, node, pod
from underway.kube.reply import Reply
from underway.model import timestamp
from underway.policy.evictable import Rules
from underway.rotate import acts
from underway.rotate.drain import Purse, drain
from underway.rotate.eviction import Evictions
from underway.rotate.record import Phase, Record, Slot

RECORD = Record("r", Phase.DRAINING, timestamp.parse("2026-01-01T01:00:00Z"), Slot.SURGE, "key")
NOW_MS = timestamp.parse("2026-01-01T01:00:05Z")


def test_budgets_are_spent_once_across_nodes() -> None:
    snapshot = cluster(node("a"), node("b"), pod("p1", "a"), pod("p2", "a"), pod("p3", "b"), budget(allowed=1))
    purse = Purse({})
    first = drain(node("a"), RECORD, snapshot, Rules(), purse, NOW_MS)
    second = drain(node("b"), RECORD, snapshot, Rules(), purse, NOW_MS)
    assert [p.metadata.name for p in first.evict] == ["p1"]
    assert first.waiting[0].reason == "pod shop/p2 waits: PodDisruptionBudget shop/web needs 3 healthy pods and has 4 currently"
    assert second.evict == ()


def test_what_is_spent_already_counts() -> None:
    snapshot = cluster(node("a"), pod("p1", "a"), budget(allowed=1))
    assert drain(node("a"), RECORD, snapshot, Rules(), Purse({"shop/web": 1}), NOW_MS).evict == ()


def test_a_pod_is_asked_to_go_once_though_the_answer_overtakes_the_watch() -> None:
    leaving, other = pod("p1", "a"), pod("p2", "a")
    snapshot, evictions = cluster(node("a"), leaving, other, budget(allowed=2)), Evictions()

    def asked() -> list[str]:
        purse = Purse(evictions.spent(snapshot))
        found = drain(node("a"), RECORD, snapshot, Rules(), purse, NOW_MS, leaving=evictions.leaving)
        return [pod.metadata.name for pod in found.evict]

    assert asked() == ["p1", "p2"]
    evictions.asked(leaving, snapshot)
    evictions.answered(leaving.metadata.uid, Reply(request=acts.evict(1, leaving, None), code=201), snapshot)
    assert asked() == ["p2"], "its own disruption is spent, the other one's is not"
    evictions.forget({other.metadata.uid})
    assert evictions.leaving == set()


def test_a_refused_eviction_is_asked_for_again() -> None:
    refused, evictions = pod("p1", "a"), Evictions()
    snapshot = cluster(node("a"), refused, budget(allowed=1))
    evictions.asked(refused, snapshot)
    evictions.answered(refused.metadata.uid, Reply(request=acts.evict(1, refused, None), code=429), snapshot)
    assert drain(node("a"), RECORD, snapshot, Rules(), Purse({}), NOW_MS, leaving=evictions.leaving).evict == (refused,)


def test_critical_pods_go_last() -> None:
    critical = pod("a-critical", "a", "x", spec={"priority": 2_000_001_000})
    snapshot = cluster(node("a"), critical, pod("z", "a", "y"))
    assert [p.metadata.name for p in drain(node("a"), RECORD, snapshot, Rules(), Purse({}), NOW_MS).evict] == ["z", "a-critical"]


def test_pods_that_tolerate_the_cordon_and_come_back_are_named() -> None:
    back = pod("p", "a", metadata={"creationTimestamp": "2026-01-01T01:00:02Z"}, spec={"tolerations": [{"operator": "Exists"}]})
    found = drain(node("a"), RECORD, cluster(node("a"), back), Rules(), Purse({}), NOW_MS)
    assert found.evict == ()
    assert found.waiting[0].blocked
    assert "tolerates the cordon and came back" in found.waiting[0].reason


def test_on_a_silent_node_terminating_pods_are_not_waited_for() -> None:
    silent = node("a", ready="Unknown")
    going = pod("p", "a", metadata={"deletionTimestamp": "2026-01-01T01:00:00Z"})
    found = drain(silent, RECORD, cluster(silent, going), Rules(), Purse({}), NOW_MS)
    assert found.done
    assert [p.metadata.name for p in found.left] == ["p"]


def test_a_terminating_pod_is_waited_for_on_a_live_node() -> None:
    going = pod("p", "a", metadata={"deletionTimestamp": "2026-01-01T01:00:00Z"})
    assert not drain(node("a"), RECORD, cluster(node("a"), going), Rules(), Purse({}), NOW_MS).done


def test_pending_pods_bound_to_the_node_count() -> None:
    pending = pod("p", "a", phase="Pending")
    assert not drain(node("a"), RECORD, cluster(node("a"), pending), Rules(), Purse({}), NOW_MS).done
