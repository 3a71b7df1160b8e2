"""Random sets of Ingresses, converted and judged: proved alike, or the difference was said.

Owns the drawing of tame sets (one seed, one set; `wild` draws the others) and what counts as said. The judge is
`underway.ingress.equivalence`, which shares no code with what it judges.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from property import wild as wild_sets
from underway.ingress.conversion import Conversion, convert
from underway.ingress.equivalence.proof import prove
from underway.ingress.equivalence.verdict import Verdict
from underway.ingress.layout import Options
from underway.ingress.matchers import gateway, ingress_nginx, ingress_v1
from underway.ingress.objects.manifests import manifests_of

HOSTS = ("a.com", "b.com", "www.a.com", "x.b.com", "*.b.com", "*.a.com", "")
PATHS = ("/", "/a", "/a/", "/a/b", "/a/b/", "/A", "/ab", "/c")
EXPRESSIONS = ("/a(/|$)(.*)", "/a/(.*)", "/(.*)", "/a.*", "/a$", "/c(.*)", "/[a-c]+/x")
TARGETS = ("/", "/$1", "/$2", "/new/$2", "/new")
FLAGS: dict[str, tuple[str, ...]] = {
    "ssl-redirect": ("false", "true"),
    "force-ssl-redirect": ("true",),
    "preserve-trailing-slash": ("true",),
    "app-root": ("/app",),
    "permanent-redirect": ("https://else.where/new",),
    "temporal-redirect": ("https://else.where",),
    "from-to-www-redirect": ("true",),
    "server-alias": ("alias.com", "b.com"),
    "upstream-vhost": ("in.side",),
    "enable-cors": ("true",),
    "connection-proxy-header": ("keep-alive",),
    "whitelist-source-range": ("10.0.0.0/8",),
    "backend-protocol": ("GRPC", "HTTPS"),
    "ssl-passthrough": ("true",),
}


def drawn(seed: int) -> tuple[list[dict[str, Any]], Options, bool]:
    """A set of Ingresses, the options of its conversion, and whether it is ingress-nginx's."""
    rng = Random(seed)
    nginx = rng.random() < 0.6
    objects = [_ingress(rng, number, nginx) for number in range(rng.randint(1, 4))]
    if nginx and rng.random() < 0.2:
        objects.append(_canary(rng, objects[0]))
    topology = rng.choice(("namespace", "shared", "listenerset"))
    emitter = rng.choice(("standard", "standard", "envoy-gateway"))
    return objects, Options(topology=topology, emitter=emitter), nginx


def _ingress(rng: Random, number: int, nginx: bool) -> dict[str, Any]:
    rules = []
    rewriting = nginx and rng.random() < 0.25
    for host in rng.sample(HOSTS, rng.randint(1, 3)):
        paths = [_path(rng, rewriting) for _ in range(rng.randint(1, 4))]
        rules.append(({"host": host} if host else {}) | {"http": {"paths": paths}})
    spec: dict[str, Any] = {"ingressClassName": "nginx" if nginx else "front", "rules": rules}
    if rng.random() < 0.3:
        spec["defaultBackend"] = _backend(rng)
        if rng.random() < 0.2:
            del spec["rules"]
    if rng.random() < 0.4:
        hosts = [host for host in rng.sample(HOSTS, rng.randint(1, 2)) if host] or ["a.com"]
        spec["tls"] = [{"hosts": hosts, "secretName": f"cert{rng.randint(0, 1)}"}]
    annotations = {}
    if nginx:
        for key in rng.sample(sorted(FLAGS), rng.choice((0, 0, 1, 2))):
            annotations[key] = rng.choice(FLAGS[key])
        if rewriting:
            annotations |= {"use-regex": "true"} if rng.random() < 0.4 else {"rewrite-target": rng.choice(TARGETS)}
    namespace = rng.choice(("one", "one", "two"))
    metadata: dict[str, Any] = {"name": f"i{number}", "namespace": namespace}
    metadata["creationTimestamp"] = f"2026-01-0{rng.randint(1, 3)}T00:00:00Z"
    metadata["annotations"] = {f"nginx.ingress.kubernetes.io/{key}": text for key, text in annotations.items()}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def _path(rng: Random, rewriting: bool) -> dict[str, Any]:
    if rewriting and rng.random() < 0.7:
        return {"path": rng.choice(EXPRESSIONS), "pathType": "ImplementationSpecific", "backend": _backend(rng)}
    kind = rng.choice(("Prefix", "Prefix", "Exact", "ImplementationSpecific"))
    return {"path": rng.choice(PATHS), "pathType": kind, "backend": _backend(rng)}


def _backend(rng: Random) -> dict[str, Any]:
    return {"service": {"name": rng.choice("stuv"), "port": {"number": rng.choice((80, 81))}}}


def _canary(rng: Random, main: dict[str, Any]) -> dict[str, Any]:
    spec = {**main["spec"], "rules": [{**rule} for rule in main["spec"].get("rules", [])[:1]]}
    for rule in spec["rules"]:
        rule["http"] = {"paths": [{**one, "backend": _backend(rng)} for one in rule["http"]["paths"][:1]]}
    own = rng.choice(
        ({"canary-weight": "30"}, {"canary-by-header": "X-Next"}, {"canary-by-header": "X", "canary-by-header-value": "v"})
    )
    annotations = {f"nginx.ingress.kubernetes.io/{key}": text for key, text in {"canary": "true", **own}.items()}
    metadata = {**main["metadata"], "name": "canary", "annotations": annotations}
    return {**main, "metadata": metadata, "spec": spec}


def silent(seed: int, wild: bool = False) -> list[str]:
    """The hosts of a seed whose answers differ without a word, with the request that shows it; none is as it should be.

    wild: whether the set is drawn by `property.wild`.
    """
    return [f"seed {seed}{' wild' if wild else ''}: {line}" for line in _silent(*_drawn(seed, wild))]


def _drawn(seed: int, wild: bool) -> tuple[list[dict[str, Any]], Options, bool]:
    return (*wild_sets.drawn(seed), True) if wild else drawn(seed)


def _silent(objects: list[dict[str, Any]], options: Options, nginx: bool) -> Iterator[str]:
    conversion = convert(objects, options)
    before = manifests_of((one, f"before:{number}") for number, one in enumerate(objects))
    after = manifests_of((one, f"after:{number}") for number, one in enumerate(conversion.objects))
    left = ingress_nginx.router(before) if nginx else ingress_v1.router(before)
    serious, noted = _said(conversion, objects)
    for host in prove(left, gateway.router(after)).hosts:
        # A policy of an implementation takes a setting up, but what it does is not for the judge to know.
        unknown = host.verdict is Verdict.UNKNOWN and options.emitter == "standard" and host.host not in serious | noted
        if unknown or (host.verdict is Verdict.REFUTED and host.host not in serious):
            yield f"{host.host}: {_shown(host.difference) if host.difference else host.reason}"


def _shown(difference: Any) -> str:
    """The request, and who answers it on either side."""
    asked = difference.request
    sides = [
        f"{side.answer} {side.status or ''} {side.location} {[one.where for one in side.backends]} {side.path} by {side.rule}"
        for side in (difference.left, difference.right)
    ]
    return (
        f"{asked.method} {asked.scheme}://{asked.host}{asked.path} {asked.headers}: {difference.reason}: {sides[0]} / {sides[1]}"
    )


def _said(conversion: Conversion, objects: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """The hosts of which something was said that makes a difference, and those of which something was noted.

    A host counts if a loss names it, or is about a whole Ingress that has it in a rule: nothing is guessed.
    """
    own = {
        f"Ingress {one['metadata']['namespace']}/{one['metadata']['name']}": [
            rule.get("host", "") for rule in one["spec"].get("rules", [{}])
        ]
        for one in objects
    }
    serious: set[str] = set()
    noted: set[str] = set()
    for loss in conversion.losses:
        hosts = loss.hosts or own.get(loss.object, ())
        (noted if loss.kind == "note" else serious).update(host or "*" for host in hosts)
    return serious, noted
