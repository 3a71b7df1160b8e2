"""A check that cannot fail is no check: each bug planted here must be caught, by a checker or by the driver's own guard."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from underway.kube.request import Request
from underway.kube.resource import PODS
from underway.model.node import CONTROL_PLANE_LABEL
from underway.policy import evictable, readiness
from underway.rotate import (
    acts,
    admission,
    brakes,
    debts,
    drain,
    driver,
    enrolment,
    guard,
    machinery,
    order,
    progress,
    situation,
    slots,
    target,
    windows,
    work,
)
from underway.rotate.effects import Terminate
from underway.rotate.journal import owed_annotation
from underway.rotate.machine import Event
from underway.rotate.progress import Step
from underway.rotate.record import Phase, Slot
from underway.sim import swarm
from underway.sim.apiserver import eviction
from underway.sim.checkers import CHECKERS
from underway.sim.world import machines
from underway.sim.world.nodes import node_object

Plant = Callable[[pytest.MonkeyPatch], None]
SEEDS = range(60)


def ignore_the_slots(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission.Room, "free", lambda *_: Slot.SURGE)


def evict_past_the_budget(patch: pytest.MonkeyPatch) -> None:
    """The server's check is off as well: what is left is the driver's own restraint, which is off too."""
    patch.setattr(eviction, "_check_and_decrement", lambda *_, **__: None)
    patch.setattr("underway.rotate.drain.Purse.take", lambda *_: True)


def delete_instead_of_evicting(patch: pytest.MonkeyPatch) -> None:
    def delete(request_id: int, pod: Any, _grace_s: int | None) -> Request:
        return Request(id=request_id, verb="delete", resource=PODS, namespace=pod.metadata.namespace, name=pod.metadata.name)

    patch.setattr(acts, "evict", delete)


def kill_with_grace_zero(patch: pytest.MonkeyPatch) -> None:
    evict = acts.evict

    def zero(request_id: int, pod: Any, _grace_s: int | None) -> Request:
        request = evict(request_id, pod, None)
        options = {**request.body["deleteOptions"], "gracePeriodSeconds": 0}
        return msgspec.structs.replace(request, body={**request.body, "deleteOptions": options})

    patch.setattr(acts, "evict", zero)


def terminate_without_draining(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "draining", lambda *_: Step(Event.DRAINED))
    patch.setattr(guard, "before_terminate", lambda *_: None)
    patch.setattr("underway.rotate.drain.Drain.done", property(lambda _: True))


def evict_in_any_phase(patch: pytest.MonkeyPatch) -> None:
    """Only the dispatch is wrong: the guard itself must refuse."""

    def act(self: work.Work, node: Any, record: Any, left: Any, situation: Any) -> None:
        for pod in left.evict:
            self._evict(pod, node, record, situation.snapshot)

    patch.setattr(work.Work, "_act", act)


def leave_volumes_attached(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "detaching", lambda *_: Step(Event.DETACHED))


def delete_the_node_before_its_machine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "detaching", lambda *_: Step(Event.DETACHED))
    patch.setattr(work.Work, "_terminating", lambda *_: Step(Event.MACHINE_GONE))


def act_while_frozen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(brakes.Brakes, "frozen", lambda *_: None)


def leave_cordons_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(work, "CLOSED_BY_PHASE", {Phase.CORDONED: True})


def forget_a_node(patch: pytest.MonkeyPatch) -> None:
    def all_but_one(snapshot: Any, spec: Any) -> list[Any]:
        return [node for node in target.selected_nodes(snapshot, spec) if node.name != "old-00"]

    patch.setattr(driver, "selected_nodes", all_but_one)


def cordon_before_the_successor_is_ready(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "arrival", lambda *_: Step(Event.REPLACEMENT_READY))


def believe_that_a_machine_is_gone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machinery.Machinery, "ending", lambda *_: True)
    patch.setattr(progress, "terminating", lambda *_, **__: Step(Event.MACHINE_GONE))


def work_outside_of_the_windows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(windows.Windows, "at", lambda *_: windows.ALWAYS)


def begin_all_beside_the_canary(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(enrolment, "canary", lambda *_: order.Canary())


def let_the_canary_not_soak(patch: pytest.MonkeyPatch) -> None:
    whole = order.canary
    patch.setattr(enrolment, "canary", lambda count, _soak_ms, *rest: whole(count, 0, *rest))


def evict_what_is_still_at_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drain, "hold", lambda *_: None)


def end_a_machine_before_that_is_written_down(patch: pytest.MonkeyPatch) -> None:
    whole = work.Work._act

    def act(self: work.Work, node: Any, record: Any, left: Any, situation: Any) -> None:
        if record.phase is Phase.DETACHING:
            end = Terminate(id=0, node=node.name, provider_id=node.spec.provider_id)
            self._outbox.send(("terminate", node.name), lambda id_: msgspec.structs.replace(end, id=id_))
        whole(self, node, record, left, situation)

    patch.setattr(work.Work, "_act", act)


def forget_the_zones(patch: pytest.MonkeyPatch) -> None:
    """The pace holds in each zone by itself; with one scope for all, a zone may lose several nodes at once."""
    whole = slots.slots

    def one_scope(pace: Any, zones: Any) -> Any:
        found = whole(pace, zones)
        return dict.fromkeys(found, slots.Slots(sum(s.surge for s in found.values()), sum(s.unavailable for s in found.values())))

    patch.setattr(admission, "slots", one_scope)


def count_a_percentage_of_the_nodes_of_the_moment(patch: pytest.MonkeyPatch) -> None:
    """The surge itself would raise what a percentage allows."""
    for reckoned in (slots.slots, slots.in_hand_limit):
        patch.setattr(admission, reckoned.__name__, lambda pace, zones, whole=reckoned: whole(pace, dict.fromkeys(zones, 24)))


def leave_the_old_nodes_inviting(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(enrolment.Enrolment, "mark", lambda *_: True)


def evict_before_load_balancers_let_go(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "cordoned", lambda *_: Step(Event.DEREGISTERED))


def evict_the_pods_of_daemon_sets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drain, "fate", lambda *_: evictable.Move())


def begin_while_the_successor_still_soaks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "_ready_since_ms", lambda *_: 0)


def go_by_the_ready_condition_alone(patch: pytest.MonkeyPatch) -> None:
    """A node that is Ready may still carry the taint with which it registered."""
    patch.setattr(progress, "_unready", lambda _key, machine, node, _own: "" if machine and node else "requested")


def drain_on_in_a_frozen_pool(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(situation.Situation, "acts_on", lambda self, _node: self.acting)


def keep_cordons_through_a_freeze(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(work.Work, "_frozen_step", lambda *_: Step())


def forget_what_the_cluster_is_owed(patch: pytest.MonkeyPatch) -> None:
    def bring(self: debts.Debts, situation: Any) -> str:
        left = tuple(debt for debt in situation.journal.owed if debt.replaces in situation.snapshot.nodes)
        if left != situation.journal.owed:
            self._journal.want(owed_annotation(left))
        return ""

    patch.setattr(debts.Debts, "bring", bring)


def ask_for_a_machine_in_every_round(patch: pytest.MonkeyPatch) -> None:
    fresh = itertools.count()
    owed_by = work.owed_by

    def another(node: Any, record: Any) -> Any:
        owed = owed_by(node, record)
        return msgspec.structs.replace(owed, key=f"{owed.key}-{next(fresh)}")

    patch.setattr(work, "owed_by", another)


def end_machines_of_open_nodes(patch: pytest.MonkeyPatch) -> None:
    """A node that is not Ready though it was never closed is excused as one that failed by itself: not if it was we."""
    whole = work.Work._act

    def act(self: work.Work, node: Any, record: Any, left: Any, situation: Any) -> None:
        if record.phase is Phase.SURGING:
            end = Terminate(id=0, node=node.name, provider_id=node.spec.provider_id)
            self._outbox.send(("terminate", node.name), lambda id_: msgspec.structs.replace(end, id=id_))
        whole(self, node, record, left, situation)

    patch.setattr(work.Work, "_act", act)


def take_workers_that_are_closed_as_the_control_plane_is(patch: pytest.MonkeyPatch) -> None:
    """The machine template is that of another pool: its taint is what a node of the control plane is for, and closes a worker."""
    whole = node_object

    def tainted(*given: Any) -> Any:
        node = whole(*given)
        taint = {"key": CONTROL_PLANE_LABEL, "effect": "NoSchedule"}
        return {**node, "spec": {**node["spec"], "taints": [*node["spec"].get("taints", ()), taint]}}

    patch.setattr(machines, "node_object", tainted)
    own = f"{CONTROL_PLANE_LABEL}:NoSchedule"
    patch.setattr(progress, "node_closed", lambda node, taints: readiness.node_closed(node, (*taints, own)))


PLANTS: tuple[tuple[Plant, str, int], ...] = (
    (ignore_the_slots, "budget-exceeded", 0),
    (evict_past_the_budget, "pdb-overspent", 0),
    (delete_instead_of_evicting, "pdb-overspent", 0),
    (kill_with_grace_zero, "grace-zero", 0),
    (terminate_without_draining, "undrained-terminated", 0),
    (evict_in_any_phase, "invariant", 0),
    (leave_volumes_attached, "undrained-terminated", 5),
    (delete_the_node_before_its_machine, "undrained-terminated", 0),
    (act_while_frozen, "frozen-acts", 7),
    (leave_cordons_behind, "stranded-cordon", 10),
    (forget_a_node, "every-node-reached", 0),
    (cordon_before_the_successor_is_ready, "budget-exceeded", 0),
    (believe_that_a_machine_is_gone, "undrained-terminated", 0),
    (work_outside_of_the_windows, "window-acts", 1),
    (begin_all_beside_the_canary, "canary-alone", 2),
    (let_the_canary_not_soak, "canary-alone", 2),
    (evict_what_is_still_at_work, "long-work", 26),
    (end_a_machine_before_that_is_written_down, "double-terminate", 0),
    (forget_the_zones, "budget-exceeded", 3),
    (count_a_percentage_of_the_nodes_of_the_moment, "budget-exceeded", 0),
    (leave_the_old_nodes_inviting, "early-eviction", 0),
    (evict_before_load_balancers_let_go, "early-eviction", 0),
    (evict_the_pods_of_daemon_sets, "astray-eviction", 0),
    (begin_while_the_successor_still_soaks, "short-soak", 10),
    (go_by_the_ready_condition_alone, "short-soak", 0),
    (take_workers_that_are_closed_as_the_control_plane_is, "short-soak", 0),
    (end_machines_of_open_nodes, "budget-exceeded", 0),
    (drain_on_in_a_frozen_pool, "frozen-acts", 13),
    (keep_cordons_through_a_freeze, "stranded-cordon", 66),
    (forget_what_the_cluster_is_owed, "every-node-reached", 13),
    (ask_for_a_machine_in_every_round, "budget-exceeded", 0),
)


JUDGES = {checker.name: checker for checker in CHECKERS}


@pytest.mark.parametrize(("plant", "judge", "first"), PLANTS, ids=[plant.__name__ for plant, *_ in PLANTS])
def test_a_planted_bug_is_caught(plant: Plant, judge: str, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the judge whose matter it is, though no other looks. first: the seed that is known to show it."""
    plant(monkeypatch)
    caught = set()
    for seed in (first, *SEEDS):
        caught |= {
            sentence.partition(":")[0]
            for sentence in swarm.run(seed, [JUDGES[judge]] if judge in JUDGES else (), draws=()).broken
        }
        if judge in caught:
            return
    pytest.fail(f"{plant.__name__} was not caught by {judge}, only by {sorted(caught)}")


def test_every_judge_has_a_bug_to_catch() -> None:
    # test_ladder.py, test_single_replica.py and test_planted_scenarios.py plant in clusters of their own
    elsewhere = {"deadline-delete", "single-replica", "etcd-quorum"}
    assert {judge for _, judge, _ in PLANTS} | elsewhere == set(JUDGES) | {"invariant"}
