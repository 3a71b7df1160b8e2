"""Nodes are known to the scheduler by their taints, and pods leave by them, as with the real controllers."""

from underway.kube import resource as r
from underway.kube.resource import Resource
from underway.sim.scenario import App
from underway.sim.store import Object
from underway.sim.world.controller import is_ready
from underway.sim.world.world import World
from unit.sim.world.test_world import machines, pods, provision, run, started

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


def taints(world: World, node: str) -> set[tuple[str, str]]:
    found = world.registry.get(r.NODES, "", node)["spec"].get("taints") or ()
    return {(taint["key"], taint["effect"]) for taint in found}


def falls(world: World, node: str) -> None:
    world.nodes.ready(node, ready=False, reason="KubeletNotReady")


def web() -> list[tuple[Resource, Object]]:
    return App(name="web", namespace="shop", replicas=4).deployment()


def test_a_new_node_is_tainted_until_it_is_ready_and_its_daemon_comes_after() -> None:
    world = started()
    name = machines(world, provision()).machines[0].provider_id.rpartition("/")[2]
    while world.store.get(r.NODES, "", name) is None:
        run(world, 0.1)
    assert (NOT_READY, "NoSchedule") in taints(world, name)
    assert name not in {pod["spec"].get("nodeName") for pod in pods(world, "node-agent")}
    while not is_ready(world.registry.get(r.NODES, "", name)):
        run(world, 0.1)
    run(world, 10)
    assert taints(world, name) == set()
    daemon = next(pod for pod in pods(world, "node-agent") if pod["spec"].get("nodeName") == name)
    terms = daemon["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}]


def test_a_daemon_that_tolerates_everything_comes_with_the_node() -> None:
    world = started()
    for resource, manifest in App(name="proxy", namespace="kube-system", tolerations=({"operator": "Exists"},)).daemon_set():
        world.registry.create(resource, manifest)
    machines(world, provision())
    run(world, 18.5)
    [new] = [n["metadata"]["name"] for n in world.store.values(r.NODES) if not is_ready(n)]
    assert new in {pod["spec"].get("nodeName") for pod in pods(world, "proxy")}


def test_a_cordon_becomes_a_taint_and_goes_with_it() -> None:
    world = started()
    cordon = {"unschedulable": True}
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], **cordon}})
    run(world, 1)
    assert taints(world, "n0") == {("node.kubernetes.io/unschedulable", "NoSchedule")}
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "unschedulable": False}})
    run(world, 1)
    assert taints(world, "n0") == set()


def test_a_node_that_is_not_ready_gets_no_pod_and_loses_those_it_has_after_five_minutes() -> None:
    world = started(web())
    before = {pod["metadata"]["name"] for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"}
    assert before
    falls(world, "n0")
    run(world, 1)
    assert taints(world, "n0") == {(NOT_READY, "NoSchedule")}
    run(world, 9)
    assert taints(world, "n0") == {(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")}
    for pod in pods(world, "web"):
        if pod["spec"]["nodeName"] == "n1":
            world.registry.delete(r.PODS, "shop", pod["metadata"]["name"])
    run(world, 200)
    now = {pod["metadata"]["name"] for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"}
    assert now == before, "300 s are not over, and nothing new comes"
    run(world, 160)
    assert not [pod for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"]
    assert [pod for pod in pods(world, "node-agent") if pod["spec"]["nodeName"] == "n0"], "daemons tolerate it for ever"


def test_a_node_that_comes_back_in_time_keeps_its_pods() -> None:
    world = started(web())
    before = {pod["metadata"]["uid"] for pod in pods(world, "web")}
    falls(world, "n0")
    run(world, 250)
    world.nodes.ready("n0", ready=True)
    run(world, 120)
    assert {pod["metadata"]["uid"] for pod in pods(world, "web")} == before
    assert all(is_ready(pod) for pod in pods(world, "web")), "its kubelet vouches for them again"
    assert taints(world, "n0") == set()


def test_a_silent_node_is_unreachable_and_its_pods_are_not_ready() -> None:
    world = started(web())
    world.machines.die("n0")
    run(world, 70)
    assert taints(world, "n0") == {(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")}
    there = [pod for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"]
    assert there
    assert not any(is_ready(pod) for pod in there)


def test_one_node_a_zone_loses_its_pods_in_ten_seconds() -> None:
    world = started(nodes=10)  # five in each of two zones: n0, n2, ... in a
    for name in ("n0", "n2"):
        falls(world, name)
    run(world, 6)
    marked = [name for name in ("n0", "n2") if (NOT_READY, "NoExecute") in taints(world, name)]
    assert len(marked) == 1
    run(world, 12)
    assert all((NOT_READY, "NoExecute") in taints(world, name) for name in ("n0", "n2"))


def test_when_every_node_is_down_nobody_is_sent_away() -> None:
    world = started(nodes=3)
    for name in ("n0", "n1", "n2"):
        falls(world, name)
    run(world, 60)
    assert not any((NOT_READY, "NoExecute") in taints(world, name) for name in ("n0", "n1", "n2"))


def test_a_small_zone_that_is_half_down_is_left_alone() -> None:
    world = started(nodes=10)
    for name in ("n0", "n2", "n4"):
        falls(world, name)
    run(world, 60)
    assert not any((NOT_READY, "NoExecute") in taints(world, name) for name in ("n0", "n2", "n4"))
