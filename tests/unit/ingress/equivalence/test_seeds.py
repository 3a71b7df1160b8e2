"""Every known difference between Ingress and the Gateway API (E1 to E12), and every known fault of converters, is found.

Each seed is an Ingress and a conversion as careless tools write it; the verdict must be REFUTED or UNKNOWN with the request that
shows it. Beside it stands the sound conversion, which must be PROVED.
"""

from typing import Any

import pytest

from ingresses import annotated, gateway, ingress, listener, match, nginx, route, routed, rule, specified
from underway.ingress.equivalence.proof import prove
from underway.ingress.equivalence.verdict import HostVerdict, Proof, Verdict
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.ingress_v1 import Parameters as Reading
from underway.ingress.matchers.request import request_of
from underway.ingress.matchers.router import Router

P, E, I = "Prefix", "Exact", "ImplementationSpecific"  # noqa: E741
TLS = [{"hosts": ["a.example"], "secretName": "cert"}]
HTTPS = listener("https", "a.example", 443, "HTTPS", certificates=("cert",))


def refuted(proof: Proof, host: str, url: str) -> HostVerdict:
    """The verdict on a host, which must be a refutation by this request."""
    verdict = next(one for one in proof.hosts if one.host == host)
    assert verdict.verdict is Verdict.REFUTED, verdict
    assert proof.verdict is Verdict.REFUTED
    assert verdict.difference is not None
    assert url in {one.request.url for one in (verdict.difference, *verdict.more)}, verdict
    return verdict


def proved(left: Router, right: Router) -> None:
    """Both sides are alike."""
    proof = prove(left, right)
    assert proof.verdict is Verdict.PROVED, [one for one in proof.hosts if one.verdict is not Verdict.PROVED][:2]


def full(*rules: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """A Gateway and a route of a.example, and 404 for everything else."""
    return gateway("edge", listener("http", "a.example")), route("web", ("a.example",), *rules)


def test_a_faithful_conversion_is_proved() -> None:
    left = specified(ingress("web", "a.example", (P, "/", "web"), (P, "/cart", "cart"), (E, "/cart", "exact")))
    proved(left, routed(*full(rule("web", match("/")), rule("cart", match("/cart")), rule("exact", match("/cart", "Exact")))))


def test_e1_a_wildcard_of_any_depth() -> None:
    left = specified(ingress("web", "*.foo.com", (P, "/", "web")))
    right = routed(gateway("edge", listener("http", "*.foo.com")), route("web", ("*.foo.com",), rule("web")))
    refuted(prove(left, right), "*.foo.com", "http://zq.zq.foo.com/")


def test_e2_an_exact_path_and_a_longer_prefix() -> None:
    documents = ingress("web", "a.example", (E, "/foo", "exact"), (P, "/foo/", "prefix"))
    right = routed(*full(rule("exact", match("/foo", "Exact")), rule("prefix", match("/foo/"))))
    refuted(prove(specified(documents), right), "a.example", "http://a.example/foo")
    proved(nginx(documents), right)


def test_e3_a_default_backend_that_a_host_route_hides() -> None:
    documents = ingress("web", "a.example", (P, "/x", "x"), default="all"), ingress("all", "", default="all")
    careless = (gateway(), route("web", ("a.example",), rule("x", match("/x"))), route("all", (), rule("all")))
    for left in (specified(*documents), nginx(*documents)):
        refuted(prove(left, routed(*careless)), "a.example", "http://a.example/")
    sound = (
        gateway(),
        route("web", ("a.example",), rule("x", match("/x")), rule("all", match("/"))),
        route("all", (), rule("all")),
    )
    proved(specified(*documents), routed(*sound))
    proved(nginx(*documents), routed(*sound))
    proved(specified(*documents), routed(*careless, parameters=Parameters(hostname_fallback=True)))


def test_e4_and_d5_a_string_prefix_taken_for_a_path_prefix() -> None:
    document = ingress("web", "a.example", (I, "/foo", "web"))
    left = specified(document, parameters=Reading(implementation_specific="string-prefix"))
    refuted(prove(left, routed(*full(rule("web", match("/foo"))))), "a.example", "http://a.example/foozq")
    proved(left, routed(*full(rule("web", match("/foo.*", "RegularExpression")))))
    proved(nginx(document), routed(*full(rule("web", match("/foo")))))


def test_e5_expressions_ignore_case_and_reach_the_neighbours() -> None:
    left = nginx(
        ingress("re", "a.example", (I, "/item/[0-9]+", "re"), annotations=annotated(use_regex="true")),
        ingress("web", "a.example", (P, "/foo", "web")),
    )
    careless = full(rule("re", match("/item/[0-9]+.*", "RegularExpression")), rule("web", match("/foo")))
    verdict = refuted(prove(left, routed(*careless)), "a.example", "http://a.example/foozq")
    assert {one.request.path.lower() for one in verdict.more} == {"/item/0"}, "the case of letters"
    cased = full(rule("re", match("/item/[0-9]+.*", "RegularExpression")), rule("web", match("/foo.*", "RegularExpression")))
    assert prove(left, routed(*cased)).verdict is Verdict.REFUTED
    sound = full(
        rule("re", match("(?i)/item/[0-9]+.*", "RegularExpression")), rule("web", match("(?i)/foo.*", "RegularExpression"))
    )
    proved(left, routed(*sound))


def test_e6_a_directory_that_redirects() -> None:
    left = nginx(ingress("web", "a.example", (P, "/foo/", "web")))
    refuted(prove(left, routed(*full(rule("web", match("/foo/"))))), "a.example", "http://a.example/foo")
    filters = [{"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/foo/"}}}]
    filters[0]["requestRedirect"]["statusCode"] = 301  # type: ignore[index]
    proved(left, routed(*full(rule("", match("/foo", "Exact"), filters=filters), rule("web", match("/foo/")))))


def test_e7_one_host_in_two_namespaces_at_two_gateways() -> None:
    left = nginx(
        ingress("a", "a.example", (P, "/a", "web"), namespace="one"), ingress("b", "a.example", (P, "/b", "web"), namespace="two")
    )
    right = routed(
        gateway("nginx", namespace="one"),
        gateway("nginx", namespace="two"),
        route("a", ("a.example",), rule("web", match("/a")), namespace="one", parents=[{"name": "nginx"}]),
        route("b", ("a.example",), rule("web", match("/b")), namespace="two", parents=[{"name": "nginx"}]),
    )
    refuted(prove(left, right), "a.example", "http://a.example/a")


def test_e8_and_d8_a_host_and_path_that_stands_twice() -> None:
    documents = (
        ingress("a", "a.example", (P, "/", "old"), created="2026-01-01T00:00:00Z"),
        ingress("b", "a.example", (P, "/", "new"), created="2026-02-01T00:00:00Z"),
    )
    for left in (specified(*documents), nginx(*documents)):
        refuted(prove(left, routed(*full(rule(old=1, new=1)))), "a.example", "http://a.example/")
        proved(left, routed(*full(rule("old"))))


def test_e9_plain_http_without_the_redirect() -> None:
    left = nginx(ingress("web", "a.example", (P, "/", "web"), tls=TLS))
    edge = gateway("edge", listener("http", "a.example"), HTTPS)
    refuted(prove(left, routed(edge, route("web", ("a.example",), rule("web")))), "a.example", "http://a.example/")
    filters = [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 308}}]
    sound = (
        route("web", ("a.example",), rule("web"), parents=[{"name": "edge", "sectionName": "https"}]),
        route("to-https", ("a.example",), rule(filters=filters), parents=[{"name": "edge", "sectionName": "http"}]),
    )
    proved(left, routed(edge, *sound))


def test_e10_case_and_port_of_the_host_decide_nothing() -> None:
    left = specified(ingress("web", "a.example", (P, "/", "web")))
    right = routed(*full(rule("web", match("/"))))
    for url in ("http://A.Example/", "http://a.example:80/"):
        request = request_of(url)
        answers = [one.views("http", request.host, request.port)[0].answer(request) for one in (left, right)]
        assert [answer.backends[0].name for answer in answers] == ["web", "web"], url
    proved(left, right)


def test_e11_and_d3_more_than_sixteen_rules() -> None:
    names = [f"/p{number}" for number in range(20)]
    left = specified(ingress("web", "a.example", *((P, name, f"s{name[1:]}") for name in names)))
    rules = [rule(f"s{name[1:]}", match(name)) for name in names]
    refuted(prove(left, routed(*full(*rules))), "a.example", "http://a.example/p0")
    edge, one = full(*rules[:16])
    proved(left, routed(edge, one, route("web-2", ("a.example",), *rules[16:])))


def test_e12_weights_are_equal_as_ratios() -> None:
    main = ingress("main", "a.example", (P, "/", "main"))
    canary = ingress("canary", "a.example", (P, "/", "new"), annotations=annotated(canary="true", canary_weight="30"))
    proved(nginx(main, canary), routed(*full(rule(main=7, new=3))))
    refuted(prove(nginx(main, canary), routed(*full(rule(main=8, new=3)))), "a.example", "http://a.example/")


def test_canary_headers_and_cookies_are_part_of_the_classes() -> None:
    main = ingress("main", "a.example", (P, "/", "main"))
    canary = ingress("canary", "a.example", (P, "/", "new"), annotations=annotated(canary="true", canary_by_header="X-C"))
    headers = [{"name": "X-C", "value": "always"}]
    careless = full(rule("main", match("/")), {**rule("new"), "matches": [{"headers": headers}]})
    proved(nginx(main, canary), routed(*careless))
    weighted = ingress(
        "canary", "a.example", (P, "/", "new"), annotations=annotated(canary="true", canary_by_header="X-C", canary_weight="50")
    )
    proof = prove(nginx(main, weighted), routed(*full(rule(main=1, new=1), {**rule("new"), "matches": [{"headers": headers}]})))
    verdict = next(one for one in proof.hosts if one.host == "a.example")
    assert verdict.difference is not None
    assert verdict.difference.request.headers == (("x-c", "never"),)


def test_d1_a_capture_that_is_written_out_literally() -> None:
    left = nginx(ingress("web", "a.example", (I, "/x(/|$)(.*)", "web"), annotations=annotated(rewrite_target="/$2")))
    literal = [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/$2"}}}]
    proof = prove(left, routed(*full(rule("web", match("/x(/|$)(.*)", "RegularExpression"), filters=literal))))
    assert proof.verdict is Verdict.REFUTED
    reasons = [one.reason for host in proof.hosts for one in (host.difference, *host.more) if one]
    assert "different path that the backend sees" in reasons


def test_a_prefix_is_cut_off_as_the_capture_did_save_for_case() -> None:
    left = nginx(ingress("web", "a.example", (I, "/x(/|$)(.*)", "web"), annotations=annotated(rewrite_target="/$2")))
    cut = [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}]
    proof = prove(left, routed(*full(rule("web", match("/x"), filters=cut))))
    found = [one for host in proof.hosts for one in (host.difference, *host.more) if one]
    assert {one.request.path[:2] for one in found} == {"/X"}, "only case may differ"


def test_captures_that_no_finite_set_decides_are_tested_not_proved() -> None:
    document = ingress("web", "a.example", (I, "/(a|b)/(.*)", "web"), annotations=annotated(rewrite_target="/$2/$1"))
    proof = prove(nginx(document), nginx(document))
    assert proof.verdict is Verdict.TESTED
    verdict = next(one for one in proof.hosts if one.host == "a.example")
    assert verdict.cases > 10
    assert "captures" in verdict.reason


def test_d7_a_default_backend_whose_gateway_was_never_written() -> None:
    left = specified(ingress("all", "", default="all"))
    right = routed(gateway("other"), route("all", (), rule("all"), parents=[{"name": "edge"}]))
    refuted(prove(left, right), "*", "http://zq.zq-other/")
    assert any("HTTPRoute shop/all is not attached" in problem for problem in right.problems)


def test_d9_certificates_at_the_wrong_hosts() -> None:
    documents = (
        ingress("a", "a.example", (P, "/", "web"), tls=TLS, annotations=annotated(ssl_redirect="false")),
        ingress("b", "b.example", (P, "/", "web")),
    )
    both = gateway("edge", listener("http"), HTTPS, listener("https-b", "b.example", 443, "HTTPS", certificates=("cert",)))
    right = routed(both, route("web", ("a.example", "b.example"), rule("web")))
    verdict = refuted(prove(nginx(*documents), right), "b.example", "https://b.example/")
    assert verdict.reason == "TLS is not terminated alike"


def test_d9_an_empty_secret_name() -> None:
    left = nginx(ingress("a", "a.example", (P, "/", "web"), tls=[{"hosts": ["a.example"]}]))
    empty = listener("https", "a.example", 443, "HTTPS", certificates=("",))
    refuted(
        prove(left, routed(gateway("edge", listener(), empty), route("w", (), rule("web")))), "a.example", "https://a.example/"
    )


@pytest.mark.parametrize(
    "filters",
    [
        [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "X-Forwarded-Prefix", "value": "/x"}]}}]
        * 2,
        [
            {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}},
            {"type": "RequestRedirect", "requestRedirect": {"hostname": "b.example"}},
        ],
    ],
)
def test_d10_filters_that_the_api_server_refuses(filters: Any) -> None:
    left = nginx(ingress("web", "a.example", (P, "/", "web")))
    refuted(prove(left, routed(*full(rule("web", filters=filters)))), "a.example", "http://a.example/")


def test_d11_the_host_set_as_a_header() -> None:
    left = nginx(ingress("web", "a.example", (P, "/", "web"), annotations=annotated(upstream_vhost="in.side")))
    header = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "Host", "value": "in.side"}]}}]
    assert prove(left, routed(*full(rule("web", filters=header)))).verdict is Verdict.REFUTED
    rewrite = [{"type": "URLRewrite", "urlRewrite": {"hostname": "in.side"}}]
    proved(left, routed(*full(rule("web", filters=rewrite))))


def test_d17_an_expression_without_anchor_is_matched_whole() -> None:
    left = nginx(ingress("web", "a.example", (I, "/foo", "web"), annotations=annotated(use_regex="true")))
    refuted(
        prove(left, routed(*full(rule("web", match("(?i)/foo", "RegularExpression"))))), "a.example", "http://a.example/foozq"
    )


def test_authentication_that_is_lost_is_never_called_the_same() -> None:
    left = nginx(ingress("web", "a.example", (P, "/", "web"), annotations=annotated(auth_url="https://auth.example")))
    proof = prove(left, routed(*full(rule("web"))))
    assert proof.verdict is Verdict.UNKNOWN
    assert "auth-url of Ingress shop/web" in next(one.reason for one in proof.hosts if one.host == "a.example")


def test_a_named_port_without_its_service_is_unknown() -> None:
    document = ingress("web", "a.example", (P, "/", "web"))
    document["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = {"name": "http"}
    proof = prove(specified(document), routed(*full(rule("web"))))
    assert proof.verdict is Verdict.UNKNOWN
    assert "port 'http' of Service shop/web has no number here" in next(
        one.reason for one in proof.hosts if one.host == "a.example"
    )


def test_lookaround_is_unknown_and_says_why() -> None:
    left = nginx(ingress("web", "a.example", (I, "/(?!x)y", "web"), annotations=annotated(use_regex="true")))
    proof = prove(left, routed(*full(rule("web"))))
    assert proof.verdict in (Verdict.UNKNOWN, Verdict.REFUTED)
    assert prove(left, left).verdict is not Verdict.PROVED


def test_policies_that_may_change_the_answer_are_unknown() -> None:
    policy = {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "SecurityPolicy", "metadata": {"name": "p"}}
    left = specified(ingress("web", "a.example", (P, "/", "web")))
    assert prove(left, routed(*full(rule("web")), policy)).verdict is Verdict.UNKNOWN
    for kind, name, verdict in [
        ("HTTPRoute", "web", Verdict.UNKNOWN),
        ("Gateway", "edge", Verdict.UNKNOWN),
        ("HTTPRoute", "other", Verdict.PROVED),
    ]:
        aimed = {**policy, "metadata": {"name": "p", "namespace": "shop"}, "spec": {"targetRefs": [{"kind": kind, "name": name}]}}
        assert prove(left, routed(*full(rule("web")), aimed)).verdict is verdict, (kind, name)


def test_expressions_of_headers_are_matched_whole_and_told_apart() -> None:
    def versioned(pattern: str) -> Router:
        headers = [{"name": "v", "value": pattern, "type": "RegularExpression"}]
        return routed(*full(rule("old"), {**rule("new"), "matches": [{"headers": headers}]}))

    proved(versioned("v[0-9]"), versioned("v[0123456789]"))
    proof = prove(versioned("v[0-9]"), versioned("v[0-9]+"))
    assert proof.verdict is Verdict.REFUTED
    verdict = next(one for one in proof.hosts if one.host == "a.example")
    assert verdict.difference is not None
    assert verdict.difference.request.headers == (("v", "v00"),)


def test_before_and_after_an_edit() -> None:
    before = ingress("web", "a.example", (P, "/", "web"), (P, "/cart", "cart"))
    after = ingress("web", "a.example", (P, "/cart", "cart"), (P, "/", "web"), (P, "/cart/x", "cart"))
    proved(nginx(before), nginx(after))
    moved = ingress("web", "a.example", (P, "/cart", "cart2"), (P, "/", "web"))
    refuted(prove(nginx(before), nginx(moved)), "a.example", "http://a.example/cart")
