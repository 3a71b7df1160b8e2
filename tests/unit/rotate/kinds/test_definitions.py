"""The definitions and the decoder judge alike: what one takes the other takes, what one refuses the other refuses."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml

from schema_judge import defaulted, problems
from specimens import BAD_FLEETS, BAD_ROTATIONS, GOOD_FLEETS, GOOD_ROTATIONS
from underway.errors import UsageError
from underway.rotate.kinds.definitions import fleet_definition, rotation_definition
from underway.rotate.kinds.fleet import FleetSpec, fleet_from
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.spec import Rotation, rotation_from

GATES = ["api-server", "command", "expression", "http", "ingress-latency", "nodes-ready", "prometheus", "workloads-available"]
PROVIDERS = ["AutoScalingGroup", "Command"]


def schema_of(definition: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


ROTATION = schema_of(rotation_definition(GATES, PROVIDERS))
FLEET = schema_of(fleet_definition(GATES, PROVIDERS))


def whole(kind: str, spec: dict[str, Any], name: str = "r") -> dict[str, Any]:
    return {"apiVersion": "underway.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def decoded(spec: dict[str, Any], name: str = "r") -> Rotation:
    return rotation_from(whole("Rotation", spec, name), "r.yaml", GATES, PROVIDERS)


@pytest.mark.parametrize("name", GOOD_ROTATIONS)
def test_a_good_rotation_is_taken_by_both_and_means_the_same_with_the_servers_defaults(name: str) -> None:
    spec = GOOD_ROTATIONS[name]
    assert problems(whole("Rotation", spec), ROTATION) == []
    filled = defaulted(spec, ROTATION["properties"]["spec"])
    assert decoded(filled) == decoded(spec)


@pytest.mark.parametrize("name", BAD_ROTATIONS)
def test_a_bad_rotation_is_refused_by_both_with_the_field_named(name: str) -> None:
    spec, field = BAD_ROTATIONS[name]
    with pytest.raises(UsageError) as caught:
        decoded(spec)
    assert field.replace("[0]", "") in str(caught.value).replace("[0]", "").replace("[...]", "")
    found = problems(whole("Rotation", spec), ROTATION)
    assert any(field in problem for problem in found), found


@pytest.mark.parametrize("name", GOOD_FLEETS)
def test_a_good_fleet_is_taken_by_both(name: str) -> None:
    spec = GOOD_FLEETS[name]
    assert problems(whole("Fleet", spec), FLEET) == []
    filled = defaulted(spec, FLEET["properties"]["spec"])
    assert fleet_from(filled, "f.yaml", GATES, PROVIDERS) == fleet_from(spec, "f.yaml", GATES, PROVIDERS)


@pytest.mark.parametrize("name", BAD_FLEETS)
def test_a_bad_fleet_is_refused_by_both_with_the_field_named(name: str) -> None:
    spec, field = BAD_FLEETS[name]
    with pytest.raises(UsageError) as caught:
        fleet_from(spec, "f.yaml", GATES, PROVIDERS)
    assert field.replace("[0]", "") in str(caught.value).replace("[0]", "").replace("[...]", "")
    found = problems(whole("Fleet", spec), FLEET)
    assert any(field in problem for problem in found), found


@pytest.mark.parametrize("name", ["x" * 41, "Workers", "a..b", ""])
def test_a_name_that_cannot_be_part_of_a_machines_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"r\.yaml: metadata\.name: "):
        decoded(GOOD_ROTATIONS["the least"], name)
    if len(name) > 40:
        assert "must have at most 40 characters" in problems(whole("Rotation", GOOD_ROTATIONS["the least"], name), ROTATION)[0]


def bare(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Parts of a schema that are not structural: no type, or a default that is not valid."""
    if not schema.get("type") and not schema.get("x-kubernetes-int-or-string"):
        yield path
    if "default" in schema and problems(schema["default"], schema):
        yield f"{path}: default"
    for name, child in schema.get("properties", {}).items():
        yield from bare(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from bare(schema[key], f"{path}[]")


def names(schema: dict[str, Any]) -> Iterator[str]:
    """The names of all fields."""
    for name, child in schema.get("properties", {}).items():
        yield name
        yield from names(child)
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from names(schema[key])


@pytest.mark.parametrize("schema", [ROTATION, FLEET], ids=["Rotation", "Fleet"])
def test_no_field_has_a_name_that_yaml_reads_as_something_else(schema: dict[str, Any]) -> None:
    """YAML 1.1, which kubectl reads, takes an unquoted key `on` for true."""
    assert [name for name in names(schema) if yaml.safe_load(name) != name] == []


@pytest.mark.parametrize("schema", [ROTATION, FLEET], ids=["Rotation", "Fleet"])
def test_the_schemas_are_structural_and_their_defaults_valid(schema: dict[str, Any]) -> None:
    assert list(bare(schema, "")) == []


def test_every_field_that_the_decoder_knows_is_in_the_schema() -> None:
    for struct, schema in ((RotationStatus, ROTATION["properties"]["status"]), (FleetSpec, FLEET["properties"]["spec"])):
        assert {field.encode_name for field in msgspec.structs.fields(struct)} == set(schema["properties"])


def test_the_columns_speak_of_fields_that_there_are() -> None:
    version = rotation_definition(GATES, PROVIDERS)["spec"]["versions"][0]
    for column in version["additionalPrinterColumns"]:
        at = ROTATION
        if column["jsonPath"].startswith(".metadata") or "[?" in column["jsonPath"]:
            continue
        for step in column["jsonPath"].lstrip(".").split("."):
            at = at["properties"][step]
        assert at["type"] == column["type"]
