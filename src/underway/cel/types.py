"""The algebra of static types. Owns their shapes and how they are written; `unify` unifies, `declared` knows fields."""

from typing import NamedTuple


class Type(NamedTuple):
    """A type: its kind, its name as people see it, its parameters."""

    kind: str
    name: str
    parameters: "tuple[Type, ...]" = ()

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(str(one) for one in self.parameters)})"


BOOL = Type("bool", "bool")
INT = Type("int", "int")
UINT = Type("uint", "uint")
DOUBLE = Type("double", "double")
STRING = Type("string", "string")
BYTES = Type("bytes", "bytes")
NULL = Type("null", "null")
DURATION = Type("duration", "duration")
TIMESTAMP = Type("timestamp", "timestamp")
DYN = Type("dyn", "dyn")
ERROR = Type("error", "!error!")

QUANTITY = Type("struct", "kubernetes.Quantity")
URL = Type("struct", "kubernetes.URL")
SEMVER = Type("struct", "kubernetes.Semver")
FORMAT = Type("struct", "kubernetes.NamedFormat")
IP = Type("opaque", "net.IP")
CIDR = Type("opaque", "net.CIDR")


def list_of(element: Type) -> Type:
    """list(element)."""
    return Type("list", "list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """map(key, value)."""
    return Type("map", "map", (key, value))


def optional_of(value: Type) -> Type:
    """optional_type(value)."""
    return Type("opaque", "optional_type", (value,))


def type_of(value: Type) -> Type:
    """type(value): the type of a type."""
    return Type("type", "type", (value,))


def struct(name: str) -> Type:
    """An object whose fields the environment declares under that name."""
    return Type("struct", name)


def param(name: str) -> Type:
    """A type parameter of an overload, or a free variable of the checker."""
    return Type("param", name)


def is_dyn(one: Type) -> bool:
    """Whether the checker leaves it to the evaluation."""
    return one.kind == "dyn"


def is_optional(one: Type) -> bool:
    """Whether it is optional_type(...)."""
    return one.kind == "opaque" and one.name == "optional_type"


def unwrapped(one: Type) -> tuple[Type, bool]:
    """The value's type of an optional type and True, or the type itself and False."""
    return (one.parameters[0], True) if is_optional(one) else (one, False)
