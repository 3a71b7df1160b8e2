"""What people are told of, drawn from a status."""

import msgspec

from underway.rotate.alerts.causes import causes_of
from underway.rotate.blockers import Blocker
from underway.rotate.freezes import Frozen
from underway.rotate.status import NodeCounts, Quarantine, Status

CALM = Status("workers", "Progressing", nodes=NodeCounts(9, 4, 2, 3))


def with_(**fields: object) -> Status:
    return msgspec.structs.replace(CALM, **fields)


def test_a_rotation_that_goes_well_is_no_news() -> None:
    assert causes_of(CALM) == ()


def test_a_freeze_names_who_froze_and_the_command_that_shows_why() -> None:
    (cause,) = causes_of(with_(state="Frozen", frozen=Frozen("gate api-server: readyz answers 500", "gate api-server", 7_000)))
    assert (cause.kind, cause.about, cause.since_ms) == ("Frozen", "rotation workers", 7_000)
    assert cause.text == "gate api-server: readyz answers 500, by gate api-server"
    assert (cause.objects, cause.command) == ("4 of 9 nodes are up to date", "underway resume workers")
    (whole,) = causes_of(with_(state="Frozen", frozen=Frozen("sale", "user", 1, "cluster")))
    assert (whole.about, whole.command) == ("the whole cluster", "underway resume")


def test_a_driver_that_stops_for_its_user_is_no_freeze() -> None:
    assert causes_of(with_(state="Stopped", frozen=Frozen("stopping", "the user"))) == ()


def test_many_pods_under_one_budget_are_one_cause() -> None:
    blockers = [Blocker(f"n{index}", "needs 3", f"shop/web-{index}", "shop/web", "tills") for index in range(5)]
    (cause,) = causes_of(with_(blockers=tuple(blockers)))
    assert (cause.kind, cause.about, cause.owner) == ("Blocked", "PodDisruptionBudget shop/web", "tills")
    assert cause.objects == "pod shop/web-0 on node n0, pod shop/web-1 on node n1, pod shop/web-2 on node n2 and 2 more"
    assert cause.command == "kubectl describe poddisruptionbudget web --namespace shop"


def test_without_a_budget_the_pod_and_without_a_pod_the_node_is_the_object() -> None:
    pod, node = causes_of(with_(blockers=(Blocker("n1", "alone", "shop/db"), Blocker("n2", "stuck"))))
    assert (pod.about, pod.command) == ("pod shop/db", "kubectl describe pod db --namespace shop")
    assert (node.about, node.command) == ("node n2", "kubectl describe node n2")


def test_a_rung_of_the_ladder_is_what_is_told_anew_and_the_longest_wait_counts() -> None:
    blockers = (
        Blocker("n1", "needs 3", "shop/a", "shop/web", rung="NotifyOwner", since_ms=9_000),
        Blocker("n2", "needs 3", "shop/b", "shop/web", since_ms=4_000),
    )
    (cause,) = causes_of(with_(blockers=blockers))
    assert (cause.rung, cause.level, cause.since_ms) == ("NotifyOwner", 1, 4_000)


def test_a_quarantine_that_is_used_up_is_told_beside_what_keeps_its_nodes() -> None:
    stuck = Blocker("n1", "needs 3", "shop/a", "shop/web", rung="Quarantine", since_ms=9_000)
    why = "no other node can begin: quarantined nodes take every slot (n1)"
    rotation, budget = causes_of(with_(state="Blocked", blockers=(stuck,), quarantine=Quarantine(2, 1, why)))
    assert (rotation.kind, rotation.about, rotation.text) == ("Blocked", "rotation workers", why)
    assert budget.about == "PodDisruptionBudget shop/web"
    assert len(causes_of(with_(state="Blocked", blockers=(stuck,), quarantine=Quarantine(1, 1)))) == 1, "others can begin"


def test_the_providers_first_refusal_stands_for_all() -> None:
    (cause,) = causes_of(with_(refused=("InsufficientInstanceCapacity in zone a", "quota", "quota")))
    assert (cause.kind, cause.about) == ("Capacity", "machines of rotation workers")
    assert cause.text == "InsufficientInstanceCapacity in zone a; and 2 more machines"


def test_the_end_is_told_with_what_was_reached() -> None:
    (failed,) = causes_of(with_(state="Failed", reason="cannot list nodes: forbidden", since_ms=5))
    assert (failed.kind, failed.text) == ("Failed", "cannot list nodes: forbidden")
    (done,) = causes_of(with_(state="Finished", nodes=NodeCounts(9, 9)))
    assert (done.kind, done.text) == ("Finished", "9 of 9 nodes are up to date")
