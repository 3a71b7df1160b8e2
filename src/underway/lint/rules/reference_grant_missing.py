"""References to another namespace that no ReferenceGrant allows.

What it finds
    Routes with a backendRef, and Gateways with a certificateRef, to another namespace without a ReferenceGrant there.

Why it matters
    The share of requests that would go to such a backend is answered with 500, and a listener without its certificate serves
    nobody.

Bad
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: web, namespace: shop}
    spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, namespace: other, port: 80}]}]}

Good
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: web, namespace: shop}
    spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, namespace: other, port: 80}]}]}
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: ReferenceGrant
    metadata: {name: shop, namespace: other}
    spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service}]}

Fix
    Write a ReferenceGrant in the namespace that is referred to.

Since
    0.2.

References
    https://gateway-api.sigs.k8s.io/api-types/referencegrant/
"""

from collections.abc import Iterator
from typing import Any

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

GROUP = "gateway.networking.k8s.io"


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each such reference."""
    for thing in (*picture.of("HTTPRoute"), *picture.of("Gateway")):
        for field, kind, reference in _references(thing.kind, thing.spec):
            to = reference.get("namespace") or thing.metadata.namespace
            name = reference.get("name", "")
            if to != thing.metadata.namespace and not _granted(picture, thing.kind, thing.metadata.namespace, kind, to, name):
                message = (
                    f"no ReferenceGrant in namespace {to} lets {thing.kind}s of {thing.metadata.namespace} use {kind} {name}"
                )
                remedy = f"write one in {to}: from {thing.kind} of {thing.metadata.namespace}, to {kind} {name}"
                yield Finding(RULE.name, RULE.severity, picture.ref(thing), message, field, f"{to}/{name}", remedy=remedy)


def _references(kind: str, spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if kind == "HTTPRoute":
        for index, rule in enumerate(spec.get("rules") or ()):
            for number, one in enumerate(rule.get("backendRefs") or ()):
                if not one.get("group"):
                    yield f"spec.rules[{index}].backendRefs[{number}]", one.get("kind") or "Service", one
    for index, listener in enumerate(spec.get("listeners") or ()):
        for number, one in enumerate((listener.get("tls") or {}).get("certificateRefs") or ()):
            yield f"spec.listeners[{index}].tls.certificateRefs[{number}]", one.get("kind") or "Secret", one


def _granted(picture: Picture, kind: str, namespace: str, to_kind: str, to: str, name: str) -> bool:
    for grant in picture.of("ReferenceGrant"):
        if grant.metadata.namespace != to:
            continue
        sources = grant.spec.get("from") or ()
        targets = grant.spec.get("to") or ()
        if any((one.get("group"), one.get("kind"), one.get("namespace")) == (GROUP, kind, namespace) for one in sources) and any(
            not one.get("group") and one.get("kind") == to_kind and one.get("name") in (None, "", name) for one in targets
        ):
            return True
    return False


RULE = Rule("reference-grant-missing", ("traffic",), Severity.ERROR, __doc__, run)
