"""The judge of conversions: how fast it proves, and how many differences a converter keeps silent about."""

import random
import time
from typing import Any

from bench.table import show

INGRESSES, PATHS = 1000, 10
SETS = 3000
GOAL_S = 5
HOSTS = ("a.example", "b.example", "*.example", "*.b.example", "")
POOL = ("/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/", "/b/a")
SERVICES = ("s1", "s2", "s3")


def ingress(name: str, namespace: str, host: str, paths: list[tuple[str, str, str]], default: str = "") -> dict[str, Any]:
    """An Ingress. paths: pathType, path, Service."""
    listed = [
        {"pathType": kind, "path": path, "backend": {"service": {"name": service, "port": {"number": 80}}}}
        for kind, path, service in paths
    ]
    rule: dict[str, Any] = {"http": {"paths": listed}} | ({"host": host} if host else {})
    spec: dict[str, Any] = {"rules": [rule]}
    if default:
        spec["defaultBackend"] = {"service": {"name": default, "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def run() -> None:
    """Print the tables."""
    speed()
    silence(SETS)


def speed() -> None:
    """A thousand Ingresses with ten thousand paths, converted and proved."""
    from underway.ingress.conversion import convert
    from underway.ingress.equivalence.proof import prove
    from underway.ingress.layout import Options
    from underway.ingress.matchers import gateway, ingress_v1
    from underway.ingress.objects.manifests import manifests_of

    paths = [("Prefix" if number % 3 else "Exact", f"/p{number}/x", f"s{number}") for number in range(PATHS)]
    documents = [ingress(f"web-{n}", f"ns-{n % 50}", f"h{n}.example", paths) for n in range(INGRESSES)]
    rows = []
    for topology in ("namespace", "listenerset"):
        made = convert(documents, Options(topology=topology)).objects
        begun_s = time.process_time()
        sides = [manifests_of((one, "") for one in side) for side in (documents, made)]
        routers = ingress_v1.router(sides[0]), gateway.router(sides[1])
        built_s = time.process_time()
        proof = prove(*routers)
        proved_s = time.process_time()
        figures = (f"{built_s - begun_s:.2f}", f"{proved_s - built_s:.2f}", f"{proved_s - begun_s:.2f}")
        rows.append((topology, proof.verdict.value, proof.cases, *figures, f"{GOAL_S}"))
    head = ("topology", "verdict", "requests", "read and build CPU s", "prove CPU s", "together", "goal")
    show(f"ingress prove: {INGRESSES} Ingresses, {INGRESSES * PATHS} paths", head, rows)


def silence(sets: int, seed: int = 1) -> None:
    """Random sets of Ingresses, converted and judged: proved, reported, or silent (which must never be)."""
    counts = {"proved": 0, "different and reported": 0, "silent": 0}
    rng = random.Random(seed)
    for _ in range(sets):
        counts[one(rng)] += 1
    show(f"conversions of {sets} random sets of Ingresses", ("outcome", "sets"), list(counts.items()))


def one(rng: random.Random) -> str:
    """The outcome of one random set."""
    from underway.ingress.conversion import convert
    from underway.ingress.equivalence.proof import prove
    from underway.ingress.equivalence.verdict import Verdict
    from underway.ingress.layout import Options
    from underway.ingress.matchers import gateway, ingress_v1
    from underway.ingress.objects.manifests import manifests_of

    documents = []
    for number in range(rng.randint(1, 4)):
        kinds = ("Exact", "Prefix")
        paths = [(rng.choice(kinds), rng.choice(POOL), rng.choice(SERVICES)) for _ in range(rng.randint(1, 5))]
        default = rng.choice(SERVICES) if rng.random() < 0.3 else ""
        documents.append(ingress(f"i{number}", rng.choice(("one", "one", "two")), rng.choice(HOSTS), paths, default))
    made = convert(documents, Options(topology=rng.choice(("namespace", "shared", "listenerset"))))
    sides = [manifests_of((document, "") for document in side) for side in (documents, made.objects)]
    proof = prove(ingress_v1.router(sides[0]), gateway.router(sides[1]))
    if proof.verdict is Verdict.PROVED:
        return "proved"
    own = {f"Ingress {one['metadata']['namespace']}/{one['metadata']['name']}": one["spec"]["rules"] for one in documents}
    hosts = {name: [rule.get("host", "") for rule in rules] for name, rules in own.items()}
    reported = {host or "*" for loss in made.losses for host in loss.hosts or hosts.get(loss.object, ())}
    unequal = {host.host for host in proof.hosts if host.verdict is not Verdict.PROVED}
    return "different and reported" if unequal <= reported else "silent"
