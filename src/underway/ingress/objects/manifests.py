"""All the objects of a set of files, sorted by kind: what a matcher is built from.

Owns the table of kinds and what is said of an object that cannot be used. Files are read in `cli`, which hands over plain JSON
values together with the place (file:line) of each.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from underway.ingress.objects.gateway import GROUP, BackendTLSPolicy, Gateway, ListenerSet, ReferenceGrant, VendorPolicy
from underway.ingress.objects.ingress import Ingress, IngressClass, Service, current, refusal
from underway.ingress.objects.route import GRPCRoute, HTTPRoute, TLSRoute
from underway.model.meta import AnyObject, Model

DEPTH_MAX = 4  # lists inside lists: kubectl writes one level


class Skipped(Model, frozen=True):
    """An object that takes no part, and why. place: file:line."""

    place: str
    object: str
    reason: str


class ConfigMap(AnyObject, frozen=True):
    """What a controller may read its settings from."""

    data: dict[str, str] = {}


class Manifests(msgspec.Struct):
    """The objects that decide about routing, in the order they were given."""

    ingresses: list[Ingress] = []
    ingress_classes: list[IngressClass] = []
    services: list[Service] = []
    namespaces: list[AnyObject] = []
    config_maps: list[ConfigMap] = []
    gateways: list[Gateway] = []
    listener_sets: list[ListenerSet] = []
    http_routes: list[HTTPRoute] = []
    grpc_routes: list[GRPCRoute] = []
    tls_routes: list[TLSRoute] = []
    reference_grants: list[ReferenceGrant] = []
    backend_tls_policies: list[BackendTLSPolicy] = []
    policies: list[VendorPolicy] = []
    skipped: list[Skipped] = []
    places: dict[tuple[str, str], str] = {}

    def place(self, kind: str, key: str) -> str:
        """file:line of an object, or ""."""
        return self.places.get((kind, key), "")


# kind: (the list it goes to, its type, the groups it is read from)
KINDS: dict[str, tuple[str, type[Any], tuple[str, ...]]] = {
    "Ingress": ("ingresses", Ingress, ("networking.k8s.io", "extensions")),
    "IngressClass": ("ingress_classes", IngressClass, ("networking.k8s.io",)),
    "Service": ("services", Service, ("",)),
    "Namespace": ("namespaces", AnyObject, ("",)),
    "ConfigMap": ("config_maps", ConfigMap, ("",)),
    "Gateway": ("gateways", Gateway, (GROUP,)),
    "ListenerSet": ("listener_sets", ListenerSet, (GROUP,)),
    "HTTPRoute": ("http_routes", HTTPRoute, (GROUP,)),
    "GRPCRoute": ("grpc_routes", GRPCRoute, (GROUP,)),
    "TLSRoute": ("tls_routes", TLSRoute, (GROUP,)),
    "ReferenceGrant": ("reference_grants", ReferenceGrant, (GROUP,)),
    "BackendTLSPolicy": ("backend_tls_policies", BackendTLSPolicy, (GROUP,)),
}
QUIET = (
    "GatewayClass",
    "Secret",
    "Deployment",
    "ServiceAccount",
    "NetworkPolicy",
)  # nothing of routing is lost with these
CLUSTER_SCOPED = ("IngressClass", "Namespace")


def manifests_of(documents: Iterable[tuple[Any, str]]) -> Manifests:
    """The objects in documents, each of them plain JSON values with their place. Lists are opened; what cannot be used is skipped
    with a reason."""
    manifests = Manifests()
    for values, place in documents:
        _add(manifests, values, place, 0)
    return manifests


def _add(manifests: Manifests, values: Any, place: str, depth: int) -> None:
    if not isinstance(values, dict) or not isinstance(values.get("kind"), str):
        manifests.skipped.append(Skipped(place, "-", "is no Kubernetes object: it has no kind"))
        return
    kind, group = values["kind"], _group(values)
    if kind.endswith("List") and isinstance(values.get("items"), list):
        if depth >= DEPTH_MAX:
            manifests.skipped.append(Skipped(place, kind, f"lists are nested more than {DEPTH_MAX} deep"))
            return
        for item in values["items"]:
            if isinstance(item, dict) and "kind" not in item and kind != "List":
                item = {"kind": kind.removesuffix("List"), "apiVersion": values.get("apiVersion"), **item}
            _add(manifests, item, place, depth + 1)
        return
    vendors = kind.endswith("Policy") and kind not in KINDS and group not in ("", "networking.k8s.io", "policy")
    known = ("policies", VendorPolicy, (group,)) if vendors else KINDS.get(kind)
    if known is None or group not in known[2]:
        if kind not in QUIET:
            manifests.skipped.append(Skipped(place, _named(values), "is of a kind that decides nothing about routing here"))
        return
    _take(manifests, values, place, known)


def _take(manifests: Manifests, values: dict[str, Any], place: str, known: tuple[str, type[Any], tuple[str, ...]]) -> None:
    kind = values["kind"]
    metadata = values.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        manifests.skipped.append(Skipped(place, kind, "has no metadata.name"))
        return
    if kind not in CLUSTER_SCOPED and not metadata.get("namespace"):
        values = {**values, "metadata": {**metadata, "namespace": "default"}}
    found, why = _converted(current(values) if kind == "Ingress" else values, known[1])
    if not why and kind == "Ingress":
        why = refusal(found)
    if why:
        manifests.skipped.append(Skipped(place, _named(values), why))
        return
    getattr(manifests, known[0]).append(found)
    manifests.places[kind, found.metadata.key] = place


def _converted(values: dict[str, Any], type_: type[Any]) -> tuple[Any, str]:
    """The Struct, or why there is none. An explicit null is as good as an absent field, as the API server has it."""
    try:
        return msgspec.convert(values, type_), ""
    except msgspec.ValidationError:
        try:
            return msgspec.convert(_without_nulls(values), type_), ""
        except msgspec.ValidationError as error:
            return None, f"cannot be read: {error}"


def _without_nulls(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _without_nulls(child) for key, child in values.items() if child is not None}
    return [_without_nulls(child) for child in values if child is not None] if isinstance(values, list) else values


def _group(values: dict[str, Any]) -> str:
    version = values.get("apiVersion")
    return version.rpartition("/")[0] if isinstance(version, str) else ""


def _named(values: dict[str, Any]) -> str:
    metadata = values.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    return f"{values['kind']} {name}".strip()
