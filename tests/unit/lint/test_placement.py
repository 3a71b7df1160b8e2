"""What a pod asks of a node, which taints it bears, and which nodes it names."""

from typing import Any

import msgspec
import pytest

from underway.lint.objects.cluster import Node
from underway.lint.objects.pod import PodSpec, Toleration
from underway.lint.placement import bears, demand, nodes_named, takes_pods
from underway.model.node import Taint


def asking(*amounts: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"c{place}", "resources": {"requests": {"cpu": one}}, **more} for place, one in enumerate(amounts)]


@pytest.mark.parametrize(
    ("spec", "cores_milli"),
    [
        ({"containers": asking("1", "500m")}, 1500),
        ({"containers": asking("1"), "initContainers": asking("3")}, 3000),
        ({"containers": asking("1"), "initContainers": asking("1", restartPolicy="Always")}, 2000),
        ({"containers": asking("1"), "initContainers": [*asking("1", restartPolicy="Always"), *asking("2")]}, 3000),
        ({"containers": asking("1"), "initContainers": [*asking("2"), *asking("1", restartPolicy="Always")]}, 2000),
        ({"containers": asking("1"), "overhead": {"cpu": "250m"}}, 1250),
        ({"containers": asking("1"), "resources": {"requests": {"cpu": "4"}}}, 4000),
        ({"containers": [{"name": "idle"}]}, 0),
    ],
    ids=["together", "an initContainer is alone", "a sidecar", "beside a sidecar", "before it", "overhead", "as a whole", "none"],
)
def test_what_a_pod_asks_for(spec: dict[str, Any], cores_milli: int) -> None:
    assert demand(msgspec.convert(spec, PodSpec), "cpu") == cores_milli


@pytest.mark.parametrize(
    ("toleration", "borne"),
    [
        (None, False),
        ({"operator": "Exists"}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "a", "value": "b"}, True),
        ({"key": "a", "operator": "Equal", "value": "c"}, False),
        ({"key": "a", "value": "b", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_which_taints_it_bears(toleration: dict[str, str] | None, borne: bool) -> None:
    tolerations = [msgspec.convert(toleration, Toleration)] if toleration else []
    assert bears(tolerations, [Taint(key="a", value="b", effect="NoSchedule")]) is borne
    assert bears(tolerations, [Taint(key="a", value="b", effect="PreferNoSchedule")])


def test_a_cordoned_node_and_one_that_is_not_ready_take_no_pods() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    unknown = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    values: list[dict[str, Any]] = [{}, {"status": ready}, {"status": unknown}, {"spec": {"unschedulable": True}}]
    nodes = [msgspec.convert({"metadata": {"name": "n"}, **value}, Node) for value in values]
    assert [takes_pods(node) for node in nodes] == [True, True, False, False]


def test_a_selector_names_nodes_only_where_every_term_does() -> None:
    by_label = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}
    by_field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}
    by_zone = {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["z"]}]}
    besides = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["a"]}]}
    assert nodes_named({"nodeSelectorTerms": [by_label, by_field]}) == {"a", "b"}
    assert nodes_named({"nodeSelectorTerms": [by_label, by_zone]}) == set()
    assert nodes_named({"nodeSelectorTerms": [besides]}) == set()
    assert nodes_named(None) == set()
