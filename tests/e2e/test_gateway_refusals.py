"""What the judge takes for refused is what a real kube-apiserver with the Gateway API refuses, no more and no less."""

import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from e2e.test_ingress_conversion import Bare, gateway_api
from ingresses import gateway, listener, match, route, rule
from underway.ingress.objects.gateway import Gateway
from underway.ingress.objects.route import HTTPRoute
from underway.ingress.objects.route_refusal import gateway_refusal, route_refusal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ROUTES, GATEWAYS = 300, 100
PATHS = (
    "/",
    "/a",
    "/a/",
    "/a//b",
    "/a/./b",
    "/a/..",
    "/a%2fb",
    "/a%20b",
    "/ä",
    "/a#b",
    "a",
    "/" + "x" * 1023,
    "/" + "x" * 1024,
    "/~a!b",
)
HOSTS = (
    "a.example",
    "*.example",
    "*",
    "A.example",
    "a_b.example",
    "-a.example",
    "a.*.example",
    "10.0.0.1",
    "a" * 63 + ".example",
)
FILTERS: tuple[dict[str, Any], ...] = (
    {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "v"}]}},
    {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["x"]}},
    {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}},
    {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}},
    {"type": "URLRewrite", "urlRewrite": {"hostname": "in.example"}},
    {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}},
    {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}},
    {"type": "CORS", "cors": {"allowOrigins": ["https://a.example"]}},
)


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    """A control plane with the standard channel of v1.6.1."""
    require_control_plane()
    with ControlPlane(controllers=False) as running:
        running.kubectl("create", "namespace", "shop")
        made = Bare(running)
        made.install(gateway_api(6, "standard"))
        yield made


def drawn_route(rng: random.Random, name: str) -> dict[str, Any]:
    """A route that is often refused for one reason."""
    odd = rng.choice(("none", "rules", "matches", "total", "hostnames", "path", "filters", "weight", "host"))
    rules = [rule("web", match("/x", rng.choice(("Exact", "PathPrefix"))))]
    hostnames = ["a.example"]
    if odd == "rules":
        rules *= rng.choice((15, 16, 17))
    elif odd == "matches":
        rules = [rule("web", *(match(f"/{n}") for n in range(rng.choice((63, 64, 65)))))]
    elif odd == "total":
        rules = [rule("web", *(match(f"/{n}") for n in range(count))) for count in (64, rng.choice((63, 64)), rng.choice((0, 1)))]
    elif odd == "hostnames":
        hostnames = [f"h{n}.example" for n in range(rng.choice((15, 16, 17)))]
    elif odd == "host":
        hostnames = [rng.choice(HOSTS)]
    elif odd == "path":
        rules = [rule("web", match(rng.choice(PATHS), rng.choice(("Exact", "PathPrefix"))))]
    elif odd == "filters":
        filters = rng.sample(FILTERS, rng.randint(1, 3))
        matches = rng.choice(((), (match("/x"),), (match("/x"), match("/y")), (match("/x", "Exact"),)))
        rules = [rule(rng.choice(("", "web")), *matches, filters=filters)]
    elif odd == "weight":
        rules = [rule(web=rng.choice((-1, 0, 1_000_000, 1_000_001)))]
    return route(name, hostnames, *rules)


def drawn_gateway(rng: random.Random, name: str) -> dict[str, Any]:
    """A Gateway that is often refused for one reason."""
    odd = rng.choice(("many", "twice", "named", "host", "tls", "empty"))
    if odd == "many":
        return gateway(name, *(listener(f"l{n}", f"h{n}.example") for n in range(rng.choice((63, 64, 65)))))
    if odd == "twice":
        return gateway(name, listener("a", "x.example"), listener("b", rng.choice(("x.example", "y.example"))))
    if odd == "named":
        return gateway(name, listener("a", "x.example"), listener(rng.choice("ab"), "y.example"))
    if odd == "host":
        return gateway(name, listener("a", rng.choice(HOSTS)))
    if odd == "tls":
        return gateway(name, listener("a", "", 443, rng.choice(("HTTP", "HTTPS")), certificates=(rng.choice(("c", "")),)))
    return gateway(name, listener("a"))


def refused_names(bare: Bare, documents: list[dict[str, Any]]) -> set[str]:
    """The names of the objects that the server refuses."""
    return {found[1] for line in bare.refused(documents) if (found := re.search(r"\b(t-\d+)\b", line))}


def test_routes_are_refused_as_the_server_refuses_them(bare: Bare) -> None:
    rng = random.Random(1)
    documents = [drawn_route(rng, f"t-{number}") for number in range(ROUTES)]
    judged = {one["metadata"]["name"]: route_refusal(msgspec.convert(one, HTTPRoute)) for one in documents}
    differing = {name for name, why in judged.items() if why} ^ refused_names(bare, documents)
    assert not {name: judged[name] or "taken by the judge alone" for name in sorted(differing)}


def test_gateways_are_refused_as_the_server_refuses_them(bare: Bare) -> None:
    rng = random.Random(1)
    documents = [drawn_gateway(rng, f"t-{number}") for number in range(GATEWAYS)]
    judged = {one["metadata"]["name"]: gateway_refusal(msgspec.convert(one, Gateway)) for one in documents}
    differing = {name for name, why in judged.items() if why} ^ refused_names(bare, documents)
    assert not {name: judged[name] or "taken by the judge alone" for name in sorted(differing)}
