"""What leads traffic to pods. Source: core/v1, discovery/v1, networking/v1, gateway.networking.k8s.io/v1 types.go."""

from typing import Any

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


class IngressPath(Model, frozen=True):
    """One path."""

    path: str = ""
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
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTLS, ...] = ()


class Ingress(Object, frozen=True):
    """An Ingress."""

    kind: str = "Ingress"
    metadata: Metadata = Metadata()
    spec: IngressSpec = IngressSpec()

    @property
    def services(self) -> frozenset[str]:
        """The names of the Services behind it, in its own namespace."""
        backends = [path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths]
        backends += [self.spec.default_backend] if self.spec.default_backend else []
        return frozenset(backend.service.name if backend.service else backend.service_name for backend in backends) - {""}


class BackendRef(Model, frozen=True):
    """A backend of a route; kind defaults to Service, namespace to the route's own."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | None = None


class RouteRule(Model, frozen=True):
    """One rule of a route."""

    backend_refs: tuple[BackendRef, ...] = ()


class RouteSpec(Model, frozen=True):
    """What routes have in common."""

    parent_refs: tuple[dict[str, Any], ...] = ()
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


class Listener(Model, frozen=True):
    """A listener."""

    name: str = ""
    tls: ListenerTLS | None = None


class GatewaySpec(Model, frozen=True):
    """Its listeners."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()


class Gateway(Object, frozen=True):
    """A Gateway."""

    kind: str = "Gateway"
    metadata: Metadata = Metadata()
    spec: GatewaySpec = GatewaySpec()
