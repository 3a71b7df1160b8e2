"""Moves on lists and on items: Each (moves inside the items of a list), Union (a tagged value), Wrap (a value in an object)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from underway.crd.conversion.codecs import TEXT, Codec
from underway.crd.conversion.moves import Explained, Move
from underway.crd.conversion.outcome import NotUnderstood
from underway.crd.conversion.paths import ABSENT, Object, own, parts_of, put, read, take


class Each:
    """Moves on every item of a list of objects: Each("spec.inputs", Rename("kind", "type"), key="name").

    path: the list, in both versions. key: the field that tells items apart, so that what is kept finds its item again
    after the list was edited; "" if there is none: then the list is kept, or given up, as a whole.
    """

    def __init__(self, path: str, *moves: Move, key: str = "") -> None:
        self.path, self.key = path, key
        self._parts, self._moves = parts_of(path), moves
        self._ups = tuple(move.up for move in moves)
        self._downs = tuple(move.down for move in moves)

    def up(self, node: Object) -> None:
        """All moves on all items, towards the hub."""
        self._visit(node, self._ups)

    def down(self, node: Object) -> None:
        """All moves on all items, towards the spoke; the last first, as they were made."""
        self._visit(node, self._downs[::-1])

    def _visit(self, node: Object, steps: tuple[Any, ...]) -> None:
        for part in self._parts[:-1]:
            child = own(node, part)
            if child is None:
                return
            node = child
        last = self._parts[-1]
        items = node.get(last)
        if type(items) is not list:
            return
        made = []
        for item in items:
            if type(item) is dict:
                item = dict(item)
                for step in steps:
                    step(item)
            made.append(item)
        node[last] = made

    def explains(self) -> Explained:
        """What its moves explain, inside the list."""
        inside = [move.explains() for move in self._moves]
        return Explained(
            spoke=tuple(self._within(path) for one in inside for path in one.spoke),
            hub=tuple(self._within(path) for one in inside for path in one.hub),
            spoke_together=tuple(tuple(map(self._within, group)) for one in inside for group in one.spoke_together),
            hub_together=tuple(tuple(map(self._within, group)) for one in inside for group in one.hub_together),
        )

    def keyed(self) -> dict[str, str]:
        """The lists whose items have a key, with [] for items, and their keys."""
        found = {self.path: self.key} if self.key else {}
        for move in self._moves:
            if isinstance(move, Each):
                found |= {self._within(path): key for path, key in move.keyed().items()}
        return found

    def _within(self, path: str) -> str:
        return f"{self.path}[].{path}"


class Member(msgspec.Struct, frozen=True):
    """One member of a Union. field: its name in the hub; codec: from the spoke's value to the member's."""

    field: str
    codec: Codec = TEXT


class Union:
    """A tag and a value in the spoke that are a one-of in the hub.

    {type: Integer, value: "3"} and {integer: 3} are Union("type", "value", {"Integer": Member("integer", INT32_TEXT)}).
    An object with no member, or with several, has no tag: the first in the order given is shown and all are kept.
    """

    def __init__(self, tag: str, value: str, members: Mapping[str, Member]) -> None:
        self._tag, self._value = tag, value
        self._members = dict(members)
        self._by_field = {member.field: (name, member.codec.down) for name, member in members.items()}
        if len(self._by_field) != len(members) or {tag, value} & self._by_field.keys():
            raise ValueError(f"Union({tag!r}, {value!r}): every member needs a field of its own, other than tag and value")

    def up(self, node: Object) -> None:
        """Tag and value to the member."""
        tag = node.pop(self._tag, None)
        value = node.pop(self._value, ABSENT)
        if type(tag) is not str or value is ABSENT:
            return
        member = self._members.get(tag)
        if member is None:
            return
        try:
            node[member.field] = member.codec.up(value)
        except NotUnderstood:
            return

    def down(self, node: Object) -> None:
        """The member to tag and value."""
        found = False
        for field, (tag, translate) in self._by_field.items():
            if field in node:
                value = node.pop(field)
                if found:
                    continue
                try:
                    text = translate(value)
                except NotUnderstood:
                    continue
                node[self._tag], node[self._value] = tag, text
                found = True

    def explains(self) -> Explained:
        """Tag and value together, all members together."""
        spoke, hub = (self._tag, self._value), tuple(self._by_field)
        return Explained(spoke, hub, spoke_together=(spoke,), hub_together=(hub,))


class Wrap:
    """A value of the spoke that the hub has inside something.

    Wrap("spec.gate", "spec.gates"): the one value is a list of one in the hub. With key="name" a scalar becomes the object
    {name: scalar}. With items=True a list of scalars becomes a list of such objects. What does not fit in the spoke (further
    items, further fields of the object) is kept.
    """

    def __init__(self, spoke: str, hub: str, *, key: str = "", items: bool = False) -> None:
        if items and not key:
            raise ValueError(f"Wrap({spoke!r}, {hub!r}): items are wrapped in objects; name the key")
        self._spoke, self._hub, self._key, self._items = parts_of(spoke), parts_of(hub), key, items

    def up(self, node: Object) -> None:
        """Wrap."""
        value = take(node, self._spoke)
        if value is ABSENT:
            return
        if self._items:
            if type(value) is list and not any(isinstance(item, dict | list) for item in value):
                put(node, self._hub, [{self._key: item} for item in value])
        elif self._key:
            # Other moves may have put fields into the same object before.
            put(node, (*self._hub, self._key), value)
        else:
            put(node, self._hub, [value])

    def down(self, node: Object) -> None:
        """Unwrap."""
        if self._key and not self._items:
            value = read(node, self._hub)
            inner = take(node, (*self._hub, self._key)) if type(value) is dict else ABSENT
            if inner is not ABSENT:
                put(node, self._spoke, inner)
            return
        value = take(node, self._hub)
        if type(value) is not list:
            return
        if self._items:
            put(node, self._spoke, [item[self._key] for item in value if type(item) is dict and self._key in item])
        elif value:
            put(node, self._spoke, value[0])

    def explains(self) -> Explained:
        """The value, and all of what it is wrapped in: what else is there is kept."""
        return Explained((".".join(self._spoke),), (".".join(self._hub),))
