"""Jobs and training run to their end on a cordoned node; pods that ask not to be disrupted are not, for as long as they say."""

from typing import Any

import pytest

from objects import cluster, node, pod
from underway.model import timestamp
from underway.model.meta import LabelSelector
from underway.model.pod import Pod
from underway.policy.evictable import Block, Move, Rules, Wait, fate
from underway.rotate.acts import request_checkpoint
from underway.rotate.blockers import blockers_of
from underway.rotate.drain import Drain, Purse, drain
from underway.rotate.ladder import Ladder, Rung
from underway.rotate.long_work import ignored
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


def annotated(key: str, value: str, **extra: str) -> Any:
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


SAVING = Rules(waits=(Wait(LabelSelector(match_labels={"app": "training"}), HOUR_MS, checkpoint=True),))
ASKED_MS = START_MS + 5_000


def trainer(**annotations: str) -> Pod:
    known = {f"underway.dev/checkpoint-{name}": value for name, value in annotations.items()}
    labels = {"app": "training"}
    return pod("t", "a", "training", owner="Job", metadata={"annotations": known, "labels": labels})


def test_training_that_can_save_its_work_is_asked_and_goes_once_it_has() -> None:
    first = drained(SAVING, ASKED_MS, trainer())
    assert [one.key for one in first.ask] == ["shop/t"]
    request = request_checkpoint(7, first.ask[0], ASKED_MS)
    question = request.body["metadata"]["annotations"]["underway.dev/checkpoint-requested"]
    assert (request.verb, request.name, request.body["metadata"]["uid"]) == ("patch", "t", "uid-t")
    asked = drained(SAVING, ASKED_MS + 1_000, trainer(requested=question))
    assert (asked.ask, asked.evict) == ((), ())
    assert asked.waiting[0].reason == (
        "pod shop/t is asked to save its work (underway.dev/checkpoint-requested), until 2026-01-01T01:00:00Z at the latest"
    )
    saved = drained(SAVING, ASKED_MS + 2_000, trainer(requested=question, done=question))
    assert [one.key for one in saved.evict] == ["shop/t"]


def test_an_answer_to_another_question_is_none() -> None:
    question, other = "2026-01-01T00:00:05.000000Z", "2025-12-31T00:00:00.000000Z"
    assert drained(SAVING, ASKED_MS, trainer(requested=question, done=other)).evict == ()
    stale = drained(SAVING, ASKED_MS, trainer(requested=other, done=other))
    assert [one.key for one in stale.ask] == ["shop/t"], "work has been done since the drain before this one"
    nonsense = drained(SAVING, ASKED_MS, trainer(requested="soon", done="soon"))
    assert [one.key for one in nonsense.ask] == ["shop/t"]


def test_a_pod_that_never_answers_goes_after_the_limit_unasked() -> None:
    late = drained(SAVING, START_MS + HOUR_MS, trainer())
    assert ([one.key for one in late.evict], late.ask) == (["shop/t"], ())


@pytest.mark.parametrize("value", ["true", "false", "4h", "1h30m", "0"])
def test_what_can_be_read_is_not_complained_of(value: str) -> None:
    assert ignored(annotated("karpenter.sh/do-not-disrupt", value)) == ""


@pytest.mark.parametrize("value", ["yes", "", "-4h", "4 hours"])
def test_what_cannot_be_read_is_ignored_and_said(value: str) -> None:
    mine = annotated("karpenter.sh/do-not-disrupt", value)
    assert drained(Rules(), START_MS, mine).evict == (mine,)
    assert ignored(mine) == (
        f"pod shop/p has karpenter.sh/do-not-disrupt: {value!r}, neither true nor a duration such as 4h: it is ignored"
    )


def test_karpenters_older_word_is_honoured() -> None:
    assert isinstance(fate(annotated("karpenter.sh/do-not-evict", "true"), cluster(node("a")), Rules()), Block)
