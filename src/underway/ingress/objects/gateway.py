"""Gateway, ListenerSet, ReferenceGrant and the policies that the judge reads of the Gateway API.

Source: sigs.k8s.io/gateway-api v1.6.1 apis/v1: gateway_types.go, listenerset_types.go, referencegrant_types.go.
"""

import msgspec

from underway.model.meta import LabelSelector, Model, ObjectMeta

GROUP = "gateway.networking.k8s.io"


class SecretObjectReference(Model, frozen=True):
    """A certificate's Secret; its content is never read."""

    name: str = ""
    namespace: str | None = None
    group: str = ""
    kind: str = "Secret"


class ListenerTLSConfig(Model, frozen=True):
    """How a listener treats TLS. mode: Terminate or Passthrough."""

    mode: str = "Terminate"
    certificate_refs: tuple[SecretObjectReference, ...] = ()


class RouteNamespaces(Model, frozen=True):
    """From which namespaces: Same, All, Selector or None."""

    from_: str = msgspec.field(name="from", default="Same")
    selector: LabelSelector | None = None


class RouteGroupKind(Model, frozen=True):
    """A kind of route that may attach."""

    kind: str
    group: str = GROUP


class AllowedRoutes(Model, frozen=True):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: tuple[RouteGroupKind, ...] = ()


class Listener(Model, frozen=True):
    """A port, a protocol and a hostname ("": any)."""

    name: str
    port: int
    protocol: str
    hostname: str = ""
    tls: ListenerTLSConfig | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


class AllowedListeners(Model, frozen=True):
    """From which namespaces ListenerSets may attach; none by default."""

    namespaces: RouteNamespaces = RouteNamespaces(from_="None")


class GatewaySpec(Model, frozen=True):
    """The listeners of a Gateway."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()
    allowed_listeners: AllowedListeners = AllowedListeners()


class Gateway(Model, frozen=True):
    """A Gateway: one address, hence one data plane that a client can be at."""

    metadata: ObjectMeta = ObjectMeta()
    spec: GatewaySpec = GatewaySpec()


class ParentReference(Model, frozen=True):
    """What a route or a ListenerSet attaches to."""

    name: str
    namespace: str | None = None
    group: str = GROUP
    kind: str = "Gateway"
    section_name: str = ""
    port: int | None = None


class ListenerSetSpec(Model, frozen=True):
    """Further listeners of a Gateway."""

    parent_ref: ParentReference = ParentReference("")
    listeners: tuple[Listener, ...] = ()


class ListenerSet(Model, frozen=True):
    """A ListenerSet."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ListenerSetSpec = ListenerSetSpec()


class ReferenceGrantFrom(Model, frozen=True):
    """Who may refer."""

    kind: str
    namespace: str
    group: str = GROUP


class ReferenceGrantTo(Model, frozen=True):
    """To what; name "": every object of the kind."""

    kind: str
    group: str = ""
    name: str = ""


class ReferenceGrantSpec(Model, frozen=True):
    """Every from with every to."""

    from_: tuple[ReferenceGrantFrom, ...] = msgspec.field(name="from", default=())
    to: tuple[ReferenceGrantTo, ...] = ()


class ReferenceGrant(Model, frozen=True):
    """A ReferenceGrant: it lives beside what is referred to."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ReferenceGrantSpec = ReferenceGrantSpec()


class PolicyTarget(Model, frozen=True):
    """What a policy is about."""

    kind: str = ""
    name: str = ""
    group: str = ""


class VendorPolicySpec(Model, frozen=True):
    """What a vendor's policy is about; with a selector, or without a target, it may be about anything."""

    target_refs: tuple[PolicyTarget, ...] = ()
    target_ref: PolicyTarget | None = None


class VendorPolicy(Model, frozen=True):
    """A policy of a kind that only its vendor knows the effect of."""

    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    spec: VendorPolicySpec = VendorPolicySpec()

    @property
    def targets(self) -> tuple[str, ...]:
        """KIND namespace/name of each target; "" for anything."""
        named = (*self.spec.target_refs, *((self.spec.target_ref,) if self.spec.target_ref else ()))
        return tuple(f"{one.kind} {self.metadata.namespace}/{one.name}" for one in named) or ("",)


class BackendTLSPolicySpec(Model, frozen=True):
    """The Services that are spoken to over TLS."""

    target_refs: tuple[PolicyTarget, ...] = ()


class BackendTLSPolicy(Model, frozen=True):
    """A BackendTLSPolicy."""

    metadata: ObjectMeta = ObjectMeta()
    spec: BackendTLSPolicySpec = BackendTLSPolicySpec()
