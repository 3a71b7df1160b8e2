"""The Gateway API: the scenarios of its conformance tests, its tables, and what it refuses."""

import pytest

from ingresses import answered, gateway, grant, listener, match, route, routed, rule
from underway.ingress.matchers.gateway.effects import replaced_prefix
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.request import request_of

ISOLATED = ("", "*.example.com", "*.foo.example.com", "abc.foo.example.com")
SLUGS = ("empty", "example", "foo-example", "abc-foo-example")


def test_the_table_of_replace_prefix_match() -> None:
    table = [  # httproute_types.go, HTTPPathModifier.replacePrefixMatch: path, prefix, replacement, result
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
    ]
    for path, prefix, replacement, expected in table:
        assert replaced_prefix(path, prefix, replacement) == expected, (path, prefix, replacement)


# httproute-matching, -path-match-order, -header-matching, -query-param-matching, -method-matching of the conformance tests
MATCHING = (
    rule("v1", match("/"), match(headers={"version": "one"})),
    rule("v2", match("/v2"), match(headers={"version": "two"})),
)
ORDER = (
    rule("v1", match("/match", "Exact")),
    rule("v2", match("/match/exact", "Exact")),
    rule("v3", match("/match/exact/one", "Exact")),
    rule("v3", match("/match/")),
    rule("v1", match("/match/prefix/")),
    rule("v2", match("/match/prefix/one")),
)
HEADERS = (
    rule("v1", match(headers={"version": "one"})),
    rule("v2", match(headers={"version": "two"})),
    rule("v1", match(headers={"version": "two", "color": "orange"})),
    rule("v1", match(headers={"color": "blue"}), match(headers={"color": "green"})),
    rule("v2", match(headers={"color": "red"}), match(headers={"color": "yellow"})),
)
QUERIES = (
    rule("v1", match(query={"animal": "whale"})),
    rule("v2", match(query={"animal": "dolphin"})),
    rule("v3", match(query={"animal": "dolphin", "color": "blue"}), match(query={"ANIMAL": "Whale"})),
    rule("v1", match("/path1", query={"animal": "whale"})),
    rule("v2", match(headers={"version": "one"}, query={"animal": "whale"})),
    rule("v3", match("/path2", headers={"version": "two"}, query={"animal": "whale"})),
    rule("v1", match("/path4", headers={"version": "three"}, query={"animal": "kraken"})),
    rule("v1", match("/path5")),
    rule("v2", match(query={"animal": "hydra"})),
    rule("v3", match(headers={"version": "four"})),
)
METHODS = (
    rule("v1", match(method="POST")),
    rule("v2", match(method="GET")),
    rule("v1", match("/path1", method="GET")),
    rule("v2", match(method="PUT", headers={"version": "one"})),
    rule("v3", match("/path2", method="POST", headers={"version": "two"})),
    rule("v1", match("/path5")),
    rule("v2", match(method="PATCH")),
    rule("v3", match(headers={"version": "four"})),
)


@pytest.mark.parametrize(
    ("rules", "method", "path", "headers", "expected"),
    [
        (MATCHING, "GET", "/", (), "v1"),
        (MATCHING, "GET", "/example", (), "v1"),
        (MATCHING, "GET", "/", ("Version: one",), "v1"),
        (MATCHING, "GET", "/v2", (), "v2"),
        (MATCHING, "GET", "/v2/", (), "v2"),
        (MATCHING, "GET", "/v2/example", (), "v2"),
        (MATCHING, "GET", "/", ("Version: two",), "v2"),
        (MATCHING, "GET", "/v2example", (), "v1"),
        (MATCHING, "GET", "/foo/v2/example", (), "v1"),
        (ORDER, "GET", "/match/exact/one", (), "v3"),
        (ORDER, "GET", "/match/exact", (), "v2"),
        (ORDER, "GET", "/match", (), "v1"),
        (ORDER, "GET", "/match/prefix/one/any", (), "v2"),
        (ORDER, "GET", "/match/prefix/any", (), "v1"),
        (ORDER, "GET", "/match/any", (), "v3"),
        (HEADERS, "GET", "/", ("Version: one",), "v1"),
        (HEADERS, "GET", "/", ("Version: two",), "v2"),
        (HEADERS, "GET", "/", ("Version: two", "Color: orange"), "v1"),
        (HEADERS, "GET", "/", ("Version: two", "Color: blue"), "v2"),
        (HEADERS, "GET", "/", ("Color: orange",), "404"),
        (HEADERS, "GET", "/", ("Some-Other-Header: one",), "404"),
        (HEADERS, "GET", "/", ("COLOR: green",), "v1"),
        (HEADERS, "GET", "/", ("Color: yellow",), "v2"),
        (HEADERS, "GET", "/", ("Color: purple",), "404"),
        (QUERIES, "GET", "/?animal=whale", (), "v1"),
        (QUERIES, "GET", "/?animal=dolphin&color=blue", (), "v3"),
        (QUERIES, "GET", "/?ANIMAL=Whale", (), "v3"),
        (QUERIES, "GET", "/?animal=whale&otherparam=irrelevant", (), "v1"),
        (QUERIES, "GET", "/?animal=dolphin&color=yellow", (), "v2"),
        (QUERIES, "GET", "/?color=blue", (), "404"),
        (QUERIES, "GET", "/?animal=whaledolphin", (), "404"),
        (QUERIES, "GET", "/path1?animal=whale", (), "v1"),
        (QUERIES, "GET", "/?animal=whale", ("version: one",), "v2"),
        (QUERIES, "GET", "/path2?animal=whale", ("version: two",), "v3"),
        (QUERIES, "GET", "/path4?animal=kraken", ("version: three",), "v1"),
        (QUERIES, "GET", "/path4?animal=kraken", (), "404"),
        (QUERIES, "GET", "/path5?animal=hydra", (), "v1"),
        (QUERIES, "GET", "/?animal=hydra", ("version: four",), "v3"),
        (METHODS, "POST", "/", (), "v1"),
        (METHODS, "GET", "/", (), "v2"),
        (METHODS, "HEAD", "/", (), "404"),
        (METHODS, "GET", "/path1", (), "v1"),
        (METHODS, "PUT", "/", ("version: one",), "v2"),
        (METHODS, "POST", "/path2", ("version: two",), "v3"),
        (METHODS, "PATCH", "/path5", (), "v1"),
        (METHODS, "PATCH", "/", ("version: four",), "v2"),
    ],
)
def test_conformance_matching(rules: tuple[object, ...], method: str, path: str, headers: tuple[str, ...], expected: str) -> None:
    router = routed(gateway(), route("web", (), *rules))  # type: ignore[arg-type]
    assert answered(router, f"http://any.example{path}", method, *headers) == expected


def test_conformance_matching_across_routes() -> None:
    part1 = route("part1", ("example.com", "example.net"), rule("v1", match("/"), match(headers={"version": "one"})))
    part2 = route("part2", ("example.com",), rule("v2", match("/v2"), match(headers={"version": "two"})))
    router = routed(gateway(), part1, part2)
    asked = ["com/", "com/example", "net/example", "com/v2", "net/v2", "com/v2/example"]
    assert [answered(router, f"http://example.{one}") for one in asked] == ["v1", "v1", "v1", "v2", "v1", "v2"]
    assert answered(router, "http://example.com/", "GET", "Version: two") == "v2"


def _isolated(*hostnames: str) -> tuple[dict[str, object], ...]:
    listeners = [listener(slug, host) for slug, host in zip(SLUGS, ISOLATED, strict=True)]
    parents = {slug: [{"name": "edge", "sectionName": slug}] for slug in SLUGS}
    return gateway("edge", *listeners), *(
        route(one, hostnames, rule("v1", match(f"/{one}")), parents=parents[one]) for one in SLUGS
    )


@pytest.mark.parametrize("hostnames", [(), ("bar.com", "*.example.com", "*.foo.example.com", "abc.foo.example.com")])
@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("bar.com", "empty"),
        ("bar.example.com", "example"),
        ("bar.foo.example.com", "foo-example"),
        ("abc.foo.example.com", SLUGS[3]),
    ],
)
def test_conformance_listener_isolation(hostnames: tuple[str, ...], host: str, own: str) -> None:
    router = routed(*_isolated(*hostnames))
    assert {slug: answered(router, f"http://{host}/{slug}") for slug in SLUGS} == {
        slug: "v1" if slug == own else "404" for slug in SLUGS
    }


def test_without_isolation_a_less_specific_listener_may_answer() -> None:
    router = routed(*_isolated(), parameters=Parameters(listener_isolation=False, hostname_fallback=True))
    assert answered(router, "http://abc.foo.example.com/empty") == "v1"


def test_a_host_route_shuts_out_the_route_without_hostname() -> None:
    documents = (gateway(), route("web", ("a.example",), rule("web", match("/x"))), route("all", (), rule("all")))
    assert answered(routed(*documents), "http://a.example/y") == "404"
    assert answered(routed(*documents, parameters=Parameters(hostname_fallback=True)), "http://a.example/y") == "all"
    assert answered(routed(*documents), "http://b.example/y") == "all"


def test_listener_hostname_conformance() -> None:
    listeners = [listener(f"l{n}", host) for n, host in enumerate(("bar.com", "foo.bar.com", "*.bar.com", "*.foo.com"), start=1)]
    routes = [route(f"v{n}", (), rule(f"v{n}"), parents=[{"name": "edge", "sectionName": f"l{n}"}]) for n in (1, 2)]
    routes.append(
        route("v3", (), rule("v3"), parents=[{"name": "edge", "sectionName": "l3"}, {"name": "edge", "sectionName": "l4"}])
    )
    router = routed(gateway("edge", *listeners), *routes)
    hosts = (
        "bar.com",
        "foo.bar.com",
        "baz.bar.com",
        "boo.bar.com",
        "multiple.prefixes.bar.com",
        "multiple.prefixes.foo.com",
        "foo.com",
    )
    assert [answered(router, f"http://{host}/") for host in hosts] == ["v1", "v2", "v3", "v3", "v3", "v3", "404"]


def test_hostname_intersection_conformance() -> None:
    listeners = [listener(f"l{n}", host) for n, host in enumerate(("very.specific.com", "*.wildcard.io", "*.other.io"))]
    router = routed(
        gateway("edge", *listeners),
        route("r1", ("non.matching.com", "*.nonmatchingwildcard.io", "very.specific.com"), rule("v1", match("/s1"))),
        route("r2", ("wildcard.io", "foo.wildcard.io", "foo.bar.wildcard.io"), rule("v2", match("/s2"))),
        route("r3", ("non.matching.com", "*.specific.com"), rule("v3", match("/s3"))),
        route("r4", ("*.other.io",), rule("v4", match("/s4"))),
        route("r5", ("specific.but.wrong.com", "wildcard.io"), rule("v5", match("/s5"))),
    )
    assert answered(router, "http://very.specific.com/s1") == "v1"
    assert answered(router, "http://very.specific.com/s3") == "v3"
    assert answered(router, "http://foo.specific.com/s3") == "404"
    assert answered(router, "http://foo.bar.wildcard.io/s2") == "v2"
    assert answered(router, "http://wildcard.io/s2") == "404"
    assert answered(router, "http://foo.wildcard.io/s2") == "v2"
    assert answered(router, "http://foo.bar.other.io/s4") == "v4"
    assert answered(router, "http://wildcard.io/s5") == "404"
    assert (
        "HTTPRoute shop/r5 is not attached: listener l0 of Gateway shop/edge has hostname very.specific.com" in router.problems[0]
    )


@pytest.mark.parametrize(
    ("port", "redirect", "expected"),
    [  # httproute-redirect-port-and-scheme: port of the listener, redirect, Location
        (80, {}, "http://example.org/x"),
        (80, {"port": 80}, "http://example.org/x"),
        (80, {"port": 8080}, "http://example.org:8080/x"),
        (80, {"scheme": "https"}, "https://example.org/x"),
        (80, {"scheme": "https", "port": 443}, "https://example.org/x"),
        (80, {"scheme": "https", "port": 8443}, "https://example.org:8443/x"),
        (8080, {}, "http://example.org:8080/x"),
        (8080, {"port": 80}, "http://example.org/x"),
        (8080, {"scheme": "https"}, "https://example.org/x"),
        (443, {}, "https://example.org/x"),
        (443, {"port": 8443}, "https://example.org:8443/x"),
        (443, {"scheme": "http"}, "http://example.org/x"),
        (443, {"scheme": "http", "port": 8080}, "http://example.org:8080/x"),
    ],
)
def test_conformance_redirect_port_and_scheme(port: int, redirect: dict[str, object], expected: str) -> None:
    one = listener("l", "", port, "HTTPS", certificates=("c",)) if port == 443 else listener("l", "", port)
    filters = [{"type": "RequestRedirect", "requestRedirect": {"hostname": "example.org", **redirect}}]
    router = routed(gateway("edge", one), route("r", (), rule(filters=filters)))
    scheme = "https" if port == 443 else "http"
    assert answered(router, f"{scheme}://a.example:{port}/x") == f"302 {expected}"


@pytest.mark.parametrize(
    ("prefix", "path", "status", "asked", "expected"),
    [
        ("/original", {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}, 302, "/original/lemon?a=b", "/new/lemon?a=b"),
        ("/full", {"type": "ReplaceFullPath", "replaceFullPath": "/whole"}, 301, "/full/path/original", "/whole"),
    ],
)
def test_conformance_redirect_path(prefix: str, path: dict[str, str], status: int, asked: str, expected: str) -> None:
    filters = [{"type": "RequestRedirect", "requestRedirect": {"path": path, "statusCode": status}}]
    router = routed(gateway(), route("r", (), rule("", match(prefix), filters=filters)))
    assert answered(router, f"http://a.example{asked}") == f"{status} http://a.example{expected}"


def test_a_rewrite_and_header_changes_are_what_the_backend_sees() -> None:
    modifier = {"set": [{"name": "X-Set", "value": "s"}], "add": [{"name": "X-Add", "value": "a"}], "remove": ["X-Remove"]}
    filters = [
        {
            "type": "URLRewrite",
            "urlRewrite": {"hostname": "in.side", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        },
        {"type": "RequestHeaderModifier", "requestHeaderModifier": modifier},
    ]
    router = routed(gateway(), route("r", (), rule("web", match("/strip"), filters=filters)))
    answer = router.views("http", "a.example")[0].answer(request_of("http://a.example/strip/three"))
    assert (answer.path, answer.host) == ("/three", "in.side")
    assert answer.headers == (("set", "x-set", "s"), ("add", "x-add", "a"), ("remove", "x-remove", ""))


def test_weights_and_invalid_references() -> None:
    weighted = routed(gateway(), route("r", (), rule(v1=70, v2=30, v3=0)))
    assert answered(weighted, "http://a.example/") == "v1*70 + v2*30"
    assert answered(routed(gateway(), route("r", (), rule(v1=0))), "http://a.example/") == "500"
    assert answered(routed(gateway(), route("r", (), rule())), "http://a.example/") == "500"
    half = rule(v1=1, v2=1)
    half["backendRefs"][1]["namespace"] = "other"
    router = routed(gateway(), route("r", (), half))
    answer = router.views("http", "a.example")[0].answer(request_of("http://a.example/"))
    assert [(one.status, one.weight) for one in answer.backends] == [(0, 1), (500, 1)]


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        ((), "500"),
        ((grant("other", "shop"),), "web"),
        ((grant("other", "shop", name="web"),), "web"),
        ((grant("other", "shop", name="db"),), "500"),
        ((grant("other", "elsewhere"),), "500"),
        ((grant("other", "shop", kind="GRPCRoute"),), "500"),
        ((grant("shop", "shop"),), "500"),
    ],
)
def test_a_backend_in_another_namespace_needs_a_grant(granted: tuple[object, ...], expected: str) -> None:
    crossing = rule("web")
    crossing["backendRefs"][0]["namespace"] = "other"
    assert answered(routed(gateway(), route("r", (), crossing), *granted), "http://a.example/") == expected


@pytest.mark.parametrize(
    ("one", "namespace", "attached"),
    [
        (listener(from_="Same"), "shop", True),
        (listener(from_="Same"), "other", False),
        (listener(from_="All"), "other", True),
        (listener(from_="None"), "shop", False),
        (listener(from_="Selector", selector={"matchLabels": {"team": "web"}}), "labelled", True),
        (listener(from_="Selector", selector={"matchLabels": {"team": "web"}}), "other", False),
        (listener(from_="Selector", selector={"matchLabels": {"kubernetes.io/metadata.name": "other"}}), "other", True),
        (listener(kinds=[{"kind": "GRPCRoute"}]), "shop", False),
        (listener(port=8080), "shop", False),
    ],
)
def test_allowed_routes_decide_who_attaches(one: dict[str, object], namespace: str, attached: bool) -> None:
    labelled = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "labelled", "labels": {"team": "web"}}}
    parents = [{"name": "edge", "namespace": "shop", "port": 80}]
    router = routed(gateway("edge", one), labelled, route("r", (), rule("web"), namespace=namespace, parents=parents))
    assert answered(router, "http://a.example/") == ("web" if attached else "404")
    assert bool(router.problems) is not attached


def test_older_routes_win_ties_and_then_names() -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    router = routed(gateway(), route("a", (), rule("new"), created=new), route("b", (), rule("old"), created=old))
    assert answered(router, "http://a.example/") == "old"
    router = routed(gateway(), route("b", (), rule("second")), route("a", (), rule("first")))
    assert answered(router, "http://a.example/") == "first"


def test_expressions_stand_where_the_parameter_says() -> None:
    documents = (gateway(), route("r", (), rule("prefix", match("/a/b")), rule("regex", match("/a/.*", "RegularExpression"))))
    assert answered(routed(*documents), "http://a.example/a/b") == "regex"
    assert answered(routed(*documents, parameters=Parameters(expressions="after-prefixes")), "http://a.example/a/b") == "prefix"


def test_what_only_pcre_knows_is_left_open() -> None:
    router = routed(gateway(), route("r", (), rule("regex", match("/(?=x).*", "RegularExpression"))))
    answer = router.views("http", "a.example")[0].answer(request_of("http://a.example/x"))
    assert "PCRE and RE2 do not agree on '(?='" in answer.undefined


def test_listener_sets_attach_where_the_gateway_lets_them() -> None:
    def listener_set(namespace: str) -> dict[str, object]:
        spec = {"parentRef": {"name": "edge", "namespace": "shop"}, "listeners": [listener("own", f"{namespace}.example")]}
        metadata = {"name": "more", "namespace": namespace}
        return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet", "metadata": metadata, "spec": spec}

    parents = [{"kind": "ListenerSet", "name": "more"}]
    documents = [listener_set("a"), route("r", (), rule("web"), namespace="a", parents=parents)]
    allowing = gateway("edge", allowedListeners={"namespaces": {"from": "All"}})
    assert answered(routed(allowing, *documents), "http://a.example/") == "web"
    router = routed(gateway(), *documents)
    assert answered(router, "http://a.example/") == "404"
    assert "ListenerSet a/more: Gateway shop/edge allows no ListenerSet of namespace a" in router.problems


def test_grpc_methods_are_paths_with_their_own_precedence() -> None:
    def grpc(name: str, **method: str) -> dict[str, object]:
        return {"matches": [{"method": method}] if method else [], "backendRefs": [{"name": name, "port": 80}]}

    rules = (
        grpc("any"),
        grpc("method", method="Login"),
        grpc("service", service="a.B"),
        grpc("both", service="a.B", method="Login"),
    )
    router = routed(gateway(), route("r", (), *rules, kind="GRPCRoute"))
    asked = ["a.B/Login", "a.B/Other", "x.Y/Login", "x.Y/Other"]
    assert [answered(router, f"http://a.example/{one}", "POST") for one in asked] == ["both", "service", "method", "any"]


def test_routes_of_two_kinds_are_never_mixed_under_one_hostname() -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    grpc = {"backendRefs": [{"name": "grpc", "port": 80}], "matches": [{}]}
    router = routed(
        gateway(),
        route("g", ("a.example",), grpc, kind="GRPCRoute", created=new),
        route("h", ("a.example",), rule("web"), created=old),
    )
    assert answered(router, "http://a.example/a.B/Login") == "web"
    assert "GRPCRoute shop/g is not attached: routes of another kind have hostname a.example already" in router.problems


def test_tls_is_passed_through_by_its_server_name() -> None:
    one = listener("tls", "*.example", 443, "TLS", mode="Passthrough")
    router = routed(gateway("edge", one), route("r", ("a.example",), rule("web"), kind="TLSRoute"))
    view = router.views("https", "a.example")[0]
    assert view.answer(request_of("https://a.example/x")).attributes == (("tls", "passed through"),)
    assert view.certificates == frozenset({"(passed through)"})
    assert answered(router, "https://b.example/") == "404"


def test_a_listener_without_usable_certificate_does_not_serve() -> None:
    bare = listener("l", "", 443, "HTTPS", certificates=())
    crossing = listener("l", "", 443, "HTTPS", certificates=("c",))
    crossing["tls"]["certificateRefs"][0]["namespace"] = "certs"
    web = route("r", (), rule("web"))
    assert answered(routed(gateway("edge", bare), web), "https://a.example/") == "404"
    assert answered(routed(gateway("edge", crossing), web), "https://a.example/") == "404"
    allowed = grant("certs", "shop", kind="Gateway", to="Secret")
    assert answered(routed(gateway("edge", crossing), web, allowed), "https://a.example/") == "web"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (route("r", (), *(rule("w", match(f"/{n}")) for n in range(17))), "17 rules; 16 are allowed"),
        (route("r", [f"h{n}.example" for n in range(17)], rule("w")), "17 hostnames; 16 are allowed"),
        (
            route("r", (), *(rule("w", *(match(f"/{n}/{m}") for m in range(65))) for n in range(2))),
            "130 matches; 128 are allowed",
        ),
        (route("r", (), rule("w", *(match(f"/{m}") for m in range(65)))), "65 matches; 64 are allowed"),
        (route("r", (), rule("w", match("/" + "a" * 1024))), "a path of 1025 characters; 1024 are allowed"),
        (route("r", (), rule("w", match("/a%2fb"))), "must not contain '%2f'"),
        (route("r", (), rule("w", match("/a(b"), match("/ä"))), "has a character that is not allowed"),
        (
            route("r", (), rule("w", filters=[{"type": "URLRewrite", "urlRewrite": {}}] * 2)),
            "URLRewrite filter cannot be repeated",
        ),
        (
            route("r", (), rule("w", filters=[{"type": "RequestHeaderModifier", "requestHeaderModifier": {}}] * 2)),
            "RequestHeaderModifier filter cannot be repeated",
        ),
        (route("r", (), rule("w", filters=[{"type": "RequestRedirect", "requestRedirect": {}}])), "together with backendRefs"),
        (
            route(
                "r",
                (),
                rule("", filters=[{"type": "RequestRedirect", "requestRedirect": {}}, {"type": "URLRewrite", "urlRewrite": {}}]),
            ),
            "exclude each other",
        ),
        (route("r", ("UPPER.example",), rule("w")), "hostname 'UPPER.example' is none"),
        (route("r", (), rule(w=-1)), "a weight is outside"),
    ],
)
def test_what_the_api_server_refuses_answers_nothing(document: dict[str, object], message: str) -> None:
    router = routed(gateway(), document)
    assert answered(router, "http://a.example/1") == "404"
    assert message in router.problems[0]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (gateway("edge", *(listener(f"l{n}", f"h{n}.example") for n in range(65))), "65 listeners; 1 to 64 are allowed"),
        (gateway("edge", listener("a"), listener("b")), "two listeners with port 80, protocol HTTP and hostname (none)"),
        (gateway("edge", listener("a"), listener("a", "x.example")), "two listeners are named a"),
        (gateway("edge", listener("a", "", 443, "HTTPS", certificates=("",))), "a certificateRef has an empty name"),
        (gateway("edge", listener("a", "", 80, "HTTP", certificates=("c",))), "tls must not be specified for protocol HTTP"),
    ],
)
def test_refused_gateways_serve_nobody(document: dict[str, object], message: str) -> None:
    router = routed(document, route("r", (), rule("web")))
    assert answered(router, "http://h1.example/") == "404"
    assert message in router.problems[0]


def test_several_gateways_that_claim_a_host_are_all_named() -> None:
    other = route("r2", ("a.example",), rule("b"), parents=[{"name": "second"}])
    router = routed(gateway(), gateway("second"), route("r1", ("a.example",), rule("a")), other, route("all", (), rule("all")))
    views = router.views("http", "a.example")
    assert [view.answer(request_of("http://a.example/")).backends[0].name for view in views] == ["a", "b"]
    assert len(router.views("http", "b.example")) == 1


def test_why_names_precedence_conditions_and_refusals() -> None:
    router = routed(
        gateway(),
        route(
            "web",
            ("a.example",),
            rule("web", match("/")),
            rule("beta", match("/", headers={"beta": "yes"})),
            rule("x", match("/x")),
        ),
        route("all", (), rule("all")),
        route("bad", (), rule(w=-1)),
    )
    why = router.views("http", "a.example")[0].why(request_of("http://a.example/y"))
    assert why[0] == "HTTPRoute shop/web spec.rules[1]: the request lacks header beta = yes"
    assert why[1] == "HTTPRoute shop/web spec.rules[2]: its path /x/... does not match /y"
    assert why[2] == "HTTPRoute shop/all spec.rules[0]: matches, but hostname a.example is more specific than (any)"
    assert "refuses HTTPRoute shop/bad" in why[3]
