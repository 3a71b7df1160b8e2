"""The tutorial's v1 as Python types: `underway crd from-types types_v1.py:DEVICES` prints its definition."""

from typing import Annotated

import msgspec

from underway.crd.from_types import Column, Names, Version, definition, int32, list_map, rules


class Value(msgspec.Struct, rename="camel"):
    """What one input or output has: exactly one of float, boolean and integer."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    float: Annotated[str, msgspec.Meta(pattern=r"^[+-]?[0-9]+(\.[0-9]+)?m?$", max_length=32)] | None = None
    boolean: bool | None = None
    integer: int32 | None = None


ONE_OF = rules(
    (
        "[has(self.float), has(self.boolean), has(self.integer)].exists_one(set, set)",
        "exactly one of float, boolean and integer must be set",
    )
)
Values = Annotated[list[Annotated[Value, ONE_OF]], list_map("name"), msgspec.Meta(max_length=64)]


class DeviceSpec(msgspec.Struct):
    """What a device is told."""

    inputs: Values = []


class DeviceStatus(msgspec.Struct):
    """What a device reports."""

    outputs: Values = []


COLUMNS = (
    Column("Inputs", ".spec.inputs[*].name"),
    Column("Outputs", ".status.outputs[*].name"),
    Column("Age", ".metadata.creationTimestamp", "date"),
)
DEVICES = definition(
    Names("things.underway.dev", "Device", "devices", short=("dev",)),
    (Version("v1", DeviceSpec, DeviceStatus, storage=True, columns=COLUMNS),),
)
