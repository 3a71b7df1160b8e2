"""Wild sets of Ingresses for ingress-nginx: annotations in each other's way, aliases of hosts, one host in two namespaces.

Owns the drawing alone; what is made of a set, and what counts as said, is in `conversions`. Each set is drawn from one seed.
"""

from random import Random
from typing import Any

from ingresses import annotated, ingress
from underway.ingress.layout import Options

HOSTS = ("a.example", "b.example", "*.example", "*.b.example", "", "a.example", "b.example", "www.b.example")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/", "/b/a")
EXPRESSIONS = ("/x(/|$)(.*)", "/item/[0-9]+", "/a/.*", "/v[12]/(.*)", "/(foo|bar)/baz", "/a$", "/(.*)")
SERVICES = ("s1", "s2", "s3")
NOTHING: dict[str, str] = {}
# Each is what one Ingress says; several are drawn for some, so that they meet.
ANNOTATIONS: tuple[dict[str, str], ...] = (
    {"rewrite_target": "/y"},
    {"rewrite_target": "/$1"},
    {"rewrite_target": "/$2"},
    {"rewrite_target": "/a"},
    {"use_regex": "true"},
    {"app_root": "/app"},
    {"ssl_redirect": "false"},
    {"ssl_redirect": "nonsense"},
    {"force_ssl_redirect": "true"},
    {"preserve_trailing_slash": "true", "force_ssl_redirect": "true"},
    {"permanent_redirect": "https://new.example"},
    {"permanent_redirect": "https://new.example$request_uri", "permanent_redirect_code": "308"},
    {"permanent_redirect": "/here", "permanent_redirect_code": "404"},
    {"temporal_redirect": "https://t.example/x"},
    {"temporal_redirect": "https://t.example/x?y=z"},
    {"from_to_www_redirect": "true"},
    {"enable_cors": "true"},
    {"enable_cors": "true", "cors_allow_origin": "https://x.example", "cors_allow_credentials": "false"},
    {"enable_cors": "true", "cors_allow_methods": "GET, POST", "cors_max_age": "7", "cors_expose_headers": "X-A"},
    {"cors_allow_origin": "https://x.example"},
    {"backend_protocol": "GRPC"},
    {"backend_protocol": "HTTPS"},
    {"backend_protocol": "GRPCS"},
    {"backend_protocol": "AUTO_HTTP"},
    {"auth_url": "https://auth.example"},
    {"auth_type": "basic", "auth_secret": "users"},
    {"server_alias": "c.example"},
    {"server_alias": "b.example, d.example"},
    {"server_alias": "*.example"},
    {"server_alias": "www.a.example"},
    {"server_alias": "c.b.example,*.c.example"},
    {"server_alias": "~^no.*$"},
    {"upstream_vhost": "in.side"},
    {"upstream_vhost": "$host"},
    {"connection_proxy_header": "keep-alive"},
    {"x_forwarded_prefix": "/p"},
    {"x_forwarded_prefix": "/p", "rewrite_target": "/q"},
    {"custom_headers": "one/headers"},
    {"whitelist_source_range": "10.0.0.0/8"},
    {"denylist_source_range": "10.0.0.0/8"},
    {"limit_rps": "5"},
    {"configuration_snippet": "deny all;"},
    {"server_snippet": "deny all;"},
    {"ssl_passthrough": "true"},
    {"mirror_target": "https://m.example"},
    {"custom_http_errors": "503"},
    {"default_backend": "errors"},
    {"preserve_trailing_slash": "true"},
    {"proxy_read_timeout": "30"},
    {"proxy_body_size": "8m"},
    {"proxy_next_upstream": "error http_503"},
    {"affinity": "cookie"},
    {"auth_tls_secret": "one/ca"},
    {"proxy_ssl_secret": "one/ca", "proxy_ssl_verify": "on", "proxy_ssl_name": "in.side", "proxy_ssl_server_name": "on"},
    {"satisfy": "any"},
    {"http2_push_preload": "true"},
    {"proxy_redirect_from": "http://a/", "proxy_redirect_to": "/"},
    {"of_nobody": "true"},
)
CANARIES: tuple[dict[str, str], ...] = (
    {"canary_weight": "30"},
    {"canary_weight": "30", "canary_weight_total": "60"},
    {"canary_weight": "100"},
    {"canary_weight": "5", "canary_weight_total": "10"},
    {"canary_by_header": "X-C"},
    {"canary_by_header": "X-C", "canary_by_header_value": "v", "canary_weight": "10"},
    {"canary_by_header": "X-C", "canary_by_header_pattern": "^v[0-9]+$"},
    {"canary_by_cookie": "c"},
    {"canary_by_header": "X-C", "canary_by_cookie": "c", "canary_weight": "1"},
)


def drawn(seed: int) -> tuple[list[dict[str, Any]], Options]:
    """One to four Ingresses and the options of their conversion."""
    rng = Random(seed)
    made: list[dict[str, Any]] = []
    for number in range(rng.randint(1, 4)):
        made.append(_canary(rng, number, rng.choice(made)) if made and rng.random() < 0.15 else _ingress(rng, number))
    topology = rng.choice(("namespace", "shared", "listenerset"))
    emitter = rng.choice(("standard", "standard", "envoy-gateway", "nginx-gateway-fabric"))
    return made, Options(topology=topology, emitter=emitter, experimental=rng.random() < 0.2, open=rng.random() < 0.1)


def _ingress(rng: Random, number: int) -> dict[str, Any]:
    said = {key: value for _ in range(rng.choice((0, 1, 1, 1, 2, 3))) for key, value in rng.choice(ANNOTATIONS).items()}
    expressions = ("use_regex" in said or "$" in said.get("rewrite_target", "")) and rng.random() < 0.8
    paths = [_path(rng, expressions) for _ in range(rng.randint(1, 4))]
    host = rng.choice(HOSTS)
    extra: dict[str, Any] = {"default": rng.choice(SERVICES)} if rng.random() < 0.2 else {}
    if host and rng.random() < 0.3:
        extra["tls"] = [{"hosts": [rng.choice((host, host, "c.example"))], "secretName": rng.choice(("cert", "cert", "other"))}]
    made = ingress(f"i{number}", host, *paths, **extra, **_rest(rng, said))
    if rng.random() < 0.25:
        other = rng.choice(HOSTS)
        rule = ingress("", other, *[_path(rng, expressions) for _ in range(rng.randint(1, 2))])["spec"]["rules"][0]
        made["spec"]["rules"].append(rule)
    if "default" in extra and rng.random() < 0.15:
        del made["spec"]["rules"]
    return made


def _path(rng: Random, expressions: bool) -> tuple[str, str, str]:
    if expressions:
        return "ImplementationSpecific", rng.choice(EXPRESSIONS), rng.choice(SERVICES)
    return rng.choice(("Exact", "Prefix", "ImplementationSpecific")), rng.choice(PATHS), rng.choice(SERVICES)


def _canary(rng: Random, number: int, main: dict[str, Any]) -> dict[str, Any]:
    """A canary of the first host of another Ingress, with none of its settings."""
    said = {"canary": "true", **rng.choice(CANARIES)}
    rules = main["spec"].get("rules") or [{"http": {"paths": []}}]
    paths = [(one["pathType"], one["path"], "can") for one in rules[0]["http"]["paths"]]
    return ingress(f"i{number}", rules[0].get("host", ""), *paths, **_rest(rng, said))


def _rest(rng: Random, said: dict[str, str]) -> dict[str, Any]:
    return {
        "namespace": rng.choice(("one", "one", "two")),
        "annotations": annotated(**said),
        "class_name": "nginx",
        "created": f"2026-01-0{rng.randint(1, 3)}T00:00:00Z",
    }
