"""What is read of files of objects, and what is said of the rest."""

from typing import Any

import pytest

from ingresses import answered, ingress, specified
from underway.ingress.objects.manifests import manifests_of

OLD = {
    "kind": "Ingress",
    "metadata": {"name": "old"},
    "spec": {
        "backend": {"serviceName": "all", "servicePort": "http"},
        "rules": [
            {"host": "a.example", "http": {"paths": [{"path": "/x", "backend": {"serviceName": "web", "servicePort": 80}}]}}
        ],
    },
}


@pytest.mark.parametrize("version", ["extensions/v1beta1", "networking.k8s.io/v1beta1"])
def test_old_versions_read_as_v1(version: str) -> None:
    router = specified({"apiVersion": version, **OLD})
    assert answered(router, "http://a.example/x/y") == "web"
    assert answered(router, "http://a.example/") == "all"


def test_lists_are_opened_and_null_is_absent() -> None:
    item = {**ingress("web", "a.example", ("Prefix", "/", "web"))}
    item["spec"]["tls"] = None
    found = manifests_of([({"kind": "List", "apiVersion": "v1", "items": [item, item]}, "f.yaml:1")])
    assert len(found.ingresses) == 2
    item.pop("kind")
    found = manifests_of([({"kind": "IngressList", "apiVersion": "networking.k8s.io/v1", "items": [item]}, "f.yaml:1")])
    assert len(found.ingresses) == 1
    assert found.place("Ingress", "shop/web") == "f.yaml:1"


def _path(**changed: Any) -> dict[str, Any]:
    document = ingress("web", "a.example", ("Prefix", "/x", "web"))
    document["spec"]["rules"][0]["http"]["paths"][0].update(changed)
    return document


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("text", "is no Kubernetes object: it has no kind"),
        ({"kind": "Ingress", "apiVersion": "networking.k8s.io/v1"}, "has no metadata.name"),
        ({"kind": "Widget", "apiVersion": "example.com/v1", "metadata": {"name": "w"}}, "decides nothing about routing here"),
        (
            {"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "e"}, "spec": {}},
            "`defaultBackend` or `rules`",
        ),
        (_path(pathType=None), "pathType '' is none; write Exact, Prefix or ImplementationSpecific"),
        (_path(path="x"), "spec.rules[0].http.paths[0]: path 'x' must be an absolute path"),
        (_path(path="/a%2fb"), "must not contain '%2f'"),
        (_path(path="/a/.."), "must not contain '/..'"),
        (_path(path=7), "cannot be read: Expected `str`, got `int` - at `$.spec.rules[0].http.paths[0].path`"),
    ],
)
def test_what_cannot_be_used_is_skipped_with_its_reason(document: Any, reason: str) -> None:
    found = manifests_of([(document, "f.yaml:7")])
    assert found.ingresses == []
    assert found.skipped[0].place == "f.yaml:7"
    assert reason in found.skipped[0].reason


def test_a_path_of_1024_characters_is_read() -> None:
    path = "/" + "a" * 1023
    assert answered(specified(_path(path=path)), f"http://a.example{path}/b") == "web"
