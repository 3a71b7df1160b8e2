"""The patch types of the API: JSON patch (RFC 6902), merge patch (RFC 7396) and strategic merge patch.

Owns what a patch does to plain JSON values. It does not know versions or conflicts: `sim.apiserver.server` compares them.
Source of the merge keys: the patchStrategy and patchMergeKey tags in k8s.io/api types.go; of the directives ($patch,
$retainKeys, $setElementOrder, $deleteFromPrimitiveList): apimachinery pkg/util/strategicpatch.
"""

from typing import Any

from underway.sim.apiserver.status import StatusError

Json = Any

# List field -> merge key, by the last part of its path. ports has two: a Service's by port, a container's by containerPort.
MERGE_KEYS: dict[str, str] = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "conditions": "type",
    "addresses": "type",
    "ownerReferences": "uid",
    "topologySpreadConstraints": "topologyKey",
    "secrets": "name",
    "webhooks": "name",
    "matchConditions": "name",
}
PRIMITIVE_LISTS = frozenset({"finalizers"})
DIRECTIVES = ("$patch", "$retainKeys")


def merge(target: Json, patch: Json) -> Json:
    """RFC 7396: null removes, objects merge, anything else replaces.

    What takes the place of an object, other than an object, keeps the nulls within it; anywhere else they go, in lists too.
    Source: evanphx/json-patch v4 merge.go.
    """
    if not isinstance(target, dict):
        return _without_nulls(patch)
    if not isinstance(patch, dict):
        return patch
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _without_nulls(value: Json) -> Json:
    """Without fields that are null; null items stay."""
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def json_patch(target: Json, operations: Json) -> Json:
    """RFC 6902. Raises StatusError 400 for a malformed patch, 422 for one that does not apply."""
    import jsonpatch

    made = target
    try:
        for operation in jsonpatch.JsonPatch(operations):
            made = jsonpatch.JsonPatch([_of_absent(made, operation)]).apply(made)
        return made
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        # The real server does not say which operation failed either.
        raise StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {}) from None


def _of_absent(target: Json, operation: Json) -> Json:
    """The operation as Go's library takes it: what a field is that is not there, is null to be copied and can be replaced.

    Source: evanphx/json-patch v4 patch.go, partialDoc.get.
    """
    import jsonpointer

    at = {"copy": "from", "replace": "path"}.get(operation.get("op", ""))
    if at is None:
        return operation
    parent, name = jsonpointer.JsonPointer(operation.get(at, "")).to_last(target)
    if not isinstance(parent, dict) or name in parent:
        return operation
    return {"op": "add", "path": operation.get("path", ""), "value": operation.get("value")}


def _merge_key(field: str, items: list[Json]) -> str | None:
    if field == "ports":
        return "containerPort" if any(isinstance(item, dict) and "containerPort" in item for item in items) else "port"
    return MERGE_KEYS.get(field)


def strategic(target: Json, patch: Json) -> Json:
    """Strategic merge patch of one object."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    merged = dict(target) if isinstance(target, dict) else {}
    retained = patch.get("$retainKeys")
    if retained is not None:
        merged = {key: value for key, value in merged.items() if key in retained}
    for key, value in patch.items():
        if key in DIRECTIVES or key.startswith("$setElementOrder/"):
            continue
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            merged[field] = [item for item in merged.get(field, ()) if item not in value]
        elif value is None:
            merged.pop(key, None)
        elif isinstance(value, list):
            merged[key] = _strategic_list(key, merged.get(key) or [], value, patch.get(f"$setElementOrder/{key}"))
        else:
            merged[key] = strategic(merged.get(key), value)
    return merged


def _strategic_list(field: str, target: list[Json], patch: list[Json], order: list[Json] | None) -> list[Json]:
    if field in PRIMITIVE_LISTS:
        merged = [*target, *(item for item in patch if item not in target)]
        return sorted(merged, key=order.index) if order and set(order) >= set(merged) else merged
    merge_key = _merge_key(field, [*target, *patch])
    if merge_key is None or not any(isinstance(item, dict) for item in [*target, *patch]):
        return patch
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if item.get("$patch") != "replace"]
    merged = list(target)
    named = [item[merge_key] for item in patch if isinstance(item, dict) and merge_key in item]
    for item in patch:
        if not isinstance(item, dict) or merge_key not in item:
            shown = " ".join(f"{key}:{value}" for key, value in item.items()) if isinstance(item, dict) else item
            raise StatusError(500, "", f"map: map[{shown}] does not contain declared merge key: {merge_key}")
        index = next((i for i, present in enumerate(merged) if present.get(merge_key) == item[merge_key]), None)
        if item.get("$patch") == "delete":
            merged = [present for present in merged if present.get(merge_key) != item[merge_key]]
        elif index is None:
            merged.append(strategic({}, item))
        else:
            merged[index] = strategic(merged[index], item)
    wanted = [entry.get(merge_key) for entry in order if isinstance(entry, dict)] if order else named
    return _ordered(merged, merge_key, wanted, [item.get(merge_key) for item in target])


def _ordered(items: list[Json], merge_key: str, wanted: list[Json], before: list[Json]) -> list[Json]:
    """Items that the patch names in its order, the others in the order they had, woven together.

    Of two heads the patch's goes first unless both were there before and the other stood in front. Source:
    strategicpatch mergeSortedSlice.
    """
    named = sorted((item for item in items if item[merge_key] in wanted), key=lambda item: wanted.index(item[merge_key]))
    others = [item for item in items if item[merge_key] not in wanted]
    woven: list[Json] = []
    while named and others:
        left, right = named[0][merge_key], others[0][merge_key]
        behind = left in before and right in before and before.index(left) > before.index(right)
        woven.append((others if behind else named).pop(0))
    return [*woven, *named, *others]
