"""Manners for the store: what creating, updating, deleting and evicting an object means to the API server.

Owns uids, timestamps, generations, optimistic concurrency, graceful deletion, finalizers and the eviction subresource. It
does not know HTTP (`sim.apiserver.server`) or what controllers do next (`sim.world`). Sources: apiserver
pkg/registry/rest, pkg/registry/generic/registry/store.go; kubernetes pkg/registry/core/pod.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from underway.kube.resource import NAMESPACES, PODS, Resource
from underway.model import timestamp
from underway.sim.apiserver import namespaces, status
from underway.sim.apiserver.defaults import defaulted
from underway.sim.store import Conflict, Object, Store

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # apimachinery util/rand: no vowels, nothing that looks like another
IMMUTABLE = ("uid", "creationTimestamp", "name", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
NO_GENERATION = frozenset(
    {"Node", "Namespace", "Service", "Event", "Lease", "EndpointSlice", "ConfigMap", "Secret"}
    | {"HorizontalPodAutoscaler", "ResourceQuota", "LimitRange", "APIService"}
)
# Whose deletion is answered with the object rather than with a Status. Source: ReturnDeletedObject in pkg/registry/*/storage.go.
SHOWN_WHEN_DELETED = frozenset(
    {"Pod", "PodTemplate", "Namespace", "Service", "ServiceAccount", "ResourceQuota", "PersistentVolume"}
    | {"PersistentVolumeClaim", "StorageClass", "VolumeAttachment", "CSINode"}
)


class Registry:
    """Writes to one cluster. now_ms: its clock; rng: makes uids and generated names, so that a seed repeats them."""

    def __init__(self, store: Store, now_ms: Callable[[], int], rng: Random) -> None:
        self.store = store
        self._now_ms = now_ms
        self._rng = rng
        self._addresses = 0
        # (group, plural) of the resources that have no status subresource: theirs is written with everything else.
        self.whole: set[tuple[str, str]] = set()

    def now(self) -> str:
        """The present as metav1.Time."""
        return timestamp.format_ms(self._now_ms())

    def uid(self) -> str:
        """A new UID in the form of RFC 4122, version 4."""
        digits = f"{self._rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def suffix(self) -> str:
        """Five characters that make a generated name unique."""
        return "".join(self._rng.choices(NAME_ALPHABET, k=5))

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object, None if there is none."""
        return self.store.get(resource, namespace, name)

    def shown(self, values: list[Object], _: Resource) -> list[Object]:
        """Stored objects as they are shown in the version of a resource; as they are, but for `versions.View`."""
        return values

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """The object. Raises StatusError 404."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise status.not_found(resource, name)
        return found

    def create(self, resource: Resource, value: Object, *, dry_run: bool = False) -> Object:
        """Create an object. Raises StatusError 403 if its namespace ends, 409 if the name is taken, 422 if there is none."""
        metadata = dict(value.get("metadata") or {})
        namespaces.admit(self.store, resource, metadata)
        name = metadata.get("name") or (metadata["generateName"] + self.suffix() if metadata.get("generateName") else "")
        if not name:
            cause = {"reason": "FieldValueRequired", "message": "Required value: name or generateName is required"}
            raise status.invalid(resource, "", [{**cause, "field": "metadata.name"}])
        metadata |= {"name": name, "uid": self.uid(), "creationTimestamp": self.now()}
        if resource.kind not in NO_GENERATION:
            metadata["generation"] = 1
        for absent in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"):
            metadata.pop(absent, None)
        whole = {"apiVersion": resource.api_version, "kind": resource.kind, **value, "metadata": metadata}
        filled = defaulted(resource.kind, whole)
        if resource.kind == "Service":
            filled = self._addressed(filled)
        if self.store.get(resource, metadata.get("namespace", ""), name) is not None:
            raise status.already_exists(resource, name)
        return filled if dry_run else self.store.create(resource, filled)

    def _addressed(self, service: Object) -> Object:
        """The Service with a cluster IP, from the range that clusters are commonly given."""
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            return service
        if spec.get("clusterIP"):
            return {**service, "spec": {"clusterIPs": [spec["clusterIP"]], **spec}}
        self._addresses += 1
        address = f"10.96.{self._addresses // 250 % 256}.{self._addresses % 250 + 1}"
        return {**service, "spec": {**spec, "clusterIP": address, "clusterIPs": [address]}}

    def update(self, resource: Resource, value: Object, subresource: str = "", *, dry_run: bool = False) -> Object:
        """Replace an object, or its status. Raises StatusError 404, 409."""
        metadata = value["metadata"]
        current = self.get(resource, metadata.get("namespace", ""), metadata["name"])
        wanted_uid = metadata.get("uid")
        if wanted_uid and wanted_uid != current["metadata"]["uid"]:
            raise status.uid_conflict(resource, metadata["name"], wanted_uid, current["metadata"]["uid"])
        version = metadata.get("resourceVersion")
        if version and version != current["metadata"]["resourceVersion"]:
            raise status.conflict(resource, metadata["name"], status.MODIFIED)
        merged = self._merged(resource, current, value, subresource)
        if dry_run:
            return merged
        return self._store(resource, current, merged)

    def mutate(
        self, resource: Resource, namespace: str, name: str, change: Callable[[Object], Object], subresource: str = ""
    ) -> Object | None:
        """Read, change and write in one step, for controllers of the same process; None if the object is gone."""
        current = self.store.get(resource, namespace, name)
        if current is None:
            return None
        return self._store(resource, current, self._merged(resource, current, change(current), subresource))

    def _merged(self, resource: Resource, current: Object, value: Object, subresource: str) -> Object:
        whole = (resource.group, resource.plural) in self.whole
        return _merged(current, value, subresource, whole=whole)

    def _store(self, resource: Resource, current: Object, merged: Object) -> Object:
        metadata = merged["metadata"]
        if metadata.get("deletionTimestamp") and not namespaces.is_held(merged) and current["metadata"].get("finalizers"):
            self.store.remove(resource, metadata.get("namespace", ""), metadata["name"], merged)
            # Watchers see the revision of the deletion; the writer is answered with the one that it wrote over.
            return {**merged, "metadata": {**metadata, "resourceVersion": current["metadata"]["resourceVersion"]}}
        try:
            return self.store.replace(resource, merged)
        except Conflict:  # pragma: no cover - nobody writes between the read above and here
            raise status.conflict(resource, metadata["name"], status.MODIFIED) from None

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        grace_s: int | None = None,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Delete an object, or begin to: a bound pod gets its grace, an object with finalizers waits for them.

        Returns the object in its last or deleting state. Raises StatusError 404, 409 (preconditions).
        """
        current = self.get(resource, namespace, name)
        if resource == NAMESPACES:
            return self._end(current, uid, resource_version, dry_run=dry_run)
        metadata = current["metadata"]
        if uid and uid != metadata["uid"]:
            raise status.precondition_failed(resource, name, "UID", uid, metadata["uid"])
        if resource_version and resource_version != metadata["resourceVersion"]:
            raise status.precondition_failed(resource, name, "ResourceVersion", resource_version, metadata["resourceVersion"])
        grace = self._grace_s(resource, current, grace_s)
        if dry_run:
            return current
        if grace > 0:
            return self._begin_deletion(resource, current, grace)
        if metadata.get("finalizers"):
            return self._begin_deletion(resource, current, 0)
        if resource.kind == "Pod":
            # The store's graceful path is taken at grace 0 too: watchers see the pod marked before they see it gone.
            self._begin_deletion(resource, current, 0)
        return self.store.remove(resource, namespace, name)

    def _end(self, namespace: Object, uid: str, resource_version: str, *, dry_run: bool) -> Object:
        """Begin to end a namespace, or drop one that nothing holds any more."""
        namespaces.check_deletion(namespace, uid, resource_version)
        begun = namespaces.ending(namespace, self.now())
        if dry_run or (begun is namespace and namespaces.is_held(namespace)):
            return begun
        if begun is not namespace:
            return self.store.replace(NAMESPACES, begun)
        return self.store.remove(NAMESPACES, "", namespace["metadata"]["name"])

    def finalize(self, name: str, finalizers: list[str]) -> Object:
        """Set what holds a namespace; one that ends and is held no more is gone. Raises StatusError 404."""
        current = self.get(NAMESPACES, "", name)
        freed = {**current, "spec": {"finalizers": finalizers} if finalizers else {}}
        if current["metadata"].get("deletionTimestamp") and not namespaces.is_held(freed):
            self.store.remove(NAMESPACES, "", name, freed)
            return freed
        return self.store.replace(NAMESPACES, freed)

    def _grace_s(self, resource: Resource, current: Object, asked_s: int | None) -> int:
        """How long a deletion takes. Source: pkg/registry/core/pod/strategy.go, CheckGracefulDelete."""
        if resource.kind != "Pod":
            return 0
        spec, state = current["spec"], current.get("status", {})
        if not spec.get("nodeName") or state.get("phase") in ("Succeeded", "Failed"):
            return 0
        own_s = spec.get("terminationGracePeriodSeconds", 30)
        # A negative grace counts as one second (apiserver pkg/registry/rest/delete.go).
        period_s = own_s if asked_s is None else 1 if asked_s < 0 else asked_s
        under_way_s = current["metadata"].get("deletionGracePeriodSeconds")
        # A second deletion can only shorten the first.
        return int(period_s if under_way_s is None else min(period_s, under_way_s))

    def _begin_deletion(self, resource: Resource, current: Object, grace_s: int) -> Object:
        metadata = current["metadata"]
        if metadata.get("deletionTimestamp") and metadata.get("deletionGracePeriodSeconds") == grace_s:
            return current
        return self.store.replace(resource, self._marked(current, grace_s))

    def _marked(self, current: Object, grace_s: int) -> Object:
        """The object with the instant of its end on it."""
        metadata = current["metadata"]
        at = timestamp.format_ms(self._now_ms() + grace_s * timestamp.MILLISECONDS)
        marked = {**metadata, "deletionTimestamp": at, "deletionGracePeriodSeconds": grace_s}
        if "generation" in metadata and not metadata.get("deletionTimestamp"):
            marked["generation"] = metadata["generation"] + 1
        return {**current, "metadata": marked}

    def delete_pod(self, namespace: str, name: str, options: Object, *, dry_run: bool) -> Object:
        """Delete a pod with the DeleteOptions of an eviction."""
        preconditions = options.get("preconditions") or {}
        return self.delete(
            PODS,
            namespace,
            name,
            grace_s=options.get("gracePeriodSeconds"),
            uid=preconditions.get("uid", ""),
            resource_version=preconditions.get("resourceVersion", ""),
            dry_run=dry_run,
        )


def _merged(current: Object, value: Object, subresource: str, *, whole: bool = False) -> Object:
    """The new state: status comes from the status subresource alone, everything else never does.

    whole: there is no status subresource; then status is a field like any other, and every change of the content counts
    as a new generation.
    """
    before = current["metadata"]
    if subresource == "status":
        # Labels and annotations may travel with a status update; the spec never does.
        metadata = {**before, **{key: value["metadata"][key] for key in ("labels", "annotations") if key in value["metadata"]}}
        kept = {key: part for key, part in current.items() if key != "status"}
        return {**kept, "metadata": metadata, **({"status": value["status"]} if "status" in value else {})}
    metadata = {**value["metadata"], **{key: before[key] for key in IMMUTABLE if key in before}}
    merged = {"apiVersion": current["apiVersion"], "kind": current["kind"], **value, "metadata": metadata}
    if current["kind"] == "Namespace":
        merged["spec"] = current["spec"]  # its finalizers are written by finalize alone
    if whole:
        if "generation" in before and _content(merged) != _content(current):
            metadata["generation"] = before["generation"] + 1
        return merged
    if "status" in current:
        merged["status"] = current["status"]
    else:
        merged.pop("status", None)
    if "generation" in before and _wanted(merged) != _wanted(current):
        metadata["generation"] = before["generation"] + 1
    return merged


def _wanted(value: Object) -> Any:
    """The spec, or what stands in its place, as far as a change of it is a new generation: to bind a pod is none."""
    spec = next((value[field] for field in ("spec", "webhooks", "template") if field in value), None)
    if spec is not None and value["kind"] == "Pod" and "nodeName" in spec:
        return {key: part for key, part in spec.items() if key != "nodeName"}
    return spec


def _content(value: Object) -> Object:
    return {key: part for key, part in value.items() if key != "metadata"}
