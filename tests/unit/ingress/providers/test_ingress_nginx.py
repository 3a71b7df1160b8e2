"""ingress-nginx: hosts, locations, rewrites, redirects and canaries as routes."""

from typing import Any

import pytest

from unit.ingress.converting import codes, kinds, made, nginx, path, said, table

TLS = [{"hosts": ["a.com"], "secretName": "c"}]


def host(*paths: Any, **annotations: str) -> Any:
    return nginx(hosts={"a.com": list(paths)}, annotations={key.replace("_", "-"): text for key, text in annotations.items()})


def test_prefixes_are_prefixes_and_implementation_specific_is_one_too() -> None:
    out = made(host(path("/x", "x"), path("/y", "y", "Exact"), path("/z", "z", "ImplementationSpecific")))
    assert table(out, "a.com") == ["PathPrefix /x -> x:80", "Exact /y -> y:80", "PathPrefix /z -> z:80"]
    assert [(loss.kind, loss.code) for loss in out.losses] == [("note", "E4")]


def test_e6_a_path_that_ends_in_a_slash_keeps_its_redirect() -> None:
    out = made(host(path("/x/", "x")))
    assert table(out, "a.com") == ["Exact /x -> 301 /x/", "PathPrefix /x -> x:80"]
    assert out.losses == []


def test_e6_there_is_no_redirect_where_something_takes_the_path() -> None:
    out = made(host(path("/x/", "dir"), path("/x", "exact", "Exact")))
    assert table(out, "a.com") == ["PathPrefix /x -> dir:80", "Exact /x -> exact:80"]


def test_e7_e8_a_host_is_one_server_over_namespaces_and_the_older_path_stays() -> None:
    old = nginx("a/x", {"a.com": [path("/", "old")]}, creationTimestamp="2026-01-01T00:00:00Z")
    young = nginx("b/y", {"a.com": [path("/", "young"), path("/b", "b")]}, creationTimestamp="2026-02-01T00:00:00Z")
    out = made(young, old, topology="shared")
    assert sorted(table(out, "a.com")) == ["PathPrefix / -> old:80", "PathPrefix /b -> b:80"]
    assert [loss.code for loss in out.losses] == ["E8"]
    assert codes(made(young, old)) == {"E7"}


def test_a_default_backend_beside_rules_is_for_the_hosts_of_that_ingress() -> None:
    default = {"service": {"name": "d", "port": {"number": 80}}}
    out = made(nginx("a/x", {"a.com": [path("/x")]}, defaultBackend=default), nginx("a/z", {"b.com": [path("/")]}))
    assert table(out, "a.com") == ["PathPrefix / -> d:80", "PathPrefix /x -> s:80"]
    assert len(kinds(out, "HTTPRoute")) == 2


def test_a_default_backend_alone_answers_hosts_that_nobody_names() -> None:
    default = {"service": {"name": "d", "port": {"number": 80}}}
    out = made(nginx("a/x", {"a.com": [path("/x")]}), nginx("a/all", defaultBackend=default))
    assert table(out, "a.com") == ["PathPrefix /x -> s:80"]
    assert [route["spec"].get("hostnames") for route in kinds(out, "HTTPRoute")].count(None) == 1


@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("/x(/|$)(.*)", "/$2", "PathPrefix /x -> as / s:80"),
        ("/x/(.*)", "/$1", "PathPrefix /x -> as / s:80"),
        ("/(.*)", "/$1", "PathPrefix / -> s:80"),
        ("/x(/|$)(.*)", "/api/$2", "PathPrefix /x -> as /api/ s:80"),
        ("/x(/.*)?", "/api$1", "PathPrefix /x -> as /api s:80"),
        ("/x/(.*)", "/y$2", "PathPrefix /x -> as /y s:80"),
        ("/x", "/", "PathPrefix /x -> as / s:80"),
        ("/x", "/y", "PathPrefix /x -> as /y s:80"),
        ("/", "/app", "PathPrefix / -> as /app s:80"),
        ("/x/([0-9]+)", "/y?id=$1", "RegularExpression (?i)^/x/([0-9]+).* -> 500"),
        ("/x(/|$)(.*)", "/$1", "PathPrefix /x -> 500"),
        ("/x(.*)", "/y$1", "PathPrefix /x -> 500"),
    ],
)
def test_rewrites_with_captures_are_understood_or_not_answered(pattern: str, target: str, expected: str) -> None:
    out = made(host(path(pattern, kind="ImplementationSpecific"), rewrite_target=target))
    assert table(out, "a.com") == [expected]
    assert ("rewrite-target" in codes(out)) == expected.endswith("500")


def test_a_rewrite_that_no_field_has_goes_to_envoy_gateways_filter() -> None:
    out = made(host(path("/x/([0-9]+)/(.*)", kind="ImplementationSpecific"), rewrite_target="/y/$2/$1"), emitter="envoy-gateway")
    [extra] = kinds(out, "HTTPRouteFilter")
    replace = extra["spec"]["urlRewrite"]["path"]["replaceRegexMatch"]
    assert replace == {"pattern": "(?i)^/x/([0-9]+)/(.*).*$", "substitution": r"/y/\2/\1"}
    filters = kinds(out, "HTTPRoute")[0]["spec"]["rules"][0]["filters"]
    assert filters[0]["extensionRef"] == {"group": "gateway.envoyproxy.io", "kind": "HTTPRouteFilter", "name": "web"}


def test_e5_a_host_of_expressions_is_blind_to_case_and_that_is_said_with_a_request() -> None:
    out = made(host(path("/x(/|$)(.*)", kind="ImplementationSpecific"), use_regex="true"))
    assert [loss.witness for loss in out.losses] == ["GET http://a.com/X was answered by it, and now is not"]
    assert codes(out) == {"E5"}


def test_e5_a_neighbour_of_an_expression_is_one_too() -> None:
    first = nginx("a/x", {"a.com": [path("/1(/|$)(.*)", "x", "ImplementationSpecific")]}, {"rewrite-target": "/$2"})
    out = made(first, nginx("a/y", {"a.com": [path("/2", "y")]}))
    assert sorted(table(out, "a.com")) == ["PathPrefix /1 -> as / x:80", "PathPrefix /2 -> y:80"]
    assert any(loss.object == "Ingress a/y" and loss.code == "E5" for loss in out.losses)


def test_e5_the_longer_text_is_tried_first_and_what_it_covers_never_answers() -> None:
    one = host(path("/x(/|$)(.*)", "long", "ImplementationSpecific"), path("/x/y", "short"), use_regex="true")
    out = made(one)
    assert table(out, "a.com") == ["PathPrefix /x -> long:80"]
    assert said(out.losses, "note") == ["E5 /x/y never answers: /x(/|$)(.*) is tried first"]


def test_a_host_with_a_certificate_goes_to_https_as_a_whole() -> None:
    out = made(nginx(hosts={"a.com": [path("/x")]}, tls=TLS))
    assert table(out, "a.com", section="http-a.com") == ["PathPrefix / -> 308 https"]
    assert table(out, "a.com", section="https-a.com") == ["PathPrefix /x -> s:80"]


def test_one_ingress_may_stay_on_http() -> None:
    stays = nginx("a/stays", {"a.com": [path("/x", "x")]}, {"ssl-redirect": "false"}, tls=TLS)
    out = made(stays, nginx("a/goes", {"a.com": [path("/y", "y")]}, tls=TLS))
    assert sorted(table(out, "a.com", section="http-a.com")) == ["PathPrefix /x -> x:80", "PathPrefix /y -> 308 https"]
    assert sorted(table(out, "a.com", section="https-a.com")) == ["PathPrefix /x -> x:80", "PathPrefix /y -> y:80"]


def test_redirects_come_before_the_way_to_https() -> None:
    out = made(nginx(hosts={"a.com": [path("/")]}, annotations={"permanent-redirect": "https://b.com/new"}, tls=TLS))
    assert table(out, "a.com", section="http-a.com") == ["PathPrefix / -> 301 https b.com/new"]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"temporal-redirect": "https://b.com"}, "302 https b.com/"),
        ({"temporal-redirect": "https://b.com/x", "permanent-redirect": "https://c.com"}, "302 https b.com/x"),
        ({"permanent-redirect": "https://b.com$request_uri", "permanent-redirect-code": "308"}, "308 https b.com"),
        ({"permanent-redirect": "$scheme://b.com$request_uri"}, "301 b.com"),
        ({"permanent-redirect": "https://b.com/x?y=1"}, "500"),
        ({"permanent-redirect": "https://b.com/$host"}, "500"),
    ],
)
def test_redirects(annotations: dict[str, str], expected: str) -> None:
    assert table(made(nginx(hosts={"a.com": [path("/")]}, annotations=annotations)), "a.com") == [f"PathPrefix / -> {expected}"]


def test_app_root_is_for_the_root_alone() -> None:
    assert table(made(host(path("/"), app_root="/app")), "a.com") == ["Exact / -> 302 /app", "PathPrefix / -> s:80"]


def test_from_to_www_is_a_host_that_redirects() -> None:
    out = made(host(path("/"), from_to_www_redirect="true"))
    assert table(out, "www.a.com") == ["PathPrefix / -> 308 a.com"]
    both = made(nginx(hosts={"a.com": [path("/")], "www.a.com": [path("/", "w")]}, annotations={"from-to-www-redirect": "true"}))
    assert table(both, "www.a.com") == ["PathPrefix / -> w:80"]


def test_aliases_are_hosts_of_their_own_unless_somebody_else_has_them() -> None:
    out = made(nginx("a/x", {"a.com": [path("/")]}, {"server-alias": "b.com, c.com"}), nginx("a/y", {"c.com": [path("/", "c")]}))
    assert (table(out, "b.com"), table(out, "c.com")) == (["PathPrefix / -> s:80"], ["PathPrefix / -> c:80"])


def canary(**annotations: str) -> Any:
    own = {"canary": "true"} | {f"canary-{key.replace('_', '-')}": text for key, text in annotations.items()}
    return made(host(path("/", "main")), nginx("shop/canary", {"a.com": [path("/", "next")]}, own))


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"weight": "20"}, ["PathPrefix / -> main:80*80 next:80*20"]),
        ({"weight": "1", "weight_total": "200"}, ["PathPrefix / -> main:80*199 next:80*1"]),
        ({"weight": "1", "weight_total": "3"}, ["PathPrefix / -> main:80*99 next:80*1"]),
        ({"weight": "100"}, ["PathPrefix / -> next:80"]),
        ({"by_header": "X"}, ["PathPrefix / X=always -> next:80", "PathPrefix / X=never -> main:80", "PathPrefix / -> main:80"]),
        ({"by_header": "X", "by_header_value": "v"}, ["PathPrefix / X=v -> next:80", "PathPrefix / -> main:80"]),
        ({"by_header": "X", "by_header_pattern": "v.*"}, ["PathPrefix / X=v.* -> next:80", "PathPrefix / -> main:80"]),
    ],
)
def test_e12_canaries_are_headers_and_weights(annotations: dict[str, str], expected: list[str]) -> None:
    out = canary(**annotations)
    assert table(out, "a.com") == expected
    assert codes(out) == ({"canary-by-header-pattern"} if "by_header_pattern" in annotations else set())


def test_a_canary_by_cookie_is_a_pattern_on_the_header() -> None:
    out = canary(by_cookie="c")
    assert table(out, "a.com")[0] == r"PathPrefix / Cookie=^(.*;\s*)?c=always(;.*)?$ -> next:80"
    assert codes(out) == {"canary-by-cookie"}


def test_a_canary_of_nothing_is_said() -> None:
    out = made(nginx("shop/canary", {"a.com": [path("/", "next")]}, {"canary": "true"}))
    assert said(out.losses, "note") == [
        "canary a.com/ is a canary of no path: the controller ignores it, and so does the conversion"
    ]
    assert kinds(out, "HTTPRoute") == []


def test_grpc_backends_get_a_grpc_route_if_the_host_speaks_nothing_else() -> None:
    out = made(host(path("/shop.Cart", "g"), path("/shop.Cart/Add", "h", "Exact"), backend_protocol="GRPC"))
    [route] = kinds(out, "GRPCRoute")
    assert [rule["matches"][0]["method"] for rule in route["spec"]["rules"]] == [
        {"service": "shop.Cart"},
        {"service": "shop.Cart", "method": "Add"},
    ]
    mixed = made(host(path("/a", "g"), backend_protocol="GRPC"), nginx("shop/h", {"a.com": [path("/b", "h")]}))
    assert (len(kinds(mixed, "GRPCRoute")), codes(mixed)) == (0, {"backend-protocol"})


def test_passthrough_is_a_tls_route() -> None:
    out = made(host(path("/", "p"), ssl_passthrough="true"))
    [route] = kinds(out, "TLSRoute")
    assert route["spec"]["rules"] == [{"backendRefs": [{"name": "p", "port": 80}]}]
    listener = kinds(out, "Gateway")[0]["spec"]["listeners"][1]
    assert (listener["protocol"], listener["tls"]) == ("TLS", {"mode": "Passthrough"})
    before = made(host(path("/", "p"), ssl_passthrough="true"), minor=4)
    assert (kinds(before, "TLSRoute"), codes(before)) == ([], {"ssl-passthrough"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/(?!admin).*", "has '(?!', which RE2 does not have"),
        (r"/(a)\1", r"has '\\1', which RE2 does not have"),
        ("/[a-z]+" + "a" * 1015, "is longer than 1024 characters with its anchor"),
    ],
)
def test_an_expression_that_no_route_may_have_is_left_out_aloud(pattern: str, reason: str) -> None:
    out = made(host(path(pattern, kind="ImplementationSpecific"), path("/"), use_regex="true"))
    assert table(out, "a.com") == ["PathPrefix / -> s:80"]
    assert any(reason in loss.reason for loss in out.losses), out.losses


def test_a_path_that_no_route_may_have_is_left_out_aloud() -> None:
    out = made(host(path("/ä", kind="ImplementationSpecific"), path("/")))
    assert table(out, "a.com") == ["PathPrefix / -> s:80"]
    assert said(out.losses) == ["'/ä' is no path that a route may have; it was left out"]


def test_a_canary_of_another_namespace_is_granted_there() -> None:
    main = nginx("one/main", {"a.com": [path("/", "main")]})
    other = nginx("two/next", {"a.com": [path("/", "next")]}, {"canary": "true", "canary-weight": "10"})
    out = made(main, other)
    [grant] = kinds(out, "ReferenceGrant")
    assert (grant["metadata"]["namespace"], grant["spec"]["from"][0]["kind"]) == ("two", "HTTPRoute")
    assert table(out, "a.com") == ["PathPrefix / -> main:80*90 next:80*10"]


# What a generator of wild sets has found (tests/property/wild.py): each was a difference without a word.


def test_what_is_lost_on_a_host_is_lost_on_its_aliases() -> None:
    out = made(nginx("a/x", {"a.com": [path("/")]}, {"server-alias": "b.com", "satisfy": "any"}))
    assert [loss.hosts for loss in out.losses if loss.code == "satisfy"] == [("a.com", "b.com")]


def test_the_catch_all_sends_to_https_what_its_paths_take_alone() -> None:
    out = made(nginx("a/x", {"": [path("/p")]}, {"force-ssl-redirect": "true"}))
    assert table(out, section="http") == ["PathPrefix /p -> 308 https"]


def test_the_implied_path_of_a_host_redirects_what_another_ingress_does_not_take() -> None:
    forced = nginx("a/x", {"a.com": [path("/p")]}, {"force-ssl-redirect": "true"}, creationTimestamp="2026-01-01T00:00:00Z")
    other = nginx("a/y", {"a.com": [path("/q")]}, creationTimestamp="2026-01-02T00:00:00Z")
    assert table(made(forced, other), "a.com", section="http-a.com") == [
        "PathPrefix /p -> 308 https",
        "PathPrefix / -> 308 https",
        "PathPrefix /q -> s:80",
    ]


def test_a_redirect_of_ones_own_is_no_reason_to_leave_https_to_the_whole_host() -> None:
    tls = [{"hosts": ["a.com"], "secretName": "cert"}]
    out = made(
        nginx("a/x", {"a.com": [path("/p/", kind="Exact")]}, tls=tls, creationTimestamp="2026-01-01T00:00:00Z"),
        nginx(
            "a/y", {"a.com": [path("/p")]}, {"permanent-redirect": "https://new.com"}, creationTimestamp="2026-01-02T00:00:00Z"
        ),
    )
    assert "Exact /p/ -> 308 https" in table(out, "a.com", section="http-a.com")


def test_verification_of_backends_does_nothing_where_nginx_speaks_no_tls_to_them() -> None:
    verified = {"proxy-ssl-secret": "shop/ca", "proxy-ssl-verify": "on", "proxy-ssl-name": "in.side"}
    assert kinds(made(host(path("/"), **verified)), "BackendTLSPolicy") == []
    assert len(kinds(made(host(path("/"), **verified, **{"backend-protocol": "HTTPS"})), "BackendTLSPolicy")) == 1


def test_a_service_that_two_ingresses_speak_to_otherwise_is_named() -> None:
    verified = {"backend-protocol": "HTTPS", "proxy-ssl-secret": "ca", "proxy-ssl-verify": "on", "proxy-ssl-name": "in.side"}
    out = made(nginx("a/x", {"a.com": [path("/")]}, verified), nginx("a/y", {"b.com": [path("/")]}))
    assert [(loss.object, loss.hosts) for loss in out.losses if loss.code == "backend-tls"] == [("Ingress a/y", ("b.com",))]


def test_a_www_twin_goes_before_an_alias_of_the_same_name() -> None:
    twin = nginx("a/x", {"a.com": [path("/")]}, {"from-to-www-redirect": "true"})
    out = made(twin, nginx("a/y", {"b.com": [path("/", "b")]}, {"server-alias": "www.a.com"}))
    assert table(out, "www.a.com") == ["PathPrefix / -> 308 a.com"]


def test_a_www_twin_listens_where_its_route_is() -> None:
    first = nginx("two/x", {"a.com": [path("/p")]}, creationTimestamp="2026-01-01T00:00:00Z")
    out = made(first, nginx("one/y", {"a.com": [path("/")]}, {"from-to-www-redirect": "true"}))
    homes = {one["metadata"]["namespace"]: [each["name"] for each in one["spec"]["listeners"]] for one in kinds(out, "Gateway")}
    assert "http-www.a.com" in homes["one"]


def test_a_deeper_host_without_certificate_is_named_beside_a_wildcard_that_has_one() -> None:
    tls = [{"hosts": ["*.com"], "secretName": "cert"}]
    out = made(nginx("a/x", {"*.com": [path("/")], "x.a.com": [path("/")]}, tls=tls))
    assert "E1 x.a.com has no certificate; a listener for *.com takes its https from now on" in said(out.losses)


def test_a_grpc_path_with_a_slash_too_many_stays_a_path() -> None:
    out = made(host(path("/p.S/M/", kind="Exact"), **{"backend-protocol": "GRPC"}))
    assert (kinds(out, "GRPCRoute"), codes(out)) == ([], {"backend-protocol"})


def test_locations_that_stand_twice_are_named() -> None:
    out = made(host(path("/", kind="Exact"), path("/", kind="Exact")))
    assert any("makes one location twice" in line for line in said(out.losses, "note"))


def test_passthrough_needs_a_path_and_a_plain_name() -> None:
    without = made(host(path("/p"), **{"ssl-passthrough": "true"}))
    wild = made(nginx("a/x", {"*.a.com": [path("/")]}, {"ssl-passthrough": "true"}))
    assert kinds(without, "TLSRoute") == kinds(wild, "TLSRoute") == []
    assert any("passes on connections to this very name" in line for line in said(wild.losses, "note"))


def test_an_invalid_redirect_at_the_implied_path_of_expressions_is_said() -> None:
    out = made(host(path("/", kind="Exact"), **{"rewrite-target": "/a", "permanent-redirect": "/here"}))
    assert "permanent-redirect" in codes(out)


def test_a_host_that_redirects_its_root_speaks_http_however_its_backends_do() -> None:
    out = made(host(path("/"), **{"backend-protocol": "GRPC", "app-root": "/app"}))
    assert (kinds(out, "GRPCRoute"), table(out, "a.com")) == ([], ["Exact / -> 302 /app", "PathPrefix / -> s:80"])


def test_the_first_ingress_with_aliases_decides_though_they_are_expressions() -> None:
    first = nginx("a/x", {"a.com": [path("/")]}, {"server-alias": "~^no"}, creationTimestamp="2026-01-01T00:00:00Z")
    out = made(first, nginx("a/y", {"a.com": [path("/y")]}, {"server-alias": "b.com"}, creationTimestamp="2026-01-02T00:00:00Z"))
    assert table(out, "b.com") == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("/(?=a)b", "has '(?=', which RE2 does not have"),
        ("/((((a", "is no expression for RE2: missing )"),
        ("/((a{1,99}){1,99}){1,99}", "is no expression for RE2"),
    ],
)
def test_an_expression_that_re2_does_not_take_is_left_out_and_said(pattern: str, why: str) -> None:
    out = made(host(path(pattern, kind="ImplementationSpecific"), **{"use-regex": "true"}))
    assert kinds(out, "HTTPRoute") == []
    assert any(why in line for line in said(out.losses, "skipped")), said(out.losses, "skipped")
