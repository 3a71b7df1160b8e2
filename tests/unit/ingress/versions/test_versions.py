"""Ingress between its versions: by the API server's rules, and every loss said."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underway.ingress.versions import converted
from underway.ingress.versions.edits import applied


def ingress(version: str, spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": "Ingress", "metadata": {"name": "web", **metadata}, "spec": spec}


def to(version: str, values: Any, class_to: str = "") -> tuple[Any, list[str]]:
    outcome = converted(values, 0, version, class_to)
    return applied(values, outcome.edits), [f"{loss.kind}: {loss.reason}" for loss in outcome.losses]


def one_path(backend: Any, **more: Any) -> dict[str, Any]:
    return {"rules": [{"host": "a.com", "http": {"paths": [{"path": "/p", **more, "backend": backend}]}}]}


OLD = one_path({"serviceName": "s", "servicePort": 80})
NEW = one_path({"service": {"name": "s", "port": {"number": 80}}}, pathType="ImplementationSpecific")


@pytest.mark.parametrize("version", ["extensions/v1beta1", "networking.k8s.io/v1beta1"])
def test_both_old_groups_become_v1_with_the_path_type_they_had_by_default(version: str) -> None:
    assert to("v1", ingress(version, OLD)) == (ingress("networking.k8s.io/v1", NEW), [])


def test_the_way_back_is_without_loss() -> None:
    values = ingress("networking.k8s.io/v1", {**NEW, "defaultBackend": {"service": {"name": "d", "port": {"name": "http"}}}})
    old, losses = to("v1beta1", values)
    assert old["spec"]["backend"] == {"serviceName": "d", "servicePort": "http"}
    assert (losses, to("v1", old)) == ([], (values, []))


def test_resources_classes_and_tls_are_left_as_they_are() -> None:
    resource = {"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": "static"}}
    spec = {**one_path(resource, pathType="Exact"), "ingressClassName": "c", "tls": [{"hosts": ["a.com"], "secretName": "t"}]}
    assert to("v1", ingress("networking.k8s.io/v1beta1", spec)) == (ingress("networking.k8s.io/v1", spec), [])


def test_an_ingress_that_is_there_already_is_not_touched() -> None:
    assert converted(ingress("networking.k8s.io/v1", NEW), 0, "v1").edits == ()
    assert converted({"apiVersion": "v1", "kind": "Service"}, 0, "v1").edits == ()
    assert converted({"apiVersion": "example.com/v1", "kind": "Ingress"}, 0, "v1").edits == ()
    assert converted("text", 0, "v1").edits == ()


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (
            {"serviceName": "s", "servicePort": "80"},
            'is the text "80": the API takes it for the name of a port, which needs a letter',
        ),
        ({"serviceName": "s", "servicePort": "Web_"}, "is 'Web_': no name of a port"),
        ({"serviceName": "s", "servicePort": 70000}, "is 70000: no port number"),
        ({"serviceName": "s"}, "backend has no servicePort"),
        ({"servicePort": 80}, "has a servicePort and no serviceName"),
        ({}, "names neither a Service nor a resource"),
        ({"service": {"name": "s"}}, "service is no field of v1beta1: the API server drops it"),
    ],
)
def test_what_the_api_server_would_refuse_in_v1beta1_is_said(backend: Any, reason: str) -> None:
    _, losses = to("v1", ingress("networking.k8s.io/v1beta1", one_path(backend)))
    assert any(reason in loss for loss in losses), losses


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (
            {"service": {"name": "s", "port": {"name": "http", "number": 80}}},
            "has a name and a number; v1beta1 holds one, the name",
        ),
        ({"service": {}}, "service is empty; v1beta1 cannot tell it from none"),
        ({"service": {"name": "s", "port": {}}}, "service has no port"),
        ({}, "names neither a Service nor a resource"),
        ({"serviceName": "s", "servicePort": 1}, "serviceName is no field of v1: the API server drops it"),
    ],
)
def test_what_v1beta1_cannot_hold_is_said(backend: Any, reason: str) -> None:
    old, losses = to("v1beta1", ingress("networking.k8s.io/v1", one_path(backend, pathType="Prefix")))
    assert any(reason in loss for loss in losses), losses
    assert "service" not in old["spec"]["rules"][0]["http"]["paths"][0]["backend"]


def test_a_path_without_path_type_is_no_v1() -> None:
    _, losses = to("v1beta1", ingress("networking.k8s.io/v1", one_path({"service": {"name": "s", "port": {"number": 1}}})))
    assert losses == [
        "invalid: spec.rules[0].http.paths[0] has no pathType, which v1 refuses; v1beta1 takes it for ImplementationSpecific"
    ]


def test_lists_of_both_kinds_are_converted_item_by_item() -> None:
    item = {"metadata": {"name": "web"}, "spec": OLD}
    typed = {"apiVersion": "extensions/v1beta1", "kind": "IngressList", "items": [item]}
    made, _ = to("v1", typed)
    assert made == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressList",
        "items": [{"metadata": {"name": "web"}, "spec": NEW}],
    }
    mixed = {"apiVersion": "v1", "kind": "List", "items": [ingress("extensions/v1beta1", OLD), {"kind": "Service"}]}
    made, _ = to("v1", mixed)
    assert made["items"] == [ingress("networking.k8s.io/v1", NEW), {"kind": "Service"}]


def test_an_ingress_class_makes_the_scope_of_its_parameters_explicit() -> None:
    values = {
        "apiVersion": "networking.k8s.io/v1beta1",
        "kind": "IngressClass",
        "spec": {"parameters": {"kind": "P", "name": "p"}},
    }
    made, losses = to("v1", values)
    assert made["spec"]["parameters"] == {"kind": "P", "name": "p", "scope": "Cluster"}
    assert (losses, to("v1beta1", made)[0]["apiVersion"]) == ([], "networking.k8s.io/v1beta1")


def test_the_class_moves_only_on_request() -> None:
    annotated = ingress("extensions/v1beta1", OLD, annotations={"kubernetes.io/ingress.class": "nginx"})
    kept, _ = to("v1", annotated)
    assert "ingressClassName" not in kept["spec"]
    moved, _ = to("v1", annotated, "field")
    assert moved["spec"]["ingressClassName"] == "nginx"
    assert "annotations" not in moved["metadata"]
    back, _ = to("v1beta1", moved, "annotation")
    assert back["metadata"]["annotations"] == {"kubernetes.io/ingress.class": "nginx"}
    assert "ingressClassName" not in back["spec"]


def test_two_classes_that_differ_are_not_merged() -> None:
    values = ingress("networking.k8s.io/v1", {**NEW, "ingressClassName": "b"}, annotations={"kubernetes.io/ingress.class": "a"})
    made, losses = to("v1", values, "field")
    assert made == values
    [loss] = losses
    assert loss.startswith("invalid: metadata.annotations['kubernetes.io/ingress.class'] is 'a' and spec.ingressClassName is 'b'")


def test_kubectls_copy_of_what_was_applied_goes_along() -> None:
    copy = json.dumps(ingress("extensions/v1beta1", OLD))
    values = ingress("extensions/v1beta1", OLD, annotations={"kubectl.kubernetes.io/last-applied-configuration": copy})
    made, losses = to("v1", values)
    text = made["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert (json.loads(text), text[-1], losses) == (ingress("networking.k8s.io/v1", NEW), "\n", [])


def test_a_broken_copy_of_what_was_applied_is_said() -> None:
    values = ingress("extensions/v1beta1", OLD, annotations={"kubectl.kubernetes.io/last-applied-configuration": "{"})
    made, losses = to("v1", values)
    assert made["metadata"] == values["metadata"]
    assert "is not JSON and stays as it is" in losses[0]


NAMES = st.sampled_from(["a", "b", "web"])
PORTS = st.one_of(st.integers(1, 65535).map(lambda number: {"number": number}), NAMES.map(lambda name: {"name": name}))
SERVICES = st.builds(lambda name, port: {"service": {"name": name, "port": port}}, NAMES, PORTS)
RESOURCES = NAMES.map(lambda name: {"resource": {"apiGroup": "g", "kind": "K", "name": name}})
BACKENDS = st.one_of(SERVICES, RESOURCES)
PATHS = st.builds(
    lambda path, kind, backend: {"path": path, "pathType": kind, "backend": backend},
    st.sampled_from(["/", "/a", "/a/"]),
    st.sampled_from(["Exact", "Prefix", "ImplementationSpecific"]),
    BACKENDS,
)
RULES = st.builds(lambda host, paths: {"host": host, "http": {"paths": paths}}, NAMES, st.lists(PATHS, min_size=1, max_size=3))
SPECS = st.builds(
    lambda rules, default: {"rules": rules, **({"defaultBackend": default} if default else {})},
    st.lists(RULES, min_size=1, max_size=3),
    st.one_of(st.none(), BACKENDS),
)


@given(SPECS)
@settings(max_examples=60, deadline=None)
def test_every_valid_v1_ingress_survives_the_journey(spec: Any) -> None:
    values = ingress("networking.k8s.io/v1", spec)
    old, there = to("v1beta1", values)
    again, back = to("v1", old)
    assert (again, there, back) == (values, [], [])
