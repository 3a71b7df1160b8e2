"""Metadata, of an object and of objects embedded in it: read as the API's ObjectMeta, and checked as such.

Owns coercion (unknown fields go; malformed ones go or are refused) and validation of embedded resources. Sources:
apiextensions-apiserver pkg/apiserver/schema/objectmeta; apimachinery pkg/api/validation/objectmeta.go.
"""

import re
from collections.abc import Iterator
from typing import Any

from underway.crd import names
from underway.crd.node import META_FIELDS, Node
from underway.crd.problem import Problem, child, invalid, required

Json = dict[str, Any]
Paths = list[str]
# JSON name to Go type; maps and lists are told apart by their look. Source: meta/v1 types.go.
FIELDS = {
    "name": "string", "generateName": "string", "namespace": "string", "selfLink": "string", "uid": "types.UID",
    "resourceVersion": "string", "generation": "int64", "creationTimestamp": "v1.Time", "deletionTimestamp": "v1.Time",
    "deletionGracePeriodSeconds": "int64", "labels": "map[string]string", "annotations": "map[string]string",
    "ownerReferences": "[]v1.OwnerReference", "finalizers": "[]string", "managedFields": "[]v1.ManagedFieldsEntry",
}  # fmt: skip
OWNER_FIELDS = {
    "apiVersion": "string",
    "kind": "string",
    "name": "string",
    "uid": "types.UID",
    "controller": "bool",
    "blockOwnerDeletion": "bool",
}
MANAGED_FIELDS = {
    "manager": "string", "operation": "v1.ManagedFieldsOperationType", "apiVersion": "string", "time": "v1.Time",
    "fieldsType": "string", "fieldsV1": "v1.FieldsV1", "subresource": "string",
}  # fmt: skip
STRUCTS = {"v1.OwnerReference": ("OwnerReference", OWNER_FIELDS), "v1.ManagedFieldsEntry": ("ManagedFieldsEntry", MANAGED_FIELDS)}
META_ORDER = ("apiVersion", "kind", "metadata")
ANNOTATIONS_BYTES_MAX = 256 * 1024
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_JSON_TYPES = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def coerce(value: Any, node: Node | None, *, drop: bool, unknown: Paths | None = None, path: str = "") -> Problem | None:
    """Read apiVersion, kind and metadata of embedded resources as the API does; the first that cannot be read.

    drop: what is malformed goes, instead of being refused (objects in storage). unknown: gets the paths of unknown fields of
    metadata. Changes the value.
    """
    if node is None:
        return None
    if isinstance(value, dict):
        for key, one in list(value.items()):
            if node.embedded and key in META_FIELDS:
                problem = _coerce_part(value, key, one, drop=drop, unknown=unknown, path=path)
                if problem is not None:
                    return problem
            if key in node.properties:
                problem = coerce(one, node.properties[key], drop=drop, unknown=unknown, path=child(path, key))
            elif node.others is not None:
                problem = coerce(one, node.others, drop=drop, unknown=unknown, path=f"{path}[{key}]")
            else:
                continue
            if problem is not None:
                return problem
    elif isinstance(value, list):
        for index, one in enumerate(value):
            problem = coerce(one, node.items, drop=drop, unknown=unknown, path=f"{path}[{index}]")
            if problem is not None:
                return problem
    return None


def coerce_root(value: Json, *, drop: bool, unknown: Paths | None = None) -> Problem | None:
    """The same for an object that has no other objects embedded."""
    for key in META_ORDER:
        if key in value:
            problem = _coerce_part(value, key, value[key], drop=drop, unknown=unknown, path="")
            if problem is not None:
                return problem
    return None


def _coerce_part(value: Json, key: str, one: Any, *, drop: bool, unknown: Paths | None, path: str) -> Problem | None:
    if key != "metadata":
        if not isinstance(one, str):
            if not drop:
                return invalid(child(path, key), one, "must be a string")
            del value[key]
        return None
    why = mistyped(one)
    if why and not drop:
        return invalid(child(path, "metadata"), one, why)
    if not isinstance(one, dict):
        # null is an ObjectMeta without a field; anything else that is none stays as it is, as the server leaves it.
        if one is None:
            value["metadata"] = {}
        return None
    value["metadata"] = cleaned(one, child(path, "metadata"), unknown)
    return None


def cleaned(metadata: Json, path: str, unknown: Paths | None) -> Json:
    """The known fields of metadata that have the right types; empty ones go, as Go's encoder leaves them out."""
    kept: Json = {}
    for key, value in metadata.items():
        if key not in FIELDS:
            if unknown is not None:
                unknown.append(f"{path}.{key}")
        elif value in (None, "", {}, [], 0) or _wrong(FIELDS[key], value, "ObjectMeta", key):
            continue
        elif isinstance(value, list):
            kept[key] = [_item(one, f"{path}.{key}[{index}]", FIELDS[key][2:], unknown) for index, one in enumerate(value)]
        elif isinstance(value, dict):
            kept[key] = {name: one or "" for name, one in value.items()}  # null is Go's empty text
        else:
            kept[key] = value
    return kept


def _item(value: Any, path: str, type_: str, unknown: Paths | None) -> Any:
    """An item of ownerReferences or managedFields without unknown fields; its required fields are always written."""
    if type_ not in STRUCTS:
        return value or ""
    value = value or {}
    known = STRUCTS[type_][1]
    if unknown is not None:
        unknown.extend(f"{path}.{key}" for key in value if key not in known)
    kept = {key: one for key, one in value.items() if key in known and one is not None}
    return {**dict.fromkeys(("apiVersion", "kind", "name", "uid"), ""), **kept} if type_ == "v1.OwnerReference" else kept


def mistyped(metadata: Any) -> str:
    """Why metadata cannot be read as ObjectMeta, in the words of Go's decoder, or ""."""
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        return f"json: cannot unmarshal {_JSON_TYPES[type(metadata)]} into Go value of type v1.ObjectMeta"
    return next(
        (why for key, value in metadata.items() if key in FIELDS and (why := _wrong(FIELDS[key], value, "ObjectMeta", key))), ""
    )


def _wrong(type_: str, value: Any, struct: str, path: str) -> str:
    if value is None:
        return ""
    if type_.startswith("[]"):
        if not isinstance(value, list):
            return _sentence(value, struct, path, type_)
        return next((why for one in value if (why := _wrong(type_[2:], one, struct, path))), "")
    if type_.startswith("map["):
        if not isinstance(value, dict):
            return _sentence(value, struct, path, type_)
        return next((_sentence(one, struct, path, "string") for one in value.values() if not isinstance(one, str | None)), "")
    if type_ in STRUCTS:
        name, fields = STRUCTS[type_]
        if not isinstance(value, dict):
            return _sentence(value, struct, path, type_)
        return next(
            (why for key, one in value.items() if key in fields and (why := _wrong(fields[key], one, name, f"{path}.{key}"))), ""
        )
    return _wrong_scalar(type_, value, struct, path)


def _wrong_scalar(type_: str, value: Any, struct: str, path: str) -> str:
    if type_ == "v1.FieldsV1":
        return ""
    if type_ == "v1.Time":
        if not isinstance(value, str):
            return f"json: cannot unmarshal {_JSON_TYPES[type(value)]} into Go value of type string"
        shown = f'"{value}"'
        return (
            ""
            if _TIME.fullmatch(value)
            else f'parsing time {shown} as "2006-01-02T15:04:05Z07:00": cannot parse {shown} as "2006"'
        )
    if type_ == "int64":
        good = isinstance(value, int) and not isinstance(value, bool)
    else:
        good = isinstance(value, bool) if type_ == "bool" else isinstance(value, str)
    return "" if good else _sentence(value, struct, path, type_)


def _sentence(value: Any, struct: str, path: str, type_: str) -> str:
    return f"json: cannot unmarshal {_JSON_TYPES[type(value)]} into Go struct field {struct}.{path} of type {type_}"


def problems(value: Any, node: Node | None, path: str = "") -> Iterator[Problem]:
    """What is wrong with the embedded resources of an object; the object's own metadata is the API server's to check."""
    if node is None:
        return
    if isinstance(value, dict):
        if node.embedded:
            yield from _embedded(value, path)
        for key, one in value.items():
            if key in node.properties:
                yield from problems(one, node.properties[key], child(path, key))
            elif node.others is not None:
                yield from problems(one, node.others, f"{path}[{key}]")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from problems(one, node.items, f"{path}[{index}]")


def _embedded(value: Json, path: str) -> Iterator[Problem]:
    for key in ("apiVersion", "kind"):
        if key not in value:
            yield required(child(path, key))
    version, kind = value.get("apiVersion"), value.get("kind")
    if "apiVersion" in value:
        yield from _text(version, child(path, "apiVersion"))
        if isinstance(version, str) and version.count("/") > 1:
            yield invalid(child(path, "apiVersion"), version, f"unexpected GroupVersion string: {version}")
    if "kind" in value:
        yield from _text(kind, child(path, "kind"))
        wrong = names.dns1035_problems(kind.lower()) if isinstance(kind, str) and kind else []
        if wrong:
            yield invalid(child(path, "kind"), kind, f"may have mixed case, but should otherwise match: {','.join(wrong)}")
    if "metadata" in value:
        why = mistyped(value["metadata"])
        if why:
            yield invalid(child(path, "metadata"), value["metadata"], why)
        else:
            yield from metadata_problems(value["metadata"] or {}, child(path, "metadata"))


def _text(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield invalid(path, value, "must be a string")
    elif not value:
        yield invalid(path, value, "must not be empty")


def metadata_problems(metadata: Json, path: str) -> Iterator[Problem]:
    """What is wrong with well-typed metadata of an embedded resource."""
    for key in ("generateName", "name"):
        for why in _segment_problems(metadata.get(key) or ""):
            yield invalid(child(path, key), metadata[key], why)
    if metadata.get("namespace"):
        for why in _label_problems(metadata["namespace"]):
            yield invalid(child(path, "namespace"), metadata["namespace"], why)
    if (metadata.get("generation") or 0) < 0:
        yield invalid(child(path, "generation"), metadata["generation"], "must be greater than or equal to 0")
    yield from labels_problems(metadata.get("labels") or {}, child(path, "labels"))
    yield from annotations_problems(metadata.get("annotations") or {}, child(path, "annotations"))
    yield from _owners(metadata.get("ownerReferences") or [], child(path, "ownerReferences"))
    for name in metadata.get("finalizers") or []:
        yield from (invalid(child(path, "finalizers"), name, why) for why in names.label_key_problems(name))


def _segment_problems(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def _label_problems(name: str) -> list[str]:
    if len(name) <= names.LABEL_LENGTH_MAX and re.fullmatch(names.DNS1123_LABEL, name):
        return []
    why = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        f"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{names.DNS1123_LABEL}')"
    )
    return [why]


def labels_problems(labels: dict[str, str], path: str) -> Iterator[Problem]:
    """What is wrong with labels."""
    for key, value in labels.items():
        yield from (invalid(path, key, why) for why in names.label_key_problems(key))
        yield from (invalid(path, value or "", why) for why in names.label_value_problems(value or ""))


def annotations_problems(annotations: dict[str, str], path: str) -> Iterator[Problem]:
    """What is wrong with annotations."""
    for key in annotations:
        yield from (invalid(path, key, why) for why in names.label_key_problems(key.lower()))
    size = sum(len(key.encode()) + len((value or "").encode()) for key, value in annotations.items())
    if size > ANNOTATIONS_BYTES_MAX:
        yield Problem(path, "FieldValueTooLong", f"Too long: may not be more than {ANNOTATIONS_BYTES_MAX} bytes")


def _owners(owners: list[Json], path: str) -> Iterator[Problem]:
    controllers = [owner for owner in owners if owner.get("controller")]
    for owner in owners:
        if not owner.get("apiVersion"):
            yield invalid(child(path, "apiVersion"), "", "version must not be empty")
        for key in ("kind", "name", "uid"):
            if not owner.get(key):
                yield invalid(child(path, key), "", "must not be empty")
    if len(controllers) > 1:
        one, two = (f"{owner.get('kind', '')}/{owner.get('name', '')}" for owner in controllers[:2])
        why = f'Only one reference can have Controller set to true. Found "true" in references for {one} and {two}'
        yield invalid(path, owners, why)
