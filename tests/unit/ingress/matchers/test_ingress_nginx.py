"""ingress-nginx as it really behaves: where it departs from the specification, one test each."""

from typing import Any

import pytest

from ingresses import annotated, answered, ingress, nginx
from underway.ingress.matchers.ingress_nginx.annotations import settings_of
from underway.ingress.matchers.ingress_nginx.locations import normalised
from underway.ingress.matchers.request import request_of

P, E, I = "Prefix", "Exact", "ImplementationSpecific"  # noqa: E741
TLS = [{"hosts": ["a.example"], "secretName": "cert"}]


def one(*paths: Any, **annotations: str) -> Any:
    """One Ingress of a.example under nginx."""
    return nginx(ingress("web", "a.example", *paths, annotations=annotated(**annotations)))


@pytest.mark.parametrize(
    ("paths", "asked", "expected"),
    [
        ([(P, "/foo", "w")], "/foo", "w"),
        ([(P, "/foo", "w")], "/foo/", "w"),
        ([(P, "/foo", "w")], "/foobar", "404"),
        ([(I, "/foo", "w")], "/foobar", "404"),
        ([(I, "/foo", "w")], "/foo/bar", "w"),
        ([(I, "", "w")], "/any", "w"),
        ([(I, "/", "w"), (P, "/x", "x")], "/any", "w"),
        ([(E, "/foo", "w")], "/foo", "w"),
        ([(E, "/foo", "w")], "/foo/", "404"),
        ([(E, "/foo", "e"), (P, "/foo/", "p")], "/foo", "e"),
        ([(P, "/foo/", "w")], "/foo", "301 http://a.example/foo/"),
        ([(I, "/foo/", "w")], "/foo", "301 http://a.example/foo/"),
        ([(I, "/foo/", "w"), (E, "/foo", "bare")], "/foo", "bare"),
        ([(P, "/foo", "w"), (P, "/", "root")], "/fo", "root"),
        ([(P, "/foo", "w")], "//foo//x", "w"),
        ([(P, "/foo", "w")], "/a/../foo", "w"),
        ([(P, "/foo", "w")], "/%66oo", "w"),
        ([(P, "/foo", "w")], "/FOO", "404"),
    ],
)
def test_locations_are_those_of_nginx(paths: list[tuple[str, str, str]], asked: str, expected: str) -> None:
    assert answered(one(*paths), f"http://a.example{asked}") == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("/FOO", "w"), ("/fooXYZ", "w"), ("/item/7x", "re"), ("/ITEM/7", "re"), ("/item/x", "404"), ("/exact-but-more", "exact")],
)
def test_one_expression_makes_every_location_of_the_host_one(asked: str, expected: str) -> None:
    router = nginx(
        ingress("plain", "a.example", (P, "/foo", "w"), (E, "/exact", "exact")),
        ingress("regex", "a.example", (I, "/item/[0-9]+", "re"), annotations=annotated(use_regex="true"), namespace="other"),
    )
    assert answered(router, f"http://a.example{asked}") == expected


def test_expressions_are_tried_by_length_whatever_their_type() -> None:
    router = one((I, "/a/.*", "short"), (I, "/a/[a-z]+/x", "long"), use_regex="true")
    assert answered(router, "http://a.example/a/b/x") == "long"
    assert answered(router, "http://a.example/a/b/y") == "short"


@pytest.mark.parametrize(
    ("path", "target", "asked", "seen"),
    [
        ("/x(/|$)(.*)", "/$2", "/x/one/two", "/one/two"),
        ("/x(/|$)(.*)", "/$2", "/x", "/"),
        ("/x(/|$)(.*)", "/$2", "/X/One", "/One"),
        ("/v1/(a|b)/(.*)", "/$1-$2", "/v1/b/c", "/b-c"),
        ("/full", "/whole", "/full/and/more", "/whole"),
        ("/same", "/same", "/same", ""),
    ],
)
def test_rewrites_replace_the_path_with_captures(path: str, target: str, asked: str, seen: str) -> None:
    router = one((I, path, "w"), rewrite_target=target)
    assert router.views("http", "a.example")[0].answer(request_of(f"http://a.example{asked}")).path == seen


def test_hosts_are_joined_across_namespaces_and_the_first_by_age_wins() -> None:
    old = ingress("b", "a.example", (P, "/", "old"), created="2026-01-01T00:00:00Z")
    new = ingress("a", "a.example", (P, "/", "new"), (P, "/x", "x"), namespace="other", created="2026-02-01T00:00:00Z")
    router = nginx(new, old)
    assert answered(router, "http://a.example/") == "old"
    assert answered(router, "http://a.example/x") == "x"


def test_of_one_age_the_last_by_name_wins() -> None:
    assert (
        answered(nginx(ingress("a", "a.example", (P, "/", "a")), ingress("b", "a.example", (P, "/", "b"))), "http://a.example/")
        == "b"
    )


@pytest.mark.parametrize(
    ("host", "expected"), [("x.foo.com", "wild"), ("a.x.foo.com", "404"), ("foo.com", "404"), ("y.foo.com", "own")]
)
def test_a_wildcard_is_one_label_and_precise_hosts_shut_it_out(host: str, expected: str) -> None:
    router = nginx(ingress("wild", "*.foo.com", (P, "/", "wild")), ingress("own", "y.foo.com", (P, "/", "own")))
    assert answered(router, f"http://{host}/") == expected


def test_default_backends() -> None:
    documents = (
        ingress("all", "", default="all"),
        ingress("own", "a.example", (P, "/x", "x"), default="own"),
        ingress("none", "b.example", (P, "/x", "x")),
    )
    router = nginx(*documents)
    asked = ["a.example/", "a.example/x", "b.example/", "c.example/"]
    assert [answered(router, f"http://{one}") for one in asked] == ["own", "x", "404", "all"]


@pytest.mark.parametrize(
    ("annotations", "tls", "asked", "expected"),
    [
        ({}, True, "/x", "308 https://a.example/x"),
        ({}, True, "/x/?q=1", "308 https://a.example/x/?q=1"),
        ({}, True, "/x/", "308 https://a.example/x"),
        ({"preserve_trailing_slash": "true"}, True, "/x/", "308 https://a.example/x/"),
        ({"ssl_redirect": "false"}, True, "/x", "w"),
        ({}, False, "/x", "w"),
        ({"force_ssl_redirect": "true"}, False, "/x", "308 https://a.example/x"),
        ({"permanent_redirect": "https://new.example"}, True, "/x", "301 https://new.example"),
        ({"permanent_redirect": "https://new.example$request_uri", "permanent_redirect_code": "308"}, True, "/x?a=b",
         "308 https://new.example/x?a=b"),
        ({"temporal_redirect": "https://t.example", "permanent_redirect": "https://p.example"}, True, "/x", "302 https://t.example"),
        ({"app_root": "/app"}, False, "/", "302 http://a.example/app"),
        ({"app_root": "/app"}, False, "/x", "w"),
    ],
)  # fmt: skip
def test_redirects(annotations: dict[str, str], tls: bool, asked: str, expected: str) -> None:
    extra = {"tls": TLS} if tls else {}
    router = nginx(ingress("web", "a.example", (P, "/", "w"), annotations=annotated(**annotations), **extra))
    assert answered(router, f"http://a.example{asked}") == expected


def test_a_wildcards_certificate_serves_precise_hosts_without_their_own() -> None:
    wild = ingress("wild", "*.example", (P, "/", "wild"), tls=[{"hosts": ["*.example"], "secretName": "cert"}])
    router = nginx(wild, ingress("own", "a.example", (P, "/", "own")), ingress("deep", "a.b.example", (P, "/", "deep")))
    assert router.views("https", "a.example")[0].certificates == frozenset({"shop/cert"})
    assert answered(router, "http://a.example/x") == "308 https://a.example/x"
    assert router.views("https", "a.b.example")[0].certificates is None
    assert answered(router, "http://a.b.example/x") == "deep"


def test_from_to_www() -> None:
    router = one((P, "/", "w"), from_to_www_redirect="true")
    assert answered(router, "http://www.a.example/x/") == "308 http://a.example/x"
    assert answered(router, "http://a.example/x") == "w"
    assert router.hosts() >= {"a.example", "www.a.example"}


def canary(name: str = "canary", service: str = "new", **annotations: str) -> Any:
    """A canary of the Ingress `main`."""
    return ingress(name, "a.example", (P, "/", service), annotations=annotated(canary="true", **annotations))


MAIN = ingress("main", "a.example", (P, "/", "main"))


@pytest.mark.parametrize(
    ("annotations", "headers", "expected"),
    [
        ({"canary_weight": "30"}, (), "main*70 + new*30"),
        ({"canary_weight": "1", "canary_weight_total": "3"}, (), "main*99 + new*1"),
        ({"canary_weight": "50", "canary_weight_total": "200"}, (), "main*150 + new*50"),
        ({"canary_weight": "100"}, (), "new"),
        ({"canary_weight": "0"}, (), "main"),
        ({"canary_by_header": "X-C"}, ("x-c: always",), "new"),
        ({"canary_by_header": "X-C", "canary_weight": "100"}, ("x-c: never",), "main"),
        ({"canary_by_header": "X-C", "canary_weight": "30"}, ("x-c: other",), "main*70 + new*30"),
        ({"canary_by_header": "X-C", "canary_by_header_value": "yes"}, ("x-c: yes",), "new"),
        ({"canary_by_header": "X-C", "canary_by_header_value": "yes"}, ("x-c: always",), "main"),
        ({"canary_by_header": "X-C", "canary_by_header_pattern": "^b.*"}, ("x-c: beta",), "new"),
        ({"canary_by_header": "X-C", "canary_by_header_pattern": "^b.*"}, ("x-c: alpha",), "main"),
        ({"canary_by_cookie": "c"}, ("Cookie: a=b; c=always",), "new"),
        ({"canary_by_cookie": "c", "canary_weight": "100"}, ("Cookie: c=never",), "main"),
        ({"canary_by_header": "X-C", "canary_by_cookie": "c"}, ("x-c: never", "Cookie: c=always"), "main"),
    ],
)
def test_canaries(annotations: dict[str, str], headers: tuple[str, ...], expected: str) -> None:
    assert answered(nginx(MAIN, canary(**annotations)), "http://a.example/", "GET", *headers) == expected


def test_only_the_first_canary_counts_and_none_without_a_main() -> None:
    router = nginx(MAIN, canary("c2", "second", canary_weight="10"), canary("c1", "first", canary_weight="20"))
    assert answered(router, "http://a.example/") == "main*90 + second*10"
    assert answered(nginx(canary(canary_weight="100")), "http://a.example/") == "404"


def test_a_canary_follows_its_service_to_every_location() -> None:
    other = ingress("other", "b.example", (P, "/", "main"))
    assert answered(nginx(MAIN, other, canary(canary_weight="100")), "http://b.example/") == "new"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a//b", "/a/b"),
        ("/a/./b/", "/a/b/"),
        ("/a/../..", "/"),
        ("/%2e%2e/x", "/x"),
        ("/a%2Fb", "/a/b"),
        ("/.hidden", "/.hidden"),
    ],
)
def test_paths_are_read_as_nginx_reads_them(path: str, expected: str) -> None:
    assert normalised(path) == expected


def test_attributes_that_are_known_and_those_that_are_not() -> None:
    annotations = annotated(enable_cors="true", auth_url="https://auth", backend_protocol="GRPCS", proxy_read_timeout="5")
    settings = settings_of(annotations)
    assert [name for name, _ in settings.attributes] == ["backend-protocol", "backend-tls", "cors"]
    assert settings.opaque == (("auth-url", "https://auth"),)


def test_upstream_vhost_and_prefix_are_what_the_backend_sees() -> None:
    router = one((I, "/x(.*)", "w"), upstream_vhost="in.side", x_forwarded_prefix="/x", rewrite_target="/$1")
    answer = router.views("http", "a.example")[0].answer(request_of("http://a.example/x/y"))
    assert (answer.host, answer.headers) == ("in.side", (("set", "x-forwarded-prefix", "/x"),))


@pytest.mark.parametrize(
    ("annotations", "path", "undefined"),
    [
        ({"use_regex": "true"}, "/(?!x)y", "PCRE and RE2 do not agree on '(?!'"),
        ({"use_regex": "true"}, "/(a)\\1", "invalid escape sequence"),
        ({"rewrite_target": "/$1?x=$arg_y"}, "/(.*)", "uses more than captures"),
        ({"permanent_redirect": "https://x$arg_y"}, "/", "the redirect has variable $arg_y"),
    ],
)
def test_what_is_not_decidable_says_so(annotations: dict[str, str], path: str, undefined: str) -> None:
    answer = one((I, path, "w"), **annotations).views("http", "a.example")[0].answer(request_of("http://a.example/y"))
    assert undefined in answer.undefined


def test_a_location_that_stands_twice_is_refused_by_nginx() -> None:
    answer = one((P, "/foo", "a"), (P, "/foo/", "b")).views("http", "a.example")[0].answer(request_of("http://a.example/foo"))
    assert answer.undefined == "nginx does not load this configuration: location /foo/ of a.example stands twice"


def test_ssl_passthrough_leaves_tls_to_the_backend() -> None:
    router = nginx(ingress("web", "a.example", (P, "/", "w"), annotations=annotated(ssl_passthrough="true"), tls=TLS))
    assert router.views("https", "a.example")[0].answer(request_of("https://a.example/x")).attributes == (
        ("tls", "passed through"),
    )


def test_aliases_are_further_names() -> None:
    router = one((P, "/", "w"), server_alias="b.example, *.c.example")
    assert [answered(router, f"http://{host}/") for host in ("b.example", "x.y.c.example", "c.example")] == ["w", "w", "404"]


def test_an_alias_is_taken_to_be_in_its_servers_certificate() -> None:
    document = ingress("web", "a.example", (P, "/", "w"), annotations=annotated(server_alias="b.example"), tls=TLS)
    assert answered(nginx(document), "http://b.example/x") == "308 https://b.example/x"


def test_a_hostile_expression_costs_no_time() -> None:
    router = one((I, "/(a+)+$", "w"), use_regex="true")
    assert answered(router, "http://a.example/" + "a" * 5000 + "b") == "404"


def test_why_tells_of_expressions() -> None:
    router = one((I, "/a/.*", "re"), (P, "/b", "b"), use_regex="true")
    why = router.views("http", "a.example")[0].why(request_of("http://a.example/a/b"))
    assert why[0].startswith("every location of this host is a regular expression")
    assert "its location /b matches nothing at the beginning of /a/b" in why[1]


def test_of_two_servers_with_one_alias_the_first_by_name_answers() -> None:
    late = ingress("a", "z.example", ("Prefix", "/", "z"), annotations=annotated(server_alias="c.example"))
    early = ingress(
        "b", "b.example", ("Prefix", "/", "b"), annotations=annotated(server_alias="c.example"), created="2026-02-01T00:00:00Z"
    )
    assert answered(nginx(late, early), "http://c.example/") == "b"


def test_a_www_twin_is_written_before_all_servers() -> None:
    twin = ingress("a", "b.example", ("Prefix", "/", "b"), annotations=annotated(from_to_www_redirect="true"))
    alias = ingress("b", "a.example", ("Prefix", "/", "a"), annotations=annotated(server_alias="www.b.example"))
    assert answered(nginx(twin, alias), "http://www.b.example/x") == "308 http://b.example/x"


def test_connections_are_passed_through_for_plain_names_with_a_path_alone() -> None:
    def certificates(host: str, path: str, asked: str) -> object:
        said = annotated(ssl_passthrough="true", server_alias="alias.example")
        return nginx(ingress("a", host, ("Prefix", path, "s"), annotations=said)).views("https", asked)[0].certificates

    assert certificates("a.example", "/", "a.example") == {"(passed through)"}
    assert certificates("a.example", "/", "alias.example") is None
    assert certificates("*.example", "/", "x.example") is None
    assert certificates("a.example", "/p", "a.example") is None


def settings(**data: str) -> dict[str, Any]:
    """The controller's ConfigMap, as its chart names and labels it."""
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    metadata = {"name": "settings", "namespace": "ingress-nginx", "labels": labels}
    named = {key.replace("_", "-"): text for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": named}


@pytest.mark.parametrize(
    ("data", "annotations", "expected"),
    [
        ({"force_ssl_redirect": "true"}, {}, "308 https://a.example/p"),
        ({"force_ssl_redirect": "true", "http_redirect_code": "301"}, {}, "301 https://a.example/p"),
        ({"force_ssl_redirect": "true"}, {"force_ssl_redirect": "false"}, "s"),
        ({"force_ssl_redirect": "true", "no_tls_redirect_locations": "/p"}, {}, "s"),
    ],
)
def test_the_controllers_config_map_lies_under_the_annotations(
    data: dict[str, str], annotations: dict[str, str], expected: str
) -> None:
    one_ = ingress("web", "a.example", (P, "/p", "s"), annotations=annotated(**annotations))
    assert answered(nginx(one_, settings(**data)), "http://a.example/p") == expected


def test_what_the_config_map_asks_of_everybody_is_not_known_to_change_nothing() -> None:
    router = nginx(ingress("web", "a.example", (P, "/", "s")), settings(global_auth_url="https://auth"))
    answer = router.views("http", "a.example")[0].answer(request_of("http://a.example/"))
    assert answer.opaque == (("global-auth-url", "https://auth"),)


def test_challenges_of_certificates_are_never_sent_to_https() -> None:
    said = annotated(force_ssl_redirect="true")
    router = nginx(ingress("web", "a.example", (E, "/.well-known/acme-challenge/x", "solver"), (P, "/", "s"), annotations=said))
    assert answered(router, "http://a.example/.well-known/acme-challenge/x") == "solver"
    assert answered(router, "http://a.example/other") == "308 https://a.example/other"
