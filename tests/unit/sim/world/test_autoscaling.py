"""An autoscaler without load: up to its least at once, down to it when it has been above for five minutes."""

from underway.kube import resource as r
from underway.sim.scenario import App
from underway.sim.world.world import World
from unit.sim.world.test_world import run, started


def replicas(world: World) -> int:
    deployment = world.store.get(r.DEPLOYMENTS, "shop", "web")
    assert deployment is not None
    return int(deployment["spec"]["replicas"])


def least(world: World, replicas: int) -> None:
    world.registry.mutate(
        r.HORIZONTAL_POD_AUTOSCALERS, "shop", "web", lambda now: {**now, "spec": {**now["spec"], "minReplicas": replicas}}
    )


def test_a_raised_least_is_followed_within_a_sync_and_a_lowered_one_after_the_stabilization() -> None:
    world = started(App(name="web", namespace="shop", replicas=1).deployment())
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    world.registry.create(r.HORIZONTAL_POD_AUTOSCALERS, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    run(world, 20)
    least(world, 2)
    run(world, 16)
    assert replicas(world) == 2
    least(world, 1)
    run(world, 250)
    assert replicas(world) == 2
    run(world, 80)
    assert replicas(world) == 1
