"""Pruning: fields that the schema does not name are dropped, and nulls that it does not allow.

Both change the value that they are given. Sources: apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go and
defaulting/prunenulls.go.
"""

from typing import Any

from underway.crd.node import META_FIELDS, Node

Paths = list[str]


def prune(value: Any, node: Node | None, unknown: Paths | None = None) -> None:
    """Drop what the schema does not name. unknown: gets the paths of what is dropped, in the order of the walk; sort them."""
    if unknown is None:
        _prune(value, node)
    else:
        _tracked(value, node, unknown, "")


def _prune(value: Any, node: Node | None) -> None:
    """The quick walk: no paths."""
    if node is not None and node.preserve:
        _skip(value, node)
    elif type(value) is dict:
        if node is None:
            value.clear()
            return
        properties, additional, embedded = node.properties, node.additional, node.embedded
        dropped = []
        for key, child in value.items():
            if embedded and key in META_FIELDS:
                continue
            found = properties.get(key)
            if found is None and additional is None:
                dropped.append(key)
            elif child.__class__ is dict or child.__class__ is list:
                _prune(child, node.others if found is None else found)
        for key in dropped:
            del value[key]
    elif type(value) is list:
        items = None if node is None else node.items
        for child in value:
            if child.__class__ is dict or child.__class__ is list:
                _prune(child, items)


def _skip(value: Any, node: Node | None) -> None:
    """The part of a preserved value that is specified after all is pruned again; lists stay preserved."""
    if node is None:
        return
    if type(value) is dict:
        for key, child in value.items():
            if node.embedded and key in META_FIELDS:
                continue
            found = node.properties.get(key)
            if found is not None:
                _prune(child, found)
            elif node.additional is not None:
                _prune(child, node.others)
    elif type(value) is list:
        for child in value:
            _skip(child, node.items)


def _tracked(value: Any, node: Node | None, unknown: Paths, path: str) -> None:
    """The walk that notes where it drops."""
    if node is not None and node.preserve:
        _tracked_skip(value, node, unknown, path)
    elif type(value) is dict:
        for key, child in list(value.items()):
            if node is not None and node.embedded and key in META_FIELDS:
                continue
            at = f"{path}.{key}" if path else key
            found = node.properties.get(key) if node is not None else None
            if found is not None:
                _tracked(child, found, unknown, at)
            elif node is not None and node.additional is not None:
                _tracked(child, node.others, unknown, at)
            else:
                if key not in META_FIELDS or path or node is None:
                    unknown.append(at)
                del value[key]
    elif type(value) is list:
        for index, child in enumerate(value):
            _tracked(child, None if node is None else node.items, unknown, f"{path}[{index}]")


def _tracked_skip(value: Any, node: Node | None, unknown: Paths, path: str) -> None:
    if node is None:
        return
    if type(value) is dict:
        for key, child in value.items():
            if node.embedded and key in META_FIELDS:
                continue
            at = f"{path}.{key}" if path else key
            found = node.properties.get(key)
            if found is not None:
                _tracked(child, found, unknown, at)
            elif node.additional is not None:
                _tracked(child, node.others, unknown, at)
    elif type(value) is list:
        for index, child in enumerate(value):
            _tracked_skip(child, node.items, unknown, f"{path}[{index}]")


def drop_nulls(value: Any, node: Node | None) -> None:
    """Drop nulls of fields that are neither nullable nor have a default; a null with a default is `default`'s to fill."""
    if type(value) is dict:
        dropped = []
        for key, child in value.items():
            found = None if node is None else node.of(key)
            if child is None:
                if found is not None and not found.nullable and found.default is None:
                    dropped.append(key)
            elif child.__class__ is dict or child.__class__ is list:
                drop_nulls(child, found)
        for key in dropped:
            del value[key]
    elif type(value) is list:
        items = None if node is None else node.items
        for child in value:
            if child.__class__ is dict or child.__class__ is list:
                drop_nulls(child, items)
