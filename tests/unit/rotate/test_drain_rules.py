"""A node of Cluster API is drained by its MachineDrainRules and by the labels of its pods."""

from typing import Any

import msgspec
import pytest

from objects import budget, cluster, node, pod
from underway.model import decode, timestamp
from underway.model.drain_rule import Behavior, DrainRule, PodSelector
from underway.model.meta import LabelSelector
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.drain_rules import LABEL, asked_of
from underway.policy.evictable import Block, Leave, Rules, fate
from underway.rotate.blockers import blockers_of
from underway.rotate.drain import Drain, Purse, drain
from underway.rotate.record import Phase, Record, Slot

RECORD = Record("r", Phase.DRAINING, timestamp.parse("2026-01-01T01:00:00Z"), Slot.SURGE, "key")
NOW_MS = timestamp.parse("2026-01-01T01:00:05Z")


def rule(name: str, behavior: Behavior = "Drain", order: int = 0, app: str = "", **namespace: str) -> DrainRule:
    """A rule for the pods of an app, in namespaces with these labels."""
    selector = LabelSelector(match_labels={"app": app}) if app else None
    named = LabelSelector(match_labels=namespace) if namespace else None
    return DrainRule(name, behavior, order, (PodSelector(selector, named),) if selector or named else ())


def ruled(*rules: DrainRule, pods: tuple[Pod, ...], also: tuple[Any, ...] = ()) -> Snapshot:
    return msgspec.structs.replace(cluster(node("a"), *pods, *also), drain_rules={"a": rules})


def drained(snapshot: Snapshot) -> Drain:
    return drain(node("a"), RECORD, snapshot, Rules(), Purse({}), NOW_MS)


def names(drain: Drain) -> list[str]:
    return [pod.metadata.name for pod in drain.evict]


def test_pods_go_in_the_order_of_their_rules_the_lowest_first() -> None:
    web, plain, data = pod("web", "a"), pod("plain", "a", "other"), pod("data", "a", "db")
    rules = (rule("later", order=5, app="db"), rule("sooner", order=-1, app="web"))
    found = drained(ruled(*rules, pods=(web, plain, data)))
    assert names(found) == ["web"]
    assert {wait.pod: wait.reason for wait in found.waiting} == {
        "shop/plain": "pod shop/plain goes after those of order -1",
        "shop/data": "pod shop/data goes after those of order -1 (MachineDrainRule later: order 5)",
    }
    assert names(drained(ruled(*rules, pods=(plain, data)))) == ["plain"]
    assert names(drained(ruled(*rules, pods=(data,)))) == ["data"]


def test_a_pod_that_terminates_keeps_those_of_a_higher_order_waiting() -> None:
    going = pod("web", "a", metadata={"deletionTimestamp": "2026-01-01T01:00:00Z", "labels": {"app": "web"}})
    found = drained(ruled(rule("r", order=1, app="db"), pods=(going, pod("data", "a", "db"))))
    assert names(found) == []


def test_a_pod_that_waits_for_its_turn_spends_no_budget() -> None:
    rules = (rule("r", order=1, app="web"),)
    purse = Purse({})
    snapshot = ruled(*rules, pods=(pod("web", "a"), pod("plain", "a", "other")), also=(budget(allowed=1),))
    drain(node("a"), RECORD, snapshot, Rules(), purse, NOW_MS)
    assert purse.take(budget(allowed=1))


def test_what_is_skipped_stays_and_is_no_reason_to_wait() -> None:
    bare = pod("bare", "a", "agent", owner="")
    found = drained(ruled(rule("agents", "Skip", app="agent"), pods=(bare,)))
    assert found.done
    assert [pod.metadata.name for pod in found.left] == ["bare"]


def test_what_is_waited_for_is_never_evicted_and_blocks_no_budget() -> None:
    job = pod("job", "a", "train", owner="")
    snapshot = ruled(
        rule("training", "WaitCompleted", app="train"), pods=(job,), also=(budget("train", allowed=0, maxUnavailable=0),)
    )
    found = drained(snapshot)
    assert found.waiting[0].reason == "pod shop/job runs to its end (MachineDrainRule training)"
    assert not found.waiting[0].budget, "or the last rung of the ladder would delete it"
    assert blockers_of(node("a"), snapshot, Rules()) == []
    finished = ruled(rule("training", "WaitCompleted", app="train"), pods=(pod("job", "a", "train", phase="Succeeded"),))
    assert names(drained(finished)) == ["job"]


@pytest.mark.parametrize(
    ("value", "behavior"),
    [("skip", "Skip"), ("Wait-Completed", "WaitCompleted"), ("waitcompleted", "WaitCompleted"), ("maybe", "Drain")],
)
def test_a_pods_own_label_comes_before_every_rule(value: str, behavior: str) -> None:
    labelled = pod("p", "a", metadata={"labels": {"app": "web", LABEL: value}})
    assert asked_of(labelled, ruled(rule("r", order=7, app="web"), pods=(labelled,))).behavior == behavior


def test_of_several_rules_the_first_by_name_counts() -> None:
    both = ruled(rule("a", order=3, app="web"), rule("b", "Skip", app="web"), pods=(pod("p", "a"),))
    assert asked_of(pod("p", "a"), both).order == 3


def test_a_rule_without_pods_speaks_of_all() -> None:
    assert asked_of(pod("p", "a"), ruled(rule("all", "Skip"), pods=(pod("p", "a"),))).behavior == "Skip"


def test_the_label_means_nothing_on_machines_that_cluster_api_does_not_keep() -> None:
    labelled = pod("p", "a", metadata={"labels": {"app": "web", LABEL: "skip"}})
    assert not isinstance(fate(labelled, cluster(node("a"), labelled), Rules()), Leave)


def test_a_rule_may_choose_by_namespace() -> None:
    namespace = decode.from_values("Namespace", {"kind": "Namespace", "metadata": {"name": "shop", "labels": {"tier": "gold"}}})
    web = pod("web", "a")
    gold = rule("gold", "Skip", app="web", tier="gold")
    known = msgspec.structs.replace(ruled(gold, pods=(web,)), namespaces={"shop": namespace})
    assert asked_of(web, known).behavior == "Skip"
    silver = msgspec.structs.replace(known, drain_rules={"a": (rule("silver", "Skip", app="web", tier="silver"),)})
    assert asked_of(web, silver).behavior == "Drain"


def test_a_namespace_that_may_not_be_read_blocks_the_pod_unless_its_name_is_enough() -> None:
    web = pod("web", "a")
    verdict = fate(web, ruled(rule("gold", "Skip", app="web", tier="gold"), pods=(web,)), Rules())
    assert verdict == Block(
        "pod shop/web: MachineDrainRule gold asks for labels of namespace shop, which may not be read; "
        "grant get, list and watch on namespaces"
    )
    by_name = PodSelector(None, LabelSelector(match_labels={"kubernetes.io/metadata.name": "shop"}))
    named = msgspec.structs.replace(ruled(pods=(web,)), drain_rules={"a": (DrainRule("named", "Skip", 0, (by_name,)),)})
    assert asked_of(web, named).behavior == "Skip"


def test_a_machine_that_may_not_be_replaced_blocks_its_node() -> None:
    held = msgspec.structs.replace(cluster(node("a")), holds={"a": "Machine clusters/a has the hook x"})
    assert [blocker.reason for blocker in blockers_of(node("a"), held, Rules())] == ["Machine clusters/a has the hook x"]
