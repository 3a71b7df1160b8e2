"""Jobs and training run to their end on a cordoned node; pods that ask not to be disrupted are not, for as long as they say."""

import pytest

from objects import cluster, node, pod
from underway.model import timestamp
from underway.model.meta import LabelSelector
from underway.policy.evictable import Block, Move, Rules, Wait, fate
from underway.rotate.blockers import blockers_of
from underway.rotate.drain import Drain, Purse, drain
from underway.rotate.ladder import Ladder, Rung
from underway.rotate.machine import Event
from underway.rotate.progress import Limits, draining
from underway.rotate.record import Phase, Record, Slot

START_MS = timestamp.parse("2026-01-01T00:00:00Z")
HOUR_MS = 3_600_000
RECORD = Record("r", Phase.DRAINING, START_MS, Slot.SURGE, "k")
TRAINING = Rules(waits=(Wait(LabelSelector(match_labels={"app": "training"}), 12 * HOUR_MS),))
LIMITS = Limits(boot_ms=0, soak_ms=0, deregister_ms=0, ladder=Ladder(((HOUR_MS // 2, Rung.QUARANTINE),)))


def drained(rules: Rules, now_ms: int, *pods: object) -> Drain:
    return drain(node("a", unschedulable=True), RECORD, cluster(node("a"), *pods), rules, Purse({}), now_ms)


def annotated(key: str, value: str, **extra: str) -> object:
    metadata = {"annotations": {key: value}, **extra}
    return pod("p", "a", "x", metadata=metadata)


def test_training_runs_to_its_end_while_the_others_go() -> None:
    found = drained(TRAINING, START_MS, pod("t", "a", "training", owner="Job"), pod("w", "a"))
    assert [one.key for one in found.evict] == ["shop/w"]
    assert [wait.reason for wait in found.waiting] == ["pod shop/t runs to its end, until 2026-01-01T12:00:00Z at the latest"]
    finished = drained(TRAINING, START_MS, pod("t", "a", "training", owner="Job", phase="Succeeded"))
    assert [one.key for one in finished.evict] == ["shop/t"]


def test_a_drain_is_not_stuck_while_it_waits_and_has_its_whole_time_after() -> None:
    long_pod = pod("t", "a", "training", owner="Job")
    late_ms = START_MS + 11 * HOUR_MS
    step = draining(node("a"), RECORD, drained(TRAINING, late_ms, long_pod), LIMITS, late_ms)
    assert (step.event, step.due_ms) == (None, START_MS + 12 * HOUR_MS)
    over_ms = START_MS + 12 * HOUR_MS
    after = drained(TRAINING, over_ms, long_pod)
    assert [one.key for one in after.evict] == ["shop/t"], "the hard limit"
    assert draining(node("a"), RECORD, after, LIMITS, over_ms).event is None
    assert draining(node("a"), RECORD, after, LIMITS, over_ms + HOUR_MS // 2).event is Event.STUCK


@pytest.mark.parametrize(
    ("key", "value"), [("karpenter.sh/do-not-disrupt", "true"), ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")]
)
def test_a_pod_that_is_never_to_be_disrupted_blocks_its_node_with_the_remedy(key: str, value: str) -> None:
    snapshot = cluster(node("a"), annotated(key, value))
    (blocker,) = blockers_of(node("a"), snapshot, Rules())
    assert blocker.reason == (
        f"pod shop/p asks never to be disrupted ({key}: {value}); take the annotation off, or set spec.drain.doNotDisrupt: Ignore"
    )
    assert blockers_of(node("a"), snapshot, Rules(honour_do_not_disrupt=False)) == []


def test_a_duration_counts_from_the_pods_start() -> None:
    asking = annotated("karpenter.sh/do-not-disrupt", "4h")
    assert isinstance(fate(pod("p", "a"), cluster(), Rules()), Move)
    early = drained(Rules(), START_MS + HOUR_MS, asking)
    assert early.waiting[0].reason == (
        "pod shop/p asks not to be disrupted (karpenter.sh/do-not-disrupt), until 2026-01-01T04:00:00Z at the latest"
    )
    assert len(drained(Rules(), START_MS + 4 * HOUR_MS, asking).evict) == 1
    assert len(drained(Rules(honour_do_not_disrupt=False), START_MS, asking).evict) == 1


def test_what_cannot_be_read_is_ignored() -> None:
    nonsense = annotated("karpenter.sh/do-not-disrupt", "please")
    assert len(drained(Rules(), START_MS, nonsense).evict) == 1
    assert not isinstance(fate(pod("p", "a"), cluster(nonsense), Rules()), Block)
