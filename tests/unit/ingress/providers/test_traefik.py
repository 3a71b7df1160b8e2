"""Traefik: prefixes letter by letter, and annotations of routers and services."""

from typing import Any

from unit.ingress.converting import codes, ingress, kinds, made, path, said, table


def host(*paths: Any, tls: Any = (), **annotations: str) -> Any:
    own = {f"traefik.ingress.kubernetes.io/{key.replace('_', '.')}": text for key, text in annotations.items()}
    return ingress(hosts={"a.com": list(paths)}, ingressClassName="traefik", annotations=own, tls=list(tls))


def test_prefixes_begin_letter_by_letter_and_that_is_said() -> None:
    out = made(host(path("/x"), path("/y", kind="Exact"), path("/")))
    assert [loss.witness for loss in out.losses] == ["GET http://a.com/xx was answered by it, and now is not"]
    assert codes(out) == {"E4"}


def test_the_entrypoint_websecure_is_the_listener_of_https() -> None:
    tls = [{"hosts": ["a.com"], "secretName": "c"}]
    out = made(host(path("/"), tls=tls, router_entrypoints="websecure"))
    assert table(out, "a.com", section="https-a.com") == ["PathPrefix / -> s:80"]
    assert table(out, "a.com", section="http-a.com") == []


def test_middlewares_may_guard_anything() -> None:
    out = made(host(path("/"), router_middlewares="shop-auth@kubernetescrd"))
    assert (table(out, "a.com"), codes(out)) == (["PathPrefix / -> 500"], {"router.middlewares"})


def test_stickiness_is_a_policy() -> None:
    out = made(host(path("/"), service_sticky_cookie="true", service_sticky_cookie_name="c"), emitter="envoy-gateway")
    [policy] = kinds(out, "BackendTrafficPolicy")
    assert policy["spec"]["loadBalancer"]["consistentHash"] == {"type": "Cookie", "cookie": {"name": "c"}}


def test_priorities_and_schemes_are_said() -> None:
    out = made(host(path("/"), router_priority="7", service_serversscheme="h2c", router_pathmatcher="Path"))
    assert codes(out) == {"router.priority", "service.serversscheme", "router.pathmatcher"}
    assert table(out, "a.com") == ["PathPrefix / -> 500"]
    assert any("is 7: a Gateway orders rules by its own precedence" in line for line in said(out.losses))
