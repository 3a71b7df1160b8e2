"""References to another namespace that no ReferenceGrant allows.

## What it finds
Routes with a backendRef, and Gateways with a certificateRef, to another namespace without a ReferenceGrant there.

## Why it matters
The share of requests that would go to such a backend is answered with 500, and a listener without its certificate serves
nobody.

## Bad
```yaml
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, namespace: other, port: 80}]}]}
```

## Good
```yaml
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, namespace: other, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: shop, namespace: other}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service}]}
```

## Fix
Write a ReferenceGrant in the namespace that is referred to.

## Since
0.2.

## References
- <https://gateway-api.sigs.k8s.io/api-types/referencegrant/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.meta import Object
from underway.lint.objects.traffic import Gateway, HTTPRoute, ReferenceGrant
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

GROUP = "gateway.networking.k8s.io"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each such reference."""
    things: tuple[HTTPRoute | Gateway, ...] = (*picture.of(HTTPRoute), *picture.of(Gateway))
    for thing in things:
        for field, kind, to, name in _references(thing):
            if to not in ("", thing.namespace) and not _granted(picture, thing, kind, to, name):
                who = f"{thing.kind}s of {thing.namespace}"
                yield Found(
                    about=thing,
                    path=field,
                    value=f"{to}/{name}",
                    message=f"no ReferenceGrant in namespace {to} lets {who} use {kind} {name}",
                    remedy=f"write one in {to}: from {thing.kind} of {thing.namespace}, to {kind} {name}",
                )


def _references(thing: HTTPRoute | Gateway) -> Iterator[tuple[str, str, str, str]]:
    """Field, kind, namespace and name of what an object refers to in the core group."""
    if isinstance(thing, HTTPRoute):
        for index, rule in enumerate(thing.spec.rules):
            for number, backend in enumerate(rule.backend_refs):
                if not backend.group:
                    yield f"spec.rules[{index}].backendRefs[{number}]", backend.kind, backend.namespace, backend.name
        return
    for index, listener in enumerate(thing.spec.listeners):
        for number, one in enumerate(listener.tls.certificate_refs if listener.tls else ()):
            yield f"spec.listeners[{index}].tls.certificateRefs[{number}]", one.kind, one.namespace, one.name


def _granted(picture: Picture, thing: Object, kind: str, to: str, name: str) -> bool:
    asked = (GROUP, thing.kind, thing.namespace)
    for grant in picture.of(ReferenceGrant):
        sources = {(one.group, one.kind, one.namespace) for one in grant.spec.from_}
        targets = (one for one in grant.spec.to if not one.group and one.kind == kind and one.name in ("", name))
        if grant.namespace == to and asked in sources and any(targets):
            return True
    return False


RULE = Rule(
    name="reference-grant-missing",
    groups=("traffic",),
    severity=Severity.ERROR,
    kinds=("HTTPRoute", "Gateway", "ReferenceGrant"),
    run=run,
    page=__doc__,
)
