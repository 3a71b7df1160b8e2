"""Ingress v1: every row of the documented tables, and the points that the specification leaves open."""

import pytest

from ingresses import answered, ingress, manifests, specified
from underway.ingress.matchers.ingress_v1 import AS_DOCUMENTED, DEFAULT_CERTIFICATE, IngressV1, Parameters
from underway.ingress.matchers.request import request_of

P, E, I = "Prefix", "Exact", "ImplementationSpecific"  # noqa: E741

# "Ingress", section "Examples" of the path types: (paths, request, which path answers; "" is the default backend)
DOCUMENTED = [
    ([(P, "/")], "/any/path/at/all", "/"),
    ([(E, "/foo")], "/foo", "/foo"),
    ([(E, "/foo")], "/bar", ""),
    ([(E, "/foo")], "/foo/", ""),
    ([(E, "/foo/")], "/foo", ""),
    ([(P, "/foo")], "/foo", "/foo"),
    ([(P, "/foo")], "/foo/", "/foo"),
    ([(P, "/foo/")], "/foo", "/foo/"),
    ([(P, "/foo/")], "/foo/", "/foo/"),
    ([(P, "/aaa/bb")], "/aaa/bbb", ""),
    ([(P, "/aaa/bbb")], "/aaa/bbb", "/aaa/bbb"),
    ([(P, "/aaa/bbb/")], "/aaa/bbb", "/aaa/bbb/"),
    ([(P, "/aaa/bbb")], "/aaa/bbb/", "/aaa/bbb"),
    ([(P, "/aaa/bbb")], "/aaa/bbb/ccc", "/aaa/bbb"),
    ([(P, "/aaa/bbb")], "/aaa/bbbxyz", ""),
    ([(P, "/"), (P, "/aaa")], "/aaa/ccc", "/aaa"),
    ([(P, "/"), (P, "/aaa"), (P, "/aaa/bbb")], "/aaa/bbb", "/aaa/bbb"),
    ([(P, "/"), (P, "/aaa"), (P, "/aaa/bbb")], "/ccc", "/"),
    ([(P, "/aaa")], "/ccc", ""),
]


@pytest.mark.parametrize(("paths", "asked", "expected"), DOCUMENTED)
def test_documented_path_matches(paths: list[tuple[str, str]], asked: str, expected: str) -> None:
    router = specified(ingress("web", "a.example", *((kind, path, f"of{path}") for kind, path in paths), default="fallback"))
    assert answered(router, f"http://a.example{asked}") == (f"of{expected}" if expected else "fallback")


def test_an_exact_path_wins_over_a_prefix_of_the_same_length() -> None:
    router = specified(ingress("web", "a.example", (P, "/foo", "prefix"), (E, "/foo", "exact")))
    assert answered(router, "http://a.example/foo") == "exact"


def test_the_longer_path_wins_even_over_an_exact_one() -> None:
    router = specified(ingress("web", "a.example", (P, "/foo/", "prefix"), (E, "/foo", "exact")))
    assert answered(router, "http://a.example/foo") == "prefix"


def test_of_two_prefixes_with_the_same_elements_the_longer_text_wins() -> None:
    router = specified(ingress("web", "a.example", (P, "/foo", "bare"), (P, "/foo/", "slash")))
    assert [answered(router, f"http://a.example{path}") for path in ("/foo", "/foo/", "/foo/x")] == ["slash"] * 3


@pytest.mark.parametrize(
    ("host", "matches"), [("bar.foo.com", True), ("baz.bar.foo.com", False), ("foo.com", False), ("BAR.FOO.COM", True)]
)
def test_a_wildcard_covers_exactly_one_label(host: str, matches: bool) -> None:
    router = specified(ingress("web", "*.foo.com", (P, "/", "web")))
    assert answered(router, f"http://{host}/") == ("web" if matches else "404")


def test_the_port_in_the_host_header_does_not_matter() -> None:
    router = specified(ingress("web", "a.example", (P, "/", "web")))
    assert answered(router, "http://other.example/", "GET", "Host: A.example:8080") == "web"


def test_a_precise_host_shuts_out_the_wildcard_unless_told_otherwise() -> None:
    documents = (
        ingress("web", "a.foo.com", (P, "/a", "precise")),
        ingress("wild", "*.foo.com", (P, "/", "wild"), (P, "/a/b", "long")),
    )
    assert answered(specified(*documents), "http://a.foo.com/other") == "404"
    fallthrough = specified(*documents, parameters=Parameters(fallthrough=True))
    assert answered(fallthrough, "http://a.foo.com/other") == "wild"
    assert answered(fallthrough, "http://a.foo.com/a/b") == "precise"
    together = specified(*documents, parameters=Parameters(precise_first=False))
    assert answered(together, "http://a.foo.com/a/b") == "long"


@pytest.mark.parametrize(("how", "expected"), [("exact", "404"), ("prefix", "404"), ("string-prefix", "web")])
def test_implementation_specific_is_a_parameter(how: str, expected: str) -> None:
    parameters = Parameters(implementation_specific=how)  # type: ignore[arg-type]
    router = specified(ingress("web", "a.example", (I, "/foo", "web")), parameters=parameters)
    assert answered(router, "http://a.example/foobar") == expected


def test_of_two_equal_paths_the_older_ingress_wins() -> None:
    young = ingress("a", "a.example", (P, "/", "young"), created="2026-02-01T00:00:00Z")
    old = ingress("b", "a.example", (P, "/", "old"), created="2026-01-01T00:00:00Z")
    assert answered(specified(young, old), "http://a.example/") == "old"


def test_the_default_backend_of_a_hosts_own_ingress_wins() -> None:
    documents = (ingress("all", "", default="for-all"), ingress("web", "a.example", (E, "/x", "x"), default="own"))
    router = specified(*documents)
    assert answered(router, "http://a.example/") == "own"
    assert answered(router, "http://b.example/") == "for-all"


def test_a_rule_without_paths_sends_its_host_to_the_default_backend() -> None:
    document = ingress("web", "", default="all")
    document["spec"]["rules"] = [{"host": "a.example"}]
    assert answered(specified(document), "http://a.example/x") == "all"


def test_named_ports_become_numbers_where_the_service_is_there() -> None:
    document = ingress("web", "a.example", (P, "/", "web"))
    document["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = {"name": "http"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    service["spec"] = {"ports": [{"name": "http", "port": 8080}]}
    request = request_of("http://a.example/")
    assert specified(document, service).views("http", "a.example")[0].answer(request).backends[0].port == 8080
    assert specified(document).views("http", "a.example")[0].answer(request).backends[0].port == "http"


def test_a_resource_as_backend_is_undefined_and_says_so() -> None:
    document = ingress("web", "a.example", (P, "/", "web"))
    document["spec"]["rules"][0]["http"]["paths"][0]["backend"] = {"resource": {"kind": "StorageBucket", "name": "assets"}}
    answer = specified(document).views("http", "a.example")[0].answer(request_of("http://a.example/"))
    assert "StorageBucket as backend" in answer.undefined


def test_every_other_path_says_why_it_does_not_answer() -> None:
    router = specified(ingress("web", "a.example", (P, "/", "root"), (P, "/cart", "cart"), (P, "/help", "help")))
    why = router.views("http", "a.example")[0].why(request_of("http://a.example/cart/1"))
    assert [line.partition(": ")[2].partition(" Ingress")[0] for line in why] == [
        "matches, but",
        "its path does not match /cart/1",
    ]


def test_tls_names_the_certificate_of_a_host() -> None:
    tls = [{"hosts": ["a.example"], "secretName": "cert"}, {"hosts": ["*.b.example"]}]
    router = IngressV1(manifests(ingress("web", "a.example", (P, "/", "web"), tls=tls)), AS_DOCUMENTED)
    assert router.views("https", "a.example")[0].certificates == frozenset({"shop/cert"})
    assert router.views("https", "x.b.example")[0].certificates == frozenset({DEFAULT_CERTIFICATE})
    assert router.views("https", "c.example")[0].certificates is None
