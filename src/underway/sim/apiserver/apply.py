"""Server-side apply: who owns which field, and what one manager's new intent changes.

Owns field sets (fieldsV1), conflicts and the removal of fields that a manager gives up. Source: "Server-Side Apply";
structured-merge-diff v6 (merge/update.go). Lists with known merge keys are owned by item (k:{...}), all others whole; those of a
custom resource as its schema says: maps by their keys, sets by value (v:...), objects that are atomic whole.
"""

import json
from typing import Any

from underway.crd.node import Node
from underway.kube.resource import Resource
from underway.sim.apiserver import custom_values, namespaces, status, validation
from underway.sim.apiserver.catalogue import Entry
from underway.sim.apiserver.defaults import refilled
from underway.sim.apiserver.patch import MERGE_KEYS
from underway.sim.apiserver.registry import Registry
from underway.sim.store import Object

Fields = dict[str, Any]
Path = tuple[str, ...]
PATCH_OPTIONS = Resource("meta.k8s.io", "v1", "patchoptions", "PatchOptions")
UNTYPED = Node({})  # what a schema does not name: objects are owned by field, lists whole
UNOWNED = frozenset({"apiVersion", "kind"})
UNOWNED_METADATA = frozenset({"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"})


def _item_key(field: str, item: Any) -> str | None:
    """The name of a list item in a field set, None where the list is owned whole."""
    if field == "ports" and isinstance(item, dict):
        keys = ("containerPort", "protocol") if "containerPort" in item else ("port", "protocol")
        return "k:" + json.dumps({key: item.get(key, "TCP") for key in keys}, separators=(",", ":"))
    merge_key = MERGE_KEYS.get(field)
    if merge_key is None or not isinstance(item, dict) or merge_key not in item:
        return None
    return "k:" + json.dumps({merge_key: item[merge_key]}, separators=(",", ":"))


def _name_of(field: str, item: Any, node: Node | None) -> str | None:
    """The name of a list item: as a schema says, or, without one, by the keys that built-in lists are known by."""
    if node is None:
        return _item_key(field, item)
    if node.list_type == "set" and not isinstance(item, dict | list):
        return "v:" + json.dumps(item, separators=(",", ":"))
    if node.list_type == "map" and isinstance(item, dict):
        keys = {key: item[key] if key in item else _default(node, key) for key in sorted(node.list_map_keys)}
        return "k:" + json.dumps({key: one for key, one in keys.items() if one is not None}, separators=(",", ":"))
    return None


def _default(node: Node, key: str) -> Any:
    part = None if node.items is None else node.items.of(key)
    return None if part is None else part.default


def _below(node: Node | None, key: str) -> Node | None:
    """The schema of a field; UNTYPED where a custom resource says nothing, None for a built-in kind."""
    if node is None or (node.embedded and key == "metadata"):
        return None
    return node.of(key) or UNTYPED


def _item(node: Node | None) -> Node | None:
    return None if node is None else node.items or UNTYPED


def paths_of(value: Any, field: str = "", prefix: Path = (), node: Node | None = None) -> dict[Path, Any]:
    """Every owned leaf of a value: its path and what stands there. node: the schema of a custom resource."""
    if isinstance(value, dict) and value and not (node is not None and node.map_type == "atomic"):
        found: dict[Path, Any] = {}
        for key, child in value.items():
            if not prefix and key in UNOWNED:
                continue
            if prefix == ("f:metadata",) and key in UNOWNED_METADATA:
                continue
            found |= paths_of(child, key, (*prefix, f"f:{key}"), _below(node, key))
        return found
    if isinstance(value, list) and value and all(_name_of(field, item, node) is not None for item in value):
        items: dict[Path, Any] = {}
        for item in value:
            at = (*prefix, str(_name_of(field, item, node)))
            items |= {(*at, "."): None} | (paths_of(item, "", at, _item(node)) if isinstance(item, dict) else {})
        return items
    return {prefix: value} if prefix else {}


def to_fields(paths: dict[Path, Any]) -> Fields:
    """The fieldsV1 of a set of paths."""
    fields: Fields = {}
    for path in paths:
        at = fields
        for part in path:
            at = at.setdefault(part, {})
    return fields


def from_fields(fields: Fields, prefix: Path = ()) -> set[Path]:
    """The paths of a fieldsV1."""
    if not fields:
        return {prefix} if prefix else set()
    return {path for part, below in fields.items() for path in from_fields(below, (*prefix, part))}


def _merge(target: Any, intent: Any, field: str = "", node: Node | None = None) -> Any:
    if isinstance(intent, dict) and isinstance(target, dict) and not (node is not None and node.map_type == "atomic"):
        return {**target, **{key: _merge(target.get(key), value, key, _below(node, key)) for key, value in intent.items()}}
    if isinstance(intent, list) and isinstance(target, list) and all(_name_of(field, i, node) for i in [*target, *intent]):
        merged = {str(_name_of(field, item, node)): item for item in target}
        for item in intent:
            key = str(_name_of(field, item, node))
            merged[key] = _merge(merged.get(key, {}), item, "", _item(node))
        return list(merged.values())
    return intent


def _without(value: Any, path: Path, field: str = "", node: Node | None = None) -> Any:
    """The value with what stands at a path removed."""
    part, rest = path[0], path[1:]
    if part == ".":
        return value
    if part.startswith("f:") and isinstance(value, dict):
        key = part[2:]
        if key not in value:
            return value
        if not rest:
            return {name: child for name, child in value.items() if name != key}
        return {**value, key: _without(value[key], rest, key, _below(node, key))}
    if part.startswith(("k:", "v:")) and isinstance(value, list):
        if rest == (".",):
            return [item for item in value if _name_of(field, item, node) != part]
        named = (rest and _name_of(field, item, node) == part for item in value)
        return [_without(item, rest, "", _item(node)) if here else item for item, here in zip(value, named, strict=True)]
    return value


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        if part.startswith("f:"):
            text += f".{part[2:]}"
        elif part.startswith("k:"):
            pairs = ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(part[2:]).items())
            text += f"[{pairs}]"
        elif part.startswith("v:"):
            text += f"[={part[2:]}]"
    return text


def _conflicts(current: Object, intent: dict[Path, Any], manager: str, node: Node | None) -> list[tuple[str, Path]]:
    """The fields that somebody else owns with another value."""
    present = paths_of(current, node=node)
    found: list[tuple[str, Path]] = []
    for entry in current["metadata"].get("managedFields", ()):
        if entry["manager"] == manager and entry["operation"] == "Apply":
            continue
        owned = sorted(from_fields(entry.get("fieldsV1", {})))
        found.extend(
            (entry["manager"], path) for path in owned if path in intent and path[-1] != "." and intent[path] != present.get(path)
        )
    return found


def _entry(registry: Registry, resource: Resource, manager: str, paths: dict[Path, Any]) -> Object:
    return {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": resource.api_version,
        "time": registry.now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": to_fields(paths),
    }


def apply(
    registry: Registry, entry: Entry, namespace: str, name: str, query: dict[str, str], intent: Object
) -> tuple[int, Object]:
    """Apply a manager's whole intent. query: fieldManager (required), force, dryRun. Raises StatusError 400, 409."""
    resource = entry.resource
    manager = query.get("fieldManager", "")
    if not manager:
        cause = {
            "reason": "FieldValueRequired",
            "message": "Required value: is required for apply patch",
            "field": "fieldManager",
        }
        raise status.invalid(PATCH_OPTIONS, "", [cause])
    if not intent.get("apiVersion") or not intent.get("kind"):
        raise status.bad_request(f"invalid object type: /, Kind={intent.get('kind', '')}")
    named = (intent.get("metadata") or {}).get("name", name)
    if named != name:
        raise status.bad_request(f"the name of the object ({named}) does not match the name on the URL ({name})")
    node = None if entry.version is None else entry.version.node
    paths = paths_of(intent, node=node)
    current = registry.find(resource, namespace, name)
    dry_run = query.get("dryRun") == "All"
    if current is None:
        metadata = {**(intent.get("metadata") or {}), "name": name, "managedFields": [_entry(registry, resource, manager, paths)]}
        if resource.namespaced:
            metadata["namespace"] = namespace
        made = custom_values.received(resource, entry.version, {**intent, "metadata": metadata})
        namespaces.admit(registry.store, resource, metadata)
        validation.check(resource, made, version=entry.version)
        return 201, registry.create(resource, made, dry_run=dry_run)
    conflicts = _conflicts(current, paths, manager, node)
    if conflicts and query.get("force") != "true":
        raise _conflict(conflicts)
    entries = current["metadata"].get("managedFields", [])
    own = next((one for one in entries if one["manager"] == manager and one["operation"] == "Apply"), None)
    merged = _merge(current, intent, node=node)
    given_up = from_fields(own["fieldsV1"]) - set(paths) if own else set()
    others = {path for one in entries if one is not own for path in from_fields(one.get("fieldsV1", {}))}
    # Items go before their fields: without its keys an item could not be found any more.
    for path in sorted(given_up - others, key=lambda one: (one[-1] != ".", -len(one))):
        merged = _without(merged, path, node=node)
    taken = {path for _, path in conflicts}
    kept = [_less(one, taken) for one in entries if one is not own]
    metadata = {**merged["metadata"], "managedFields": [*kept, _entry(registry, resource, manager, paths)]}
    if _same(merged, current) and own is not None and own["fieldsV1"] == to_fields(paths):
        return 200, current
    merged = custom_values.received(resource, entry.version, merged)
    validation.check(resource, merged, current, entry.version)
    merged = refilled(resource.kind, merged)
    return 200, registry.update(resource, {**merged, "metadata": metadata}, dry_run=dry_run)


def _same(merged: Object, current: Object) -> bool:
    def bare(value: Object) -> Object:
        return {**value, "metadata": {key: part for key, part in value["metadata"].items() if key != "managedFields"}}

    return bare(merged) == bare(current)


def _less(entry: Object, taken: set[Path]) -> Object:
    left = dict.fromkeys(sorted(from_fields(entry.get("fieldsV1", {})) - taken))
    return {**entry, "fieldsV1": to_fields(left)}


def _conflict(conflicts: list[tuple[str, Path]]) -> status.StatusError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": _dotted(path)}
        for manager, path in conflicts
    ]
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    if len(causes) == 1:
        message = f"Apply failed with {count}: {causes[0]['message']}: {causes[0]['field']}"
    else:
        listed = "\n".join(f"- {cause['field']}" for cause in causes)
        message = f'Apply failed with {count}: conflicts with "{conflicts[0][0]}":\n{listed}'
    return status.StatusError(409, "Conflict", message, {"causes": causes})
