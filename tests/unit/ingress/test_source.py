"""What is read, and what is left out as a whole: never half an object."""

from typing import Any

import pytest

from underway.ingress.source import source_of
from unit.ingress.converting import ingress, path

OTHER_CLASS = {"kubernetes.io/ingress.class": "x"}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "s", "namespace": "shop"},
    "spec": {"ports": [{"name": "http", "port": 8080}]},
}


def losses(*documents: Any) -> list[str]:
    source = source_of(list(documents))
    assert source.ingresses == []
    return [f"{loss.kind}: {loss.object}: {loss.reason}; {loss.remedy}" for loss in source.losses]


def test_old_versions_are_read_as_v1() -> None:
    old = {
        "apiVersion": "extensions/v1beta1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"http": {"paths": [{"backend": {"serviceName": "s", "servicePort": 80}}]}}]},
    }
    [found] = source_of([old]).ingresses
    assert (found.key, found.rules[0].paths[0].path, found.rules[0].paths[0].path_type) == (
        "default/web",
        "/",
        "ImplementationSpecific",
    )


def test_lists_are_opened_and_other_kinds_passed_by() -> None:
    listed = {"kind": "List", "items": [ingress(hosts={"a.com": [path("/")]}), {"kind": "Pod"}, "text"]}
    assert [one.key for one in source_of([listed, None]).ingresses] == ["shop/web"]


def test_the_oldest_comes_first_then_the_name() -> None:
    hosts = {"a.com": [path("/")]}
    three = [ingress("b/b", hosts), ingress("a/a", hosts), ingress("c/c", hosts, creationTimestamp="2020-01-01T00:00:00Z")]
    assert [one.key for one in source_of(three).ingresses] == ["a/a", "b/b", "c/c"]


def test_a_named_port_is_looked_up_in_the_service() -> None:
    source = source_of([ingress(hosts={"a.com": [path("/", port="http")]}), SERVICE])
    assert source.ingresses[0].rules[0].paths[0].port == 8080


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([ingress(hosts={"a.com": [path("/", port="http")]})], "'http', and Service shop/s is not among the files: routes want"),
        ([ingress(hosts={"a.com": [path("/", port="web")]}), SERVICE], "is 'web'; Service shop/s has http"),
        ([ingress(hosts={"a.com": [path("/", service="")]})], "names no Service"),
        ([ingress(hosts={"a.com": [path("/", port=0)]})], "has no number from 1 to 65535: 0"),
        ([ingress(hosts={"a.com": [path("x")]})], "is 'x': it must begin with /"),
        ([ingress(hosts={"a.com": [path("/a%2fb")]})], "holds '%2f': the API refuses it in Prefix paths"),
        ([ingress(hosts={"a.com": [path("/a//b")]})], "holds '//'"),
        ([ingress(hosts={"a.com": [path("/..")]})], "holds '/..'"),
        ([ingress(hosts={"a.com": [path("/" + "a" * 1024)]})], "is 1025 characters long; a route's path has at most 1024"),
        ([ingress(hosts={"a.com": [path("/ä")]})], "has characters that a route's path may not have"),
        ([ingress(hosts={"a.com": [path("/", kind="prefix")]})], "pathType is 'prefix'"),
        ([ingress(hosts={"1.2.3.4": [path("/")]})], "is '1.2.3.4': no DNS name"),
        ([ingress(hosts={"A.com": [path("/")]})], "is 'A.com': no DNS name in lower case"),
        ([ingress(hosts={"a.*.com": [path("/")]})], "is 'a.*.com'"),
        ([ingress()], "has neither rules nor a defaultBackend"),
        ([ingress(rules=[{"host": "a.com", "http": {}}])], "spec.rules[0].http has no paths"),
        ([ingress(rules="all")], "spec.rules is no list"),
        ([ingress(hosts={"a.com": [path("/")]}, annotations=OTHER_CLASS)], "the annotation kubernetes.io/ingress.class is 'x'"),
        ([ingress("Web!", {"a.com": [path("/")]})], "has no name that the API takes: 'Web!'"),
        ([ingress(hosts={"a.com": [path("/")]}, tls=[{"hosts": ["*"]}])], "holds '*': no DNS name"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_left_out_as_a_whole(documents: list[Any], message: str) -> None:
    [loss] = losses(*documents)
    assert message in loss
    assert "; the whole Ingress is left out" in loss


def test_a_path_of_1024_characters_is_the_longest() -> None:
    assert len(source_of([ingress(hosts={"a.com": [path("/" + "a" * 1023)]})]).ingresses) == 1


def test_the_same_ingress_twice_counts_once() -> None:
    one = ingress(hosts={"a.com": [path("/")]})
    source = source_of([one, one])
    assert (len(source.ingresses), source.losses[0].where.source) == (1, 1)
    assert "stands twice: shop/web was given before" in source.losses[0].reason
