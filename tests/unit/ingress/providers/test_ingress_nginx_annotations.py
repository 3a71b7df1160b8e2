"""The annotations of ingress-nginx: every documented key has a verdict, and each family its field."""

from pathlib import Path
from typing import Any

import pytest

from underway.ingress.providers.ingress_nginx import canary, families, keys
from unit.ingress.converting import codes, kinds, made, nginx, path, said, table

SERVERS = {"server-alias", "ssl-passthrough", "rewrite-target", "use-regex"}  # read where hosts and paths are
# Keys of annotations.md and annotations-risk.md, as of the last release of the controller.
DOCUMENTED = Path(__file__).with_name("ingress_nginx_keys.txt").read_text().split()


def converted(emitter: str = "standard", minor: int = 6, /, **annotations: str) -> Any:
    own = {key.replace("_", "-"): text for key, text in annotations.items()}
    one = nginx(hosts={"a.com": [path("/")]}, annotations=own)
    return made(one, emitter=emitter, minor=minor)


def rule(out: Any) -> Any:
    return kinds(out, "HTTPRoute")[0]["spec"]["rules"][0]


def test_every_documented_key_has_a_verdict() -> None:
    assert len(DOCUMENTED) == 137
    assert set(DOCUMENTED) - {key.name for key in keys.KEYS} == set()
    assert [key.name for key in keys.KEYS] == sorted(key.name for key in keys.KEYS)


def test_sixty_and_more_are_converted() -> None:
    assert sum(key.verdict in keys.CONVERTED for key in keys.KEYS) >= 60


def test_what_is_not_converted_has_a_reason_and_a_remedy() -> None:
    for key in keys.KEYS:
        assert key.field, key.name
        assert key.remedy or key.verdict != keys.IMPOSSIBLE, key.name


def test_what_is_converted_is_read_somewhere() -> None:
    read = {name for family in (*families.FAMILIES, canary) for name in family.KEYS} | SERVERS
    implied = {
        "auth-secret-type"
    }  # another spelling of the same Secret, which decides whether basic authentication can be carried over
    assert {key.name for key in keys.KEYS if key.verdict in keys.CONVERTED} - read - implied == set()


@pytest.mark.parametrize("key", [key for key in keys.KEYS if key.verdict != keys.OBSOLETE], ids=lambda key: key.name)
def test_no_key_goes_by_in_silence(key: keys.Key) -> None:
    """Each key alone changes the objects, or is told of; flags that say what is so anyway may do neither."""
    plain = made(nginx(hosts={"a.com": [path("/")]})).objects
    anyway = {
        "preserve-trailing-slash",
        "session-cookie-name",
        "auth-secret-type",
        "permanent-redirect-code",
        "temporal-redirect-code",
    }
    for text in ("true", "on", "1", "x", "https://b.com"):
        out = made(nginx(hosts={"a.com": [path("/")]}, annotations={key.name: text}))
        if out.objects != plain or out.losses:
            return
    assert key.name in anyway | NEEDS_COMPANY


# Keys that do nothing unless another one turns their family on, there as here.
NEEDS_COMPANY = {
    "auth-realm", "auth-response-headers", "auth-secret", "auth-tls-verify-client", "canary-by-cookie",
    "canary-by-header", "canary-by-header-pattern", "canary-by-header-value", "canary-weight", "canary-weight-total",
    "limit-burst-multiplier", "opentelemetry-operation-name", "opentelemetry-trust-incoming-span", "proxy-ssl-name",
    "proxy-ssl-server-name", "session-cookie-expires", "session-cookie-max-age", "session-cookie-path", "session-cookie-samesite",
    "ssl-redirect", "proxy-next-upstream-timeout",
}  # fmt: skip


def test_an_unknown_key_is_said() -> None:
    assert said(converted(no_such="x").losses) == ["no-such no-such is no documented annotation of the controller"]


def test_an_obsolete_key_is_a_note() -> None:
    out = converted(http2_push_preload="true")
    assert codes(out) == set()
    assert said(out.losses, "note")[0].startswith("http2-push-preload http2-push-preload is not needed")


def test_a_value_that_the_controller_would_not_read_is_said() -> None:
    out = converted(enable_cors="yes")
    assert said(out.losses) == ["enable-cors enable-cors is 'yes': neither true nor false; the controller takes it for false"]


def test_cors_is_a_filter_with_the_controllers_defaults() -> None:
    cors = rule(converted(enable_cors="true", cors_allow_origin="https://x.com, https://*.y.com"))["filters"][0]["cors"]
    assert cors["allowOrigins"] == ["https://x.com", "https://*.y.com"]
    assert (cors["allowCredentials"], cors["maxAge"], cors["allowMethods"][0]) == (True, 1728000, "GET")
    assert codes(converted("standard", 4, enable_cors="true")) == {"CORS"}
    assert (
        "'ftp://x' is nothing that the filter CORS takes"
        in said(converted(enable_cors="true", cors_allow_origin="ftp://x").losses)[0]
    )


def test_headers() -> None:
    out = converted(upstream_vhost="in.side", connection_proxy_header="keep-alive")
    assert rule(out)["filters"] == [
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "Connection", "value": "keep-alive"}]}},
        {"type": "URLRewrite", "urlRewrite": {"hostname": "in.side"}},
    ]
    assert "'$host' is no plain hostname" in said(converted(upstream_vhost="$host").losses)[0]


def test_custom_headers_come_from_their_config_map() -> None:
    data = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "h", "namespace": "shop"},
        "data": {"X-A": "1", "X-B": "$host"},
    }
    one = nginx(hosts={"a.com": [path("/")]}, annotations={"custom-headers": "shop/h"})
    out = made(one, data)
    assert rule(out)["filters"][0]["responseHeaderModifier"] == {"set": [{"name": "X-A", "value": "1"}]}
    assert codes(out) == codes(made(one)) == {"custom-headers"}
    assert "is not among the files" in said(made(one).losses)[0]


def test_timeouts_limit_the_whole_request_where_pauses_have_no_field() -> None:
    out = converted(proxy_read_timeout="30")
    assert rule(out)["timeouts"] == {"request": "300s"}
    assert [loss.witness for loss in out.losses] == ["an answer that takes more than 300 s is cut off, though it never pauses"]
    better = converted("envoy-gateway", proxy_read_timeout="30", proxy_connect_timeout="7")
    [policy] = kinds(better, "BackendTrafficPolicy")
    assert policy["spec"]["timeout"] == {"tcp": {"connectTimeout": "7s"}, "http": {"streamIdleTimeout": "30s"}}
    assert better.losses == []


def test_sessions_and_retries_are_experimental_or_a_policy() -> None:
    own = {
        "affinity": "cookie",
        "session-cookie-name": "c",
        "session-cookie-max-age": "60",
        "proxy-next-upstream": "error http_502",
    }
    one = nginx(hosts={"a.com": [path("/")]}, annotations=own)
    out = made(one, experimental=True)
    assert rule(out)["retry"] == {"attempts": 2, "codes": [502]}
    assert rule(out)["sessionPersistence"]["absoluteTimeout"] == "60s"
    assert out.losses == []
    [policy] = kinds(made(one, emitter="envoy-gateway"), "BackendTrafficPolicy")
    assert policy["spec"]["loadBalancer"]["consistentHash"] == {"type": "Cookie", "cookie": {"name": "c", "ttl": "60s"}}
    assert codes(made(one)) == set(own)


BY_USER = {"type": "Header", "header": {"name": "x-user"}}
ASKED = {"backendRefs": [{"name": "who", "namespace": "auth", "port": 8080}], "pathOverride": "/ask"}
DENIED = {"action": "Deny", "principal": {"clientCIDRs": ["10.0.0.1/32"]}}


@pytest.mark.parametrize(
    ("annotations", "spec"),
    [
        ({"upstream_hash_by": "$http_x_user"}, {"loadBalancer": {"type": "ConsistentHash", "consistentHash": BY_USER}}),
        (
            {"upstream_hash_by": "$remote_addr"},
            {"loadBalancer": {"type": "ConsistentHash", "consistentHash": {"type": "SourceIP"}}},
        ),
        ({"load_balance": "ewma"}, {"loadBalancer": {"type": "LeastRequest"}}),
        ({"service_upstream": "true"}, {"routingType": "Service"}),
        ({"proxy_body_size": "8m"}, {"requestBuffer": {"limit": "8388608"}}),
        ({"denylist_source_range": "10.0.0.1"}, {"authorization": {"rules": [DENIED]}}),
        ({"auth_type": "basic", "auth_secret": "users"}, {"basicAuth": {"users": {"name": "users"}}}),
        ({"auth_url": "http://who.auth.svc.cluster.local:8080/ask"}, {"extAuth": {"http": ASKED}}),
    ],
)
def test_policies_of_envoy_gateway(annotations: dict[str, str], spec: Any) -> None:
    out = converted("envoy-gateway", **annotations)
    policy = out.objects[-1]
    assert policy["spec"].pop("targetRefs") == [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "web"}]
    assert policy["spec"] == spec
    assert codes(out) == set()


TRACED = {"strategy": "ratio", "ratio": 100, "context": "propagate"}
SNIPPET = {"context": "http.server.location", "value": "deny all;"}


@pytest.mark.parametrize(
    ("annotations", "kind", "spec"),
    [
        ({"proxy_body_size": "8m"}, "ClientSettingsPolicy", {"body": {"maxSize": "8m"}}),
        ({"proxy_buffering": "off"}, "ProxySettingsPolicy", {"buffering": {"disable": True}}),
        ({"enable_opentelemetry": "true"}, "ObservabilityPolicy", {"tracing": TRACED}),
        ({"configuration_snippet": "deny all;"}, "SnippetsFilter", {"snippets": [SNIPPET]}),
    ],
)
def test_policies_of_nginx_gateway_fabric(annotations: dict[str, str], kind: str, spec: Any) -> None:
    out = converted("nginx-gateway-fabric", **annotations)
    [policy] = kinds(out, kind)
    assert {key: value for key, value in policy["spec"].items() if not key.startswith("targetRef")} == spec
    assert codes(out) == set()


@pytest.mark.parametrize(
    "annotations",
    [
        {"whitelist_source_range": "10.0.0.0/8"},
        {"auth_type": "basic", "auth_secret": "users"},
        {"auth_url": "https://who.example.com/"},
        {"auth_tls_secret": "shop/ca"},
        {"configuration_snippet": "deny all;"},
        {"whitelist_source_range": "nonsense"},
    ],
)
def test_a_route_never_answers_without_its_guard(annotations: dict[str, str]) -> None:
    out = converted(**annotations)
    assert table(out, "a.com") == ["PathPrefix / -> 500"]
    assert codes(out) & {key.replace("_", "-") for key in annotations}


def test_a_route_may_be_left_open_on_request() -> None:
    out = made(nginx(hosts={"a.com": [path("/")]}, annotations={"auth-url": "https://who.example.com/"}), open=True)
    assert table(out, "a.com") == ["PathPrefix / -> s:80"]
    assert codes(out) == {"auth-url"}


def test_client_certificates_are_for_a_gateway_whose_hosts_all_ask_for_them() -> None:
    tls = [{"hosts": ["a.com"], "secretName": "c"}]
    one = nginx(hosts={"a.com": [path("/")]}, annotations={"auth-tls-secret": "shop/ca"}, tls=tls)
    out = made(one)
    validation = kinds(out, "Gateway")[0]["spec"]["tls"]["frontend"]["default"]["validation"]
    assert validation == {"caCertificateRefs": [{"group": "", "kind": "Secret", "name": "ca"}], "mode": "AllowValidOnly"}
    assert codes(out) == set()
    other = nginx("shop/other", {"b.com": [path("/")]}, tls=[{"hosts": ["b.com"], "secretName": "d"}])
    assert codes(made(one, other)) == {"auth-tls-secret"}


def test_verified_tls_to_backends_is_a_policy_on_the_service() -> None:
    out = converted(backend_protocol="HTTPS", proxy_ssl_verify="on", proxy_ssl_secret="shop/ca", proxy_ssl_name="in.side")  # noqa: S106
    [policy] = kinds(out, "BackendTLSPolicy")
    assert policy["spec"]["targetRefs"] == [{"group": "", "kind": "Service", "name": "s"}]
    assert policy["spec"]["validation"]["hostname"] == "in.side"
    assert codes(out) == set()
    assert codes(converted(backend_protocol="HTTPS")) == {"backend-protocol"}


def test_a_mirror_is_a_service_of_the_same_namespace() -> None:
    out = converted(mirror_target="http://copy.shop.svc.cluster.local:8080$request_uri")
    assert rule(out)["filters"] == [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 8080}}}]
    assert codes(converted(mirror_target="https://elsewhere.com")) == {"mirror-target"}


def test_every_family_is_in_its_tuple() -> None:
    folder = Path(families.__file__).parent
    elsewhere = {"__init__", "families", "keys", "patterns", "rules", "servers", "canary", "controller_config"}
    assert {file.stem for file in folder.glob("*.py")} - elsewhere == {
        family.__name__.rpartition(".")[2] for family in families.FAMILIES
    }


def test_the_page_is_drawn_from_the_table() -> None:
    root = Path(__file__).resolve().parents[4]
    page = (root / "docs" / "ingress-annotations.md").read_text()
    rows = [f"| {key.name} | {key.verdict} | {key.field} | {key.remedy} |" for key in keys.KEYS]
    assert page.splitlines()[-len(rows) :] == rows, "run python tools/annotation_page.py"


ODD = (
    "", "true", "off", "-1", "9" * 30, "https://b.com:99999/", "http://[::1", "https://b_c.com/x", "$host", "a,b,,c", "~^x",
    "(a+)+$" * 50, "ä", "10.0.0.0/33", "http://a.b.svc:1/x?y", "/" * 2000,
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_no_value_of_any_key_breaks_the_conversion(text: str) -> None:
    paths = [path("/"), path("/x(/|$)(.*)", kind="ImplementationSpecific")]
    for key in keys.KEYS:
        out = made(nginx(hosts={"a.com": paths}, annotations={key.name: text, "affinity": "cookie"}), emitter="envoy-gateway")
        assert kinds(out, "Gateway") or text == "true", key.name


def test_a_service_that_authenticates_in_another_namespace_grants_it() -> None:
    out = converted("envoy-gateway", auth_url="http://who.auth.svc/ask")
    [grant] = kinds(out, "ReferenceGrant")
    assert grant["metadata"]["namespace"] == "auth"
    assert grant["spec"]["from"] == [{"group": "gateway.envoyproxy.io", "kind": "SecurityPolicy", "namespace": "shop"}]
    assert grant["spec"]["to"] == [{"group": "", "kind": "Service", "name": "who"}]


def test_what_a_policy_has_no_field_for_is_said_though_the_rest_is_held() -> None:
    assert codes(converted("envoy-gateway", limit_rps="5", limit_burst_multiplier="3")) == {"limit-burst-multiplier"}
    assert codes(converted("envoy-gateway", auth_url="http://who.auth.svc/ask", auth_method="POST")) == {"auth-method"}
    own = {"affinity": "cookie", "session-cookie-path": "/x"}
    assert codes(made(nginx(hosts={"a.com": [path("/")]}, annotations=own), experimental=True)) == {"session-cookie-path"}


def test_an_address_outside_of_the_cluster_does_not_authenticate() -> None:
    out = converted("envoy-gateway", auth_url="https://who.example.com/ask")
    assert table(out, "a.com") == ["PathPrefix / -> 500"]
    assert "is no http address of a Service; its routes answer 500 unless --open is given" in said(out.losses)[0]
