"""HTTPRoutes that no listener takes.

## What it finds
HTTPRoutes with a parentRef to a Gateway that is not there, to a listener that it lacks, or to listeners whose hostnames
have nothing in common with the route's, or that take no routes of its namespace.

## Why it matters
The route is accepted by the API server and answers nothing; only its status says so.

## Bad
```yaml
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}
```

## Good
```yaml
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [www.example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}
```

## Fix
Name a listener that is there, and a hostname that it allows. *.example.com does not stand for example.com.

## Since
0.2.

## References
- <https://gateway-api.sigs.k8s.io/api-types/httproute/#hostnames>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import Gateway, HTTPRoute, ParentRef
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.policy.hostname import intersection


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each parentRef without effect."""
    gateways = {one.metadata.key: one for one in picture.of(Gateway)}
    for route in picture.of(HTTPRoute):
        for index, parent in enumerate(route.spec.parent_refs):
            if parent.kind != "Gateway":
                continue
            key = f"{parent.namespace or route.namespace}/{parent.name}"
            gateway = gateways.get(key)
            why = _why(route, parent, gateway) if gateway is not None else f"there is no Gateway {key}" if gateways else ""
            if why:
                yield Found(
                    about=route,
                    path=f"spec.parentRefs[{index}]",
                    value=parent.name,
                    message=f"it answers nothing at Gateway {key}: {why}",
                    remedy="name a listener that is there, and a hostname that it allows",
                )


def _why(route: HTTPRoute, parent: ParentRef, gateway: Gateway) -> str:
    """Why no listener of the Gateway takes the route, or ""."""
    section, port = parent.section_name, parent.port
    named = [one for one in gateway.spec.listeners if section in ("", one.name) and port in (None, one.port)]
    if not named:
        return f"no listener is named {section}" if section else f"no listener has port {port}"
    same = route.namespace == gateway.namespace
    open_ = [one for one in named if one.routes_from != "None" and (same or one.routes_from != "Same")]
    if not open_:
        return f"its listeners take no routes of namespace {route.namespace}"
    hostnames = route.spec.hostnames or ("",)
    if all(intersection(one.hostname, host) is None for one in open_ for host in hostnames):
        allowed = ", ".join(sorted({one.hostname for one in open_}))
        return f"its listeners have {allowed}, the route {', '.join(hostnames)}"
    return ""


RULE = Rule(
    name="route-never-matches",
    groups=("traffic",),
    severity=Severity.ERROR,
    kinds=("HTTPRoute", "Gateway"),
    run=run,
    page=__doc__,
)
