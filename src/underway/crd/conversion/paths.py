"""Dotted paths into plain JSON objects, such as "spec.pace.maxUnavailable".

Owns reading, taking away and putting at a path on objects whose containers may be shared with the caller's: `own` copies a
container before it is changed, so that a conversion never changes what it was given.
"""

from typing import Any

Object = dict[str, Any]
HELD = ("spec", "status")  # every version of a kind has them: an empty one says something
ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "absent"})()


def parts_of(path: str) -> tuple[str, ...]:
    """The names in a path; () for "". Raises ValueError for an empty name."""
    if not path:
        return ()
    parts = tuple(path.split("."))
    if not all(parts) or any(part.endswith("]") for part in parts):
        raise ValueError(f"path {path!r}: write names with dots between, such as spec.size; for lists, use Each")
    return parts


def read(node: Object, parts: tuple[str, ...]) -> Any:
    """The value at a path, ABSENT if there is none."""
    value: Any = node
    for part in parts:
        if type(value) is not dict or part not in value:
            return ABSENT
        value = value[part]
    return value


def own(node: Object, part: str) -> Object | None:
    """The object at `part`, copied into `node` so that it may be changed; None if it is not an object."""
    child = node.get(part)
    if type(child) is not dict:
        return None
    copied = dict(child)
    node[part] = copied
    return copied


def put(node: Object, parts: tuple[str, ...], value: Any) -> bool:
    """Put a value, making the objects above it. Whether there was room: not where something else than an object stands."""
    for part in parts[:-1]:
        if part not in node:
            node[part] = {}
        child = own(node, part)
        if child is None:
            return False
        node = child
    node[parts[-1]] = value
    return True


def take(node: Object, parts: tuple[str, ...]) -> Any:
    """Take a value away and return it, ABSENT if there is none. Objects above it that are empty then go too, but for HELD."""
    if read(node, parts) is ABSENT:
        return ABSENT
    return _take(node, parts)


def _take(node: Object, parts: tuple[str, ...]) -> Any:
    if len(parts) == 1:
        return node.pop(parts[0])
    child = own(node, parts[0])
    if child is None:  # pragma: no cover  read() has looked
        return ABSENT
    value = _take(child, parts[1:])
    if not child and parts[0] not in HELD:
        del node[parts[0]]
    return value
