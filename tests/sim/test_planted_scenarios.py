"""Bugs that the swarm's clusters cannot show are planted in the named scenarios that can: each must break one of them."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from underway.kube.retry import Again
from underway.model.node import Node
from underway.policy import readiness
from underway.rotate import admission, drain, enrolment, ledger, machinery, outlook, progress, quorum, successors, windows, work
from underway.rotate.effects import Machine, Provision
from underway.rotate.machine import Event
from underway.rotate.progress import Step
from underway.sim.scenarios import SCENARIOS, play
from underway.sim.scenarios.play import Run
from underway.sim.world.machines import SimMachines

Plant = Callable[[pytest.MonkeyPatch], None]
SEEDS = range(1, 7)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def ignore_a_lost_member(patch: pytest.MonkeyPatch) -> None:
    look_for_lost_members_only_when_a_node_is_begun(patch)
    patch.setattr(outlook, "must_stay", lambda *_, **__: "")
    patch.setattr(admission, "lost_members", lambda *_: [])


def look_for_lost_members_only_when_a_node_is_begun(patch: pytest.MonkeyPatch) -> None:
    for module in (progress, work):
        patch.setattr(module, "must_stay", lambda *_: "")


def take_several_nodes_of_the_control_plane_at_once(patch: pytest.MonkeyPatch) -> None:
    """All that the driver knows of roles in its choice is gone."""
    admit, role = admission.admit, Node.is_control_plane

    def blind(outdated: Any, *rest: Any) -> Any:
        patch.setattr(Node, "is_control_plane", property(lambda _: False))
        try:
            return admit(outdated, *rest)
        finally:
            patch.setattr(Node, "is_control_plane", role)

    patch.setattr("underway.rotate.enrolment.admit", blind)


def trust_a_learner_as_a_voter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "not_voting", lambda *_: "")
    look_for_lost_members_only_when_a_node_is_begun(patch)


def ask_no_more_than_that_all_others_vote(patch: pytest.MonkeyPatch) -> None:
    """As the driver itself did: of one member there are no others, and of two one is left, which is no quorum."""
    for module in (quorum, admission):
        patch.setattr(module, "too_few", lambda *_, **__: "")


def take_the_taint_of_a_pool_for_one_of_a_start(patch: pytest.MonkeyPatch) -> None:
    """As the driver itself did: no successor of a node of the control plane was ever good enough."""
    patch.setattr(progress, "node_closed", lambda node, _own: readiness.node_closed(node))


def judge_the_canary_by_its_node_alone(patch: pytest.MonkeyPatch) -> None:
    """A kubelet that is well says nothing of what runs there."""
    patch.setattr(enrolment, "fails_on_new", lambda *_: "")


def take_any_version_that_boots(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "outdated", lambda *_: "")


def count_a_silent_node_as_healthy(patch: pytest.MonkeyPatch) -> None:
    """As eks-rolling-update: only Ready=False is unhealthy."""
    whole = readiness.node_unready

    def only_false(node: Any) -> str:
        ready = next((condition.status for condition in node.status.conditions if condition.type == "Ready"), "")
        return "" if ready == "Unknown" else whole(node)

    patch.setattr("underway.rotate.gates.nodes_ready.node_unready", only_false)


def let_nobody_on_a_silent_node_have_their_grace(patch: pytest.MonkeyPatch) -> None:
    """A network that is cut ends no process: what still has its grace may be at work."""
    patch.setattr(drain, "UNREACHABLE_GONE_MS", -3_600_000)


def forget_the_volumes_of_a_silent_node(patch: pytest.MonkeyPatch) -> None:
    """Its pods are gone, so that none of them excuses a volume that is still attached."""
    whole = progress.detaching

    def hasty(node: Any, *rest: Any) -> Any:
        return Step(Event.DETACHED) if drain.unreachable(node) else whole(node, *rest)

    patch.setattr(progress, "detaching", hasty)


def leave_nodes_in_hand_to_the_autoscaler(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(enrolment, "ours_of_hands_off", lambda _: ())


def leave_successors_to_the_autoscaler(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(successors.Successors, "round", lambda *_: None)


def give_up_a_successor_that_is_not_ready_at_once(patch: pytest.MonkeyPatch) -> None:
    """A MachineHealthCheck replaces it, and it is asked for once more."""
    whole = progress.arrival

    def hasty(replaces: str, key: str, since_ms: int, machines: Any, snapshot: Any, *rest: Any) -> Step:
        machine = machines.get(key)
        node = snapshot.nodes.get(machine.node) if machine is not None and machine.node else None
        if node is not None and readiness.node_unready(node):
            return Step(Event.REPLACEMENT_FAILED)
        return whole(replaces, key, since_ms, machines, snapshot, *rest)

    patch.setattr(progress, "arrival", hasty)


def lose_the_key_of_a_machine_that_is_replaced(patch: pytest.MonkeyPatch) -> None:
    """What a provider owes the driver where somebody else replaces a successor: else nobody knows the new one."""
    whole = SimMachines._make

    def make(self: SimMachines, name: str, request: Provision) -> Machine:
        asked = request.id != 0
        return whole(self, name, request if asked else msgspec.structs.replace(request, key=""))

    patch.setattr(SimMachines, "_make", make)


def repeat_refused_evictions_at_once(patch: pytest.MonkeyPatch) -> None:
    """As kured does (kops#18641): nobody had set the pause."""
    patch.setattr(ledger, "retry", lambda *_: Again(0))


def evict_what_asks_to_be_left_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drain, "hold", lambda *_: None)


def count_unready_pods_as_free_to_go(patch: pytest.MonkeyPatch) -> None:
    """They are asked to go in vain, and nobody is told of the budget before."""
    patch.setattr("underway.sim.apiserver.eviction._check_and_decrement", lambda *_, **__: None)
    patch.setattr("underway.rotate.drain.Purse.take", lambda *_: True)


PLANTS: tuple[tuple[Plant, str, str], ...] = (
    (ignore_a_lost_member, "etcd-member-lost", "etcd-quorum"),
    (look_for_lost_members_only_when_a_node_is_begun, "etcd-member-lost-amid-the-drain", "etcd-quorum"),
    (take_several_nodes_of_the_control_plane_at_once, "control-plane-one-at-a-time", "etcd-quorum"),
    (trust_a_learner_as_a_voter, "control-plane-one-at-a-time", "etcd-quorum"),
    (ask_no_more_than_that_all_others_vote, "control-plane-of-one", "etcd-quorum"),
    (ask_no_more_than_that_all_others_vote, "control-plane-of-two", "etcd-quorum"),
    (take_the_taint_of_a_pool_for_one_of_a_start, "control-plane-one-at-a-time", "liveness"),
    (judge_the_canary_by_its_node_alone, "canary-breaks-workloads", "nodes were closed"),
    (take_any_version_that_boots, "wrong-version-boots", "nodes were closed"),
    (count_a_silent_node_as_healthy, "silent-node", "nobody was told 'old-3 is not Ready (Unknown'"),
    (let_nobody_on_a_silent_node_have_their_grace, "dead-node", "undrained-terminated"),
    (leave_nodes_in_hand_to_the_autoscaler, "autoscaler-scales-down", "the autoscaler ended node"),
    (leave_successors_to_the_autoscaler, "autoscaler-ends-empty-nodes", "the autoscaler ended node node-"),
    (give_up_a_successor_that_is_not_ready_at_once, "health-check-replaces", "budget-exceeded"),
    (lose_the_key_of_a_machine_that_is_replaced, "health-check-replaces", "liveness"),
    (repeat_refused_evictions_at_once, "refused-evictions-are-paced", "pod shop/web"),
    (evict_what_asks_to_be_left_alone, "do-not-disrupt-for-a-while", "pod shop/busy"),
    (count_unready_pods_as_free_to_go, "unhealthy-pods-are-held", "pdb-overspent"),
)


@pytest.mark.parametrize(
    ("plant", "scenario", "judge"), PLANTS, ids=[f"{plant.__name__}-{scenario}" for plant, scenario, _ in PLANTS]
)
def test_a_bug_planted_in_a_scenario_is_caught(plant: Plant, scenario: str, judge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    caught: list[str] = []
    for seed in SEEDS:
        caught += play(BY_NAME[scenario], seed).problems
        if any(problem.startswith(judge) for problem in caught):
            return
    pytest.fail(f"{plant.__name__} was not caught by {judge} in {scenario}, only: {'; '.join(caught)}")


def dies_amid_its_detachment(run: Run) -> None:
    """Volumes need five minutes to detach, and the first node that waits for them falls silent."""
    BY_NAME["volumes-detach-late"].script(run)
    dead: list[str] = []

    def look() -> None:
        waiting = [node["metadata"]["name"] for node in run.in_phase("Detaching")]
        if waiting and not dead:
            dead.append(waiting[0])
            run.world.machines.die(waiting[0])

    run.every(1, 300, look)


def test_a_silent_node_excuses_no_volume_of_a_pod_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = msgspec.structs.replace(BY_NAME["volumes-detach-late"], script=dies_amid_its_detachment)
    assert play(scenario).problems == ()
    forget_the_volumes_of_a_silent_node(monkeypatch)
    assert any(problem.startswith("undrained-terminated") for problem in play(scenario).problems)


def frozen_as_the_provider_refuses(run: Run) -> None:
    """The end of the first machine is refused, and before it is asked for again everything is frozen for some minutes."""
    trouble = run.world.machines.trouble
    frozen: list[bool] = []

    def look() -> None:
        if run.in_phase("Draining"):
            trouble.throttled = 1.0
        if run.in_phase("Terminating") and not frozen:
            frozen.append(True)
            run.rehearsal.freeze("a look at the provider")
            run.at(3, lambda: setattr(trouble, "throttled", 0.0))
            run.at(300, run.rehearsal.resume)

    run.every(0.5, 300, look)


def test_a_node_whose_end_was_refused_is_let_go_of_in_a_freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = msgspec.structs.replace(BY_NAME["zone-by-zone"], script=frozen_as_the_provider_refuses)
    assert play(scenario).problems == ()
    monkeypatch.setattr(machinery.Machinery, "is_kept", lambda *_: False)
    assert any(problem.startswith("stranded-cordon") for problem in play(scenario).problems)


def throttled_for_a_whole_window(run: Run) -> None:
    """A node is begun in a window of four minutes in which the provider answers nobody: no machine can be asked for."""
    run.world.machines.trouble.throttled = 1.0
    run.at(300, lambda: setattr(run.world.machines.trouble, "throttled", 0.0))


def test_the_time_for_a_boot_does_not_run_while_windows_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a machine is asked for and given up in one round; it comes all the same, and another one with it."""
    windows_ = [{"schedule": "0,20,40 * * * *", "duration": "4m"}]
    spec = {"machines": {"bootTimeout": "5m"}, "pace": {"maxSurge": 1, "windows": windows_}}
    scenario = msgspec.structs.replace(
        BY_NAME["dead-node"], script=throttled_for_a_whole_window, spec=spec, begins="2026-03-29T00:59:30Z"
    )
    whole = play(scenario)
    assert (whole.problems, whole.state) == ((), "Finished")
    monkeypatch.setattr(windows.Opening, "since_ms", 0)
    (problem, *_) = play(scenario).problems
    assert "did not become Ready within 5 min" in problem or problem.startswith("budget-exceeded")
