"""The OpenAPI documents that kubectl asks for: which patches take `fieldValidation`, and the schemas of custom resources.

Owns /openapi/v3 and a bare /openapi/v2. Schemas of built-in kinds name their top-level fields and leave the rest open:
kubectl then merges by the types built into it, and leaves validation to the server. Source: "OpenAPI"; KEP-2885.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from underway.sim.apiserver.catalogue import Entry

Document = dict[str, Any]

GVK = "x-kubernetes-group-version-kind"
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
INFO = {"title": "Underway, embedded cluster", "version": "v1"}
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


def _path(entry: Entry) -> str:
    return entry.resource.path("{namespace}" if entry.resource.namespaced else "", "{name}")


def _documents(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.resource.group, entry.resource.version, entry.resource.plural)):
        resource = entry.resource
        prefix = f"apis/{resource.group}" if resource.group else "api"
        found.setdefault(f"{prefix}/{resource.version}", []).append(entry)
    return found


def index(entries: Iterable[Entry]) -> Document:
    """GET /openapi/v3: the address of each group's document; the hash in it changes with the document."""
    paths = {}
    for path, found in _documents(entries).items():
        digest = hashlib.sha256(msgspec.json.encode(_document(found))).hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def document(entries: Iterable[Entry], path: str) -> Document | None:
    """GET /openapi/v3/PATH, None if there is no such group."""
    found = _documents(entries).get(path)
    return _document(found) if found else None


def _document(entries: list[Entry]) -> Document:
    paths, schemas = {}, {}
    for entry in entries:
        resource = entry.resource
        gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        name = ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind]).lstrip(".")
        reference = {"$ref": f"#/components/schemas/{name}"}
        answer = {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}}
        parameters = [
            {"name": parameter, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for parameter in ("dryRun", "fieldManager", "fieldValidation", "force")
        ]
        body = {"content": {"application/merge-patch+json": {"schema": OPEN}, "application/apply-patch+yaml": {"schema": OPEN}}}
        patch = {"operationId": f"patch{resource.kind}", "parameters": parameters, "requestBody": body, "responses": answer}
        get = {"operationId": f"read{resource.kind}", "responses": answer}
        paths[_path(entry)] = {
            "get": {**get, GVK: gvk, "x-kubernetes-action": "get"},
            "patch": {**patch, GVK: gvk, "x-kubernetes-action": "patch"},
        }
        schemas[name] = {**schema(entry), GVK: [gvk]}
    return {"openapi": "3.0.0", "info": INFO, "paths": paths, "components": {"schemas": schemas}}


def schema(entry: Entry) -> Document:
    """The schema of a resource: a custom resource's own, else the top-level fields."""
    top = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    own = entry.schema
    if own:
        return {"type": "object", **own, "properties": {**top, **own.get("properties", {})}}
    return {"type": "object", "properties": {**top, "spec": OPEN, "status": OPEN}}


def v2() -> Document:
    """GET /openapi/v2 as JSON: a document without a single path."""
    return {"swagger": "2.0", "info": INFO, "paths": {}}


def v2_protobuf() -> bytes:
    """GET /openapi/v2 as gnostic's protobuf Document: swagger (1), info (2: title 1, version 2), paths (8, empty).

    Every part is shorter than 128 bytes, so that each length is one byte.
    """

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    info = field(1, INFO["title"].encode()) + field(2, INFO["version"].encode())
    return field(1, b"2.0") + field(2, info) + field(8, b"")
