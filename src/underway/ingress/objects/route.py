"""HTTPRoute, GRPCRoute and TLSRoute.

Source: sigs.k8s.io/gateway-api v1.6.1 apis/v1: httproute_types.go, grpcroute_types.go, tlsroute_types.go.
"""

from typing import Any

from underway.ingress.objects.gateway import ParentReference
from underway.model.meta import Model, ObjectMeta


class HTTPPathMatch(Model, frozen=True):
    """type: Exact, PathPrefix or RegularExpression."""

    type: str = "PathPrefix"
    value: str = "/"


class ValueMatch(Model, frozen=True):
    """A header or a query parameter. type: Exact or RegularExpression."""

    name: str
    value: str = ""
    type: str = "Exact"


class HTTPRouteMatch(Model, frozen=True):
    """All that is given must hold."""

    path: HTTPPathMatch = HTTPPathMatch()
    headers: tuple[ValueMatch, ...] = ()
    query_params: tuple[ValueMatch, ...] = ()
    method: str = ""


class HTTPHeader(Model, frozen=True):
    """A header's name and value."""

    name: str
    value: str = ""


class HTTPHeaderFilter(Model, frozen=True):
    """Which headers are set, added to and removed."""

    set: tuple[HTTPHeader, ...] = ()
    add: tuple[HTTPHeader, ...] = ()
    remove: tuple[str, ...] = ()


class HTTPPathModifier(Model, frozen=True):
    """type: ReplaceFullPath or ReplacePrefixMatch."""

    type: str
    replace_full_path: str | None = None
    replace_prefix_match: str | None = None


class HTTPRequestRedirect(Model, frozen=True):
    """A redirect; what is not given stays as the request has it."""

    scheme: str = ""
    hostname: str = ""
    path: HTTPPathModifier | None = None
    port: int | None = None
    status_code: int = 302


class HTTPURLRewrite(Model, frozen=True):
    """What the backend sees instead."""

    hostname: str = ""
    path: HTTPPathModifier | None = None


class BackendObjectReference(Model, frozen=True):
    """A Service, or what an implementation takes for one."""

    name: str = ""
    namespace: str | None = None
    group: str = ""
    kind: str = "Service"
    port: int | None = None


class HTTPRequestMirror(Model, frozen=True):
    """A copy of each request, or of a share of them."""

    backend_ref: BackendObjectReference
    percent: int | None = None
    fraction: dict[str, int] | None = None


class HTTPRouteFilter(Model, frozen=True):
    """One processing step; the field that `type` names is set."""

    type: str
    request_header_modifier: HTTPHeaderFilter | None = None
    response_header_modifier: HTTPHeaderFilter | None = None
    request_mirror: HTTPRequestMirror | None = None
    request_redirect: HTTPRequestRedirect | None = None
    url_rewrite: HTTPURLRewrite | None = None
    cors: dict[str, Any] | None = None
    extension_ref: dict[str, Any] | None = None
    external_auth: dict[str, Any] | None = None


class BackendRef(Model, frozen=True):
    """A backend and its weight; filters act on requests to this backend alone."""

    name: str = ""
    namespace: str | None = None
    group: str = ""
    kind: str = "Service"
    port: int | None = None
    weight: int = 1
    filters: tuple[HTTPRouteFilter, ...] = ()


class HTTPRouteRule(Model, frozen=True):
    """Matches are alternatives; none given is PathPrefix "/"."""

    matches: tuple[HTTPRouteMatch, ...] = (HTTPRouteMatch(),)
    filters: tuple[HTTPRouteFilter, ...] = ()
    backend_refs: tuple[BackendRef, ...] = ()
    name: str = ""


class HTTPRouteSpec(Model, frozen=True):
    """Where it attaches, for which hostnames, with which rules."""

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[HTTPRouteRule, ...] = (HTTPRouteRule(),)


class HTTPRoute(Model, frozen=True):
    """An HTTPRoute."""

    metadata: ObjectMeta = ObjectMeta()
    spec: HTTPRouteSpec = HTTPRouteSpec()


class GRPCMethodMatch(Model, frozen=True):
    """A service and a method; "": any."""

    service: str = ""
    method: str = ""
    type: str = "Exact"


class GRPCRouteMatch(Model, frozen=True):
    """All that is given must hold."""

    method: GRPCMethodMatch = GRPCMethodMatch()
    headers: tuple[ValueMatch, ...] = ()


class GRPCRouteRule(Model, frozen=True):
    """Matches are alternatives; none given matches every gRPC request."""

    matches: tuple[GRPCRouteMatch, ...] = (GRPCRouteMatch(),)
    filters: tuple[HTTPRouteFilter, ...] = ()
    backend_refs: tuple[BackendRef, ...] = ()
    name: str = ""


class GRPCRouteSpec(Model, frozen=True):
    """Where it attaches, for which hostnames, with which rules."""

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[GRPCRouteRule, ...] = ()


class GRPCRoute(Model, frozen=True):
    """A GRPCRoute."""

    metadata: ObjectMeta = ObjectMeta()
    spec: GRPCRouteSpec = GRPCRouteSpec()


class TLSRouteRule(Model, frozen=True):
    """Backends of the connections."""

    backend_refs: tuple[BackendRef, ...] = ()


class TLSRouteSpec(Model, frozen=True):
    """Where it attaches, for which names of the TLS handshake, with which backends."""

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[TLSRouteRule, ...] = ()


class TLSRoute(Model, frozen=True):
    """A TLSRoute."""

    metadata: ObjectMeta = ObjectMeta()
    spec: TLSRouteSpec = TLSRouteSpec()
