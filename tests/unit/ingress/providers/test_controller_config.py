"""The ConfigMap of ingress-nginx as input: under the annotations of each Ingress, and for all hosts."""

from typing import Any

import pytest

from underway.ingress.equivalence.proof import prove
from underway.ingress.equivalence.verdict import Verdict
from underway.ingress.matchers import gateway, ingress_nginx
from underway.ingress.objects.manifests import manifests_of
from unit.ingress.converting import kinds, made, nginx, path, said, table

LABELS = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}


def settings(name: str = "ingress-nginx-controller", labels: Any = None, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ingress-nginx", "labels": labels or {}}
    named = {key.replace("_", "-"): text for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": named}


SHOP = nginx("shop/web", {"a.com": [path("/")]})


@pytest.mark.parametrize(
    "config",
    [
        settings(force_ssl_redirect="true"),
        settings("nginx-configuration", force_ssl_redirect="true"),
        settings("mine", LABELS, force_ssl_redirect="true"),
        settings("release-ingress-nginx-controller", force_ssl_redirect="true"),
    ],
)
def test_it_is_known_by_its_labels_or_its_usual_names(config: dict[str, Any]) -> None:
    assert table(made(SHOP, config), "a.com", section="http-a.com") == ["PathPrefix / -> 308 https"]


def test_another_config_map_is_none() -> None:
    assert table(made(SHOP, settings("other", force_ssl_redirect="true")), "a.com") == ["PathPrefix / -> s:80"]


def test_an_annotation_goes_before_it() -> None:
    own = nginx("shop/web", {"a.com": [path("/")]}, {"force-ssl-redirect": "false"})
    assert table(made(own, settings(force_ssl_redirect="true")), "a.com") == ["PathPrefix / -> s:80"]


def test_the_status_of_redirects_and_the_paths_that_stay_plain() -> None:
    config = settings(force_ssl_redirect="true", http_redirect_code="301", no_tls_redirect_locations="/plain")
    out = made(nginx("shop/web", {"a.com": [path("/"), path("/plain/x", "plain")]}), config)
    assert table(out, "a.com", section="http-a.com") == ["PathPrefix / -> 301 https", "PathPrefix /plain/x -> plain:80"]


def test_challenges_of_certificates_stay_plain_without_any_config_map() -> None:
    forced = {"force-ssl-redirect": "true"}
    out = made(nginx("shop/web", {"a.com": [path("/"), path("/.well-known/acme-challenge/t", "solver", "Exact")]}, forced))
    assert "Exact /.well-known/acme-challenge/t -> solver:80" in table(out, "a.com", section="http-a.com")


def test_a_guard_of_all_hosts_closes_every_route_until_it_is_opened() -> None:
    config = settings(global_auth_url="https://auth.example.com")
    closed = made(SHOP, config)
    assert table(closed, "a.com") == ["PathPrefix / -> 500"]
    assert [(loss.kind, loss.object, loss.hosts) for loss in closed.losses] == [
        ("lost", "ConfigMap ingress-nginx/ingress-nginx-controller", ("a.com",))
    ]
    assert table(made(SHOP, config, open=True), "a.com") == ["PathPrefix / -> s:80"]


def test_what_is_lost_of_it_is_said_once_and_at_its_own_place() -> None:
    other = nginx("shop/api", {"b.com": [path("/")]})
    out = made(SHOP, other, settings(whitelist_source_range="10.0.0.0/8", use_gzip="true", worker_processes="4"))
    lost = [loss for loss in out.losses if loss.code == "whitelist-source-range"]
    assert [(loss.object, loss.where.source, loss.where.path, loss.hosts) for loss in lost] == [
        ("ConfigMap ingress-nginx/ingress-nginx-controller", 2, ("data", "whitelist-source-range"), ("a.com", "b.com"))
    ]
    assert "use-gzip use-gzip: answers were compressed" in said(out.losses, "lost")
    assert "worker-processes worker-processes is a setting of nginx itself; each data plane has its own" in said(
        out.losses, "note"
    )


def test_policies_take_its_settings_up_like_annotations() -> None:
    out = made(SHOP, settings(whitelist_source_range="10.0.0.0/8"), emitter="envoy-gateway")
    assert len(kinds(out, "SecurityPolicy")) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"force_ssl_redirect": "true"},
        {"force_ssl_redirect": "true", "http_redirect_code": "301"},
        {"ssl_redirect": "false"},
        {"force_ssl_redirect": "true", "no_tls_redirect_locations": "/x, /y"},
    ],
)
def test_the_judge_reads_it_too_and_proves_what_was_converted(data: dict[str, str]) -> None:
    tls = [{"hosts": ["a.com"], "secretName": "cert"}]
    documents = [nginx("shop/web", {"a.com": [path("/"), path("/x/z", "x")]}, tls=tls), settings(**data)]
    sides = [manifests_of((one, "") for one in side) for side in (documents, made(*documents).objects)]
    assert prove(ingress_nginx.router(sides[0]), gateway.router(sides[1])).verdict is Verdict.PROVED


def test_what_browsers_are_told_by_default_is_said_once() -> None:
    def about(*config: dict[str, Any], tls: Any = ({"hosts": ["a.com", "b.com"], "secretName": "s"},)) -> list[tuple[str, ...]]:
        web = nginx("shop/web", {"a.com": [path("/")], "b.com": [path("/")]}, tls=list(tls))
        return [(loss.kind, *loss.hosts) for loss in made(web, *config).losses if loss.code == "hsts"]

    assert about() == [("note", "a.com", "b.com")]
    assert about(tls=()) == []
    assert about(settings(hsts="false")) == []
    assert [kind for kind, *_ in about(settings(hsts="true"))] == ["lost"]
