"""HTTPRoutes that no listener takes.

What it finds
    HTTPRoutes with a parentRef to a Gateway that is not there, to a listener that it lacks, or to listeners whose hostnames
    have nothing in common with the route's, or that take no routes of its namespace.

Why it matters
    The route is accepted by the API server and answers nothing; only its status says so.

Bad
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {name: edge, namespace: shop}
    spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]}
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: web, namespace: shop}
    spec: {parentRefs: [{name: edge}], hostnames: [example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}

Good
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {name: edge, namespace: shop}
    spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]}
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: web, namespace: shop}
    spec: {parentRefs: [{name: edge}], hostnames: [www.example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}

Fix
    Name a listener that is there, and a hostname that it allows. *.example.com does not stand for example.com.

Since
    0.2.

References
    https://gateway-api.sigs.k8s.io/api-types/httproute/#hostnames
"""

from collections.abc import Iterator
from typing import Any

from underway.lint.finding import Finding, Severity
from underway.lint.objects.meta import AnyThing
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule
from underway.policy.hostname import intersection


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each parentRef without effect."""
    gateways = {one.key: one for one in picture.of("Gateway")}
    for route in picture.of("HTTPRoute"):
        for index, parent in enumerate(route.spec.get("parentRefs") or ()):
            if (parent.get("kind") or "Gateway") != "Gateway":
                continue
            key = f"{parent.get('namespace') or route.metadata.namespace}/{parent.get('name')}"
            gateway = gateways.get(key)
            why = _why(route, parent, gateway) if gateway is not None else f"there is no Gateway {key}" if gateways else ""
            if why:
                message = f"answers nothing at Gateway {key}: {why}"
                remedy = "name a listener that is there, and a hostname that it allows"
                path = f"spec.parentRefs[{index}]"
                yield Finding(RULE.name, RULE.severity, picture.ref(route), message, path, parent.get("name"), remedy=remedy)


def _why(route: AnyThing, parent: dict[str, Any], gateway: AnyThing) -> str:
    """Why no listener of the Gateway takes the route, or ""."""
    listeners = gateway.spec.get("listeners") or ()
    section, port = parent.get("sectionName"), parent.get("port")
    named = [one for one in listeners if section in (None, "", one.get("name")) and port in (None, one.get("port"))]
    if not named:
        return f"no listener is named {section}" if section else f"no listener has port {port}"
    same = route.metadata.namespace == gateway.metadata.namespace
    open_ = [one for one in named if same or _from(one) != "Same"]
    open_ = [one for one in open_ if _from(one) != "None"]
    if not open_:
        return f"its listeners take no routes of namespace {route.metadata.namespace}"
    hostnames = route.spec.get("hostnames") or [""]
    if all(intersection(one.get("hostname") or "", host) is None for one in open_ for host in hostnames):
        allowed = ", ".join(sorted({one.get("hostname") or "" for one in open_}))
        return f"its listeners have {allowed}, the route {', '.join(hostnames)}"
    return ""


def _from(listener: dict[str, Any]) -> str:
    allowed: dict[str, Any] = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    return str(allowed.get("from") or "Same")


RULE = Rule("route-never-matches", ("traffic",), Severity.ERROR, __doc__, run)
