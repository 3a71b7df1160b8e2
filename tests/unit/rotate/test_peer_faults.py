"""Faults found in other tools, each once: here it must not be possible."""

from random import Random

import pytest

from objects import budget, cluster, node, pod
from underway.kube.reply import NO_ANSWER, Reply, Status, StatusCause, StatusDetails
from underway.kube.request import Request
from underway.kube.retry import Again, retry
from underway.model import timestamp
from underway.model.node import EXCLUDE_FROM_LOAD_BALANCERS_LABEL
from underway.policy.evictable import Block, Leave, Rules, fate
from underway.policy.readiness import node_unready
from underway.rotate import acts, progress
from underway.rotate.drain import Purse, drain
from underway.rotate.eviction import Evictions
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates import workloads_available
from underway.rotate.gates.judgement import Evidence
from underway.rotate.ladder import Ladder, Rung
from underway.rotate.ledger import Ledger
from underway.rotate.machine import TIDY, Event
from underway.rotate.progress import Limits
from underway.rotate.record import Phase, Record, Slot

RECORD = Record("r", Phase.DRAINING, timestamp.parse("2026-01-01T01:00:00Z"), Slot.SURGE, "key")
NOW_MS = timestamp.parse("2026-01-01T01:00:05Z")
TIMEOUT_MS = 1_800_000
LIMITS = Limits(boot_ms=600_000, soak_ms=0, deregister_ms=10_000, ladder=Ladder(((TIMEOUT_MS, Rung.QUARANTINE),)))
TEXT = "The disruption budget web needs 3 healthy pods and has 3 currently"


def refused(request: Request) -> Reply:
    causes = (StatusCause(reason="DisruptionBudget", message=TEXT),)
    return Reply(request=request, code=429, status=Status(code=429, details=StatusDetails(causes=causes)))


def test_a_429_is_told_in_the_budgets_words_and_tried_again_when_the_budget_changes() -> None:
    """Swallowed 429s made a blocked drain loop in silence (cyclops)."""
    web, evictions, ledger = pod("p", "a"), Evictions(), Ledger()
    before = cluster(node("a"), web, budget(allowed=1))
    request = acts.evict(7, web, None)
    ledger.begin(("evict", "uid-p"), request)
    evictions.asked(web, before)
    ledger.settle(refused(request), NOW_MS, Random(1))
    evictions.answered("uid-p", refused(request), before)
    assert evictions.refusal(web) == f"pod shop/p waits: {TEXT}"
    assert not ledger.free(("evict", "uid-p"), NOW_MS)
    after = cluster(node("a"), web, budget(allowed=1, expected=5))
    evictions.wake(after, ledger)
    assert not ledger.free(("evict", "uid-p"), NOW_MS), "the same version is no news"
    changed = cluster(node("a"), web)
    evictions.wake(changed, ledger)
    assert ledger.free(("evict", "uid-p"), NOW_MS)


def test_refused_evictions_never_spin() -> None:
    """A retry delay that nobody had set made a tight loop of POSTs (kured, kops)."""
    for attempt in range(1, 20):
        again = retry(refused(acts.evict(1, pod("p", "a"), None)), attempt, Random(attempt))
        assert isinstance(again, Again)
        assert again.delay_ms >= 500


def test_grace_zero_cannot_even_be_asked_for() -> None:
    """Pods that were unready for five minutes were deleted with grace period 0 (cyclops)."""
    with pytest.raises(ValueError, match="1 s is the least"):
        acts.evict(1, pod("p", "a"), 0)


def test_an_unready_pod_under_a_tight_budget_waits_like_any_other() -> None:
    sick = pod("p", "a", ready=False)
    found = drain(node("a"), RECORD, cluster(node("a"), sick, budget(allowed=0, healthy=2)), Rules(), Purse({}), NOW_MS)
    assert found.evict == ()
    assert len(found.waiting) == 1


def test_pending_pods_on_the_node_are_drained_too() -> None:
    """Only Running pods were drained; the node was deleted under the others (cyclops)."""
    found = drain(node("a"), RECORD, cluster(node("a"), pod("p", "a", phase="Pending")), Rules(), Purse({}), NOW_MS)
    assert [p.metadata.name for p in found.evict] == ["p"]


def test_static_pods_are_told_by_the_mirror_annotation() -> None:
    """Not by config.source, which is the kubelet's business (cyclops)."""
    source = pod("p", "a", metadata={"annotations": {"kubernetes.io/config.source": "file"}})
    mirror = pod("p", "a", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}})
    assert not isinstance(fate(source, cluster(), Rules()), Leave)
    assert isinstance(fate(mirror, cluster(), Rules()), Leave)


def test_nothing_is_forced_by_default() -> None:
    """Force and delete-emptydir-data were always on (upgrade-manager, kops): bare pods were simply lost."""
    assert isinstance(fate(pod("p", "a", owner=""), cluster(), Rules()), Block)


def test_a_silent_node_is_not_a_healthy_one() -> None:
    """Ready=Unknown counted as healthy (eks-rolling-update)."""
    assert node_unready(node("a", ready="Unknown")) == "node a is not Ready (Unknown: Test)"


def test_a_drain_has_a_timeout_that_does_not_force() -> None:
    """No timeout at all (eks-rolling-update, brupop, kured): here the node is quarantined, with the reason."""
    stuck = drain(node("a"), RECORD, cluster(node("a"), pod("p", "a"), budget(allowed=0)), Rules(), Purse({}), NOW_MS)
    step = progress.draining(node("a"), RECORD, stuck, LIMITS, RECORD.since_ms + TIMEOUT_MS)
    assert step.event is Event.STUCK
    assert step.waiting[0].reason.startswith("pod shop/p waits: PodDisruptionBudget shop/web needs")


def test_a_pod_of_the_same_name_elsewhere_is_another_pod() -> None:
    """On a retry the fresh pod of the same NAME was evicted, though it had moved already (kubectl drain)."""
    request = acts.evict(1, pod("db-0", "a"), None)
    assert request.body["deleteOptions"]["preconditions"] == {"uid": "uid-db-0"}
    moved = cluster(node("a"), pod("db-0", "b"))
    assert drain(node("a"), RECORD, moved, Rules(), Purse({}), NOW_MS).done


def test_one_lost_answer_does_not_end_a_drain() -> None:
    """waitForDelete gave up on the first error that was not 404 (kubectl drain)."""
    ledger, request = Ledger(), acts.evict(1, pod("p", "a"), None)
    ledger.begin(("evict", "p"), request)
    outcome = ledger.settle(Reply(request=request, code=NO_ANSWER), NOW_MS, Random(1))
    assert outcome is not None
    assert outcome.refusal == ""
    assert ledger.free(("evict", "p"), NOW_MS + 10_000)


def test_a_failed_eviction_is_never_a_success() -> None:
    """The drain reported success although an eviction had failed for good, and rebooted (brupop)."""
    web = cluster(node("a"), pod("p", "a"))
    assert not drain(node("a"), RECORD, web, Rules(), Purse({}), NOW_MS).done


def test_several_budgets_are_told_not_retried_for_ever() -> None:
    """The server's 500 was retried without end (brupop)."""
    two = cluster(node("a"), pod("p", "a"), budget(), budget(maxUnavailable=2))
    found = drain(node("a"), RECORD, two, Rules(), Purse({}), NOW_MS)
    assert found.evict == ()
    assert found.waiting[0].blocked
    assert "leave it one" in found.waiting[0].reason


def test_two_draining_nodes_do_not_share_a_budget_by_halves() -> None:
    """Each node was only asked for itself: many half-drained nodes (karpenter)."""
    pods = [pod("a1", "a"), pod("a2", "a"), pod("b1", "b"), pod("b2", "b")]
    snapshot, purse = cluster(node("a"), node("b"), *pods, budget(allowed=2)), Purse({})
    first = drain(node("a"), RECORD, snapshot, Rules(), purse, NOW_MS)
    second = drain(node("b"), RECORD, snapshot, Rules(), purse, NOW_MS)
    assert (len(first.evict), len(second.evict)) == (2, 0)


def test_applications_count_not_only_system_pods() -> None:
    """Only system-critical pods and node counts were looked at (kops)."""
    from underway.model import decode

    values = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 8}, "status": {"availableReplicas": 2}}
    evidence = Evidence(cluster(decode.from_values("Deployment", values)))
    assert (
        workloads_available.judge(evidence, GateSpec(gate="workloads-available"))
        == "Deployment shop/web has 2 of 8 pods available"
    )


def test_no_phase_that_a_stopped_driver_may_leave_behind_is_cordoned() -> None:
    """A failed plan left its nodes cordoned (system-upgrade-controller)."""
    assert not TIDY & {Phase.CORDONED, Phase.DRAINING, Phase.DETACHING, Phase.QUARANTINED}


def test_load_balancers_let_go_before_the_drain() -> None:
    """The node left the load balancer only after its pods (EKS managed node groups)."""
    record = Record("r", Phase.CORDONED, NOW_MS, Slot.SURGE, "key")
    request = acts.write_record(1, node("a"), record, closed=True)
    assert request.body["metadata"]["labels"] == {EXCLUDE_FROM_LOAD_BALANCERS_LABEL: "true"}
    assert request.body["spec"] == {"unschedulable": True}
    closed = node("a", labels={EXCLUDE_FROM_LOAD_BALANCERS_LABEL: "true"}, unschedulable=True)
    assert progress.cordoned(closed, NOW_MS, LIMITS, NOW_MS + 5_000).event is None
    assert progress.cordoned(closed, NOW_MS, LIMITS, NOW_MS + 10_000).event is Event.DEREGISTERED


def test_old_nodes_are_marked_so_that_pods_move_once() -> None:
    """Evicted pods landed on old nodes and moved again: 1.72 times on average where nothing is marked."""
    patch = acts.mark_outdated(1, node("a"))
    taint = {"key": "rotation.underway.dev/outdated", "value": "v1.36.4", "effect": "PreferNoSchedule"}
    assert patch.body["spec"]["taints"] == [taint]
    assert patch.body["metadata"]["resourceVersion"] == "1"
