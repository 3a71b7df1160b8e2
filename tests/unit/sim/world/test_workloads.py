"""Jobs, scaling, what owners and nodes leave behind, and the requests that a careless workload loses."""

import pytest

from underway.kube import resource as r
from underway.rotate.effects import Terminate
from underway.sim.scenario import App
from underway.sim.store import Object
from underway.sim.world.controller import is_ready
from underway.sim.world.traffic import Sample
from underway.sim.world.world import World
from unit.sim.world.test_world import machines, pods, run, started


def job(world: World) -> Object:
    found: Object = world.registry.get(r.JOBS, "data", "export")["status"]
    return found


def scale(world: World, replicas: int) -> None:
    world.registry.mutate(r.DEPLOYMENTS, "shop", "web", lambda now: {**now, "spec": {**now["spec"], "replicas": replicas}})


def test_a_job_counts_a_success_for_good_and_then_completes() -> None:
    world = started(App(name="export", namespace="data", replicas=2).job(run_s=30))
    run(world, 120)
    assert (job(world)["succeeded"], job(world)["active"]) == (2, 0)
    assert {c["type"] for c in job(world)["conditions"]} == {"Complete", "SuccessCriteriaMet"}
    for pod in pods(world, "export"):
        world.registry.delete(r.PODS, "data", pod["metadata"]["name"], grace_s=0)
    run(world, 60)
    assert pods(world, "export") == []
    assert job(world)["succeeded"] == 2


def test_a_job_repeats_only_the_work_that_was_interrupted() -> None:
    world = started(App(name="export", namespace="data", replicas=2, pre_stop_s=0).job(run_s=60))
    run(world, 30)
    world.registry.delete(r.PODS, "data", pods(world, "export")[0]["metadata"]["name"])
    run(world, 200)
    assert job(world)["succeeded"] == 2
    assert len(pods(world, "export")) == 2


def test_a_finished_pod_is_not_ready_and_not_healthy() -> None:
    app = App(name="export", namespace="data", replicas=2, budget={"minAvailable": 1}, rps=1)
    world = started([*app.job(run_s=30), *app.around()])
    run(world, 20)
    healthy = world.registry.get(r.POD_DISRUPTION_BUDGETS, "data", "export")["status"]["currentHealthy"]
    run(world, 120)
    assert healthy == 2
    assert not any(is_ready(pod) for pod in pods(world, "export"))
    assert world.registry.get(r.POD_DISRUPTION_BUDGETS, "data", "export")["status"]["currentHealthy"] == 0
    endpoints = world.registry.get(r.ENDPOINT_SLICES, "data", "export-slice")["endpoints"]
    assert not any(endpoint["conditions"]["ready"] for endpoint in endpoints)


@pytest.mark.parametrize(("kind", "plural"), [("job", "jobs.batch"), ("daemon", "daemonsets.apps")])
def test_a_budget_over_what_has_no_scale_allows_nothing_and_says_why(kind: str, plural: str) -> None:
    app = App(name="export", namespace="data", replicas=2, budget={"maxUnavailable": 1})
    world = started([*(app.job(run_s=600) if kind == "job" else app.daemon_set()), *app.around()])
    run(world, 20)
    state = world.registry.get(r.POD_DISRUPTION_BUDGETS, "data", "export")["status"]
    assert state["disruptionsAllowed"] == 0
    told = state["conditions"][0]
    assert (told["reason"], told["message"]) == ("SyncFailed", f"{plural} does not implement the scale subresource")


def test_scaling_down_takes_the_youngest_pod() -> None:
    world = started(App(name="web", namespace="shop", replicas=2, pre_stop_s=0).deployment())
    old = {pod["metadata"]["name"] for pod in pods(world, "web")}
    run(world, 30)
    for replicas in (3, 2):
        scale(world, replicas)
        run(world, 60)
    assert {pod["metadata"]["name"] for pod in pods(world, "web")} == old


def test_what_a_deployment_owned_goes_with_it() -> None:
    world = started(App(name="web", namespace="shop", replicas=2).deployment())
    world.registry.delete(r.DEPLOYMENTS, "shop", "web")
    run(world, 60)
    assert pods(world, "web") == []
    assert world.store.ordered(r.REPLICA_SETS, "shop") == []


def test_replicas_that_must_not_share_a_host_wait_for_one() -> None:
    apart = App(name="web", namespace="shop", replicas=4, spread="kubernetes.io/hostname")
    world = started(apart.deployment())
    assert len({pod["spec"]["nodeName"] for pod in pods(world, "web")}) == 4
    scale(world, 5)
    run(world, 30)
    waiting = [pod for pod in pods(world, "web") if not pod["spec"].get("nodeName")]
    assert len(waiting) == 1
    assert "anti-affinity" in waiting[0]["status"]["conditions"][0]["message"]


def test_pods_of_a_dead_node_stand_in_the_way_until_the_taint_or_its_end() -> None:
    world = started(App(name="web", namespace="shop", replicas=4).deployment())
    stranded = next(pod for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0")["metadata"]
    machines(world, Terminate(id=1, node="n0"))
    run(world, 60)
    assert not is_ready(world.registry.get(r.PODS, "shop", stranded["name"]))
    run(world, 300)
    # Taint eviction has asked for its deletion; only a kubelet, or the end of the Node, can carry that out.
    assert world.registry.get(r.PODS, "shop", stranded["name"])["metadata"]["deletionTimestamp"]
    world.registry.delete(r.NODES, "", "n0")
    run(world, 90)
    assert world.store.get(r.PODS, "shop", stranded["name"]) is None


def test_a_claim_is_bound_in_the_zone_of_its_first_pod() -> None:
    world = started(App(name="db", namespace="data").stateful_set())
    claim = world.registry.get(r.PERSISTENT_VOLUME_CLAIMS, "data", "data-db-0")
    assert claim["status"]["phase"] == "Bound"
    volume = world.registry.get(r.PERSISTENT_VOLUMES, "", claim["spec"]["volumeName"])
    node = world.registry.get(r.NODES, "", pods(world, "db")[0]["spec"]["nodeName"])
    zone = "topology.kubernetes.io/zone"
    assert volume["metadata"]["labels"][zone] == node["metadata"]["labels"][zone]


def samples_while_restarting(app: App) -> list[Sample]:
    world = started(app.deployment())
    run(world, 5)
    world.traffic.start()
    for pod in pods(world, app.name):
        world.registry.delete(r.PODS, app.namespace, pod["metadata"]["name"])
        run(world, 45)
    return world.traffic.samples


def test_a_careful_workload_loses_no_request() -> None:
    samples = samples_while_restarting(App(name="web", namespace="shop", replicas=3, rps=40, pre_stop_s=5))
    assert len(samples) > 3_000
    assert [sample for sample in samples if sample.cause] == []


def test_a_workload_without_a_hook_loses_some_and_hears_where() -> None:
    samples = samples_while_restarting(App(name="web", namespace="shop", replicas=3, rps=40, pre_stop_s=0))
    lost = [sample for sample in samples if sample.cause]
    assert 0 < len(lost) < len(samples) // 10
    assert all("connection refused by pod shop/web-" in sample.cause and " on node n" in sample.cause for sample in lost)
