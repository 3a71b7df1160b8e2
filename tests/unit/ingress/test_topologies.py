"""Where hosts are put, and that no limit of the Gateway API is passed."""

import pytest

from unit.ingress.converting import codes, ingress, kinds, made, path, table

TWO = [
    ingress("a/web", {"x.com": [path("/", "one")]}, tls=[{"hosts": ["x.com"], "secretName": "c"}]),
    ingress("b/web", {"x.com": [path("/b", "two")]}),
]


def test_e7_a_gateway_for_each_namespace_says_that_the_address_is_another() -> None:
    out = made(*TWO)
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in kinds(out, "Gateway")] == [
        ("a", "front"),
        ("b", "front"),
    ]
    [loss] = out.losses
    assert (loss.code, loss.witness) == ("E7", "GET http://x.com/b at the address of a is no longer answered by b/web")


def test_a_shared_gateway_lets_in_just_the_namespaces_of_a_host() -> None:
    out = made(*TWO, topology="shared", gateway=("infra", "edge"))
    [gateway], [grant] = kinds(out, "Gateway"), kinds(out, "ReferenceGrant")
    allowed = gateway["spec"]["listeners"][0]["allowedRoutes"]["namespaces"]
    assert allowed["selector"]["matchExpressions"] == [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}
    ]
    assert (grant["metadata"]["namespace"], grant["spec"]["to"]) == ("a", [{"group": "", "kind": "Secret", "name": "c"}])
    assert grant["spec"]["from"] == [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra"}]
    assert codes(out) == set()


def test_listener_sets_keep_hosts_and_certificates_in_their_namespaces() -> None:
    out = made(*TWO, topology="listenerset")
    [gateway], [own] = kinds(out, "Gateway"), kinds(out, "ListenerSet")
    assert gateway["spec"]["allowedListeners"]["namespaces"]["selector"]["matchExpressions"][0]["values"] == ["a"]
    assert (own["metadata"]["namespace"], own["spec"]["parentRef"]) == ("a", {"namespace": "gateways", "name": "front"})
    parents = [route["spec"]["parentRefs"][0] for route in kinds(out, "HTTPRoute")]
    assert [parent.get("namespace") for parent in parents] == [None, "a"]
    assert kinds(out, "ReferenceGrant") == []


@pytest.mark.parametrize("topology", ["namespace", "shared", "listenerset"])
def test_no_gateway_and_no_listener_set_has_more_than_64_listeners(topology: str) -> None:
    out = made(ingress(hosts={f"h{number}.com": [path("/")] for number in range(200)}), topology=topology)
    sizes = [len(one["spec"]["listeners"]) for one in (*kinds(out, "Gateway"), *kinds(out, "ListenerSet"))]
    assert max(sizes) <= 64
    assert sum(sizes) == 200 + (topology == "listenerset")
    assert len(kinds(out, "Gateway")) == 1
    assert out.losses == []


def test_before_listener_sets_more_gateways_are_needed_and_said() -> None:
    out = made(ingress(hosts={f"h{number}.com": [path("/")] for number in range(65)}), minor=4)
    assert [one["metadata"]["name"] for one in kinds(out, "Gateway")] == ["front", "front-2"]
    assert codes(out) == {"E7"}


def test_routes_keep_16_rules_128_matches_and_16_hostnames() -> None:
    paths = [path(f"/p{number}", f"s{number}") for number in range(40)] + [path(f"/q{number}", "same") for number in range(200)]
    hosts = {f"h{number}.com": paths for number in range(20)}
    out = made(ingress(hosts=hosts))
    routes = kinds(out, "HTTPRoute")
    for route in routes:
        matches = [len(rule["matches"]) for rule in route["spec"]["rules"]]
        assert len(matches) <= 16
        assert sum(matches) <= 128
        assert max(matches) <= 64
        assert len(route["spec"]["hostnames"]) <= 16
        assert len(route["spec"]["parentRefs"]) <= 32
    for host in hosts:
        assert sorted(table(out, host)) == sorted(
            f"PathPrefix {one['path']} -> {one['backend']['service']['name']}:80" for one in paths
        )
    names = [route["metadata"]["name"] for route in routes]
    assert len(names) == len(set(names))


def test_five_thousand_hosts_are_no_trouble() -> None:
    out = made(ingress(hosts={f"h{number}.com": [path("/", f"s{number}")] for number in range(5000)}), topology="shared")
    assert len(kinds(out, "ListenerSet")) == 78
    assert len(kinds(out, "HTTPRoute")) == 5000


def test_the_same_bytes_whatever_order_the_files_come_in() -> None:
    assert made(*TWO).objects == made(*reversed(TWO)).objects
    assert made(*TWO, topology="shared").objects == made(*reversed(TWO), topology="shared").objects
