"""Custom resources: a CustomResourceDefinition, once stored, is served.

Owns what a definition adds to the catalogue, its Established condition and storedVersions, and which custom resources keep
their status in the object itself. What a schema means for objects is `sim.apiserver.custom_values`', how they change their
version `sim.apiserver.versions`'. Source: "Extend the Kubernetes API with
CustomResourceDefinitions"; apiextensions-apiserver pkg/controller/{status,establish}.
"""

from collections.abc import Callable
from typing import Any

from underway.crd.conversion import Conversions
from underway.crd.definition import definition_of
from underway.kube.resource import Resource
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS, Entry, served_as
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.status import StatusError
from underway.sim.apiserver.versions import Versions, View, storage_of
from underway.sim.store import Change, Object

SUBRESOURCES = ("status", "scale")


def entries_of(definition: Object) -> list[Entry]:
    """One entry for each served version of a definition."""
    spec = definition["spec"]
    names = spec["names"]
    found = []
    compiled = definition_of(definition)
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        resource = Resource(
            spec["group"], version["name"], names["plural"], names["kind"], namespaced=spec.get("scope") == "Namespaced"
        )
        found.append(
            Entry(
                resource,
                tuple(names.get("shortNames") or ()),
                tuple(name for name in SUBRESOURCES if name in (version.get("subresources") or {})),
                tuple(names.get("categories") or ()),
                custom=True,
                schema=(version.get("schema") or {}).get("openAPIV3Schema"),
                version=compiled.versions[version["name"]],
                columns=tuple(version.get("additionalPrinterColumns") or ()),
            )
        )
    return found


class Customs:
    """Keeps a server's entries at what the stored definitions say."""

    def __init__(self, registry: Registry, entries: dict[tuple[str, str, str], Entry]) -> None:
        self._registry = registry
        self._entries = entries
        self._served: dict[str, list[Entry]] = {}
        self._views: dict[tuple[str, str], Registry] = {}
        # By name of the definition: conversions of this process, instead of the webhook that the definition names.
        self.conversions: dict[str, Conversions] = {}
        registry.store.subscribe(CUSTOM_RESOURCE_DEFINITIONS, self._changed)
        for definition in registry.store.values(CUSTOM_RESOURCE_DEFINITIONS):
            self._serve(definition)

    def convert_with(self, conversions: Conversions) -> None:
        """Convert the objects of a definition in this process."""
        name = conversions.versions.name
        self.conversions[name] = conversions
        definition = self._registry.store.get(CUSTOM_RESOURCE_DEFINITIONS, "", name)
        if definition is not None:
            self._serve(definition)

    def registry(self, resource: Resource) -> Registry:
        """The registry as the version of a resource shows it."""
        return self._views.get((resource.group, resource.plural), self._registry)

    def telling(self, resource: Resource, on_event: Callable[[str, Object], None]) -> Callable[[str, Object], None]:
        """What tells a watch of the events of stored objects, in the version of a resource."""

        def tell(kind: str, value: Object) -> None:
            try:
                (shown,) = self.registry(resource).shown([value], resource)
            except StatusError as error:
                on_event("ERROR", error.status)
                return
            on_event(kind, shown)

        return tell

    def _changed(self, change: Change) -> None:
        if change.type == "DELETED":
            self._withdraw(change.object)
        else:
            self._serve(change.object)

    def _serve(self, definition: Object) -> None:
        name = definition["metadata"]["name"]
        self._forget(name)
        self._served[name] = entries_of(definition)
        for entry in self._served[name]:
            self._entries[served_as(entry.resource)] = entry
        key = (definition["spec"]["group"], definition["spec"]["names"]["plural"])
        # One registry serves all versions; a definition whose versions differ in this is treated as having the subresource.
        if any("status" in entry.subresources for entry in self._served[name]):
            self._registry.whole.discard(key)
        else:
            self._registry.whole.add(key)
        versions = Versions(definition, self.conversions.get(name), self._registry.uid)
        self._views[key] = View(self._registry, versions)
        stored = definition.get("status", {}).get("storedVersions", ())
        if not definition.get("status", {}).get("acceptedNames"):
            self._establish(definition)
        elif storage_of(definition) not in stored:
            self._stored(name, [*stored, storage_of(definition)])

    def _establish(self, definition: Object) -> None:
        now = self._registry.now()
        conditions = [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ]
        stored = [version["name"] for version in definition["spec"]["versions"] if version.get("storage")]
        names = {"singular": definition["spec"]["names"]["kind"].lower(), **definition["spec"]["names"]}
        state = {"conditions": conditions, "acceptedNames": names, "storedVersions": stored}
        self._registry.mutate(
            CUSTOM_RESOURCE_DEFINITIONS, "", definition["metadata"]["name"], lambda now: {**now, "status": state}, "status"
        )

    def _stored(self, name: str, versions: list[str]) -> None:
        """Another version is stored from now on. Source: apiextensions-apiserver pkg/registry/customresourcedefinition."""

        def added(definition: Object) -> Object:
            return {**definition, "status": {**definition["status"], "storedVersions": versions}}

        self._registry.mutate(CUSTOM_RESOURCE_DEFINITIONS, "", name, added, "status")

    def _withdraw(self, definition: Object) -> None:
        """The definition is gone, and all its objects with it."""
        entries = self._served.get(definition["metadata"]["name"], [])
        self._forget(definition["metadata"]["name"])
        store = self._registry.store
        for entry in entries[:1]:
            for value in store.values(entry.resource):
                store.remove(entry.resource, value["metadata"].get("namespace", ""), value["metadata"]["name"])

    def _forget(self, name: str) -> None:
        for entry in self._served.pop(name, []):
            self._entries.pop(served_as(entry.resource), None)


def _condition(type_: str, reason: str, message: str, now: str) -> dict[str, Any]:
    return {"type": type_, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
