"""A changed template is rolled out step by step, within maxSurge and maxUnavailable, as the Deployment controller does."""

from typing import Any

import pytest

from underway.kube import resource as r
from underway.sim.scenario import App
from underway.sim.store import Object
from underway.sim.world.controller import is_active, is_ready
from underway.sim.world.rollout import Fence, Size, fence_of, grown, proportional, shrunk
from underway.sim.world.world import World
from unit.sim.world.test_world import pods, run, started


def rolling(replicas: int, surge: int | str, unavailable: int | str) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return {"spec": {"replicas": replicas, "strategy": strategy}}


@pytest.mark.parametrize(
    ("deployment", "fence"),
    [
        (rolling(10, "25%", "25%"), Fence(10, 3, 2)),
        (rolling(3, "25%", "25%"), Fence(3, 1, 0)),
        (rolling(3, 0, "25%"), Fence(3, 0, 1)),
        (rolling(4, 2, 0), Fence(4, 2, 0)),
        ({"spec": {"replicas": 4}}, Fence(4, 1, 1)),
        ({"spec": {"replicas": 4, "strategy": {"type": "Recreate"}}}, Fence(4, 0, 0)),
    ],
)
def test_surge_is_rounded_up_and_unavailability_down(deployment: Object, fence: Fence) -> None:
    assert fence_of(deployment) == fence


def test_the_new_set_grows_as_far_as_the_surge_leaves_room() -> None:
    fence = Fence(8, 2, 1)
    assert grown(fence, Size(0, 0), [Size(8, 8)]) == 2
    assert grown(fence, Size(2, 0), [Size(7, 7)]) == 3
    assert grown(fence, Size(7, 7), [Size(0, 0)]) == 8
    assert grown(fence, Size(9, 9), []) == 8


def test_the_old_sets_shrink_by_what_can_be_spared_unavailable_pods_first() -> None:
    fence = Fence(8, 2, 1)
    assert shrunk(fence, Size(2, 0), [Size(8, 8)]) == [7]
    assert shrunk(fence, Size(2, 2), [Size(8, 8)]) == [5]
    assert shrunk(fence, Size(3, 0), [Size(7, 7)]) == [7]
    assert shrunk(fence, Size(2, 0), [Size(5, 5), Size(3, 1)]) == [5, 2], "the two that do not run go before any that does"


def test_a_scaling_amid_a_rollout_is_shared_out() -> None:
    assert proportional(Fence(20, 5, 5), [Size(5, 5, 13), Size(8, 8, 13)]) == [10, 15]
    assert proportional(Fence(5, 2, 1), [Size(5, 5, 13), Size(8, 8, 13)]) == [3, 4]
    assert proportional(Fence(0, 0, 1), [Size(5, 5, 13), Size(8, 8, 13)]) == [0, 0]


def world_of(replicas: int, surge: int, unavailable: int, **spec: Any) -> World:
    [(resource, manifest), *_] = App(name="web", namespace="shop", replicas=replicas).deployment()
    whole = {**manifest["spec"], **rolling(replicas, surge, unavailable)["spec"], **spec}
    return started([(resource, {**manifest, "spec": whole})])


def change(world: World, image: str, **pod_spec: Any) -> None:
    def changed(value: Object) -> Object:
        template = value["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        return {
            **value,
            "spec": {
                **value["spec"],
                "template": {**template, "spec": {**template["spec"], "containers": containers, **pod_spec}},
            },
        }

    world.registry.mutate(r.DEPLOYMENTS, "shop", "web", changed)


def sizes(world: World) -> list[int]:
    """Of all ReplicaSets, oldest first."""
    return [found["spec"]["replicas"] for found in world.store.values(r.REPLICA_SETS)]


def test_a_rollout_keeps_its_fence_at_every_instant_and_ends_with_the_new_template_alone() -> None:
    world = world_of(8, 2, 1)
    change(world, "web:2")
    seen = []
    for _ in range(600):
        run(world, 0.2)
        serving = [pod for pod in pods(world, "web") if is_active(pod) and is_ready(pod)]
        seen.append((sum(sizes(world)), len(serving)))
    assert max(wanted for wanted, _ in seen) == 10
    assert min(serving for _, serving in seen) == 7
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(world, "web")}
    assert (images, sizes(world)) == ({"web:2"}, [0, 8])
    state = world.registry.get(r.DEPLOYMENTS, "shop", "web")["status"]
    assert (state["updatedReplicas"], state["replicas"], state["availableReplicas"]) == (8, 8, 8)
    assert state["conditions"][1]["reason"] == "NewReplicaSetAvailable"


def test_a_rollout_that_cannot_run_stands_still_and_says_so() -> None:
    world = world_of(8, 2, 1)
    change(world, "web:2", nodeSelector={"pool": "none"})
    run(world, 120)
    assert sizes(world) == [7, 3]
    state = world.registry.get(r.DEPLOYMENTS, "shop", "web")["status"]
    assert (state["updatedReplicas"], state["availableReplicas"], state["unavailableReplicas"]) == (3, 7, 3)
    assert state["conditions"][0]["status"] == "True"


def test_a_budget_counts_the_deployment_and_not_its_replica_sets() -> None:
    world = world_of(8, 2, 1)
    budget = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"maxUnavailable": 2, "selector": {}}}
    world.registry.create(r.POD_DISRUPTION_BUDGETS, budget)
    change(world, "web:2", nodeSelector={"pool": "none"})
    run(world, 120)
    state = world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "web")["status"]
    assert (state["expectedPods"], state["desiredHealthy"], state["disruptionsAllowed"]) == (8, 6, 1)


def test_a_rollback_finds_its_old_replica_set_again() -> None:
    world = world_of(4, 1, 0)
    image = pods(world, "web")[0]["spec"]["containers"][0]["image"]
    for wanted in ("web:2", image):
        change(world, wanted)
        run(world, 120)
    assert sizes(world) == [4, 0]


def test_recreate_ends_everything_old_before_anything_new() -> None:
    world = world_of(3, 1, 1, strategy={"type": "Recreate"})
    change(world, "web:2")
    for _ in range(300):
        run(world, 0.2)
        assert len({pod["spec"]["containers"][0]["image"] for pod in pods(world, "web")}) <= 1
    assert sizes(world) == [0, 3]


def test_a_paused_rollout_scales_but_does_not_move() -> None:
    world = world_of(4, 1, 1)
    world.registry.mutate(r.DEPLOYMENTS, "shop", "web", lambda now: {**now, "spec": {**now["spec"], "paused": True}})
    change(world, "web:2")
    run(world, 60)
    assert sizes(world) == [4]
    world.registry.mutate(r.DEPLOYMENTS, "shop", "web", lambda now: {**now, "spec": {**now["spec"], "replicas": 6}})
    run(world, 60)
    assert sizes(world) == [6]


def test_pods_count_as_available_only_after_min_ready_seconds() -> None:
    world = world_of(4, 1, 0, minReadySeconds=30)
    run(world, 40)
    change(world, "web:2")
    run(world, 35)
    assert sizes(world) == [4, 1], "the first new pod is Ready, and not trusted yet"
    run(world, 240)
    assert sizes(world) == [0, 4]


def test_old_revisions_beyond_the_limit_are_forgotten() -> None:
    world = world_of(2, 1, 0, revisionHistoryLimit=1)
    for number in range(2, 5):
        change(world, f"web:{number}")
        run(world, 90)
    assert sizes(world) == [0, 2]
