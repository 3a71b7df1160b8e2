"""The judge against a slow second opinion: what is PROVED agrees everywhere, and what is REFUTED differs at the witness."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
from ingresses import BY_DEFAULT, gateway, ingress, route, routed, rule, specified
from ingresses import match as match_
from underway.ingress.conversion import convert
from underway.ingress.equivalence.proof import prove
from underway.ingress.equivalence.verdict import Proof, Verdict
from underway.ingress.layout import Options
from underway.ingress.matchers.gateway.view import GatewayRouter
from underway.ingress.matchers.request import request_of
from underway.ingress.objects.manifests import manifests_of

HOSTS = ("a.example", "b.example", "*.example", "*.b.example", "")
ASKED_HOSTS = ("a.example", "b.example", "c.example", "a.b.example", "x.y.example", "example", "other")
WORDS = ("a", "b", "ab")
PATHS = ("/", *(f"/{x}" for x in WORDS), *(f"/{x}/" for x in WORDS), *(f"/{x}/{y}" for x in WORDS for y in WORDS), "/a/b/")
ASKED_PATHS = (*PATHS, "/abc", "/a/bc", "/a/b/c", "/ab/ab/ab", "/c", "/a/c/")
SERVICES = ("s1", "s2", "s3")

paths = st.lists(
    st.tuples(st.sampled_from(("Exact", "Prefix")), st.sampled_from(PATHS), st.sampled_from(SERVICES)), min_size=1, max_size=5
)


@st.composite
def ingress_sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to four Ingresses of one age."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        extra = {"default": draw(st.sampled_from(SERVICES))} if draw(st.booleans()) else {}
        made.append(ingress(f"i{number}", draw(st.sampled_from(HOSTS)), *draw(paths), **extra))
    return made


@st.composite
def route_sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to four routes of one listener."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        hostname = draw(st.sampled_from(HOSTS))
        rules = [rule(service, match_(path, "Exact" if kind == "Exact" else "PathPrefix")) for kind, path, service in draw(paths)]
        made.append(route(f"r{number}", [hostname] if hostname else [], *rules))
    return made


def naive(ingresses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A conversion path by path, as careless tools write it: it is right often enough to be PROVED at times."""
    made = []
    for one in ingresses:
        for part in one["spec"]["rules"]:
            rules = [
                rule(
                    path["backend"]["service"]["name"],
                    match_(path["path"], "Exact" if path["pathType"] == "Exact" else "PathPrefix"),
                )
                for path in part["http"]["paths"]
            ]
            made.append(route(one["metadata"]["name"], [part["host"]] if part.get("host") else [], *rules))
    return made


def answer_of(router: Any, host: str, path: str) -> str:
    """The Service that a matcher names."""
    answer = router.views("http", host)[0].answer(request_of(f"http://{host}{path}"))
    return answer.backends[0].name if answer.backends else ""


@given(ingress_sets())
def test_the_specification_agrees_with_the_second_opinion(documents: list[dict[str, Any]]) -> None:
    router = specified(*documents)
    for host in ASKED_HOSTS:
        for path in ASKED_PATHS:
            assert answer_of(router, host, path) == oracle.specification(documents, host, path), (host, path)


@given(route_sets())
def test_the_gateway_api_agrees_with_the_second_opinion(documents: list[dict[str, Any]]) -> None:
    router = routed(gateway(), *documents)
    for host in ASKED_HOSTS:
        for path in ASKED_PATHS:
            assert answer_of(router, host, path) == oracle.gateway_api(documents, host, path), (host, path)


def check(proof: Proof, left: list[dict[str, Any]], right: list[dict[str, Any]]) -> None:
    """A proof holds for every request tried, a refutation at its witness."""
    for verdict in proof.hosts:
        if verdict.verdict is Verdict.REFUTED:
            assert verdict.difference is not None
            asked = verdict.difference.request
            one, other = (f(x, asked.host, asked.path) for f, x in ((oracle.specification, left), (oracle.gateway_api, right)))
            assert one != other, asked
    if proof.verdict is Verdict.PROVED:
        for host in ASKED_HOSTS:
            for path in ASKED_PATHS:
                assert oracle.specification(left, host, path) == oracle.gateway_api(right, host, path), (host, path)


@given(ingress_sets(), route_sets())
def test_verdicts_on_unrelated_sides(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> None:
    check(prove(specified(*left), routed(gateway(), *right)), left, right)


@settings(max_examples=200)
@given(ingress_sets())
def test_verdicts_on_careless_conversions(left: list[dict[str, Any]]) -> None:
    right = naive(left)
    check(prove(specified(*left), routed(gateway(), *right)), left, right)


@given(ingress_sets(), st.sampled_from(("namespace", "shared", "listenerset")))
def test_our_own_conversion_is_proved_or_says_what_differs(left: list[dict[str, Any]], topology: str) -> None:
    made = convert(left, Options(topology=topology))
    hosts = {
        f"Ingress {one['metadata']['namespace']}/{one['metadata']['name']}": one["spec"]["rules"][0].get("host", "")
        for one in left
    }
    reported = {host or "*" for loss in made.losses for host in loss.hosts or (hosts[loss.object],)}
    proof = prove(specified(*left), GatewayRouter(manifests_of((one, "") for one in made.objects), BY_DEFAULT))
    silent = [one for one in proof.hosts if one.verdict is not Verdict.PROVED and one.host not in reported]
    assert not silent, silent


@given(ingress_sets(), st.data())
def test_a_changed_service_is_never_overlooked(left: list[dict[str, Any]], data: st.DataObject) -> None:
    right = naive(left)
    one = data.draw(st.sampled_from(right))
    changed = data.draw(st.sampled_from(one["spec"]["rules"]))
    changed["backendRefs"][0]["name"] = "other"
    proof = prove(specified(*left), routed(gateway(), *right))
    check(proof, left, right)


def test_a_shared_gateway_with_many_certificates_serves_every_host() -> None:
    left = [
        ingress(
            f"i{n}",
            f"h{n}.example",
            ("Prefix", "/", "web"),
            namespace="team",
            tls=[{"hosts": [f"h{n}.example"], "secretName": f"c{n}"}],
        )
        for n in range(40)
    ]
    made = convert(left, Options(topology="shared"))
    proof = prove(specified(*left), GatewayRouter(manifests_of((one, "") for one in made.objects), BY_DEFAULT))
    assert proof.verdict is Verdict.PROVED, "past 64 listeners come ListenerSets, which need grants of their own"
