"""A judge that cannot fail is none: each kind of request that it makes is taken away, and a difference goes unseen.

Were one of these tests to pass with the bug planted, that kind of request would be for nothing.
"""

from collections.abc import Callable

import pytest

from ingresses import annotated, gateway, ingress, listener, match, nginx, route, routed, rule, specified
from underway.ingress.equivalence import proof
from underway.ingress.equivalence.classes import Hosts, Paths, Requests, host_classes, path_classes, requests_of
from underway.ingress.equivalence.verdict import Verdict
from underway.ingress.matchers.ingress_v1 import Parameters
from underway.ingress.matchers.router import Router

Sides = tuple[Router, Router]


def routes(*rules: dict[str, object], host: str = "a.example") -> Router:
    """One route at one Gateway."""
    return routed(gateway("edge", listener("http", host)), route("web", (host,), *rules))


def wildcard() -> Sides:
    left = specified(ingress("web", "*.foo.com", ("Prefix", "/", "web")))
    return left, routes(rule("web"), host="*.foo.com")


def string_prefix() -> Sides:
    reading = Parameters(implementation_specific="string-prefix")
    left = specified(ingress("web", "a.example", ("ImplementationSpecific", "/foo", "web")), parameters=reading)
    return left, routes(rule("web", match("/foo")))


def canary() -> Sides:
    main = ingress("main", "a.example", ("Prefix", "/", "main"))
    other = ingress("c", "a.example", ("Prefix", "/", "new"), annotations=annotated(canary="true", canary_by_header="X-C"))
    return nginx(main, other), routes(rule("main"))


def method() -> Sides:
    return specified(ingress("web", "a.example", ("Prefix", "/", "web"))), routes(rule("web", match("/", method="GET")))


def certificate() -> Sides:
    tls = [{"hosts": ["a.example"], "secretName": "cert"}]
    left = nginx(ingress("web", "a.example", ("Prefix", "/", "web"), tls=tls, annotations=annotated(ssl_redirect="false")))
    return left, routes(rule("web"))


def one_label_only(hosts: set[str]) -> list[Hosts]:
    return [Hosts(one.label, one.hosts[:1]) for one in host_classes(hosts)]


def nothing_fresh(atoms: object, *more: int) -> Paths:
    found = path_classes(atoms, *more)  # type: ignore[arg-type]
    return Paths(tuple(path for path in found.paths if "zq" not in path))


def first_request_only(*arguments: object) -> Requests:
    return Requests(requests_of(*arguments).requests[-1:])  # type: ignore[arg-type]


def no_https(*_: object) -> bool:
    return False


@pytest.mark.parametrize(
    ("sides", "where", "name", "bug"),
    [
        (wildcard, proof, "host_classes", one_label_only),
        (string_prefix, proof, "path_classes", nothing_fresh),
        (canary, proof, "requests_of", lambda base, _: Requests([base])),
        (method, proof, "requests_of", first_request_only),
        (certificate, proof._HostProof, "_certificates", no_https),
    ],
    ids=["hosts", "paths", "headers", "methods", "certificates"],
)
def test_a_planted_bug_lets_a_difference_slip(
    monkeypatch: pytest.MonkeyPatch, sides: Callable[[], Sides], where: object, name: str, bug: object
) -> None:
    assert proof.prove(*sides()).verdict is Verdict.REFUTED
    monkeypatch.setattr(where, name, bug)
    assert proof.prove(*sides()).verdict is Verdict.PROVED
