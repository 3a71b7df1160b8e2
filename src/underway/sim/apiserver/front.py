"""The embedded API server as HTTP sees it: a request as plain values in, an answer or a watch out.

Owns the order of things: who calls, what they ask for, whether they may, whether it is served, whether the body can be
read. It opens no socket: `sim.apiserver.asgi` does. What a call does to the cluster is `sim.apiserver.server`'s.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver import access, bodies, discovery, openapi, reviews, status, strictness, table
from underway.sim.apiserver.access import Authorize, User
from underway.sim.apiserver.api_types import json_type
from underway.sim.apiserver.catalogue import Entry
from underway.sim.apiserver.discovery import SUBRESOURCE_VERBS
from underway.sim.apiserver.routing import TRUE, Form, Target, form, target
from underway.sim.apiserver.server import ApiServer, Call
from underway.sim.apiserver.status import StatusError
from underway.sim.store import Object

JSON = "application/json"
LIST_OPTIONS = Resource("meta.k8s.io", "v1", "listoptions", "ListOptions")
DELETE_OPTIONS = Resource("meta.k8s.io", "v1", "deleteoptions", "DeleteOptions")
TEXT = "text/plain; charset=utf-8"
FORMS: tuple[Form, ...] = ("Table", "PartialObjectMetadata")
# The one measure that a client of this server may look for: nothing deprecated is served here, so nobody has asked for it.
METRICS = b"# TYPE apiserver_requested_deprecated_apis gauge\n"
HEALTH = ("/healthz", "/livez", "/readyz")


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it arrived. headers: lower case names; certified: the user of a verified client certificate."""

    method: str
    path: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    impersonated_groups: tuple[str, ...] = ()
    body: bytes = b""
    certified: User | None = None

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Answer(msgspec.Struct, frozen=True):
    """One whole answer. retry_after_s: 0 for none; warnings: each a header of its own."""

    code: int
    body: bytes
    content_type: str = JSON
    retry_after_s: int = 0
    warnings: tuple[str, ...] = ()


class Watching(msgspec.Struct, frozen=True):
    """A watch to be streamed. encode: (event type, object) to one line; begin: starts it, see ApiServer.watch.

    bookmark: makes one, True for the one that ends the first objects; bookmarks: whether the client takes them;
    initial_end: whether it waits for one after the first objects.
    timeout_s: 0 for no limit but the server's own.
    """

    begin: Callable[[Callable[[str, Object], None]], Callable[[], None]]
    encode: Callable[[str, Object], bytes]
    bookmark: Callable[[bool], bytes]
    bookmarks: bool
    initial_end: bool
    timeout_s: int


class Front:
    """One API server behind HTTP. tokens: bearer tokens and their users; authorize: may be replaced at any time."""

    def __init__(self, server: ApiServer, tokens: dict[str, User] | None = None, authorize: Authorize | None = None) -> None:
        self.server = server
        self.tokens = tokens or {}
        self.authorize: Authorize = authorize or access.masters_only

    def answer(self, request: HttpRequest) -> Answer | Watching:
        """Answer a request; a refusal is an answer too."""
        try:
            return self._answer(request)
        except StatusError as error:
            return refusal(error)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
            # The last line of defence: a body that no rule above foresaw costs its sender a Status, never a traceback.
            return refusal(status.internal(f"the embedded API server cannot handle this request: {error!r}"))

    def _answer(self, request: HttpRequest) -> Answer | Watching:
        wanted = target(request.method, request.path, request.query)
        user = access.authenticate(request.certified, request.headers, self.tokens)
        name = request.headers.get("impersonate-user")
        if name:
            user = access.impersonate(user, name, request.impersonated_groups, self.authorize)
        review = (
            reviews.answer(request.path, user, self.authorize, request.body, request.content_type)
            if request.method == "POST"
            else None
        )
        if review is not None:
            return _json(201, review)
        access.check(user, wanted.attributes, self.authorize)
        if not wanted.plural:
            return self._document(request)
        served = self.server.entries.get((wanted.group, wanted.version, wanted.plural))
        if served is None:
            # Groups of custom resources hand on what they do not serve, to where nobody knows it.
            if wanted.group and all(
                entry.custom or entry.resource.group != wanted.group for entry in self.server.entries.values()
            ):
                return Answer(404, b"404 page not found\n", TEXT)
            raise status.path_not_found()
        return self._resource(request, wanted, served)

    def _document(self, request: HttpRequest) -> Answer:
        """The paths that are no resource."""
        entries = self.server.entries.values()
        path = request.path.rstrip("/") or "/"
        accept = request.headers.get("accept", "")
        found: Any = None
        match [part for part in path.split("/") if part]:
            case [("healthz" | "livez" | "readyz"), *_]:
                return self._health(path, verbose="verbose" in request.query)
            case ["version"]:
                found = discovery.version_document(self.server.release)
            case ["metrics"]:
                return Answer(200, METRICS, TEXT)
            case ["api" | "apis" as root]:
                if form(accept, ("APIGroupDiscoveryList",)):
                    found = discovery.aggregated(entries, core=root == "api")
                    return Answer(200, _encode(found), f"{JSON};g={discovery.AGGREGATED_GROUP};v=v2;as={discovery.AGGREGATED}")
                found = discovery.api_versions() if root == "api" else discovery.api_groups(entries)
            case ["api", version]:
                found = discovery.resources(entries, "", version)
            case ["apis", group]:
                found = discovery.group_named(entries, group)
            case ["apis", group, version]:
                found = discovery.resources(entries, group, version)
            case ["openapi", "v2"]:
                protobuf = openapi.V2_PROTOBUF in accept
                return Answer(200, openapi.v2_protobuf(), openapi.V2_PROTOBUF) if protobuf else _json(200, openapi.v2())
            case ["openapi", "v3"]:
                found = openapi.index(entries)
            case ["openapi", "v3", *rest]:
                found = openapi.document(entries, "/".join(rest))
        if found is None and (path.startswith("/api/") or path.count("/") == 3):
            raise status.path_not_found()
        return Answer(404, b"404 page not found\n", TEXT) if found is None else _json(200, found)

    def _health(self, path: str, *, verbose: bool) -> Answer:
        code, text = self.server.readyz()
        if "/" in path[1:] and code == 200:
            return Answer(200, b"ok", TEXT)
        return Answer(code, text.encode() if verbose or code != 200 else b"ok", TEXT)

    def _resource(self, request: HttpRequest, wanted: Target, entry: Entry) -> Answer | Watching:
        _check_served(wanted, entry)
        call = self._call(request, wanted, entry)
        if wanted.subresource == "log":
            said = self.server.log(call)
            return Answer(204, b"", TEXT) if said is None else Answer(200, said, "text/plain")
        shape = form(request.headers.get("accept", ""), FORMS)
        if wanted.verb == "watch":
            return self._watch(call, shape, request.query)
        if wanted.verb == "deletecollection":
            return self._delete_collection(call)
        if wanted.verb == "create" and not wanted.name and entry.resource.namespaced:
            self.server.registry.get(NAMESPACES, "", wanted.namespace)
        call, warnings = strictness.applied(call, self.server.patched)
        code, value = self.server.handle(call)
        if code >= 400:
            refused = _json(code, value, (value.get("details") or {}).get("retryAfterSeconds", 0))
            return msgspec.structs.replace(refused, warnings=warnings)
        if wanted.verb in ("get", "list") and not wanted.subresource:
            return _json(code, self._shaped(entry, value, shape, request.query))
        made = _json(code, value)
        return msgspec.structs.replace(made, warnings=warnings) if warnings else made

    def _call(self, request: HttpRequest, wanted: Target, entry: Entry) -> Call:
        """The routed call. Raises StatusError 400, 413, 415."""
        query, body, content_type = dict(request.query), None, request.content_type
        _check_numbers(query, watching=wanted.verb == "watch")
        if wanted.verb == "patch":
            body = bodies.patch_of(request.body, content_type)
        elif wanted.verb in ("create", "update"):
            body = bodies.object_of(request.body, content_type, entry.resource)
            _check_names(wanted, entry, body)
        elif wanted.verb in ("delete", "deletecollection") and request.body:
            body = bodies.object_of(request.body, content_type, DELETE_OPTIONS)
        if wanted.verb == "watch" and wanted.name:
            query["fieldSelector"] = f"metadata.name={wanted.name}"
        return Call(
            verb="delete" if wanted.verb == "deletecollection" else wanted.verb,  # type: ignore[arg-type]  # routing made it one of Verb
            entry=entry,
            namespace=wanted.namespace if entry.resource.namespaced else "",
            name=wanted.name,
            subresource=wanted.subresource,
            query=query,
            body=body,
            content_type=content_type or JSON,
        )

    def _shaped(self, entry: Entry, value: Object, shape: Form, query: dict[str, str]) -> Object:
        """A get's or a list's value in the form asked for."""
        listed = value.get("items") if value["kind"] == f"{entry.resource.kind}List" else None
        items = [value] if listed is None else listed
        if shape == "Table":
            metadata = value["metadata"] if listed is not None else {"resourceVersion": value["metadata"]["resourceVersion"]}
            return table.table(entry, items, metadata, self.server.registry.now(), query.get("includeObject", "Metadata"))
        if shape == "PartialObjectMetadata":
            items = [partial(item) for item in items]
        if listed is None:
            return items[0]
        if shape == "PartialObjectMetadata":
            return {**value, "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": items}
        return {**value, "items": [_bare(entry, item) for item in items]}

    def _watch(self, call: Call, shape: Form, query: dict[str, str]) -> Watching:
        entry, headed = call.entry, False

        def encode(kind: str, value: Object) -> bytes:
            nonlocal headed
            shown = value
            if kind == "ERROR":
                pass
            elif shape == "Table":
                metadata = {"resourceVersion": value["metadata"]["resourceVersion"]}
                include = query.get("includeObject", "Metadata")
                shown = table.table(entry, [shown], metadata, self.server.registry.now(), include, headed=not headed)
                headed = True
            elif shape == "PartialObjectMetadata":
                shown = partial(shown)
            return _encode({"type": kind, "object": shown}) + b"\n"

        def bookmark(initial_end: bool) -> bytes:
            version = str(self.server.registry.store.revision)
            metadata: Object = {"resourceVersion": version}
            if initial_end:
                metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
            value = {"kind": entry.resource.kind, "apiVersion": entry.resource.api_version, "metadata": metadata}
            return _encode({"type": "BOOKMARK", "object": value}) + b"\n"

        initial = query.get("sendInitialEvents") in TRUE
        if initial:
            call = msgspec.structs.replace(call, query={**call.query, "resourceVersion": ""})
        return Watching(
            begin=lambda on_event: self.server.watch(call, on_event),
            encode=encode,
            bookmark=bookmark,
            bookmarks=query.get("allowWatchBookmarks") in TRUE,
            initial_end=initial,
            timeout_s=int(query.get("timeoutSeconds") or 0),
        )

    def _delete_collection(self, call: Call) -> Answer:
        """Delete whatever the selectors select, one by one, as the real server does."""
        listing = msgspec.structs.replace(call, verb="list", body=None, query={**call.query, "limit": "", "continue": ""})
        code, found = self.server.handle(listing)
        if code >= 400:
            return _json(code, found)
        for item in found["items"]:
            metadata = item["metadata"]
            one = msgspec.structs.replace(call, name=metadata["name"], namespace=metadata.get("namespace", ""))
            code, value = self.server.handle(one)
            if code >= 400 and code != 404:
                return _json(code, value)
        return _json(200, {**found, "items": [_bare(call.entry, item) for item in found["items"]]})


def _bare(entry: Entry, item: Object) -> Object:
    """An item of a list: for built-in kinds the list alone says what its items are."""
    return item if entry.custom else {key: part for key, part in item.items() if key not in ("kind", "apiVersion")}


def _check_served(wanted: Target, entry: Entry) -> None:
    """That the resource has this path and takes this verb. Raises StatusError 404, 405."""
    namespaced = entry.resource.namespaced
    at_home = wanted.plural == "namespaces" and wanted.group == ""
    if (wanted.name and namespaced and not wanted.namespace) or (not namespaced and wanted.namespace and not at_home):
        raise status.path_not_found()
    if wanted.subresource:
        if wanted.subresource not in entry.subresources:
            known = entry.custom and wanted.subresource in SUBRESOURCE_VERBS
            raise status.not_found(entry.resource, wanted.name) if known else status.path_not_found()
        if wanted.verb not in SUBRESOURCE_VERBS[wanted.subresource]:
            raise status.method_not_allowed()
        return
    of_collection = wanted.verb in ("list", "create", "deletecollection", "watch")
    of_object = wanted.verb in ("get", "update", "patch", "delete", "watch")
    if not (of_object if wanted.name else of_collection):
        raise status.method_not_allowed()
    if wanted.verb in ("create", "deletecollection") and namespaced and not wanted.namespace:
        raise status.method_not_allowed()


def _check_names(wanted: Target, entry: Entry, body: Object) -> None:
    """That a body is of the kind and the name that the URL says. Raises StatusError 400."""
    metadata = {} if body.get("metadata") is None else body["metadata"]
    if not isinstance(metadata, dict):
        shown = f'{entry.resource.kind} in version "{entry.resource.version}" cannot be handled as a {entry.resource.kind}'
        got = json_type(metadata)
        raise status.bad_request(f"{shown}: json: cannot unmarshal {got} into Go struct field .metadata of type ObjectMeta")
    name = metadata.get("name", "")
    if wanted.subresource == "eviction":
        if name != wanted.name:
            raise status.bad_request("name in URL does not match name in Eviction object")
    elif wanted.subresource in ("", "status"):
        bodies.check_kind(body, entry.resource)
        if wanted.name and name and name != wanted.name:
            raise status.bad_request(f"the name of the object ({name}) does not match the name on the URL ({wanted.name})")


def _check_numbers(query: dict[str, str], *, watching: bool) -> None:
    """That numbers in a query are numbers, and a dry run one of everything.

    Raises StatusError 400, 422, and 500 for a watch's resourceVersion, as the real server does.
    """
    dry_run = query.get("dryRun", "All")
    if dry_run != "All":
        cause = {"reason": "FieldValueNotSupported", "message": f'Unsupported value: ["{dry_run}"]: supported values: "All"'}
        raise status.invalid(DELETE_OPTIONS, "", [{**cause, "field": "dryRun"}])
    match = query.get("resourceVersionMatch", "")
    if match and query.get("resourceVersion", "") in ("", "0") and not watching:
        why = f'resourceVersionMatch "{match.lower()}" is forbidden for resourceVersion "0"'
        if "resourceVersion" not in query:
            why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        if match == "Exact" or "resourceVersion" not in query:
            cause = {"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": "resourceVersionMatch"}
            raise status.invalid(LIST_OPTIONS, "", [cause])
    for key in ("limit", "timeoutSeconds", "gracePeriodSeconds"):
        text = query.get(key, "")
        if text and not text.removeprefix("-").isdecimal():
            raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    version = query.get("resourceVersion", "")
    if version and not version.isdecimal():
        why = f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
        raise StatusError(500, "", why) if watching else status.bad_request(f"invalid resource version: {why}")


def partial(value: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}


def refusal(error: StatusError) -> Answer:
    """A Status as an answer."""
    return _json(error.code, error.status, (error.status.get("details") or {}).get("retryAfterSeconds", 0))


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _json(code: int, value: Any, retry_after_s: int = 0) -> Answer:
    return Answer(code, _encode(value), JSON, retry_after_s)
