"""Definitions are refused in the API server's words."""

from typing import Any

import pytest

from underway.crd.definition_checks import in_file, problems

Json = dict[str, Any]
AT = "spec.validation.openAPIV3Schema"


def definition(schema: Any, **spec: Any) -> Json:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    whole = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "devices", "singular": "device", "kind": "Device", "listKind": "DeviceList"},
        "versions": [version],
        **spec,
    }
    return {"kind": "CustomResourceDefinition", "metadata": {"name": "devices.example.com"}, "spec": whole}


def of(spec: Json) -> list[str]:
    """What is said of a schema whose spec is this."""
    found = problems(definition({"type": "object", "properties": {"spec": spec}}))
    return [str(problem).replace(f"{AT}.properties[spec]", "spec") for problem in found]


def test_a_good_definition_has_no_problem() -> None:
    assert of({"type": "object", "properties": {"size": {"type": "integer", "default": 3}}}) == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, "spec.type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, "spec.items: Required value: must be specified"),
        (
            {"type": "list"},
            'spec.type: Unsupported value: "list": supported values: "array", "boolean", "integer", "number", "object", "string"',
        ),
        ({"type": "string", "pattern": "[a"}, "error parsing regexp: missing closing ]: `[a`"),
        ({"type": "object", "anyOf": [{"type": "object"}]}, "spec.anyOf[0].type: Forbidden: must be empty to be structural"),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, "spec.properties: Required value: must not be empty if"),
        ({"type": "string", "x-kubernetes-embedded-resource": True}, 'spec.type: Invalid value: "string": must be object if'),
        (
            {"type": "integer", "default": "x"},
            'spec.default: Invalid value: "string":  in body must be of type integer: "string"',
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "default": {"b": 1}},
            'spec.default: Invalid value: {"b":1}: must not have unknown fields',
        ),
        (
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "spec.uniqueItems: Forbidden: uniqueItems cannot be set",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
            "spec.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}},
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        (
            {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
            "it must have a default or be a required property",
        ),
        (
            {"type": "object", "x-kubernetes-map-type": "round"},
            'Unsupported value: "round": supported values: "atomic", "granular"',
        ),
        ({"type": "object", "x-kubernetes-validations": [{"rule": " "}]}, "x-kubernetes-validations[0].rule: Required value"),
    ],
)
def test_a_bad_place_is_named(spec: Json, sentence: str) -> None:
    assert any(sentence in found for found in of(spec)), of(spec)


def test_what_a_clause_names_stands_on_the_spine() -> None:
    schema = {"type": "object", "allOf": [{"properties": {"a": {"minimum": 1}}}]}
    assert [str(problem) for problem in problems(definition(schema))] == [
        f"{AT}.properties[a]: Required value: because it is defined in {AT}.allOf[0].properties[a]"
    ]


def test_int_or_string_may_be_said_in_two_ways() -> None:
    clause = [{"type": "integer"}, {"type": "string"}]
    assert of({"x-kubernetes-int-or-string": True, "anyOf": clause}) == []
    assert of({"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": clause}, {"pattern": "x"}]}) == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"group": ""}, "spec.group: Required value"),
        ({"group": "example"}, 'spec.group: Invalid value: "example": should be a domain with at least one dot'),
        ({"scope": "Global"}, 'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'),
        ({"versions": []}, "spec.versions: Invalid value: []: must have exactly one version marked as storage version"),
        (
            {"conversion": {"strategy": "Webhook"}},
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set",
        ),
        ({"names": {"plural": "devices"}}, "spec.names.kind: Required value"),
    ],
)
def test_a_bad_definition_is_named(spec: Json, sentence: str) -> None:
    found = [str(problem) for problem in problems(definition({"type": "object"}, **spec))]
    assert any(sentence in one for one in found), found


def test_a_schema_that_holds_itself_is_refused_and_not_followed() -> None:
    endless: Json = {"type": "object", "properties": {}}
    endless["properties"]["child"] = endless
    (problem,) = problems(definition(endless))
    assert problem.message.startswith("Forbidden: nested more than 100 levels deep, or recursive")


def test_unsupported_keywords_are_named() -> None:
    assert [str(problem) for problem in problems(definition({"type": "object", "$ref": "#/x"}))] == [
        f"{AT}.$ref: Forbidden: $ref is not supported"
    ]


def test_what_the_server_derives_from_the_versions_is_told_as_well() -> None:
    """spec.version and status.storedVersions are the server's own; it complains of them all the same."""
    versions = [{"name": "V1", "served": True, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}}]
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": "a.example.com", "scope": "Cluster", "names": names, "versions": versions}
    paths = [problem.path for problem in problems({"metadata": {"name": "things.a.example.com"}, "spec": spec})]
    assert paths == ["spec.versions[0].name", "spec.version", "spec.versions", "status.storedVersions"]
    assert in_file("spec.version") == "spec.versions[0].name"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"spec": "text"}, "spec: Required value"),
        ({"metadata": "text", "spec": {}}, 'metadata: Invalid value: "text": must be an object'),
        ({"spec": {"names": "text"}}, 'spec.names: Invalid value: "text": must be an object'),
        ({"spec": {"versions": "text"}}, 'spec.versions: Invalid value: "text": must be a list'),
        ({"spec": {"versions": ["v1"]}}, 'spec.versions[0]: Invalid value: "v1": must be an object'),
        (definition({"type": 3}), "openAPIV3Schema.type: Invalid value: 3: must be a text"),
        (definition({"minimum": "low"}), 'openAPIV3Schema.minimum: Invalid value: "low": must be a number'),
        (definition({"enum": "auto"}), 'openAPIV3Schema.enum: Invalid value: "auto": must be a list'),
        (
            definition({"properties": ["a"]}),
            'openAPIV3Schema.properties: Invalid value: ["a"]: must be an object',
        ),
        (
            definition({"items": {"pattern": 3}}),
            "openAPIV3Schema.items.pattern: Invalid value: 3: must be a text",
        ),
        (definition({"anyOf": [1]}), "openAPIV3Schema.anyOf[0]: Invalid value: 1: must be an object"),
    ],
)
def test_a_definition_of_another_shape_is_named(values: Json, sentence: str) -> None:
    assert str(next(iter(problems(values)))).endswith(sentence)
