"""Pruning, dropping nulls and defaulting in one walk, compiled from a schema into closures: the quick way through the pipeline.

Owns speed alone: what each step does is said, and done one by one, in `crd.prune` and `crd.defaults`; a property test holds the
two together. What is rare in a schema (preserved fields, embedded resources) is left to them.
"""

from collections.abc import Callable
from typing import Any

from underway.crd.defaults import copied, default
from underway.crd.node import META_FIELDS, Node
from underway.crd.prune import drop_nulls, prune

# Walks a dict or a list, which it changes; gets the list to which paths of dropped fields are added, each as a suffix that
# begins with "." or "[".
Walk = Callable[[Any, list[str]], None]
_CONTAINERS = (dict, list)


def compiled(node: Node, *, defaults: bool) -> Walk:
    """What brings a value to the form in which the server holds it. defaults: fill in defaults too."""
    if node.preserve or (node.embedded and not _is_plain_root(node)):
        return _step_by_step(node, defaults)
    if node.items is not None and not node.properties and node.additional is None:
        return _list_walk(node.items, defaults)
    if not node.properties and node.additional is None and not node.embedded:
        return _emptied
    return _object_walk(node, defaults)


def paths(suffixes: list[str]) -> tuple[str, ...]:
    """The paths of dropped fields, in order."""
    return tuple(sorted(suffix.removeprefix(".") for suffix in suffixes))


def _is_plain_root(node: Node) -> bool:
    """Whether no key of the object's own metadata is said anything of."""
    return not (META_FIELDS & node.properties.keys()) and node.additional is None


def _prefixed(unknown: list[str], first: int, prefix: str) -> None:
    for position in range(first, len(unknown)):
        unknown[position] = prefix + unknown[position]


def _step_by_step(node: Node, defaults: bool) -> Walk:
    def walk(value: Any, unknown: list[str]) -> None:
        found: list[str] = []
        prune(value, node, found)
        unknown.extend(path if path.startswith("[") else f".{path}" for path in found)
        drop_nulls(value, node)
        if defaults:
            default(value, node)

    return walk


def _emptied(value: Any, unknown: list[str]) -> None:
    """Nothing is said of what is within: objects lose all fields, those in lists too."""
    if value.__class__ is dict:
        unknown.extend(f".{key}" for key in value)
        value.clear()
        return
    for index, child in enumerate(value):
        if child.__class__ in _CONTAINERS:
            first = len(unknown)
            _emptied(child, unknown)
            _prefixed(unknown, first, f"[{index}]")


def _filler(node: Node) -> Any:
    """The default with the defaults within it."""
    filled = copied(node.default)
    default(filled, node)
    return filled


def _object_walk(node: Node, defaults: bool) -> Walk:
    walks = {key: compiled(part, defaults=defaults) for key, part in node.properties.items()}
    others = None if node.additional is None else _emptied if node.others is None else compiled(node.others, defaults=defaults)
    fill = _fill(node) if defaults else None
    kept = META_FIELDS if node.embedded else frozenset()

    def walk(value: Any, unknown: list[str]) -> None:
        if value.__class__ is not dict:
            _emptied(value, unknown)
            return
        dropped = nulls = None
        for key, child in value.items():
            kind = child.__class__
            if kind is dict or kind is list:
                inner = walks.get(key, others)
                if inner is not None:
                    first = len(unknown)
                    inner(child, unknown)
                    if len(unknown) != first:
                        _prefixed(unknown, first, "." + key)
                    continue
            elif key in walks or others is not None:
                if child is None:
                    nulls = [key] if nulls is None else [*nulls, key]
                continue
            if key not in kept:
                dropped = [key] if dropped is None else [*dropped, key]
        if dropped is not None:
            for key in dropped:
                unknown.append("." + key)
                del value[key]
        if nulls is not None:
            _settle(value, nulls, node, defaults=defaults)
        if fill is not None:
            fill(value)

    return walk


def _settle(value: dict[str, Any], nulls: list[str], node: Node, *, defaults: bool) -> None:
    """Nulls that may not be get their default, and go if there is none."""
    for key in nulls:
        part = node.of(key)
        if part is None or part.nullable:
            continue
        if part.default is None:
            del value[key]
        elif defaults:
            value[key] = _filler(part)


def _fill(node: Node) -> Callable[[dict[str, Any]], None] | None:
    """What gives missing fields their defaults; scalars need no copy."""
    fillers = tuple((key, _filler(part)) for key, part in node.properties.items() if part.default is not None)
    if not fillers:
        return None
    plain = all(filler.__class__ not in _CONTAINERS for _, filler in fillers)

    def fill(value: dict[str, Any]) -> None:
        for key, filler in fillers:
            if key not in value:
                value[key] = filler if plain else copied(filler)

    return fill


def _list_walk(items: Node, defaults: bool) -> Walk:
    inner = compiled(items, defaults=defaults)
    filler = _filler(items) if defaults and not items.nullable and items.default is not None else None

    def walk(value: Any, unknown: list[str]) -> None:
        if value.__class__ is not list:
            _emptied(value, unknown)
            return
        for index, child in enumerate(value):
            if child.__class__ is dict or child.__class__ is list:
                first = len(unknown)
                inner(child, unknown)
                if len(unknown) != first:
                    _prefixed(unknown, first, f"[{index}]")
            elif child is None and filler is not None:
                value[index] = copied(filler)

    return walk
