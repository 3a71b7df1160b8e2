"""The life of a namespace: nothing new comes into one that ends, and it ends only when it has been emptied.

Owns what admission says of namespaces and what deleting and finalizing one means. Who empties them is the world's affair
(`sim.world.namespaces`). Sources: apiserver pkg/admission/plugin/namespace/lifecycle/admission.go; kubernetes
pkg/registry/core/namespace/storage/storage.go.
"""

from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver import status
from underway.sim.apiserver.status import StatusError
from underway.sim.store import Object, Store

TERMINATING = "Terminating"
CAUSE = "NamespaceTerminating"
IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


def ends(namespace: Object | None) -> bool:
    """Whether a namespace is being terminated."""
    return namespace is not None and namespace["status"].get("phase") == TERMINATING


def admit(store: Store, resource: Resource, metadata: Object) -> None:
    """Let an object, or an act upon one (an eviction, a binding), into its namespace. Raises StatusError 403 if that one ends.

    metadata: of the object that would be created, or of the one that is acted upon.
    """
    namespace = metadata.get("namespace", "")
    if not namespace or not ends(store.get(NAMESPACES, "", namespace)):
        return
    name = metadata.get("name") or metadata.get("generateName") or "Unknown"
    refused = status.forbidden(
        resource, name, f"unable to create new content in namespace {namespace} because it is being terminated"
    )
    cause = {"reason": CAUSE, "message": f"namespace {namespace} is being terminated", "field": "metadata.namespace"}
    refused.status["details"]["causes"] = [cause]
    raise refused


def is_refusal(error: StatusError) -> bool:
    """Whether a refusal is that of a namespace that ends: whoever wanted to create something there may give up."""
    return any(cause.get("reason") == CAUSE for cause in (error.status.get("details") or {}).get("causes", ()))


def check_deletion(value: Object, uid: str, resource_version: str) -> None:
    """Refuse to delete a namespace that may not go (403) or that is another one (409). Raises StatusError."""
    name, metadata = value["metadata"]["name"], value["metadata"]
    if uid and uid != metadata["uid"]:
        raise status.uid_conflict(NAMESPACES, name, uid, metadata["uid"])
    if resource_version and resource_version != metadata["resourceVersion"]:
        asked = f"ResourceVersion in precondition: {resource_version}"
        why = f"Precondition failed: {asked}, ResourceVersion in object meta: {metadata['resourceVersion']}"
        raise status.conflict(NAMESPACES, name, why)
    if name in IMMORTAL:
        raise status.forbidden(NAMESPACES, name, "this namespace may not be deleted")


def ending(value: Object, now: str) -> Object:
    """The namespace whose end has begun; as it is if it had begun before."""
    if value["metadata"].get("deletionTimestamp"):
        return value
    metadata = {**value["metadata"], "deletionTimestamp": now}
    return {**value, "metadata": metadata, "status": {**value.get("status", {}), "phase": TERMINATING}}


def is_held(value: Object) -> bool:
    """Whether somebody still has something to do before the object may go: a namespace has finalizers of its own beside."""
    own = value["spec"].get("finalizers") if value["kind"] == NAMESPACES.kind else None
    return bool(own or value["metadata"].get("finalizers"))
