"""A namespace that ends is emptied, whatever its budgets say, and nothing comes back."""

from underway.kube import resource as r
from underway.sim.scenario import App
from underway.sim.world.world import World
from unit.sim.world.test_world import pods, run, started

WEB = App(name="web", namespace="shop", replicas=3, budget={"minAvailable": 3}, pre_stop_s=10)


def ended(backlog_s: int = 0) -> World:
    """A world in which somebody has just deleted namespace shop."""
    world = started(WEB.deployment())
    world.namespaces.backlog_ms = backlog_s * 1_000
    world.registry.delete(r.NAMESPACES, "", "shop")
    return world


def test_pods_get_their_grace_and_then_the_namespace_goes() -> None:
    world = ended()
    run(world, 5)
    assert all(pod["metadata"].get("deletionTimestamp") for pod in pods(world, "web"))
    assert world.store.get(r.NAMESPACES, "", "shop") is not None
    run(world, 30)
    assert pods(world, "web") == []
    assert world.store.get(r.NAMESPACES, "", "shop") is None
    assert world.store.ordered(r.POD_DISRUPTION_BUDGETS, "shop") == []


def test_a_pod_that_is_lost_meanwhile_is_not_replaced() -> None:
    world = ended(backlog_s=60)
    lost = pods(world, "web")[0]
    world.registry.delete(r.PODS, "shop", lost["metadata"]["name"], grace_s=0)
    run(world, 50)
    assert len(pods(world, "web")) == 2
    run(world, 60)
    assert world.store.get(r.NAMESPACES, "", "shop") is None
