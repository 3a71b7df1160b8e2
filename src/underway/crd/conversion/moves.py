"""The moves between a spoke and the hub: each is one difference between two versions, declared once for both directions.

A move works in place on an object that the engine owns; containers below are copied before they are changed (`paths`).
A value that it does not understand it takes away: the engine then sees the loss and keeps it. Paths are relative to the
object, or to an item inside `Each`. Every move names the fields that it explains, for the check of completeness.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from underway.crd.conversion.codecs import Codec
from underway.crd.conversion.outcome import Broken, NotUnderstood, Unconvertible
from underway.crd.conversion.paths import ABSENT, Object, parts_of, put, read, take


class Explained(msgspec.Struct, frozen=True):
    """Fields that a move explains, as paths with [] for list items. together: fields kept or given up as one."""

    spoke: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    spoke_together: tuple[tuple[str, ...], ...] = ()
    hub_together: tuple[tuple[str, ...], ...] = ()


class Move(Protocol):
    """One difference between two versions."""

    def up(self, node: Object) -> None:
        """From the spoke's shape to the hub's, in place."""

    def down(self, node: Object) -> None:
        """From the hub's shape to the spoke's, in place."""

    def explains(self) -> Explained:
        """The fields that it is about."""


class Relocate:
    """A field that stands elsewhere in the hub: Relocate("spec.concurrency", "spec.pace.maxUnavailable")."""

    def __init__(self, spoke: str, hub: str) -> None:
        self._spoke, self._hub = parts_of(spoke), parts_of(hub)
        if not self._spoke or not self._hub or self._spoke == self._hub:
            raise ValueError(f"{type(self).__name__}({spoke!r}, {hub!r}): two different fields are wanted")

    def up(self, node: Object) -> None:
        """Spoke's place to hub's."""
        _carry(node, self._spoke, self._hub, _same)

    def down(self, node: Object) -> None:
        """Hub's place to spoke's."""
        _carry(node, self._hub, self._spoke, _same)

    def explains(self) -> Explained:
        """Both places."""
        return Explained((".".join(self._spoke),), (".".join(self._hub),))


class Rename(Relocate):
    """A field that has another name in the hub, in the same place: Rename("spec.size", "spec.replicas")."""

    def __init__(self, spoke: str, hub: str) -> None:
        super().__init__(spoke, hub)
        if self._spoke[:-1] != self._hub[:-1]:
            raise ValueError(f"Rename({spoke!r}, {hub!r}): the fields have different parents; that is a Relocate")


class Unit:
    """A field in another notation or unit: Unit("spec.timeoutSeconds", "spec.timeout", SECONDS)."""

    def __init__(self, spoke: str, hub: str, codec: Codec) -> None:
        self._spoke, self._hub, self._codec = parts_of(spoke), parts_of(hub), codec

    def up(self, node: Object) -> None:
        """Spoke's notation to hub's."""
        _carry(node, self._spoke, self._hub, self._codec.up)

    def down(self, node: Object) -> None:
        """Hub's notation to spoke's."""
        _carry(node, self._hub, self._spoke, self._codec.down)

    def explains(self) -> Explained:
        """Both fields."""
        return Explained((".".join(self._spoke),), (".".join(self._hub),))


class EnumMap(Unit):
    """A field whose values have other names: EnumMap("spec.mode", "spec.mode", {"on": "Rotate", "off": "Freeze"}).

    values: the spoke's name to the hub's, one to one. A value that is in neither is kept, never guessed.
    """

    def __init__(self, spoke: str, hub: str, values: Mapping[Any, Any]) -> None:
        back = {there: here for here, there in values.items()}
        if len(back) != len(values):
            raise ValueError(f"EnumMap({spoke!r}, {hub!r}): two values of the spoke become one of the hub; map one to one")
        super().__init__(spoke, hub, Codec(_looked_up(values), _looked_up(back)))


class Constant:
    """A field that only the hub has, with the one value that the spoke's objects mean: Constant("spec.mode", "Rotate").

    on_spoke: the field is the spoke's and the hub has none. A field that is there already, restored, is left alone.
    """

    def __init__(self, path: str, value: Any, *, on_spoke: bool = False) -> None:
        self._parts, self._value, self._on_spoke = parts_of(path), value, on_spoke

    def up(self, node: Object) -> None:
        """Add it to the hub's object, or take it from the spoke's."""
        (self._drop if self._on_spoke else self._add)(node)

    def down(self, node: Object) -> None:
        """Take it from the hub's object, or add it to the spoke's."""
        (self._add if self._on_spoke else self._drop)(node)

    def _add(self, node: Object) -> None:
        if read(node, self._parts) is ABSENT:
            put(node, self._parts, self._value)

    def _drop(self, node: Object) -> None:
        take(node, self._parts)

    def explains(self) -> Explained:
        """The field, on the side that has it."""
        path = (".".join(self._parts),)
        return Explained(spoke=path) if self._on_spoke else Explained(hub=path)


class Split:
    """A text of the spoke that is several fields of the hub: Split("spec.address", {"spec.host": TEXT, ...}, ":").

    fields: the hub's fields in the order of the text, each with the codec from the text's part. separator: between parts;
    the last part may contain it. joined_in_hub: the other way round, the hub has the text and the spoke the fields.
    """

    def __init__(self, text: str, fields: Mapping[str, Codec], separator: str, *, joined_in_hub: bool = False) -> None:
        if len(fields) < 2 or not separator:
            raise ValueError(f"Split({text!r}): two fields at least and a separator are wanted")
        self._text, self._separator, self._joined_in_hub = parts_of(text), separator, joined_in_hub
        self._fields = [(parts_of(path), codec) for path, codec in fields.items()]

    def up(self, node: Object) -> None:
        """Text to fields, or back if it is the hub that has the text."""
        (self._join if self._joined_in_hub else self._part)(node)

    def down(self, node: Object) -> None:
        """Fields to text, or back if it is the hub that has the text."""
        (self._part if self._joined_in_hub else self._join)(node)

    def _part(self, node: Object) -> None:
        text = take(node, self._text)
        if type(text) is not str:
            return
        pieces = text.split(self._separator, len(self._fields) - 1)
        if len(pieces) != len(self._fields):
            return
        try:
            values = [codec.up(piece) for piece, (_, codec) in zip(pieces, self._fields, strict=True)]
        except NotUnderstood:
            return
        for value, (parts, _) in zip(values, self._fields, strict=True):
            put(node, parts, value)

    def _join(self, node: Object) -> None:
        values = [take(node, parts) for parts, _ in self._fields]
        if ABSENT in values:
            return
        try:
            pieces = [codec.down(value) for value, (_, codec) in zip(values, self._fields, strict=True)]
        except NotUnderstood:
            return
        if all(type(piece) is str for piece in pieces) and not any(self._separator in piece for piece in pieces[:-1]):
            put(node, self._text, self._separator.join(pieces))

    def explains(self) -> Explained:
        """The text, and the fields, which are kept together."""
        fields = tuple(".".join(parts) for parts, _ in self._fields)
        text = (".".join(self._text),)
        if self._joined_in_hub:
            return Explained(fields, text, spoke_together=(fields,))
        return Explained(text, fields, hub_together=(fields,))


class Keep:
    """Fields that only one side has, on purpose: Keep("spec.health"). They are kept for that side, and explained so."""

    def __init__(self, *paths: str, on_spoke: bool = False) -> None:
        self._paths, self._on_spoke = tuple(parts_of(path) for path in paths), on_spoke

    def up(self, node: Object) -> None:
        """Take the spoke's fields away."""
        if self._on_spoke:
            for parts in self._paths:
                take(node, parts)

    def down(self, node: Object) -> None:
        """Take the hub's fields away."""
        if not self._on_spoke:
            for parts in self._paths:
                take(node, parts)

    def explains(self) -> Explained:
        """The fields, on the side that has them."""
        paths = tuple(".".join(parts) for parts in self._paths)
        return Explained(spoke=paths) if self._on_spoke else Explained(hub=paths)


class Function:
    """Where declarations do not reach: two Python functions from an object to an object.

    at: the field whose value they take and return, "" for the whole object (whose metadata they may not change but for labels
    and annotations). up, down: pure functions; they get a copy of the outermost container. spoke, hub: the fields that they
    explain. What they raise makes the object Unconvertible, with the field's name.
    """

    def __init__(
        self,
        at: str,
        up: Callable[[Any], Any],
        down: Callable[[Any], Any],
        *,
        spoke: tuple[str, ...] = (),
        hub: tuple[str, ...] = (),
    ) -> None:
        self._at, self._up, self._down = parts_of(at), up, down
        self._spoke, self._hub = spoke or (at,), hub or (at,)

    def up(self, node: Object) -> None:
        """Call the function towards the hub."""
        self._call(self._up, node)

    def down(self, node: Object) -> None:
        """Call the function towards the spoke."""
        self._call(self._down, node)

    def _call(self, function: Callable[[Any], Any], node: Object) -> None:
        value = read(node, self._at)
        if value is ABSENT:
            return
        given = dict(value) if type(value) is dict else list(value) if type(value) is list else value
        try:
            made = function(given)
        except Exception as error:
            where = getattr(function, "__qualname__", repr(function))
            reason = f"{where} raised {type(error).__name__}: {error}"
            raise Broken(Unconvertible(reason, ".".join(self._at))) from error
        if self._at:
            put(node, self._at, made)
        elif type(made) is dict:
            node.clear()
            node.update(made)
        else:
            name = getattr(function, "__qualname__", repr(function))
            raise Broken(Unconvertible(f"{name} returned {type(made).__name__}; an object is wanted"))

    def explains(self) -> Explained:
        """What its author says."""
        return Explained(tuple(path for path in self._spoke if path), tuple(path for path in self._hub if path))


def _same(value: Any) -> Any:
    return value


def _looked_up(values: Mapping[Any, Any]) -> Callable[[Any], Any]:
    # With its type: to Python true is 1, to the API it is not.
    table = {(type(key), key): value for key, value in values.items()}

    def look(value: Any) -> Any:
        if type(value) not in (str, int, bool) or (type(value), value) not in table:
            raise NotUnderstood
        return table[type(value), value]

    return look


def _carry(node: Object, source: tuple[str, ...], target: tuple[str, ...], translate: Callable[[Any], Any]) -> None:
    """Take from one place, translate, put in the other; what is not understood is only taken away."""
    value = take(node, source)
    if value is ABSENT:
        return
    try:
        translated = translate(value)
    except NotUnderstood:
        return
    put(node, target, translated)
