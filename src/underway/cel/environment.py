"""What an expression may name: variables, types, functions. Owns the look-up; the functions are the library's."""

from collections.abc import Mapping

from underway.cel.declared import Declared
from underway.cel.library import FUNCTIONS
from underway.cel.overload import Function
from underway.cel.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    map_of,
    optional_of,
    type_of,
)

# Names of types as expressions write them, with what they are the type of.
TYPE_IDENTS: dict[str, Type] = {
    "bool": BOOL,
    "bytes": BYTES,
    "double": DOUBLE,
    "google.protobuf.Duration": DURATION,
    "google.protobuf.Timestamp": TIMESTAMP,
    "int": INT,
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "net.CIDR": CIDR,
    "net.IP": IP,
    "null_type": NULL,
    "optional_type": optional_of(DYN),
    "string": STRING,
    "type": type_of(DYN),
    "uint": UINT,
}


class Environment:
    """The variables of an expression with their types. Plain data has the type DYN; data with a schema is a Declared.

    optional: names of variables that hold an optional value of their type.
    """

    def __init__(self, variables: Mapping[str, Type | Declared], optional: frozenset[str] = frozenset()) -> None:
        self.variables: dict[str, Type] = {}
        self.declared: dict[str, Declared] = {}
        self.structs: dict[str, Declared] = {}
        for name, one in variables.items():
            if isinstance(one, Declared):
                self.declared[name] = one
                self.variables[name] = one.type
                self.structs.update(one.structs())
            else:
                self.variables[name] = one
            if name in optional:
                self.variables[name] = optional_of(self.variables[name])

    def function(self, name: str) -> Function | None:
        """The function of that name; a leading dot is the root, where all of them live."""
        return FUNCTIONS.get(name.removeprefix("."))
