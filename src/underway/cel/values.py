"""Values at evaluation. Owns the types that Python lacks and the names of all; equality and order are in `relation`.

bool, int, float, str, bytes, None, list and dict are what they are in Python; an int is a 64-bit int, checked by
`arithmetic`. Values that a schema describes come as the views of `data`.
"""

from typing import ClassVar


class EvalError(Exception):
    """An evaluation that has no value: no such key, overflow, no such overload... `&&` and `||` may absorb it."""


class CostExceeded(Exception):
    """The evaluation cost more than it may. Nothing absorbs it."""


class Uint(int):
    """An unsigned 64-bit integer. It equals the int of its value, as CEL's numbers do."""

    __slots__ = ()


class Duration:
    """A length of time in nanoseconds."""

    __slots__ = ("ns",)
    cel_name: ClassVar[str] = "google.protobuf.Duration"

    def __init__(self, ns: int) -> None:
        self.ns = ns


class Timestamp:
    """An instant: nanoseconds since 1970, and the offset from UTC in seconds with which it was written."""

    __slots__ = ("ns", "offset_s")
    cel_name: ClassVar[str] = "google.protobuf.Timestamp"

    def __init__(self, ns: int, offset_s: int = 0) -> None:
        self.ns = ns
        self.offset_s = offset_s


class Option:
    """optional.of(value), or NONE."""

    __slots__ = ("value",)
    cel_name: ClassVar[str] = "optional_type"

    def __init__(self, value: object) -> None:
        self.value = value


NONE = Option(None)  # told apart by identity: optional.of(null) has a value


class TypeValue:
    """A type as a value, such as type(1)."""

    __slots__ = ("name",)
    cel_name: ClassVar[str] = "type"

    def __init__(self, name: str) -> None:
        self.name = name


class View:
    """A value that answers like a map: the objects of `data`."""

    __slots__ = ()
    cel_name: ClassVar[str] = "map"


TYPE_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    dict: "map",
    Duration: Duration.cel_name,
    Timestamp: Timestamp.cel_name,
    Option: Option.cel_name,
    TypeValue: TypeValue.cel_name,
}


def type_name(value: object) -> str:
    """The runtime name of a value's type."""
    kind = type(value)
    known = TYPE_NAMES.get(kind)
    if known is None:
        known = TYPE_NAMES[kind] = getattr(kind, "cel_name", "dyn")
    return known


def size(value: object) -> int:
    """What the cost counts as the size of a value: code points, bytes, elements, entries; 1 for everything else."""
    kind = type(value)
    if kind in _SIZED:
        return len(value)  # type: ignore[arg-type]
    if kind in _SINGLE:
        return 1
    if kind is Option:
        return 1 if value is NONE else size(value.value)  # type: ignore[attr-defined]
    sized = getattr(value, "__len__", None)
    return sized() if sized is not None else 1


_SIZED = frozenset((str, bytes, list, dict))
_SINGLE = frozenset((bool, int, float, Uint, type(None), Duration, Timestamp, TypeValue))
