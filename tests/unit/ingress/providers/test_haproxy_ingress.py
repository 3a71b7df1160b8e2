"""haproxy-ingress: the specification and its own annotations."""

from typing import Any

from unit.ingress.converting import codes, ingress, kinds, made, path, said, table

TLS = [{"hosts": ["a.com"], "secretName": "c"}]


def host(*paths: Any, tls: Any = (), **annotations: str) -> Any:
    own = {f"haproxy-ingress.github.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    return ingress(hosts={"a.com": list(paths)}, ingressClassName="haproxy", annotations=own, tls=list(tls))


def test_implementation_specific_begins_letter_by_letter_and_that_is_said() -> None:
    out = made(host(path("/x", kind="ImplementationSpecific")))
    assert [loss.witness for loss in out.losses] == ["GET http://a.com/xx was answered by it, and now is not"]
    assert made(host(path("/x", kind="ImplementationSpecific"), path_type="prefix")).losses == []


def test_http_goes_to_https_where_there_is_a_certificate() -> None:
    out = made(host(path("/x"), tls=TLS))
    assert table(out, "a.com", section="http-a.com") == ["PathPrefix /x -> 302 https"]
    assert table(out, "a.com", section="https-a.com") == ["PathPrefix /x -> s:80"]
    stays = made(host(path("/x"), tls=TLS, ssl_redirect="false"))
    assert table(stays, "a.com", section="http-a.com") == ["PathPrefix /x -> s:80"]


def test_rewrites_redirects_and_app_root() -> None:
    assert table(made(host(path("/x"), rewrite_target="/y")), "a.com") == ["PathPrefix /x -> as /y s:80"]
    assert table(made(host(path("/x"), redirect_to="https://b.com/z")), "a.com") == ["PathPrefix /x -> 302 https b.com/z"]
    assert table(made(host(path("/"), app_root="/app")), "a.com") == ["Exact / -> 302 /app", "PathPrefix / -> s:80"]
    assert table(made(host(path("/"), redirect_to="https://b.com/?x")), "a.com") == ["PathPrefix / -> 500"]


def test_policies_are_those_of_the_emitter() -> None:
    own = {"affinity": "cookie", "timeout_server": "30s", "denylist_source_range": "10.0.0.0/8", "limit_rps": "5"}
    out = made(host(path("/"), **own), emitter="envoy-gateway")
    assert {one["kind"] for one in out.objects} >= {"BackendTrafficPolicy", "SecurityPolicy"}
    assert out.losses == []


def test_a_guard_without_a_place_closes_the_route() -> None:
    out = made(host(path("/"), auth_url="http://auth"))
    assert (table(out, "a.com"), codes(out)) == (["PathPrefix / -> 500"], {"auth-url"})


def test_cors_and_headers() -> None:
    out = made(host(path("/"), cors_enable="true", headers="X-A: 1\nX-B: %[src]"))
    filters = kinds(out, "HTTPRoute")[0]["spec"]["rules"][0]["filters"]
    assert [one["type"] for one in filters] == ["RequestHeaderModifier", "CORS"]
    assert "has variables of HAProxy" in said(out.losses)[0]


def test_what_nobody_knows_is_lost_aloud() -> None:
    assert said(made(host(path("/"), waf="modsecurity")).losses) == ["waf waf is not converted"]
