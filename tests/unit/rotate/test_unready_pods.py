"""Which pods hold a rotation up, which container is to blame, and which of its logs says why."""

from typing import Any

import msgspec
import pytest

from underway.model.disruption import PodDisruptionBudget
from underway.rotate.blockers import Blocker
from underway.rotate.health import Breach
from underway.rotate.status import Status
from underway.rotate.unready_pods import PODS_MAX, SeenPod, culprits, subjects

CRASHED = {"terminated": {"exitCode": 1, "reason": "Error"}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}


def seen(name: str, *containers: dict[str, Any], ready: bool = False, **status: Any) -> SeenPod:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    state = {"phase": "Running", "conditions": conditions, "containerStatuses": list(containers), **status}
    metadata = {"name": name, "namespace": "shop", "labels": {"app": name.partition("-")[0]}}
    return msgspec.convert({"metadata": metadata, "status": state}, SeenPod)


def budget(app: str) -> PodDisruptionBudget:
    spec = {"selector": {"matchLabels": {"app": app}}}
    return msgspec.convert({"metadata": {"name": app, "namespace": "shop"}, "spec": spec}, PodDisruptionBudget)


def test_a_status_speaks_of_what_blocks_of_what_is_in_breach_and_of_what_it_waits_for() -> None:
    status = Status(
        "workers",
        "Progressing",
        reason="canary: pod data/db-0 is not Ready on new node n9, others of its owner are on old nodes",
        blockers=(Blocker("n2", "needs 3 healthy pods and has 3 currently", "shop/web-1", "shop/web"),),
        breaches=(Breach("workloads-available", "Deployment pay/till has 1 of 3 pods available", 0),),
    )
    assert subjects(status) == (("shop", "web-1"), ("shop", "web"), ("data", "db-0"), ("pay", "till"))


@pytest.mark.parametrize(
    "said",
    ["node n1 still has taint node.kubernetes.io/not-ready:NoSchedule", "/readyz/etcd answers 500", "http://prometheus/api/v1"],
)
def test_what_only_looks_like_an_object_is_none(said: str) -> None:
    assert subjects(Status("workers", "Frozen", reason=said)) == ()


def test_what_crashes_comes_first_and_the_rest_is_counted() -> None:
    pods = [seen(f"web-{number}", {"name": "app", "restartCount": number % 4}) for number in range(6)]
    found, more = culprits(pods, [("shop", "web")], [])
    assert [one.name for one in found] == ["web-3", "web-2", "web-1"]
    assert more == 6 - PODS_MAX


def test_pods_of_a_budget_that_blocks_are_looked_at_whatever_their_name() -> None:
    pods = [seen("web-1", {"name": "app"}), seen("db-1", {"name": "app"})]
    assert [one.name for one in culprits(pods, [("shop", "guard")], [budget("db")])[0]] == ["db-1"]


def test_pods_that_are_well_or_whose_end_has_come_are_left_alone() -> None:
    leaving = msgspec.structs.replace(
        seen("web-2"), metadata=msgspec.structs.replace(seen("web-2").metadata, deletion_timestamp="2026-01-05T09:00:00Z")
    )
    assert culprits([seen("web-1", ready=True), leaving, seen("web-3", phase="Succeeded")], [("shop", "web")], []) == ([], 0)


@pytest.mark.parametrize(
    ("pod", "sentence", "container", "previous"),
    [
        (
            seen("web-1", {"name": "app", "restartCount": 7, "state": BACK_OFF, "lastState": CRASHED}),
            "container app waits: CrashLoopBackOff (back-off 5m0s), 7 restarts, last exit code 1 (Error)",
            "app",
            True,
        ),
        (
            seen("web-1", {"name": "app", "state": {"running": {}}}, {"name": "proxy", "ready": True}),
            "container app runs but is not Ready",
            "app",
            False,
        ),
        (
            seen("web-1", {"name": "app", "restartCount": 1, "state": {"running": {}}, "lastState": CRASHED}),
            "container app runs but is not Ready, 1 restart, last exit code 1 (Error)",
            "app",
            True,
        ),
        (
            seen("web-1", {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff"}}}),
            "container app waits: ImagePullBackOff",
            "",
            False,
        ),
        (
            seen(
                "web-1",
                {"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}},
                initContainerStatuses=[
                    {"name": "done", "state": {"terminated": {"exitCode": 0}}},
                    {"name": "migrate", "state": CRASHED},
                ],
            ),
            "container migrate has ended, last exit code 1 (Error)",
            "migrate",
            False,
        ),
    ],
)
def test_the_container_to_blame_is_named_with_its_log(pod: SeenPod, sentence: str, container: str, previous: bool) -> None:
    ((found,), _) = culprits([pod], [("shop", "web")], [])
    assert found.sentence == f"pod shop/web-1: {sentence}"
    assert (found.container, found.previous) == (container, previous)


def test_a_pod_without_room_says_what_the_scheduler_said() -> None:
    conditions = [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: 3 Insufficient cpu."}]
    ((found,), _) = culprits([seen("web-1", phase="Pending", conditions=conditions)], [("shop", "web")], [])
    assert found.sentence == "pod shop/web-1 finds no node: 0/3 nodes are available: 3 Insufficient cpu."
    assert found.container == ""
