"""A check that cannot fail is no check: each bug planted here must be caught, by a checker or by the driver's own guard."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from underway.kube.request import Request
from underway.kube.resource import PODS
from underway.rotate import (
    acts,
    admission,
    brakes,
    drain,
    driver,
    enrolment,
    guard,
    machinery,
    order,
    progress,
    target,
    windows,
    work,
)
from underway.rotate.machine import Event
from underway.rotate.progress import Step
from underway.rotate.record import Phase, Slot
from underway.sim import swarm
from underway.sim.apiserver import eviction

Plant = Callable[[pytest.MonkeyPatch], None]
SEEDS = range(20)


def ignore_the_slots(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "_free_slot", lambda *_: Slot.SURGE)


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


PLANTS: tuple[tuple[Plant, str], ...] = (
    (ignore_the_slots, "budget-exceeded"),
    (evict_past_the_budget, "pdb-overspent"),
    (delete_instead_of_evicting, "pdb-overspent"),
    (kill_with_grace_zero, "grace-zero"),
    (terminate_without_draining, "undrained-terminated"),
    (evict_in_any_phase, "invariant"),
    (leave_volumes_attached, "undrained-terminated"),
    (delete_the_node_before_its_machine, "undrained-terminated"),
    (act_while_frozen, "frozen-acts"),
    (leave_cordons_behind, "stranded-cordon"),
    (forget_a_node, "every-node-reached"),
    (cordon_before_the_successor_is_ready, "budget-exceeded"),
    (believe_that_a_machine_is_gone, "undrained-terminated"),
    (work_outside_of_the_windows, "window-acts"),
    (begin_all_beside_the_canary, "canary-alone"),
    (let_the_canary_not_soak, "canary-alone"),
    (evict_what_is_still_at_work, "long-work"),
)


@pytest.mark.parametrize(("plant", "checker"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_bug_is_caught(plant: Plant, checker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    caught = set()
    for seed in SEEDS:
        caught |= {sentence.partition(":")[0] for sentence in swarm.run(seed).broken}
        if checker in caught:
            return
    pytest.fail(f"{plant.__name__} was not caught by {checker}, only by {sorted(caught)}")
