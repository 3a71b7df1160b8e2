"""Lists that are sets, and lists that are maps: nothing stands twice in them.

Source: apiextensions-apiserver pkg/apiserver/schema/listtype/validation.go.
"""

from collections.abc import Iterator
from typing import Any

from underway.crd.go_values import compact
from underway.crd.node import Node
from underway.crd.problem import Problem, child, duplicate, invalid

MISSING = object()


def problems(value: Any, node: Node | None, path: str = "") -> Iterator[Problem]:
    """What stands twice."""
    if node is None:
        return
    if isinstance(value, dict):
        for key, one in value.items():
            if node.others is not None:
                yield from problems(one, node.others, f"{path}[{key}]")
            if key in node.properties:
                yield from problems(one, node.properties[key], child(path, key))
    elif isinstance(value, list):
        if node.list_type == "set":
            yield from (duplicate(f"{path}[{index}]", value[index]) for index in _repeated(value))
        elif node.list_type == "map":
            yield from _map(value, node, path)
        for index, one in enumerate(value):
            yield from problems(one, node.items, f"{path}[{index}]")


def _map(value: list[Any], node: Node, path: str) -> Iterator[Problem]:
    for index, one in enumerate(value):
        if one is not None and not isinstance(one, dict):
            yield invalid(f"{path}[{index}]", one, "must be an object for an array of list-type map")
            return
    keys = [{key: one[key] for key in node.list_map_keys if key in one} if one else {} for one in value]
    if len(node.list_map_keys) == 1:
        name = node.list_map_keys[0]
        yield from (duplicate(f"{path}[{index}]", keys[index]) for index in _repeated([key.get(name, MISSING) for key in keys]))
    else:
        yield from (duplicate(f"{path}[{index}]", keys[index]) for index in _repeated(keys))


def _repeated(values: list[Any]) -> Iterator[int]:
    """Where a value stands for the second time; a third is not told."""
    seen: dict[Any, int] = {}
    for index, one in enumerate(values):
        identity = ("compound", compact(one)) if isinstance(one, dict | list) else (type(one), one)
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] == 2:
            yield index
