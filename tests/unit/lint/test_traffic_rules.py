"""The rules about Ingresses and routes, beyond what their pages show."""

from typing import Any

import pytest

from ingresses import annotated, gateway, grant, ingress, listener, match, route, rule
from linting import findings
from underway.lint import picture_of

P = "Prefix"


def found(name: str, *values: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What a rule says: object, field, message."""
    return [(one.object.name, one.path, one.message) for one in findings(name, picture_of(values))]


def test_a_port_in_quotation_marks_is_found_in_both_versions_and_in_the_default_backend() -> None:
    document = ingress("web", "a.example", (P, "/", "web"))
    document["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = {"name": "80"}
    document["spec"]["defaultBackend"] = {"service": {"name": "all", "port": {"name": "http"}}}
    assert [(name, field) for name, field, _ in found("ingress-port-number-as-name", document)] == [
        ("web", "spec.rules[0].http.paths[0].backend")
    ]
    old = {"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": {"name": "o", "namespace": "shop"}}
    old["spec"] = {"backend": {"serviceName": "all", "servicePort": "8080"}}
    assert found("ingress-port-number-as-name", old)[0][1] == "spec.defaultBackend.backend"


def test_a_class_that_is_not_there_is_named_only_where_classes_were_read() -> None:
    document = ingress("web", "a.example", (P, "/", "web"), class_name="gone")
    assert found("ingress-class-conflict", document) == []
    there = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {}}
    assert found("ingress-class-conflict", document, there)[0][2] == "there is no IngressClass gone"


def test_canaries_and_other_classes_do_not_compete() -> None:
    main = ingress("main", "a.example", (P, "/", "main"), class_name="nginx")
    canary = ingress("canary", "a.example", (P, "/", "new"), annotations=annotated(canary="true"), class_name="nginx")
    other = ingress("other", "a.example", (P, "/", "new"), class_name="internal")
    assert found("ingress-path-never-answers", main, canary, other) == []
    young = ingress("a-young", "a.example", (P, "/", "new"), class_name="nginx", created="2026-06-01T00:00:00Z")
    assert found("ingress-path-never-answers", main, young) == [
        ("a-young", "spec.rules[0].http.paths[0]", "a.example/ goes to main by Ingress shop/main, never to new")
    ]


def test_a_host_with_a_root_path_hides_nothing() -> None:
    wild = ingress("wild", "*.example", (P, "/login", "login"))
    assert found("wildcard-host-hidden", wild, ingress("own", "a.example", (P, "/", "own"))) == []
    assert found("wildcard-host-hidden", wild, ingress("own", "a.b.example", (P, "/x", "own"))) == [], (
        "two labels are another host"
    )
    assert found("wildcard-host-hidden", wild, ingress("own", "a.example", (P, "/x", "own")))[0][2] == (
        "a.example answers 404 for /login, which *.example answers"
    )


def test_a_default_backend_of_its_own_is_enough() -> None:
    catching = ingress("all", "", default="all")
    assert found("default-backend-hidden", catching, ingress("web", "a.example", (P, "/x", "web"), default="own")) == []
    assert len(found("default-backend-hidden", catching, ingress("web", "a.example", (P, "/x", "x"), (P, "/y", "y")))) == 1


@pytest.mark.parametrize(
    ("parent", "hostnames", "why"),
    [
        ({"name": "gone"}, (), "there is no Gateway shop/gone"),
        ({"name": "edge", "sectionName": "https"}, (), "no listener is named https"),
        ({"name": "edge", "port": 8443}, (), "no listener has port 8443"),
        ({"name": "edge"}, ("b.example",), "its listeners have a.example, the route b.example"),
        ({"name": "edge"}, ("*.example",), ""),
        ({"name": "edge"}, (), ""),
        ({"name": "more", "kind": "ListenerSet"}, (), ""),
    ],
)
def test_routes_that_no_listener_takes(parent: dict[str, Any], hostnames: tuple[str, ...], why: str) -> None:
    edge = gateway("edge", listener("http", "a.example"))
    messages = [
        message for _, _, message in found("route-never-matches", edge, route("r", hostnames, rule("web"), parents=[parent]))
    ]
    assert (why in messages[0]) if why else not messages


def test_namespaces_that_a_listener_does_not_take() -> None:
    edge = gateway("edge", listener("http", from_="Same"))
    parents = [{"name": "edge", "namespace": "shop"}]
    messages = found("route-never-matches", edge, route("r", (), rule("web", match("/")), namespace="other", parents=parents))
    assert "its listeners take no routes of namespace other" in messages[0][2]


def test_grants_count_by_kind_namespace_and_name() -> None:
    crossing = rule("web")
    crossing["backendRefs"][0]["namespace"] = "other"
    one = route("r", (), crossing)
    assert len(found("reference-grant-missing", one)) == 1
    assert found("reference-grant-missing", one, grant("other", "shop")) == []
    assert len(found("reference-grant-missing", one, grant("other", "shop", name="db"))) == 1
    assert len(found("reference-grant-missing", one, grant("other", "elsewhere"))) == 1
    certificate = gateway("edge", listener("https", "", 443, "HTTPS", certificates=("c",)))
    certificate["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["namespace"] = "certs"
    assert found("reference-grant-missing", certificate)[0][1] == "spec.listeners[0].tls.certificateRefs[0]"
