"""Raw JSON under a schema, seen as values. Owns lazy views: nothing is converted that an expression does not ask for.

Source: apiserver pkg/cel/common/valuesunstructured.go.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from underway.cel.relation import equal, find, is_map
from underway.cel.values import EvalError, Uint, View

Convert = Callable[[Any], Any]


class DataList(list[Any]):
    """A list of data: its elements are converted, its order counts (x-kubernetes-list-type atomic)."""

    cel_name: ClassVar[str] = "list"

    def equals(self, other: Any) -> bool:
        """Whether the other list has equal elements in the same order."""
        if not isinstance(other, list):
            raise EvalError("no such overload")
        return len(self) == len(other) and all(map(equal, self, other))

    def __add__(self, other: Any) -> "DataList":
        return type(self)([*self, *other])


class SetList(DataList):
    """A list of data that is a set: order does not count, and adding makes a union."""

    def equals(self, other: Any) -> bool:
        """Whether the other list has the same elements."""
        if not isinstance(other, list):
            raise EvalError("no such overload")
        return len(self) == len(other) and all(any(_same(each, mine) for mine in self) for each in other)

    def __add__(self, other: Any) -> "SetList":
        found = SetList(self)
        for each in other:
            if not any(_same(each, known) for known in found):
                found.append(each)
        return found


class MapList(DataList):
    """A list of objects that is a map by some of their fields: order does not count, and adding replaces by key."""

    keys: tuple[str, ...] = ()

    @classmethod
    def keyed(cls, keys: tuple[str, ...], items: list[Any]) -> "MapList":
        """The list of these items, which differ in the fields `keys` (their names in expressions, as the API server has it)."""
        made = cls(items)
        made.keys = keys
        return made

    def _key(self, item: Any) -> str:
        raw = item.raw if type(item) is ObjectView else item
        # The names are escaped ones, looked up in raw data: what needs escaping is never found. The API server does the same.
        return repr([raw.get(key) for key in self.keys]) if isinstance(raw, dict) else repr(raw)

    def equals(self, other: Any) -> bool:
        """Whether the other list has equal objects under the same keys."""
        if not isinstance(other, list):
            raise EvalError("no such overload")
        mine = {self._key(each): each for each in self}
        return len(self) == len(other) and all(self._key(each) in mine and equal(mine[self._key(each)], each) for each in other)

    def __add__(self, other: Any) -> "MapList":
        found = MapList.keyed(self.keys, list(self))
        places = {self._key(each): index for index, each in enumerate(found)}
        for each in other:
            place = places.get(self._key(each))
            if place is None:
                found.append(each)
            else:
                found[place] = each
        return found


def _same(one: Any, other: Any) -> bool:
    """Equal as Go's map keys are: of one type."""
    return type(one) is type(other) and bool(one == other)


class DataMap(dict[Any, Any]):
    """A map of data (additionalProperties): its values are converted."""

    cel_name: ClassVar[str] = "map"

    def equals(self, other: Any) -> bool:
        """Whether the other map has equal values under the same keys."""
        if not is_map(other):
            raise EvalError("no such overload")
        if len(self) != len(other):
            return False
        for key, value in self.items():
            found, its = find(other, key)
            if not found or not equal(value, its):
                return False
        return True


class ObjectView(View):
    """An object of a schema. Fields that are null or of an unknown type are as good as absent."""

    __slots__ = ("converts", "memo", "names", "raw")

    def __init__(self, raw: dict[str, Any], names: dict[str, str], converts: dict[str, Convert]) -> None:
        """raw: the JSON object; names: expression name -> field; converts: field -> from JSON to a value."""
        self.raw = raw
        self.names = names
        self.converts = converts
        self.memo: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """The field of that name. Raises EvalError where it is absent."""
        memo = self.memo
        if name in memo:
            return memo[name]
        found, value = self.find(name)
        if found:
            return value
        raise EvalError(f"no such key: {name}")

    def find(self, name: Any) -> tuple[bool, Any]:
        """Whether the field is there, and its value."""
        memo = self.memo
        if name in memo:
            return True, memo[name]
        field = self.names.get(name)
        if field is None:
            if type(name) is not str:
                raise EvalError("no such overload")
            return False, None
        raw = self.raw.get(field)
        if raw is None:
            return False, None
        value = memo[name] = self.converts[field](raw)
        return True, value

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[str]:
        """The names of the fields that are there."""
        return (name for name, field in self.names.items() if field in self.raw)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the fields that are there."""
        return ((name, self.find(name)[1]) for name in self)

    def equals(self, other: Any) -> bool:
        """Whether the other object has equal fields; those that no schema describes are compared as they are."""
        if not is_map(other):
            raise EvalError("no such overload")
        if len(self) != len(other):
            return False
        for field, raw in self.raw.items():
            if field in self.converts:
                name = next(name for name, known in self.names.items() if known == field)
                here, value = self.find(name)
                there, its = find(other, name)
                if here != there or (here and not equal(value, its)):
                    return False
            elif type(other) is not ObjectView:
                raise EvalError("no such overload")
            elif field in other.raw and other.raw[field] != raw:
                return False
        return True


def expect(kind: type, name: str) -> Convert:
    """A conversion that takes what is of the kind as it is. Raises EvalError for everything else."""

    def convert(raw: Any) -> Any:
        if type(raw) is kind:
            return raw
        raise EvalError(f"invalid data, expected {name}, got {go_name(raw)}")

    return convert


def to_double(raw: Any) -> float:
    """A number of JSON, which may be written without a fraction."""
    if type(raw) in (int, float):
        return float(raw)
    raise EvalError(f"invalid data, expected float, got {go_name(raw)}")


def int_or_string(raw: Any) -> Any:
    """A value of x-kubernetes-int-or-string."""
    if type(raw) in (int, str):
        return raw
    raise EvalError("invalid data, expected XIntOrString value to be either a string or integer")


def go_name(raw: Any) -> str:
    """What Go calls the type of a decoded JSON value."""
    if type(raw) is Uint or type(raw) is int:
        return "int64"
    names = {str: "string", bool: "bool", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}
    return names.get(type(raw), "<nil>")
