"""Whether conversions explain every difference between the versions of a CustomResourceDefinition, told before the first object.

Owns the fields of each version's schema as flat paths ("spec.inputs[].name") and the comparison of hub and spokes: a field
that one side lacks, or has with another type, must be named by a move, and a move must name fields that exist. Whether
values fit (enums, bounds, defaults) is `crd.lint`'s question.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from underway.crd.conversion.moves import Explained
from underway.crd.conversion.outcome import Object, Unconvertible
from underway.crd.conversion.shape import Hold, held
from underway.errors import UsageError

DEPTH_MAX = 64  # a structural schema cannot refer to itself: real ones stay under 20
FIELDS_MAX = 50_000  # a schema with a whole PodTemplate in it has about 2,000; aliases in YAML can multiply without end
RESERVED = ("apiVersion", "kind", "metadata")


class Versions(msgspec.Struct, frozen=True):
    """What conversion needs of a CustomResourceDefinition.

    order: names of the versions; fields: type by path, schemas and what holds an object to them, all by version.
    """

    name: str
    group: str
    kind: str
    order: tuple[str, ...]
    fields: dict[str, dict[str, str]]
    schemas: dict[str, Mapping[str, Any]]
    holds: dict[str, Hold]

    def prune(self, value: Object, version: str) -> Object:
        """The object as the API server would hold it in a version."""
        held_value: Object = self.holds[version](value)
        return held_value

    def refusal(self, value: Object, to: str) -> Unconvertible | None:
        """Why this is no object of this kind that could be converted, None if it is."""
        if to not in self.fields:
            return Unconvertible(f"there is no version {to!r} of {self.kind}; there are {', '.join(self.order)}", "apiVersion")
        api_version = value.get("apiVersion")
        group, _, source = api_version.rpartition("/") if isinstance(api_version, str) else ("", "", "")
        if group != self.group or source not in self.fields:
            known = ", ".join(f"{self.group}/{name}" for name in self.order)
            return Unconvertible(f"apiVersion is {api_version!r}; {self.kind} has {known}", "apiVersion")
        if value.get("kind") != self.kind:
            return Unconvertible(f"kind is {value.get('kind')!r}; these are the conversions of {self.kind}", "kind")
        metadata = value.get("metadata", {})
        if type(metadata) is not dict or type(metadata.get("annotations") or {}) is not dict:
            return Unconvertible("metadata and its annotations must be objects", "metadata")
        return None


def versions_of(crd: Mapping[str, Any]) -> Versions:
    """Read the definition. Raises UsageError if it is none."""
    if not isinstance(crd, Mapping) or crd.get("kind") != "CustomResourceDefinition":
        raise UsageError(
            f"kind is {crd.get('kind') if isinstance(crd, Mapping) else crd!r}; a CustomResourceDefinition is wanted"
        )
    try:
        spec, name = crd["spec"], crd["metadata"]["name"]
        schemas = {one["name"]: (one.get("schema") or {}).get("openAPIV3Schema") or {} for one in spec["versions"]}
        fields = {version: _counted(schema, version) for version, schema in schemas.items()}
        holds = {version: held(schema) for version, schema in schemas.items()}
        return Versions(name, spec["group"], spec["names"]["kind"], tuple(schemas), fields, schemas, holds)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"the CustomResourceDefinition cannot be read: {error!r} is missing or of another type") from None


def _counted(schema: Mapping[str, Any], version: str) -> dict[str, str]:
    """The fields of a version. Raises UsageError for a schema without end."""
    found: dict[str, str] = {}
    for path, type_ in _fields(schema, "", 0):
        found[path] = type_
        if len(found) > FIELDS_MAX:
            raise UsageError(f"the schema of {version} has more than {FIELDS_MAX} fields")
    return found


def _fields(schema: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every field below a schema with its type."""
    if depth > DEPTH_MAX:
        raise UsageError(f"the schema is nested deeper than {DEPTH_MAX} levels at {path!r}")
    for name, child in (schema.get("properties") or {}).items():
        if not path and name in RESERVED:
            continue
        here = f"{path}.{name}" if path else name
        yield here, _type(child)
        yield from _fields(child, here, depth + 1)
        inner = child
        while isinstance(inner.get("items"), Mapping):
            inner, here = inner["items"], f"{here}[]"
            yield here, _type(inner)
            yield from _fields(inner, here, depth + 1)


def _type(schema: Mapping[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        return f"map of {_type(values)}"
    return str(schema.get("type", "anything"))


def problems(versions: Versions, hub: str, spokes: Sequence[tuple[str, tuple[Explained, ...]]]) -> list[str]:
    """What is not complete, as sentences, in the order of the versions."""
    if hub not in versions.fields:
        return [f"the hub {hub!r} is no version of it; there are {', '.join(versions.order)}"]
    found = []
    named = [name for name, _ in spokes]
    for name in dict.fromkeys(named):
        if name == hub:
            found.append(f"{name} is the hub, and cannot be a spoke too")
        elif name not in versions.fields:
            found.append(f"the spoke {name!r} is no version of it; there are {', '.join(versions.order)}")
        elif named.count(name) > 1:
            found.append(f"{name} has {named.count(name)} spokes; one is wanted")
    found += [f"{name} has no spoke" for name in versions.order if name != hub and name not in named]
    if found:
        return found
    for name, explained in spokes:
        found += _differences(name, versions.fields[name], hub, versions.fields[hub], explained)
    return found


def _differences(
    spoke: str, spoke_fields: dict[str, str], hub: str, hub_fields: dict[str, str], explained: tuple[Explained, ...]
) -> Iterator[str]:
    here = [path for one in explained for path in one.spoke]
    there = [path for one in explained for path in one.hub]
    for name, fields, paths in ((spoke, spoke_fields, here), (hub, hub_fields, there)):
        for path in paths:
            if not _exists(path, fields):
                yield f"{spoke}: a move names {path}, which {name} does not have"
    yield from (
        f"{spoke}: {path} is not in {hub}, and no move explains it"
        for path in _alone(spoke_fields, hub_fields)
        if not _told(path, here)
    )
    yield from (
        f"{spoke}: {path} of {hub} is not in {spoke}, and no move explains it (Keep keeps it on purpose)"
        for path in _alone(hub_fields, spoke_fields)
        if not _told(path, there)
    )
    for path, type_ in spoke_fields.items():
        other = hub_fields.get(path, type_)
        if other != type_ and not _told(path, here) and not _told(path, there):
            yield f"{spoke}: {path} is {type_} there and {other} in {hub}, and no move explains it"


def _alone(fields: dict[str, str], others: dict[str, str]) -> Iterator[str]:
    """Leaves, and containers without fields of their own, that only one side has."""
    for path in fields:
        below = any(other.startswith((f"{path}.", f"{path}[]")) for other in fields)
        if path not in others and not below:
            yield path


def _told(path: str, explained: list[str]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[]")) for one in explained)


def _exists(path: str, fields: dict[str, str]) -> bool:
    """Whether a schema has the field; below a map or a node that keeps unknown fields, anything is."""
    if path in fields:
        return True
    parent = path.rpartition(".")[0].removesuffix("[]")
    while parent:
        if parent in fields:
            leaf = not any(other.startswith((f"{parent}.", f"{parent}[]")) for other in fields)
            return leaf and fields[parent] not in ("string", "integer", "number", "boolean")
        parent = parent.rpartition(".")[0].removesuffix("[]")
    return False
