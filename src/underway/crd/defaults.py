"""Defaulting: missing fields, and nulls that may not be, get the schema's default.

A missing object is never made to hold its fields' defaults. Changes the value that it is given. Source: apiextensions-apiserver
pkg/apiserver/schema/defaulting/algorithm.go.
"""

from typing import Any

from underway.crd.node import Node


def copied(value: Any) -> Any:
    """A JSON value that shares nothing with the first."""
    if type(value) is dict:
        return {key: copied(child) for key, child in value.items()}
    if type(value) is list:
        return [copied(child) for child in value]
    return value


def default(value: Any, node: Node | None) -> None:
    """Fill in defaults, also below the values that were just filled in."""
    if node is None:
        return
    if type(value) is dict:
        properties = node.properties
        for key, found in properties.items():
            if found.default is not None and (key not in value or (value[key] is None and not found.nullable)):
                value[key] = copied(found.default)
        others = node.others
        for key, child in value.items():
            below = properties.get(key)
            if below is None:
                value[key] = child = _filled(child, others)
                below = others
            if below is not None and (child.__class__ is dict or child.__class__ is list):
                default(child, below)
    elif type(value) is list and node.items is not None:
        for index, child in enumerate(value):
            value[index] = child = _filled(child, node.items)
            if child.__class__ is dict or child.__class__ is list:
                default(child, node.items)


def _filled(value: Any, node: Node | None) -> Any:
    """The value, or the default in the place of a null that may not be."""
    return copied(node.default) if value is None and node is not None and not node.nullable else value
