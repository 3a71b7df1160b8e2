"""Which pods are the only one of their Deployment, and which of those may have a second one beside them."""

from typing import Any

import pytest

from objects import budget, cluster, node, pod
from underway.model import decode
from underway.model.workload import Workload
from underway.policy.budget import capacity
from underway.policy.single import single

LABELS = {"app": "web", "pod-template-hash": "5d4c"}
OWNERS = [{"kind": "ReplicaSet", "name": "web-5d4c", "uid": "u", "controller": True}]


def deployment(replicas: int | None = 1, **spec: Any) -> Workload:
    body = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "uid-web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, **({} if replicas is None else {"replicas": replicas}), **spec},
    }
    found: Workload = decode.from_values("Deployment", body)
    return found


def alone(of: Workload, **extra: Any) -> Any:
    mine = pod("p", "a", metadata={"labels": LABELS, "ownerReferences": OWNERS}, **extra)
    return single(mine, cluster(node("a"), mine, of))


@pytest.mark.parametrize("replicas", [1, None])
def test_the_only_pod_of_a_deployment_is_found(replicas: int | None) -> None:
    found = alone(deployment(replicas))
    assert (found.deployment.key, found.obstacle) == ("Deployment/shop/web", "")


def test_one_of_several_is_not_alone() -> None:
    assert alone(deployment(2)) is None


def test_a_pod_that_serves_nobody_needs_no_second_one() -> None:
    assert alone(deployment(), ready=False) is None


def test_a_pod_of_another_owner_of_that_name_is_not_the_deployments() -> None:
    mine = pod("p", "a", metadata={"labels": {**LABELS, "app": "other"}, "ownerReferences": OWNERS})
    assert single(mine, cluster(node("a"), mine, deployment())) is None
    bare = pod("p", "a", metadata={"labels": {"app": "web"}, "ownerReferences": OWNERS})
    assert single(bare, cluster(node("a"), bare, deployment())) is None


@pytest.mark.parametrize(
    ("spec", "volumes", "obstacle"),
    [
        ({"strategy": {"type": "Recreate"}}, [], "its strategy is Recreate: two at once are not wanted"),
        ({}, [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}], "both would want PersistentVolumeClaim data"),
        ({"paused": True}, [], "it is paused"),
    ],
)
def test_some_may_not_have_a_second_one(spec: dict[str, Any], volumes: list[Any], obstacle: str) -> None:
    assert alone(deployment(**spec), spec={"volumes": volumes}).obstacle == obstacle


def test_a_budget_that_the_second_one_satisfies_can_allow_a_disruption() -> None:
    assert capacity(budget(expected=1, minAvailable=1)) == 0
    assert capacity(budget(expected=1, minAvailable=1), surged=True) == 1
    assert capacity(budget(expected=1, minAvailable="100%"), surged=True) == 0
    assert capacity(budget(expected=3, minAvailable=3), surged=True) == 0
