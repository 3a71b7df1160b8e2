"""The embedded API server: a call in, an answer out; watches by callback.

Owns dispatch by verb, selectors, pages, patches and dry runs. It does not know how a call travelled: `sim.apiserver.memory`
carries it in virtual time, `sim.apiserver.https` over a socket. It never claims to be Kubernetes: tests/parity holds its
answers against a real kube-apiserver.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube import request as q
from underway.kube.request import Verb
from underway.kube.resource import PODS, Resource
from underway.sim.apiserver import custom_values, logs, namespaces, pages, patch, status, validation
from underway.sim.apiserver.api_types import without_nulls
from underway.sim.apiserver.apply import apply
from underway.sim.apiserver.catalogue import CATALOGUE, Entry, served_as
from underway.sim.apiserver.customs import Customs
from underway.sim.apiserver.defaults import admitted, refilled, reported
from underway.sim.apiserver.discovery import RELEASE
from underway.sim.apiserver.eviction import evict
from underway.sim.apiserver.registry import SHOWN_WHEN_DELETED, Registry
from underway.sim.apiserver.scale import scale_of, scaled
from underway.sim.apiserver.selection import selection
from underway.sim.store import Change, Object

PATCHES = {q.MERGE_PATCH: patch.merge, q.STRATEGIC_MERGE_PATCH: patch.strategic, q.JSON_PATCH: patch.json_patch}
PATCH_ORDER = (q.JSON_PATCH, q.MERGE_PATCH, q.STRATEGIC_MERGE_PATCH, q.APPLY_PATCH)
NO_KIND = Resource("", "", "", "")
BINDINGS = msgspec.structs.replace(PODS, plural="pods/binding")
# Clients that renew such an object may write it whether it is there or not (AllowCreateOnUpdate of its strategy).
CREATED_ON_UPDATE = frozenset({"Lease", "Event"})
# A kubelet registers its node with a status; of all other kinds the status is the server's and the controllers'.
STATUS_AT_CREATION = frozenset({"Node"})


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call, already routed. query: the last value of each parameter."""

    verb: Verb
    entry: Entry
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: dict[str, str] = {}
    body: Any = None
    content_type: str = q.JSON

    @property
    def resource(self) -> Resource:
        """The resource called upon."""
        return self.entry.resource

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return self.query.get("dryRun") == "All"


class ApiServer:
    """One API server over one registry.

    failing_checks: those of /readyz, which faults may fill; reaches: whether the kubelet of a node answers, as in a world;
    console: what containers have said.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.release = RELEASE
        self.failing_checks: list[str] = []
        self.entries: dict[tuple[str, str, str], Entry] = {served_as(entry.resource): entry for entry in CATALOGUE}
        self.customs = Customs(registry, self.entries)
        self.reaches: Callable[[str], bool] = lambda _node: False
        self.console: logs.Console = logs.console

    def entry(self, resource: Resource) -> Entry:
        """The catalogue's entry of a resource. Raises StatusError 404."""
        found = self.entries.get(served_as(resource))
        if found is None:
            raise status.path_not_found()
        return found

    def _registry(self, call: Call) -> Registry:
        """The registry, or a view of it in the version that is called upon."""
        return self.customs.registry(call.resource) if call.entry.custom else self.registry

    def readyz(self) -> tuple[int, str]:
        """Code and text of /readyz?verbose. Source: apiserver pkg/server/healthz."""
        checks = ("ping", "log", "etcd", "etcd-readiness", "informer-sync", "shutdown")
        lines = [f"[-]{check} failed: reason withheld" if check in self.failing_checks else f"[+]{check} ok" for check in checks]
        verdict = "readyz check failed" if self.failing_checks else "readyz check passed"
        return (500 if self.failing_checks else 200), "\n".join([*lines, verdict, ""])

    def log(self, call: Call) -> bytes | None:
        """The log of a container, None while its pod has no node. Raises StatusError."""
        return logs.read(self.registry, call, self.reaches, self.console)

    def handle(self, call: Call) -> tuple[int, Object]:
        """Answer a call other than a watch: code and JSON value. Refusals are answers too."""
        try:
            return self._dispatch(call)
        except status.StatusError as error:
            return error.code, error.status

    def _dispatch(self, call: Call) -> tuple[int, Object]:
        if call.subresource and call.subresource not in call.entry.subresources:
            raise status.path_not_found()
        match call.verb:
            case "get":
                found = self._registry(call).get(call.resource, call.namespace, call.name)
                return 200, scale_of(found) if call.subresource == "scale" else found
            case "list":
                return 200, self._list(call)
            case "create":
                return self._create(call)
            case "update":
                return self._update(call)
            case "patch":
                return self._patch(call)
            case "delete" if call.name:
                return self._delete(call)
            case _:
                raise status.method_not_allowed()

    def _list(self, call: Call) -> Object:
        selected = selection(call)
        items = [value for value in self.registry.store.ordered(call.resource, call.namespace) if selected(value)]
        revision = str(self.registry.store.revision)
        metadata: Object = {"resourceVersion": revision}
        token = call.query.get("continue", "")
        start = ("", "")
        if token:
            revision, start = pages.continued(token, self.registry, call.resource)
            metadata["resourceVersion"] = revision
            items = [value for value in items if pages.position(value) > start]
        limit = int(call.query.get("limit") or 0)
        if limit and len(items) > limit:
            metadata |= {"continue": pages.token(revision, items[limit - 1]), "remainingItemCount": len(items) - limit}
            items = items[:limit]
        items = self._registry(call).shown(items, call.resource)
        return {
            "kind": f"{call.resource.kind}List",
            "apiVersion": call.resource.api_version,
            "metadata": metadata,
            "items": items,
        }

    def _create(self, call: Call) -> tuple[int, Object]:
        body = _object(call.body)
        if call.subresource:
            namespaces.admit(self.registry.store, call.resource, {"namespace": call.namespace, "name": call.name})
        if call.subresource == "eviction":
            if call.dry_run:
                body = {**body, "deleteOptions": {**(body.get("deleteOptions") or {}), "dryRun": ["All"]}}
            return 201, evict(self.registry, call.namespace, call.name, body)
        if call.subresource == "binding":
            return 201, self._bind(call, body)
        metadata = dict(body.get("metadata") or {})
        if call.resource.namespaced:
            if metadata.get("namespace", call.namespace) != call.namespace:
                raise status.bad_request("the namespace of the provided object does not match the namespace sent on the request")
            metadata["namespace"] = call.namespace
        if not call.entry.custom:
            body, metadata = without_nulls(body), without_nulls(metadata)
        if metadata.get("resourceVersion"):
            raise status.StatusError(500, "", "resourceVersion should not be set on objects to be created")
        body = custom_values.received(call.resource, call.entry.version, {**body, "metadata": metadata})
        metadata = body.get("metadata") or {}
        namespaces.admit(self.registry.store, call.resource, metadata)
        validation.check(call.resource, body, version=call.entry.version)
        body = admitted(call.resource.kind, body)
        if "status" in call.entry.subresources and call.resource.kind not in STATUS_AT_CREATION:
            body = {key: value for key, value in body.items() if key != "status"}
        return 201, self._registry(call).create(call.resource, {**body, "metadata": metadata}, dry_run=call.dry_run)

    def _bind(self, call: Call, body: Object) -> Object:
        node = body.get("target", {}).get("name", "")
        pod = self.registry.get(PODS, call.namespace, call.name)
        if pod["spec"].get("nodeName"):
            raise status.conflict(BINDINGS, call.name, f'pod {call.name} is already assigned to node "{pod["spec"]["nodeName"]}"')
        placed = {"type": "PodScheduled", "status": "True", "lastTransitionTime": self.registry.now()}

        def bound(value: Object) -> Object:
            state = value.get("status") or {}
            others = [one for one in state.get("conditions") or () if one["type"] != "PodScheduled"]
            return {**value, "status": {**state, "conditions": [*others, placed]}}

        self.registry.mutate(
            PODS, call.namespace, call.name, lambda value: {**value, "spec": {**value["spec"], "nodeName": node}}
        )
        self.registry.mutate(PODS, call.namespace, call.name, bound, "status")
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _update(self, call: Call) -> tuple[int, Object]:
        body = _object(call.body)
        if call.subresource == "finalize":
            return 200, self.registry.finalize(call.name, list((body.get("spec") or {}).get("finalizers") or ()))
        current = self.registry.find(call.resource, call.namespace, call.name)
        if current is None and call.resource.kind in CREATED_ON_UPDATE:
            return self._create(call)
        current = self._registry(call).get(call.resource, call.namespace, call.name)
        if call.entry.custom and not (body.get("metadata") or {}).get("resourceVersion"):
            custom_values.received(call.resource, call.entry.version, body)  # what cannot be read is told of first
            cause = {"reason": "FieldValueInvalid", "message": "Invalid value: 0: must be specified for an update"}
            plural = msgspec.structs.replace(call.resource, kind=call.resource.plural)  # how the generic store names it
            raise status.invalid(plural, call.name, [{**cause, "field": "metadata.resourceVersion"}])
        return 200, self._write(call, current, body)

    def _write(self, call: Call, current: Object, body: Object) -> Object:
        """Store a whole new state, given as an object or as its scale."""
        if not call.entry.custom:
            body = without_nulls(body)
        if call.subresource == "scale":
            written = self._registry(call).update(call.resource, scaled(current, body), dry_run=call.dry_run)
            return scale_of(written)
        body = custom_values.received(call.resource, call.entry.version, body)
        if call.entry.custom:
            body = custom_values.whole(call.entry, current, body, of_status=call.subresource == "status")
        elif call.subresource == "status":
            body = {"status": {}, **body}
        if call.subresource:
            validation.check_shape(call.resource, body)
            causes = custom_values.causes(call.entry.version, body, current, of_status=True)
            if causes:
                raise status.invalid(call.resource, call.name, causes)
            body = reported(call.resource.kind, body)
        else:
            validation.check(call.resource, body, current, call.entry.version)
            body = refilled(call.resource.kind, body)
        metadata = {**body.get("metadata", {}), "name": call.name}
        if call.resource.namespaced:
            metadata["namespace"] = call.namespace
        whole = {**body, "metadata": metadata}
        return self._registry(call).update(call.resource, whole, call.subresource, dry_run=call.dry_run)

    def patched(self, call: Call) -> Any:
        """What a patch would make of its object, None if it does not apply."""
        current = self._registry(call).find(call.resource, call.namespace, call.name)
        change = PATCHES.get(call.content_type)
        try:
            return None if current is None or change is None else change(current, call.body)
        except status.StatusError:
            return None

    def _patch(self, call: Call) -> tuple[int, Object]:
        if call.content_type == q.APPLY_PATCH:
            return apply(self._registry(call), call.entry, call.namespace, call.name, call.query, _object(call.body))
        # Strategic merge needs types that are compiled in: custom resources have none.
        accepted = [type_ for type_ in PATCH_ORDER if not (call.entry.custom and type_ == q.STRATEGIC_MERGE_PATCH)]
        change = PATCHES.get(call.content_type)
        if change is None or call.content_type not in accepted:
            raise status.unsupported_media_type(accepted)
        current = self._registry(call).get(call.resource, call.namespace, call.name)
        before = scale_of(current) if call.subresource == "scale" else current
        patched = change(before, call.body)
        version = (patched.get("metadata") or {}).get("resourceVersion")
        if version and version != current["metadata"]["resourceVersion"]:
            raise status.conflict(call.resource, call.name, status.MODIFIED)
        wanted_uid = (patched.get("metadata") or {}).get("uid")
        if wanted_uid != before["metadata"]["uid"]:
            cause = {"reason": "FieldValueInvalid", "message": f'Invalid value: "{wanted_uid}": field is immutable'}
            # The real server says it twice: once for the object, once for its metadata.
            raise status.invalid(call.resource, call.name, 2 * [{**cause, "field": "metadata.uid"}])
        # What a merge does not name has the types that it was stored with.
        whole = patched if call.entry.custom else without_nulls(patched)
        why = validation.mistyped(call.resource, whole, call.body if isinstance(call.body, dict) else None)
        why = why or custom_values.unreadable(call.entry.version, whole)
        if why:
            shown = msgspec.json.encode(patched).decode()
            cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {status.quoted(shown)}: {why}", "field": "patch"}
            raise status.invalid(NO_KIND, "", [cause])
        named = (patched.get("metadata") or {}).get("name", "")
        if named != call.name:
            raise status.bad_request(f"the name of the object ({named}) does not match the name on the URL ({call.name})")
        return 200, self._write(call, current, patched)

    def _delete(self, call: Call) -> tuple[int, Object]:
        options = call.body or {}
        preconditions = options.get("preconditions") or {}
        grace = options.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds"))
        deleted = self._registry(call).delete(
            call.resource,
            call.namespace,
            call.name,
            grace_s=None if grace is None else int(grace),
            uid=preconditions.get("uid", ""),
            resource_version=preconditions.get("resourceVersion", ""),
            dry_run=call.dry_run or options.get("dryRun") == ["All"],
        )
        if call.resource.kind in SHOWN_WHEN_DELETED or deleted["metadata"].get("finalizers"):
            return 200, deleted
        details = {"name": call.name, "kind": call.resource.plural, "uid": deleted["metadata"]["uid"]}
        if call.resource.group:
            details["group"] = call.resource.group
        return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def watch(self, call: Call, on_event: Callable[[str, Object], None]) -> Callable[[], None]:
        """Begin a watch; events go to `on_event(type, object)`, those of the past at once. Returns the way to end it.

        Raises StatusError 410 when the history from the resourceVersion is gone.
        """
        selected = selection(call)
        store = self.registry.store
        on_event = self.customs.telling(call.resource, on_event) if call.entry.custom else on_event

        def tell(change: Change) -> None:
            # An object that comes to match, or ceases to, appears and disappears for this watch.
            now = change.type != "DELETED" and selected(change.object)
            before = change.previous is not None and selected(change.previous)
            if now:
                on_event("MODIFIED" if before else "ADDED", change.object)
            elif before and change.type == "DELETED":
                on_event("DELETED", change.object)
            elif before and change.previous is not None:
                # What ceases to match is told as it was when it matched, with the revision of the change.
                version = {"resourceVersion": change.object["metadata"]["resourceVersion"]}
                on_event("DELETED", {**change.previous, "metadata": {**change.previous["metadata"], **version}})

        version = call.query.get("resourceVersion", "")
        if version in ("", "0"):
            for value in store.ordered(call.resource, call.namespace):
                if selected(value):
                    on_event("ADDED", value)
        else:
            past = store.changes_since(call.resource, _revision(version))
            if past is None:
                raise status.too_old(_revision(version), store.revision)
            for change in past:
                tell(change)
        return store.subscribe(call.resource, tell)


def _object(body: Any) -> Object:
    if not isinstance(body, dict):
        raise status.bad_request("the object provided is unrecognized (must be of type object)")
    return body


def _revision(version: str) -> int:
    if not version.isdigit():
        raise status.bad_request(f'invalid resource version "{version}"')
    return int(version)
