"""Drains that are stuck, over whole rotations in virtual time: each rung is climbed, told, and comes down again."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
import pytest

from underway.kube import resource as r
from underway.model import timestamp
from underway.rotate import admission, deadline, guard, ladder, progress
from underway.sim import swarm
from underway.sim.checkers import CHECKERS
from underway.sim.operating import Operating
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.store import Object
from underway.sim.world.world import World

SEED = 5
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
TEXT = "needs 6 healthy pods and has 6 currently"


def scenario(nodes: dict[str, Any] | None = None, **drain: Any) -> Scenario:
    web = App(name="web", namespace="shop", replicas=6, budget={"maxUnavailable": 1}, start_s=2, ready_s=2)
    there = tuple(NodeSpec(f"old-{index}", ZONES[0], {}) for index in range(3))
    drain = {"deregistration": "3s", **drain}
    rotation = {"pace": {"maxSurge": 1}, "drain": drain, "health": [], "nodes": nodes or {"order": [{"by": "name"}]}}
    return Scenario("ladder", there, (*web.deployment(), *App(name="agent", namespace="shop").daemon_set()), rotation=rotation)


def world_of(drawn: Scenario) -> World:
    world = World(drawn, SEED)
    world.start()
    return world


def budget(world: World, disruptions: int) -> None:
    """Let so many pods of web be disrupted."""

    def changed(current: Object) -> Object:
        return {**current, "spec": {**current["spec"], "maxUnavailable": disruptions}}

    world.registry.mutate(r.POD_DISRUPTION_BUDGETS, "shop", "web", changed)


def tighten_once_draining(run: Any) -> None:
    """The budget stops to allow anything as soon as the first node drains: the preflight has seen nothing of it."""

    def look() -> None:
        nodes = run.world.store.values(r.NODES)
        if any((node["metadata"].get("annotations") or {}).get("rotation.underway.dev/phase") == "Draining" for node in nodes):
            budget(run.world, 0)
        else:
            run.at(0.1, look)

    run.at(0.1, look)


def keep(run: Rehearsal, name: str) -> None:
    """The pods of web on a node ask not to be disrupted as soon as it is cordoned: the preflight has seen nothing of it."""

    def look() -> None:
        node = run.world.store.get(r.NODES, "", name)
        if node is not None and node["spec"].get("unschedulable"):
            for pod in web_on(run, name):
                run.world.store.replace(r.PODS, with_annotations(pod, {DO_NOT_DISRUPT: "true"}))
        else:
            run.at(0.5, look)

    run.at(0.5, look)


def release(run: Rehearsal) -> None:
    """No pod asks for anything any more."""
    for pod in run.world.store.values(r.PODS):
        run.world.store.replace(r.PODS, with_annotations(pod, {}))


def web_on(run: Rehearsal, node: str) -> list[Object]:
    pods = run.world.store.values(r.PODS)
    return [pod for pod in pods if pod["spec"].get("nodeName") == node and pod["metadata"]["labels"].get("app") == "web"]


def with_annotations(pod: Object, annotations: dict[str, str]) -> Object:
    return {**pod, "metadata": {**pod["metadata"], "annotations": annotations}}


def rehearsal(kept: AbstractSet[str] = frozenset(), **drain: Any) -> Rehearsal:
    """A rotation whose first drain is stuck; kept: nodes that are stuck by a budget of their own instead."""
    drawn = scenario(**drain)
    run = Rehearsal(world_of(drawn), swarm.rotation_of(drawn), time_limit_s=12 * 3_600)
    run.begin()
    for name in sorted(kept):
        keep(run, name)
    if not kept:
        tighten_once_draining(run)
    return run


def later(run: Any, minutes: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(minutes * 60_000))


def phases(run: Rehearsal) -> list[str]:
    return [fact.text for fact in run.trace.facts if fact.kind == "phase"]


FORCED = {"ladder": ["NotifyOwner", "Quarantine", "DeadlineDelete"], "notifyAfter": "10m", "timeout": "30m", "deadline": "6h"}
ONE = {"selector": {"matchLabels": {"kubernetes.io/hostname": "old-0"}}}


def age(world: World, hours: int) -> None:
    """Let every pod be, and be Ready, for so long."""
    then = timestamp.format_ms(world.queue.now_ms() - hours * 3_600_000)
    for pod in world.store.values(r.PODS):
        conditions = [{**one, "lastTransitionTime": then} for one in pod["status"]["conditions"]]
        old = {**pod, "metadata": {**pod["metadata"], "creationTimestamp": then}}
        world.store.replace(r.PODS, {**old, "status": {**pod["status"], "conditions": conditions}})


def past_its_deadline(hours: int = 80, drain: dict[str, Any] = FORCED) -> Rehearsal:
    """A rotation of one node whose drain is stuck, of pods that are so many hours old."""
    drawn = scenario(ONE, **drain)
    world = world_of(drawn)
    age(world, hours)
    # Two old nodes are left as they are, which these would call a fault.
    checkers = [checker for checker in CHECKERS if checker.name not in ("every-node-reached", "early-eviction")]
    run = Rehearsal(world, swarm.rotation_of(drawn), time_limit_s=12 * 3_600, checkers=checkers)
    run.begin()
    tighten_once_draining(run)
    return run


def outage(run: Rehearsal, minutes: float) -> None:
    """No driver for so long, as when its node has died and nobody looks; then one that knows nothing."""
    assert run.pump is not None
    run.pump.lives += 1
    later(run, minutes)
    run.kill()


@pytest.mark.parametrize("killed", [False, True])
def test_a_stuck_drain_is_told_then_quarantined_then_goes_on(killed: bool) -> None:
    run = rehearsal()
    later(run, 12)
    if killed:
        run.kill()
        later(run, 0.5)
    assert run.pump is not None
    told = [one for one in run.pump.driver.status.blockers if one.rung]
    assert {(one.rung, one.budget) for one in told} == {("NotifyOwner", "shop/web")}
    assert TEXT in told[0].reason
    later(run, 25)
    assert "Quarantined" in phases(run)
    assert {one.rung for one in run.pump.driver.status.blockers if one.rung} == {"Quarantine"}
    budget(run.world, 1)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_quarantined_node_stands_beside_the_slots_and_the_others_go_on() -> None:
    run = rehearsal(kept={"old-0"})
    later(run, 60)
    assert run.pump is not None
    status = run.pump.driver.status
    assert status.quarantine is not None
    assert (status.quarantine.nodes, status.quarantine.limit, status.quarantine.used_up) == (1, 1, "")
    assert (status.state, [one.node for one in status.in_flight]) == ("Blocked", ["old-0"]), "all others are done"
    assert status.nodes.up_to_date == 2
    release(run)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


@pytest.mark.parametrize(("limit", "kept", "quarantined"), [(0, {"old-0"}, 1), (1, {"old-0", "old-1"}, 2)])
def test_quarantines_beyond_their_budget_keep_their_slots_and_stop_the_rotation(
    limit: int, kept: set[str], quarantined: int
) -> None:
    run = rehearsal(kept=kept, maxQuarantined=limit)
    later(run, 90)
    assert run.pump is not None
    status = run.pump.driver.status
    assert status.state == "Blocked"
    assert f"quarantined nodes take every slot (old-{quarantined - 1})" in status.reason
    assert f"spec.drain.maxQuarantined {limit} is used up" in status.reason
    assert len(status.in_flight) == quarantined
    run.kill()
    later(run, 5)
    assert len(run.pump.driver.status.in_flight) == quarantined, "a driver made anew counts the same"
    release(run)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_driver_that_counts_no_quarantine_at_all_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "quarantine_limit", lambda *_: 9)
    run = rehearsal(kept={"old-0", "old-1"})
    later(run, 90)
    assert any(text.startswith("budget-exceeded") for text in run.outcome().broken)


def test_the_last_rung_freezes_and_opens_the_node_and_a_resume_goes_on() -> None:
    run = rehearsal(ladder=["NotifyOwner", "Freeze"], deadline="20m")
    later(run, 25)
    frozen = [fact.text for fact in run.trace.facts if fact.kind == "freeze"]
    assert len(frozen) == 1
    assert "could not be drained in time" in frozen[0]
    assert TEXT in frozen[0]
    later(run, 3)
    assert [node for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")] == []
    budget(run.world, 1)
    run.resume()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_each_rung_is_an_event_and_stands_in_the_status() -> None:
    drawn = scenario(ladder=["NotifyOwner", "Quarantine", "Freeze"], timeout="3m", deadline="6m")
    run = Operating(world_of(drawn), swarm.rotation_of(drawn), time_limit_s=12 * 3_600)
    run.operate(())
    tighten_once_draining(run)
    later(run, 2.5)
    status = run.object()["status"]
    assert [one["rung"] for one in status["inFlight"]] == ["NotifyOwner"]
    blocker = next(one for one in status["blockers"] if one.get("rung"))
    assert (blocker["rung"], blocker["budget"]) == ("NotifyOwner", "shop/web")
    assert TEXT in blocker["reason"]
    later(run, 6)
    events = [event for event in run.world.store.values(r.EVENTS) if event["involvedObject"]["kind"] == "Rotation"]
    told = [event["reason"] for event in sorted(events, key=lambda event: int(event["metadata"]["resourceVersion"]))]
    rungs = [reason for reason in told if reason in ("DrainNotifyOwner", "NodeQuarantined", "DrainFreeze", "Frozen")]
    assert rungs[:2] == ["DrainNotifyOwner", "NodeQuarantined"]
    assert "Frozen" in rungs
    assert rungs.count("DrainNotifyOwner") == 1, "once, not in every round"
    assert any(TEXT in event["message"] for event in events if event["reason"] == "DrainNotifyOwner")


def deletions(run: Rehearsal) -> list[tuple[int, str]]:
    """When pods were deleted rather than evicted, in minutes, and which."""
    return [(fact.at_ms // 60_000, fact.subject) for fact in run.trace.facts if fact.kind == "deletion"]


def test_past_the_deadline_pods_go_one_by_one_each_when_its_siblings_are_calm() -> None:
    run = past_its_deadline()
    later(run, 40)
    outage(run, 318)
    later(run, 10)
    assert len(deletions(run)) == 1
    outage(run, 50)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    gone = deletions(run)
    assert len(gone) == len({name for _, name in gone}) == 2, "web had two pods there"
    assert gone[0][0] >= 360
    assert gone[1][0] >= gone[0][0] + 60, "the first one's successor had to be healthy for an hour"


def test_young_pods_are_not_deleted_and_the_status_says_why() -> None:
    run = past_its_deadline(hours=20)
    later(run, 40)
    outage(run, 325)
    later(run, 8)
    assert deletions(run) == []
    assert run.pump is not None
    told = [one for one in run.pump.driver.status.blockers if one.rung == "DeadlineDelete"]
    assert told
    assert TEXT in told[0].reason
    assert "not deleted past the deadline: it is 26 h old, less than 72 h" in told[0].reason


def test_nothing_is_deleted_where_nobody_asked_for_it() -> None:
    run = past_its_deadline(drain={})
    later(run, 40)
    outage(run, 330)
    later(run, 8)
    assert deletions(run) == []


def hasten(patch: pytest.MonkeyPatch) -> None:
    """The last rung comes with the quarantine."""
    whole = ladder.ladder_of
    patch.setattr(progress, "ladder_of", lambda drain: whole(msgspec.structs.replace(drain, deadline="30m")))


def delete_too_early(patch: pytest.MonkeyPatch) -> None:
    hasten(patch)
    patch.setattr(guard, "before_deadline_delete", lambda *_: None)


def delete_the_young(patch: pytest.MonkeyPatch) -> None:
    delete_too_early(patch)
    patch.setattr(deadline, "not_yet", lambda *_: "")


@pytest.mark.parametrize(
    ("plant", "hours", "found"),
    [
        (hasten, 80, "invariant: refusing to delete pod shop/web-"),
        (delete_too_early, 80, "node old-0 has not drained for 6 h"),
        (delete_the_young, 1, "it is younger than 72 h"),
    ],
)
def test_a_deletion_that_the_rule_does_not_permit_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], hours: int, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    run = past_its_deadline(hours)
    run.advance(run.trace.start_ms + 60 * 60_000)
    assert any(found in sentence for sentence in run.outcome().broken), run.outcome().broken


def test_deletions_in_quick_succession_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "not_yet", lambda *_: "")
    monkeypatch.setattr(deadline, "EVERY_MS", 0)
    monkeypatch.setattr(deadline, "CHOICE_MS", 5_000)
    run = past_its_deadline()
    later(run, 40)
    outage(run, 325)
    run.advance(run.world.queue.now_ms() + 20 * 60_000)
    (broken,) = (sentence for sentence in run.outcome().broken if "lost another one" in sentence)
    assert broken.startswith("deadline-delete: ")


def test_a_deletion_that_nobody_asked_for_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    delete_too_early(monkeypatch)
    whole = ladder.ladder_of
    rungs = ("NotifyOwner", "Quarantine", "DeadlineDelete")
    monkeypatch.setattr(progress, "ladder_of", lambda drain: whole(msgspec.structs.replace(drain, ladder=rungs, deadline="30m")))
    run = past_its_deadline(drain={})
    run.advance(run.trace.start_ms + 60 * 60_000)
    broken = run.outcome().broken
    assert any("pdb-overspent" in sentence for sentence in broken) or any("nobody asked" in sentence for sentence in broken)
