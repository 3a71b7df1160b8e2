"""The embedded world behaves as the controllers that it stands for."""

import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest

from underway.kube import resource as r
from underway.rotate.effects import ListMachines, MachineReply, Provision, Terminate
from underway.sim.scenario import DAEMONS, App, NodeSpec, Scenario, demo_scenario, random_scenario
from underway.sim.store import Object
from underway.sim.world.controller import is_ready
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

ZONES = ("a", "b")


def started(*apps: list[Any], nodes: int = 4) -> World:
    manifests = [*DAEMONS[0].daemon_set(), *(manifest for app in apps for manifest in app)]
    specs = tuple(NodeSpec(f"n{index}", ZONES[index % 2]) for index in range(nodes))
    world = World(Scenario("test", specs, tuple(manifests), timing=Timing(boot_s=20, terminate_s=5)), seed=1)
    world.start()
    return world


def run(world: World, seconds: float) -> None:
    world.queue.run_until(world.queue.now_ms() + round(seconds * 1_000))


def pods(world: World, app: str) -> list[Object]:
    return [pod for pod in world.store.ordered(r.PODS) if pod["metadata"].get("labels", {}).get("app") == app]


def evict(world: World, pod: Object) -> None:
    from underway.sim.apiserver.eviction import evict as subresource

    metadata = pod["metadata"]
    subresource(world.registry, metadata["namespace"], metadata["name"], {"deleteOptions": {}})


def test_a_deployment_keeps_its_size_and_says_so() -> None:
    world = started(App(name="web", namespace="shop", replicas=3).deployment())
    victim = pods(world, "web")[0]
    world.registry.delete(r.PODS, "shop", victim["metadata"]["name"])
    run(world, 2)
    assert world.registry.get(r.DEPLOYMENTS, "shop", "web")["status"]["availableReplicas"] <= 3
    run(world, 60)
    assert len([pod for pod in pods(world, "web") if is_ready(pod)]) == 3
    assert world.registry.get(r.DEPLOYMENTS, "shop", "web")["status"]["availableReplicas"] == 3


def test_a_deletion_takes_the_hook_and_the_exit() -> None:
    world = started(App(name="web", namespace="shop", pre_stop_s=10, stop_s=4).deployment())
    name = pods(world, "web")[0]["metadata"]["name"]
    world.registry.delete(r.PODS, "shop", name)
    run(world, 9)
    assert world.store.get(r.PODS, "shop", name) is not None
    run(world, 8)
    assert world.store.get(r.PODS, "shop", name) is None


def test_a_process_that_never_ends_is_killed_at_its_grace() -> None:
    world = started(App(name="web", namespace="shop", pre_stop_s=0, stop_s="never", grace_s=20).deployment())
    name = pods(world, "web")[0]["metadata"]["name"]
    world.registry.delete(r.PODS, "shop", name)
    run(world, 19)
    assert world.store.get(r.PODS, "shop", name) is not None
    run(world, 3)
    assert world.store.get(r.PODS, "shop", name) is None


def test_a_statefulset_never_runs_an_ordinal_twice_and_takes_its_volume_along() -> None:
    world = started(App(name="db", namespace="data", replicas=2, pre_stop_s=5).stateful_set())
    old = world.registry.get(r.PODS, "data", "db-0")
    world.registry.delete(r.PODS, "data", "db-0")
    run(world, 3)
    assert world.registry.get(r.PODS, "data", "db-0")["metadata"]["uid"] == old["metadata"]["uid"]
    run(world, 60)
    new = world.registry.get(r.PODS, "data", "db-0")
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert is_ready(new)
    attached = [a["spec"]["nodeName"] for a in world.store.values(r.VOLUME_ATTACHMENTS) if "db-0" in a["metadata"]["name"]]
    assert attached == [new["spec"]["nodeName"]]


def test_a_cordoned_node_gets_no_pod_but_keeps_its_daemon() -> None:
    world = started(App(name="web", namespace="shop", replicas=4).deployment())
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "unschedulable": True}})
    for pod in pods(world, "web"):
        evict(world, pod)
    run(world, 60)
    assert "n0" not in {pod["spec"]["nodeName"] for pod in pods(world, "web")}
    assert "n0" in {pod["spec"]["nodeName"] for pod in pods(world, "node-agent")}


def test_prefer_no_schedule_is_avoided_but_not_forbidden() -> None:
    world = started(nodes=2)
    taint = {"key": "x", "effect": "PreferNoSchedule"}
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "taints": [taint]}})
    for resource, manifest in App(name="web", namespace="shop", replicas=20, cpu="700m").deployment():
        world.registry.create(resource, manifest)
    run(world, 60)
    places = [pod["spec"]["nodeName"] for pod in pods(world, "web")]
    assert places.count("n1") == 11, "what fits goes to the better node"
    assert places.count("n0") == 9


def test_a_pod_that_fits_nowhere_says_why() -> None:
    world = started(nodes=2)
    for resource, manifest in App(name="big", namespace="shop", cpu="99").deployment():
        world.registry.create(resource, manifest)
    run(world, 5)
    condition = pods(world, "big")[0]["status"]["conditions"][0]
    assert condition["reason"] == "Unschedulable"
    assert condition["message"] == "0/2 nodes are available: 2 Insufficient cpu."


@pytest.mark.parametrize(
    ("budget", "allowed", "desired"),
    [
        ({"maxUnavailable": 1}, 1, 3),
        ({"minAvailable": "50%"}, 2, 2),
        ({"maxUnavailable": "30%"}, 2, 2),
        ({"minAvailable": 4}, 0, 4),
    ],
)
def test_the_status_of_budgets(budget: dict[str, Any], allowed: int, desired: int) -> None:
    world = started(App(name="web", namespace="shop", replicas=4, budget=budget).deployment())
    run(world, 5)
    state = world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "web")["status"]
    assert (state["disruptionsAllowed"], state["desiredHealthy"], state["expectedPods"]) == (allowed, desired, 4)


def test_an_eviction_without_a_deletion_is_forgotten_after_two_minutes() -> None:
    world = started(App(name="web", namespace="shop", replicas=4, budget={"maxUnavailable": 1}).deployment())
    run(world, 5)
    name = pods(world, "web")[0]["metadata"]["name"]
    spent = {"disruptionsAllowed": 0, "disruptedPods": {name: world.registry.now()}}
    world.registry.mutate(
        r.POD_DISRUPTION_BUDGETS, "shop", "web", lambda found: {**found, "status": {**found["status"], **spent}}, "status"
    )
    run(world, 60)
    assert world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "web")["status"]["disruptionsAllowed"] == 0
    run(world, 70)
    assert world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "web")["status"]["disruptionsAllowed"] == 1


def test_endpoints_follow_readiness_and_deletion() -> None:
    world = started(App(name="web", namespace="shop", replicas=2, rps=1, pre_stop_s=10).deployment())
    run(world, 3)
    victim = pods(world, "web")[0]
    world.registry.delete(r.PODS, "shop", victim["metadata"]["name"])
    run(world, 2)
    endpoints = world.registry.get(r.ENDPOINT_SLICES, "shop", "web-slice")["endpoints"]
    state = {endpoint["targetRef"]["name"]: endpoint["conditions"] for endpoint in endpoints}
    assert state[victim["metadata"]["name"]] == {"ready": False, "serving": True, "terminating": True}


def test_the_control_plane_is_as_new_as_any_kubelet_will_be() -> None:
    assert World(demo_scenario(), 1).server.release == "v1.37.2"
    assert World(Scenario("test", (), (), control_plane="v1.38.0"), 1).server.release == "v1.38.0"
    with pytest.raises(ValueError, match=r"under an API server v1\.36\.4; a kubelet may not be newer"):
        World(Scenario("test", (), (), control_plane="v1.36.4"), 1)


def machines(world: World, request: Any) -> MachineReply:
    replies: list[MachineReply] = []
    world.machines.send(request, replies.append)
    run(world, 1)
    return replies[0]


def provision(key: str = "k", zone: str = "a") -> Provision:
    return Provision(id=1, key=key, replaces="n0", zone=zone, kubelet_version="v1.37.2")


def test_a_machine_is_made_once_for_each_key_and_becomes_a_ready_node() -> None:
    world = started()
    first, second = machines(world, provision()), machines(world, provision())
    assert first.machines[0].key == second.machines[0].key == "k"
    run(world, 30)
    listed = machines(world, ListMachines(id=2)).machines
    mine = [machine for machine in listed if machine.key == "k"]
    assert [machine.state for machine in mine] == ["Running"]
    node = world.registry.get(r.NODES, "", mine[0].node)
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.37.2"
    assert is_ready(node)


def test_a_machine_that_ends_leaves_its_node_which_falls_silent() -> None:
    world = started()
    machines(world, Terminate(id=1, node="n0"))
    run(world, 10)
    state = {machine.node: machine.state for machine in machines(world, ListMachines(id=2)).machines}
    assert state["n0"] == "Gone"
    run(world, 60)
    ready = next(c for c in world.registry.get(r.NODES, "", "n0")["status"]["conditions"] if c["type"] == "Ready")
    assert ready["status"] == "Unknown"


def test_a_machine_that_died_and_is_repaired_runs_its_pods_anew_and_ends_those_that_had_to_go() -> None:
    web = App(name="web", namespace="shop", start_s=10, ready_s=10, pre_stop_s=20)
    world = started(web.deployment(), App(name="work", namespace="shop").job(run_s=150), nodes=1)
    stays, goes = pods(world, "web")[0], pods(world, "work")[0]
    world.registry.delete(r.PODS, "shop", goes["metadata"]["name"])
    world.machines.die("n0")
    run(world, 90)
    assert world.store.get(r.PODS, "shop", goes["metadata"]["name"]) is not None, "nobody confirms its end"
    world.machines.repair("n0")
    run(world, 15)
    assert world.store.get(r.PODS, "shop", goes["metadata"]["name"]) is None
    assert not is_ready(world.registry.get(r.PODS, "shop", stays["metadata"]["name"])), "its process starts once more"
    run(world, 15)
    assert is_ready(world.registry.get(r.PODS, "shop", stays["metadata"]["name"]))


def test_what_a_job_had_done_is_lost_with_its_machine() -> None:
    world = started(App(name="work", namespace="shop", start_s=1).job(run_s=150), nodes=1)
    name = pods(world, "work")[0]["metadata"]["name"]
    world.machines.die("n0")
    run(world, 90)
    world.machines.repair("n0")
    run(world, 100)
    assert world.registry.get(r.PODS, "shop", name)["status"]["phase"] == "Running"
    run(world, 60)
    assert world.registry.get(r.PODS, "shop", name)["status"]["phase"] == "Succeeded"


def test_a_machine_whose_end_was_asked_for_is_not_repaired() -> None:
    world = started()
    machines(world, Terminate(id=1, node="n0"))
    world.machines.repair("n0")
    run(world, 60)
    assert "n0" not in world.kubelets.alive


def test_what_goes_wrong_with_machines_is_told() -> None:
    world = started()
    world.machines.trouble.quota = 4
    assert "VcpuLimitExceeded" in machines(world, provision()).error
    world.machines.trouble.quota = None
    world.machines.trouble.full_zones = frozenset({"b"})
    machines(world, provision("full", "b"))
    world.machines.trouble.failing_boots = 1
    machines(world, provision("bad", "a"))
    run(world, 30)
    found = {machine.key: machine for machine in machines(world, ListMachines(id=2)).machines if machine.key}
    assert (found["full"].state, found["bad"].state) == ("Pending", "Failed")
    assert "no capacity in b" in found["full"].reason


def digest(seed: int) -> str:
    world = World(random_scenario(seed), seed)
    world.start()
    everything = [world.store.ordered(resource) for resource in (r.NODES, r.PODS, r.REPLICA_SETS, r.EVENTS, r.ENDPOINT_SLICES)]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def test_one_seed_is_one_world_in_any_process() -> None:
    code = "from test_world import digest; print(digest(5))"
    path = str(__file__).rpartition("/")[0]
    found = set()
    for hash_seed in ("1", "77"):
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert found == {f"{digest(5)}\n"}
