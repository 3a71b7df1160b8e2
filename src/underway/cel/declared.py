"""Types of data that a caller declares: objects with fields, lists and maps with the most elements they may hold.

The checker asks for fields, the cost for sizes, the compiler for how raw JSON becomes a value. Source of the sizes: apiserver
pkg/cel/types.go (DeclType).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from underway.cel.types import Type, list_of, map_of, struct


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A type of data.

    fields        of an object, by their names in expressions (escaped); None for everything else
    key, element  of a map or a list
    elements_max  the most elements, entries, code points or bytes
    bytes_min     the least bytes of JSON that hold one such value
    convert       from raw JSON to a value; raises EvalError on data that is not of the type
    """

    type: Type
    convert: Callable[[object], object]
    fields: "dict[str, Declared] | None" = None
    key: "Declared | None" = None
    element: "Declared | None" = None
    elements_max: int = 0
    bytes_min: int = 2

    def named(self, name: str) -> "Declared":
        """The same type, with every object in it named after its place ("selfType.spec.@idx"), so that fields can be found."""
        if self.fields is not None:
            fields = {each: one.named(f"{name}.{each}") for each, one in self.fields.items()}
            return replace(self, type=struct(name), fields=fields)
        if self.element is None:
            return self
        if self.key is not None:
            element = self.element.named(f"{name}.@elem")
            return replace(self, type=map_of(self.key.type, element.type), element=element)
        element = self.element.named(f"{name}.@idx")
        return replace(self, type=list_of(element.type), element=element)

    def structs(self) -> "dict[str, Declared]":
        """Every object below and including this one, by the names of their types."""
        found: dict[str, Declared] = {}
        pending = [self]
        while pending:
            one = pending.pop()
            if one.fields is not None:
                found[one.type.name] = one
                pending.extend(one.fields.values())
            pending.extend(each for each in (one.key, one.element) if each is not None)
        return found
