"""Changes to an object as values, so that the shell can carry them out on a text with its comments and key order.

Owns the three edits and how they are carried out, on any tree of mappings: plain JSON values here, a YAML tree with comments in
the shell. It must not know what is edited.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from underway.ingress.losses import Path


class Set(msgspec.Struct, frozen=True, gc=False):
    """Give a field a value. A new key goes after its sibling `after`, else to the end; missing parents are made."""

    path: Path
    value: Any
    after: str = ""


class Move(msgspec.Struct, frozen=True, gc=False):
    """Put a field elsewhere, with the comments that stand on it; parents that are missing are made in the place of the field.

    Mappings that it leaves empty go. What an alias has moved already is left alone.
    """

    path: Path
    to: Path


class Remove(msgspec.Struct, frozen=True, gc=False):
    """Take a field away."""

    path: Path


Edit = Set | Move | Remove


class Tree(Protocol):
    """How the mappings of a tree are changed. note: what stands beside a key (comments), of the tree's own kind."""

    def mapping(self) -> Any:
        """A new, empty mapping."""
        ...

    def insert(self, mapping: Any, position: int, key: str, value: Any, note: Any) -> None:
        """Put a key at a position."""
        ...

    def take(self, mapping: Any, key: str) -> tuple[Any, Any]:
        """Take a key out: its value and its note."""
        ...


class PlainTree:
    """Plain JSON values: dicts keep the order of insertion."""

    def mapping(self) -> Any:
        """A new, empty mapping."""
        return {}

    def insert(self, mapping: Any, position: int, key: str, value: Any, note: Any) -> None:
        """Put a key at a position."""
        del note
        tail = list(mapping.items())[position:]
        for name, _ in tail:
            del mapping[name]
        mapping[key] = value
        mapping.update(tail)

    def take(self, mapping: Any, key: str) -> tuple[Any, Any]:
        """Take a key out."""
        return mapping.pop(key), None


def applied(values: Any, edits: Iterable[Edit]) -> Any:
    """The edited object. values: plain JSON values, left as they are."""
    copy = _copied(values)
    carry_out(copy, edits, PlainTree())
    return copy


def carry_out(values: Any, edits: Iterable[Edit], tree: Tree) -> None:
    """Edit a tree in place."""
    for edit in edits:
        if isinstance(edit, Set):
            _set(values, edit, tree)
        elif isinstance(edit, Move):
            _move(values, edit, tree)
        elif str(edit.path[-1]) in _at(values, edit.path[:-1]):
            tree.take(_at(values, edit.path[:-1]), str(edit.path[-1]))


def _set(values: Any, edit: Set, tree: Tree) -> None:
    parent = _made(values, edit.path[:-1], tree)
    key = edit.path[-1]
    if isinstance(key, int) or key in parent:
        parent[key] = edit.value
        return
    keys = list(parent)
    tree.insert(parent, keys.index(edit.after) + 1 if edit.after in keys else len(keys), key, edit.value, None)


def _move(values: Any, edit: Move, tree: Tree) -> None:
    depth = next(index for index, (one, other) in enumerate(zip(edit.path, edit.to, strict=False)) if one != other)
    root, parent, key = _at(values, edit.path[:depth]), _at(values, edit.path[:-1]), str(edit.path[-1])
    if parent is None or key not in parent:
        return
    position = list(root).index(edit.path[depth])
    value, note = tree.take(parent, key)
    for index in range(len(edit.path) - 1, depth, -1):
        emptied = _at(values, edit.path[:index])
        if len(emptied):
            break
        tree.take(_at(values, edit.path[: index - 1]), str(edit.path[index - 1]))
    target = root
    for part in edit.to[depth:-1]:
        if part not in target:
            tree.insert(target, position, str(part), tree.mapping(), None)
        target = target[part]
        position = len(target)
    tree.insert(target, position, str(edit.to[-1]), value, note)


def _at(values: Any, path: Path) -> Any:
    for part in path:
        if isinstance(values, dict) and part not in values:
            return {} if not isinstance(part, int) else None
        values = values[part]
    return values


def _made(values: Any, path: Path, tree: Tree) -> Any:
    for part in path:
        if isinstance(values, dict) and values.get(part) is None:
            if part in values:
                tree.take(values, str(part))
            tree.insert(values, len(values), str(part), tree.mapping(), None)
        values = values[part]
    return values


def _copied(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _copied(child) for key, child in values.items()}
    return [_copied(child) for child in values] if isinstance(values, list) else values
