"""Which pods a drain moves, leaves and must not touch."""

from typing import Any

import pytest

from objects import budget, cluster, pod
from underway.model import decode
from underway.policy.evictable import Block, Leave, Move, Rules, bypasses_budget, fate, tolerates_cordon

DAEMON = decode.from_values("DaemonSet", {"metadata": {"name": "agent", "namespace": "shop"}})


def test_ordinary_pods_move() -> None:
    assert fate(pod("a", "n"), cluster(), Rules()) == Move()


def test_mirror_pods_stay() -> None:
    mirror = pod("a", "n", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}})
    assert isinstance(fate(mirror, cluster(), Rules()), Leave)


def test_daemon_pods_stay_while_their_daemonset_lives() -> None:
    daemon = pod("a", "n", "agent", owner="DaemonSet")
    assert isinstance(fate(daemon, cluster(DAEMON), Rules()), Leave)
    orphan = fate(daemon, cluster(), Rules())
    assert isinstance(orphan, Block)
    assert "DaemonSet agent, which no longer exists" in orphan.reason
    assert fate(daemon, cluster(), Rules(evict_unmanaged=True)) == Move()


def test_bare_pods_block_unless_allowed() -> None:
    bare = fate(pod("a", "n", owner=""), cluster(), Rules())
    assert isinstance(bare, Block)
    assert "pod shop/a has no controller" in bare.reason
    assert "spec.drain.unmanaged: Evict" in bare.reason
    assert fate(pod("a", "n", owner=""), cluster(), Rules(evict_unmanaged=True)) == Move()


@pytest.mark.parametrize("volume", [{"name": "v", "emptyDir": {}}, {"name": "v", "hostPath": {"path": "/x"}}])
def test_data_on_the_node(volume: dict[str, Any]) -> None:
    holder = pod("a", "n", spec={"volumes": [volume]})
    assert fate(holder, cluster(), Rules()) == Move()
    assert isinstance(fate(holder, cluster(), Rules(evict_local_data=False)), Block)


def test_a_local_volume_never_leaves_its_node() -> None:
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    values = {"metadata": {"name": "pv"}, "spec": {"local": {"path": "/d"}, "claimRef": {"namespace": "shop", "name": "data"}}}
    volume = decode.from_values("PersistentVolume", values)
    found = fate(pod("a", "n", spec={"volumes": [claim]}), cluster(volume), Rules())
    assert isinstance(found, Block)
    assert "on a local volume" in found.reason


def test_two_budgets_on_one_pod_block() -> None:
    found = fate(pod("a", "n"), cluster(budget("web"), budget("web", maxUnavailable=2)), Rules())
    assert isinstance(found, Block)
    assert "more than one PodDisruptionBudget" in found.reason


def test_finished_and_terminating_pods_always_move() -> None:
    assert fate(pod("a", "n", owner="", phase="Succeeded"), cluster(), Rules()) == Move()
    assert fate(pod("a", "n", owner="", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}), cluster(), Rules()) == Move()


def test_what_the_server_lets_past_a_budget() -> None:
    unready = pod("a", "n", ready=False)
    assert bypasses_budget(pod("a", "n", phase="Pending"), budget())
    assert not bypasses_budget(pod("a", "n"), budget())
    assert bypasses_budget(unready, budget(healthy=4))
    assert not bypasses_budget(unready, budget(healthy=2))
    assert bypasses_budget(unready, budget(healthy=2, maxUnavailable=1, unhealthyPodEvictionPolicy="AlwaysAllow"))


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_tolerating_the_cordon(toleration: dict[str, str], expected: bool) -> None:
    assert tolerates_cordon(pod("a", "n", spec={"tolerations": [toleration]})) is expected


def test_no_pod_is_moved_from_a_namespace_where_evicting_is_not_allowed() -> None:
    web, snapshot = pod("web", "n1"), cluster()
    confined = Rules(namespaces=frozenset({"data"}))
    verdict = fate(web, snapshot, confined)
    assert isinstance(verdict, Block)
    assert "pod shop/web is in namespace shop, where Underway may not evict" in verdict.reason
    assert isinstance(fate(web, snapshot, Rules(namespaces=frozenset({"shop"}))), Move)
