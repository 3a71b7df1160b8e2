"""Definitions drawn from types of three libraries, checked as the API server checks them; and types written from definitions."""

import dataclasses
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest
import yaml

from underway.crd import definition_checks
from underway.crd.from_types import (
    Column,
    Names,
    Version,
    definition,
    int32,
    list_map,
    list_set,
    marker,
    preserve,
    rules,
    structural,
)
from underway.crd.to_types import module
from underway.errors import UsageError

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot"
MAP = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
VALUES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "size": {"type": "integer", "minimum": 1},
        },
    },
}


class Value(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["a", "b"] = "a"
    size: Annotated[int, msgspec.Meta(ge=1)] | None = None


class StructSpec(msgspec.Struct):
    values: Annotated[list[Value], list_map("name")] = []


@dataclasses.dataclass
class DataValue:
    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["a", "b"] = "a"
    size: Annotated[int, msgspec.Meta(ge=1)] | None = None


@dataclasses.dataclass
class DataSpec:
    values: Annotated[list[DataValue], list_map("name")] = dataclasses.field(default_factory=list)


class ModelValue(pydantic.BaseModel):
    name: Annotated[str, pydantic.Field(min_length=1)]
    kind: Literal["a", "b"] = "a"
    size: Annotated[int, pydantic.Field(ge=1)] | None = None


class ModelSpec(pydantic.BaseModel):
    values: Annotated[list[ModelValue], pydantic.Field(json_schema_extra=MAP)] = []


@pytest.mark.parametrize("type_", [StructSpec, DataSpec, ModelSpec])
def test_three_libraries_draw_the_same_schema(type_: Any) -> None:
    drawn = structural(type_)
    drawn["properties"]["values"]["items"].pop("description", None)
    assert drawn == {"type": "object", "properties": {"values": {**VALUES, **MAP}}}


class Odd(msgspec.Struct, rename="camel"):
    """Everything that a marker can say."""

    port: int | str = 80
    tags: Annotated[list[str], list_set()] = []
    labels: dict[str, str] = {}
    free: dict[str, Any] = {}
    when: datetime | None = None
    low: Annotated[int, msgspec.Meta(gt=0)] = 1
    count: int32 = 0
    template: Annotated[
        dict[str, Any], marker(x_kubernetes_embedded_resource=True, x_kubernetes_preserve_unknown_fields=True)
    ] = {}
    anything: Any = None
    kept: Annotated[dict[str, Any], preserve()] = {}
    pair: Annotated[Value | None, rules(("self.size < 9", "size must be under 9"))] = None


def test_every_marker_and_kind_of_type() -> None:
    drawn = structural(Odd)["properties"]
    assert drawn["port"] == {"x-kubernetes-int-or-string": True}
    assert drawn["tags"]["x-kubernetes-list-type"] == "set"
    assert drawn["labels"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert drawn["free"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert drawn["low"] == {"type": "integer", "default": 1, "minimum": 0, "exclusiveMinimum": True}
    assert drawn["count"] == {"type": "integer", "format": "int32", "default": 0}
    assert drawn["anything"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert drawn["template"]["x-kubernetes-embedded-resource"] is True
    assert drawn["pair"]["x-kubernetes-validations"] == [{"rule": "self.size < 9", "message": "size must be under 9"}]


NAMES = Names("tests.underway.dev", "Odd", "odds", short=("od",), categories=("all",), namespaced=False)


def test_a_definition_is_one_that_the_api_server_takes() -> None:
    made = definition(
        NAMES,
        (
            Version("v1", Odd, status=StructSpec, storage=True, columns=(Column("Low", ".spec.low", "integer", wide=True),)),
            Version("v1alpha1", StructSpec, deprecated="use v1"),
        ),
    )
    assert list(definition_checks.problems(made)) == []
    stored, older = made["spec"]["versions"]
    assert stored["subresources"] == {"status": {}}
    assert stored["additionalPrinterColumns"] == [{"name": "Low", "type": "integer", "jsonPath": ".spec.low", "priority": 1}]
    assert (older["deprecated"], older["deprecationWarning"], older["storage"]) == (True, "use v1", False)
    assert made["spec"]["names"]["shortNames"] == ["od"]
    assert yaml.safe_dump(made, sort_keys=False) == yaml.safe_dump(definition(NAMES, (
        Version("v1", Odd, status=StructSpec, storage=True, columns=(Column("Low", ".spec.low", "integer", wide=True),)),
        Version("v1alpha1", StructSpec, deprecated="use v1"),
    )), sort_keys=False)  # fmt: skip


class Tree(msgspec.Struct):
    children: list["Tree"] = []


class Either(msgspec.Struct):
    field: int | list[int] = 0


class Loose(msgspec.Struct):
    items: list[Any] = []


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (Tree, "Tree: .* is nested deeper than 24 levels: does a type contain itself?"),
        (Either, r"Either: field may be of several types; the API knows int \| str alone"),
        (Loose, r"Loose: items is a list of anything; say of what, as in list\[str\]"),
        (object, "object: no schema can be drawn"),
    ],
)
def test_what_the_api_cannot_hold_is_refused(type_: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        structural(type_)


def test_one_version_is_stored() -> None:
    with pytest.raises(UsageError, match=r"odds.tests.underway.dev: 0 versions have storage=True; one must"):
        definition(NAMES, (Version("v1", Odd), Version("v2", Odd)))


def executed(text: str) -> dict[str, Any]:
    made = types.ModuleType("written")
    sys.modules["written"] = made
    exec(compile(text, "written.py", "exec"), made.__dict__)  # noqa: S102  the text is what is under test
    return vars(made)


def test_types_are_written_from_a_definition_and_check_what_they_decode() -> None:
    crd = yaml.safe_load((KOT / "devices.yaml").read_text())
    written = executed(module(crd, "v1alpha1"))
    pump = yaml.safe_load((KOT / "pump.yaml").read_text())
    device = msgspec.convert(pump, written["Device"])
    assert device.spec.inputs[1].value == "3"
    assert msgspec.to_builtins(device) == pump
    pump["spec"]["inputs"][0]["type"] = "Text"
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'Text'"):
        msgspec.convert(pump, written["Device"])


def test_names_that_python_cannot_spell_keep_their_own() -> None:
    properties = {
        "class": {"type": "string"},
        "x-y": {"type": "integer"},
        "podIP": {"type": "string"},
        "int": {"type": "integer"},
        "1st": {"type": "boolean"},
        "port": {"x-kubernetes-int-or-string": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    crd = {
        "metadata": {"name": "odds.g"},
        "spec": {
            "group": "g",
            "names": {"kind": "Odd"},
            "versions": [
                {
                    "name": "v1",
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"properties": {"spec": {"type": "object", "properties": properties}}}},
                }
            ],
        },
    }
    spec = {"class": "a", "x-y": 1, "podIP": "::", "int": 3, "1st": True, "port": "http", "labels": {"a": "b"}}
    odd = msgspec.convert({"spec": spec}, executed(module(crd))["Odd"])
    assert msgspec.to_builtins(odd) == {"apiVersion": "g/v1", "kind": "Odd", "metadata": {}, "spec": spec}
    with pytest.raises(UsageError, match=r"odds.g: there is no version 'v2'; there are v1"):
        module(crd, "v2")


def test_there_and_back_is_the_same_schema() -> None:
    crd = definition(NAMES, (Version("v1", StructSpec),))
    written = executed(module(crd))
    again = structural(written["OddSpec"])
    again.pop("description")
    again["properties"]["values"]["items"].pop("description")
    assert again == {"type": "object", "properties": {"values": VALUES}}
