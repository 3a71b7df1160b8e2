"""Pods are placed by what they say of other pods, whichever way a selector is written."""

from typing import Any

import pytest

from underway.kube import resource as r
from underway.sim.scenario import App
from underway.sim.store import Object
from underway.sim.world.placement import node_fits, selects
from underway.sim.world.world import World
from unit.sim.world.test_world import evict, pods, run, started

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def among(key: str, *values: str) -> Object:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


def given(app: App, **spec: Any) -> list[Any]:
    """The Deployment of an application with more in its pod template."""
    [(resource, manifest), *around] = app.deployment()
    template = manifest["spec"]["template"]
    changed = {**template, "spec": {**template["spec"], **spec}}
    return [(resource, {**manifest, "spec": {**manifest["spec"], "template": changed}}), *around]


def web(replicas: int = 4) -> App:
    return App(name="web", namespace="shop", replicas=replicas)


def add(world: World, manifests: list[Any]) -> None:
    for resource, manifest in manifests:
        world.registry.create(resource, manifest)
    run(world, 60)


def hosts(world: World, app: str = "web") -> list[str]:
    return sorted(pod["spec"].get("nodeName", "-") for pod in pods(world, app))


def waits_for(world: World, app: str = "web") -> str:
    [pod] = [pod for pod in pods(world, app) if not pod["spec"].get("nodeName")]
    return str(pod["status"]["conditions"][0]["message"])


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {"app": "web"}, False),
        ({}, {}, True),
        (
            {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}]},
            {"app": "web"},
            True,
        ),
        (among("app", "web", "shop"), {"app": "shop"}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, {}, True),
    ],
)
def test_selectors(selector: Object | None, labels: dict[str, str], expected: bool) -> None:
    assert selects(selector, labels) is expected


@pytest.mark.parametrize(
    ("term", "fits"),
    [
        ({"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}, True),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["m"]}]}, False),
        ({}, False),
    ],
)
def test_node_affinity(term: Object, fits: bool) -> None:
    node = {"metadata": {"name": "n", "labels": {"cores": "8"}}}
    spec = {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}}
    assert node_fits(spec, node) is fits


def test_a_budget_by_expression_counts_and_follows_labels_that_go() -> None:
    world = started(web().deployment())
    spec = {"maxUnavailable": 1, "selector": among("app", "web", "other")}
    add(world, [(r.POD_DISRUPTION_BUDGETS, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})])

    def healthy() -> int:
        return int(world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "web")["status"]["currentHealthy"])

    assert healthy() == 4
    name = pods(world, "web")[0]["metadata"]["name"]
    world.registry.mutate(r.PODS, "shop", name, lambda pod: {**pod, "metadata": {**pod["metadata"], "labels": {}}})
    run(world, 2)
    assert healthy() == 3


def test_a_budget_with_an_empty_selector_is_over_the_whole_namespace() -> None:
    world = started(web().deployment(), App(name="api", namespace="shop", replicas=2).deployment())
    add(
        world,
        [
            (
                r.POD_DISRUPTION_BUDGETS,
                {"metadata": {"name": "all", "namespace": "shop"}, "spec": {"minAvailable": 1, "selector": {}}},
            )
        ],
    )
    assert world.registry.get(r.POD_DISRUPTION_BUDGETS, "shop", "all")["status"]["currentHealthy"] == 6


def test_anti_affinity_by_expression_keeps_apart() -> None:
    term = {"topologyKey": HOST, "labelSelector": among("app", "web")}
    world = started(given(web(4), affinity={"podAntiAffinity": {REQUIRED: [term]}}))
    assert hosts(world) == ["n0", "n1", "n2", "n3"]


def test_a_pod_that_is_on_its_way_out_still_repels() -> None:
    app = App(name="web", namespace="shop", replicas=4, spread=HOST, pre_stop_s=20)
    world = started(app.deployment())
    evict(world, pods(world, "web")[0])
    run(world, 10)
    assert "anti-affinity" in waits_for(world)
    run(world, 30)
    assert "-" not in hosts(world)


def test_pods_already_there_repel_as_well() -> None:
    term = {"topologyKey": ZONE, "labelSelector": among("app", "api"), "namespaceSelector": {}}
    world = started(
        given(App(name="web", namespace="data", replicas=2), affinity={"podAntiAffinity": {REQUIRED: [term]}}), nodes=3
    )
    add(world, App(name="api", namespace="shop").deployment())
    assert "didn't satisfy existing pods anti-affinity rules" in waits_for(world, "api")


def test_affinity_brings_together_and_the_first_of_a_kind_may_go_anywhere() -> None:
    term = {"topologyKey": ZONE, "labelSelector": among("app", "web")}
    world = started(given(web(6), affinity={"podAffinity": {REQUIRED: [term]}}))
    assert len({world.registry.get(r.NODES, "", host)["metadata"]["labels"][ZONE] for host in hosts(world)}) == 1
    lonely = {"topologyKey": ZONE, "labelSelector": among("app", "nobody")}
    add(world, given(App(name="api", namespace="shop"), affinity={"podAffinity": {REQUIRED: [lonely]}}))
    assert "didn't match pod affinity rules" in waits_for(world, "api")


def spread(**more: Any) -> Object:
    return {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": among("app", "web"), **more}


def test_spread_is_kept_and_a_cordoned_node_counts_as_an_empty_place() -> None:
    world = started(given(web(4), topologySpreadConstraints=[spread()]))
    assert hosts(world) == ["n0", "n1", "n2", "n3"]
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "unschedulable": True}})
    evict(world, next(pod for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"))
    run(world, 60)
    assert "3 node(s) didn't match pod topology spread constraints" in waits_for(world)
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "unschedulable": False}})
    run(world, 60)
    assert hosts(world) == ["n0", "n1", "n2", "n3"]


def test_spread_that_honours_taints_leaves_tainted_places_out() -> None:
    world = started(given(web(4), topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")]))
    world.registry.mutate(r.NODES, "", "n0", lambda node: {**node, "spec": {**node["spec"], "unschedulable": True}})
    run(world, 1)
    evict(world, next(pod for pod in pods(world, "web") if pod["spec"]["nodeName"] == "n0"))
    run(world, 60)
    assert "-" not in hosts(world)


def test_min_domains_wait_for_places_that_are_not_there_yet() -> None:
    world = started(nodes=3)
    add(world, given(web(4), topologySpreadConstraints=[spread(minDomains=4)]))
    assert "topology spread" in waits_for(world)


def test_spread_counts_one_revision_where_it_is_asked_to() -> None:
    world = started(given(web(4), topologySpreadConstraints=[spread(matchLabelKeys=["pod-template-hash"])]))
    assert hosts(world) == ["n0", "n1", "n2", "n3"]


def test_a_node_without_the_label_of_a_spread_is_no_place() -> None:
    world = started(nodes=2)
    add(world, given(web(1), topologySpreadConstraints=[spread(topologyKey="rack")]))
    assert "missing required label" in waits_for(world)
