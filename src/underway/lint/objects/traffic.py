"""What leads traffic to pods. Source: core/v1, discovery/v1, networking/v1, gateway.networking.k8s.io/v1 types.go."""

import msgspec

from underway.lint.objects.meta import Metadata, Object, ObjectReference
from underway.model.meta import IntOrString, Model


class ServicePort(Model, frozen=True):
    """A port of a Service. target_port: None is the same number."""

    name: str = ""
    port: int = 0
    target_port: IntOrString | None = None
    node_port: int = 0
    protocol: str = "TCP"


class ServiceSpec(Model, frozen=True):
    """Which pods, and how they are reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    publish_not_ready_addresses: bool = False
    external_traffic_policy: str = ""

    @property
    def headless(self) -> bool:
        """Whether it has no address of its own."""
        return self.cluster_ip == "None"


class Service(Object, frozen=True):
    """A Service."""

    kind: str = "Service"
    metadata: Metadata = Metadata()
    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Model, frozen=True):
    """None is true (ready, serving) or false (terminating). Source: discovery/v1 types.go."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Model, frozen=True):
    """One endpoint."""

    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    zone: str = ""
    target_ref: ObjectReference | None = None

    @property
    def ready(self) -> bool:
        """Whether it is ready: what nobody said is taken for so."""
        return self.conditions.ready is not False

    @property
    def ending(self) -> bool:
        """Whether its pod is on its way out and still answers (KEP-1669): kube-proxy leads there while none is ready."""
        return bool(self.conditions.terminating) and self.conditions.serving is not False


class EndpointSlice(Object, frozen=True):
    """Endpoints of a Service; the label kubernetes.io/service-name names it."""

    kind: str = "EndpointSlice"
    endpoints: tuple[Endpoint, ...] = ()


class IngressServicePort(Model, frozen=True):
    """By number or name."""

    name: str = ""
    number: int = 0


class IngressServiceBackend(Model, frozen=True):
    """The Service behind a path."""

    name: str = ""
    port: IngressServicePort = IngressServicePort()


class IngressBackend(Model, frozen=True):
    """v1 writes service, v1beta1 wrote serviceName."""

    service: IngressServiceBackend | None = None
    service_name: str = ""
    service_port: IntOrString = 0

    @property
    def service_of(self) -> str:
        """The Service, whatever the version; "" for a resource."""
        return self.service.name if self.service else self.service_name

    @property
    def port_of(self) -> IntOrString:
        """Its port, by name or number; 0 where there is none."""
        return self.service.port.name or self.service.port.number if self.service else self.service_port


class IngressPath(Model, frozen=True):
    """One path."""

    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class IngressPaths(Model, frozen=True):
    """The paths of a host."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Model, frozen=True):
    """One host."""

    host: str = ""
    http: IngressPaths | None = None


class IngressTLS(Model, frozen=True):
    """A certificate."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Model, frozen=True):
    """Hosts, paths and certificates."""

    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTLS, ...] = ()

    @property
    def catching(self) -> IngressBackend | None:
        """The backend of whatever no rule takes; v1beta1 calls it backend."""
        return self.default_backend or self.backend


class Ingress(Object, frozen=True):
    """An Ingress."""

    kind: str = "Ingress"
    metadata: Metadata = Metadata()
    spec: IngressSpec = IngressSpec()

    @property
    def services(self) -> frozenset[str]:
        """The names of the Services behind it, in its own namespace."""
        backends = [path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths]
        backends += [self.spec.catching] if self.spec.catching else []
        return frozenset(backend.service_of for backend in backends) - {""}


class BackendRef(Model, frozen=True):
    """A backend of a route; kind defaults to Service, namespace to the route's own."""

    group: str = ""
    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | None = None


class RouteRule(Model, frozen=True):
    """One rule of a route."""

    backend_refs: tuple[BackendRef, ...] = ()


class ParentRef(Model, frozen=True):
    """What a route hangs on; namespace defaults to the route's own."""

    kind: str = "Gateway"
    name: str = ""
    namespace: str = ""
    section_name: str = ""
    port: int | None = None


class RouteSpec(Model, frozen=True):
    """What routes have in common."""

    parent_refs: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class Route(Object, frozen=True):
    """An HTTPRoute, GRPCRoute, TCPRoute or TLSRoute of the Gateway API."""

    metadata: Metadata = Metadata()
    spec: RouteSpec = RouteSpec()


class HTTPRoute(Route, frozen=True):
    """An HTTPRoute."""

    kind: str = "HTTPRoute"


class GRPCRoute(Route, frozen=True):
    """A GRPCRoute."""

    kind: str = "GRPCRoute"


class TCPRoute(Route, frozen=True):
    """A TCPRoute."""

    kind: str = "TCPRoute"


class TLSRoute(Route, frozen=True):
    """A TLSRoute."""

    kind: str = "TLSRoute"


class CertificateRef(Model, frozen=True):
    """A certificate of a listener; namespace defaults to the Gateway's own."""

    kind: str = "Secret"
    name: str = ""
    namespace: str = ""


class ListenerTLS(Model, frozen=True):
    """TLS of a listener."""

    certificate_refs: tuple[CertificateRef, ...] = ()


class RouteNamespaces(Model, frozen=True):
    """Of which namespaces routes are taken: All, Same, Selector or None."""

    from_: str = msgspec.field(name="from", default="Same")


class AllowedRoutes(Model, frozen=True):
    """Which routes a listener takes."""

    namespaces: RouteNamespaces = RouteNamespaces()


class Listener(Model, frozen=True):
    """A listener."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    tls: ListenerTLS | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()

    @property
    def routes_from(self) -> str:
        """Of which namespaces it takes routes."""
        return self.allowed_routes.namespaces.from_


class GatewaySpec(Model, frozen=True):
    """Its listeners."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()


class Gateway(Object, frozen=True):
    """A Gateway."""

    kind: str = "Gateway"
    metadata: Metadata = Metadata()
    spec: GatewaySpec = GatewaySpec()


class IngressClassSpec(Model, frozen=True):
    """Who answers for it."""

    controller: str = ""


class IngressClass(Object, frozen=True):
    """An IngressClass."""

    kind: str = "IngressClass"
    spec: IngressClassSpec = IngressClassSpec()
    metadata: Metadata = Metadata()


class GrantFrom(Model, frozen=True):
    """Who may refer."""

    group: str = ""
    kind: str = ""
    namespace: str = ""


class GrantTo(Model, frozen=True):
    """To what; name "": to all of the kind."""

    group: str = ""
    kind: str = ""
    name: str = ""


class GrantSpec(Model, frozen=True):
    """From whom, to what."""

    from_: tuple[GrantFrom, ...] = msgspec.field(name="from", default=())
    to: tuple[GrantTo, ...] = ()


class ReferenceGrant(Object, frozen=True):
    """A ReferenceGrant."""

    kind: str = "ReferenceGrant"
    metadata: Metadata = Metadata()
    spec: GrantSpec = GrantSpec()
