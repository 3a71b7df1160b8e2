"""Custom resources."""

import json
from typing import Any

import pytest

from underway.kube import request as q
from underway.sim.apiserver.front import Answer
from unit.sim.apiserver.caller import Caller

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


def definition(**version: Any) -> dict[str, Any]:
    """A definition of widgets in v1 (stored) and v1beta1."""
    properties = {
        "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}, "color": {"type": "string"}}},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    stored = {"name": "v1", "served": True, "storage": True, "schema": schema, **version}
    older = {"name": "v1beta1", "served": True, "storage": False, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [stored, older],
        },
    }


def widget(size: int, version: str = "v1") -> dict[str, Any]:
    """A widget."""
    return {"apiVersion": f"example.com/{version}", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": size}}


def test_a_definition_is_established_and_served(api: Caller) -> None:
    assert api.call("GET", WIDGETS)[0] == 404
    assert api.call("POST", DEFINITIONS, definition())[0] == 201
    stored = api.call("GET", f"{DEFINITIONS}/widgets.example.com")[1]
    held = {condition["type"] for condition in stored["status"]["conditions"] if condition["status"] == "True"}
    assert held == {"NamesAccepted", "Established"}
    assert stored["status"]["storedVersions"] == ["v1"]
    assert api.call("POST", WIDGETS, widget(3))[0] == 201
    assert api.call("GET", WIDGETS)[1]["kind"] == "WidgetList"
    names = [resource["name"] for resource in api.call("GET", "/apis/example.com/v1")[1]["resources"]]
    assert names == ["widgets"]


def test_every_served_version_shows_the_same_object(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    older = api.call("GET", f"{WIDGETS}/a".replace("/v1/", "/v1beta1/"))[1]
    assert (older["apiVersion"], older["spec"]) == ("example.com/v1beta1", {"size": 3})
    assert api.call("GET", "/apis/example.com")[1]["preferredVersion"]["version"] == "v1"


def test_status_is_apart_only_where_the_definition_says_so(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    assert api.patch(f"{WIDGETS}/a", {"status": {"ready": True}})[1]["status"] == {"ready": True}
    assert api.patch(f"{WIDGETS}/a/status", {"status": {}})[0] == 404


def test_with_a_status_subresource_the_spec_alone_makes_a_generation(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition(subresources={"status": {}}))
    assert "status" not in api.call("POST", WIDGETS, {**widget(3), "status": {"ready": True}})[1]
    assert "status" not in api.patch(f"{WIDGETS}/a", {"status": {"ready": True}})[1]
    reported = api.patch(f"{WIDGETS}/a/status", {"status": {"ready": True}, "spec": {"size": 9}})[1]
    assert (reported["status"], reported["spec"], reported["metadata"]["generation"]) == ({"ready": True}, {"size": 3}, 1)
    assert api.patch(f"{WIDGETS}/a", {"spec": {"size": 4}})[1]["metadata"]["generation"] == 2


def test_a_refusal_warns_of_unknown_fields_too(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    patch = [{"op": "add", "path": "/spec/sise", "value": 1}, {"op": "add", "path": "/spec/size", "value": 0}]
    refused = api.raw("PATCH", f"{WIDGETS}/a", json.dumps(patch).encode(), content_type=q.JSON_PATCH)
    assert isinstance(refused, Answer)
    assert (refused.code, refused.warnings) == (422, ('unknown field "spec.sise"',))
    nothing = api.raw("PATCH", f"{WIDGETS}/a", b'[{"op": "test", "path": "/spec/size", "value": 9}]', content_type=q.JSON_PATCH)
    assert isinstance(nothing, Answer)
    assert (nothing.code, nothing.warnings) == (422, ())


def test_what_cannot_be_read_is_told_before_all_else(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    bad = {**widget(3), "metadata": {"name": "a", "labels": {"b": 1}}}
    code, said = api.call("PUT", f"{WIDGETS}/a", bad)
    assert (code, said["reason"]) == (400, "BadRequest")
    code, said = api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"b": 1}}})
    assert (code, said["details"]["causes"][0]["field"]) == (422, "patch")


def test_a_status_is_written_alone_and_the_rest_without_it(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition(subresources={"status": {}}))
    made = api.call("POST", WIDGETS, widget(3))[1]
    same = api.patch(f"{WIDGETS}/a/status", {"spec": {"size": 0}, "metadata": {"labels": {"a": "b"}}})
    assert same == (200, made)
    assert "status" not in api.call("PUT", f"{WIDGETS}/a", {**made, "status": {"ready": True}})[1]


def test_a_null_in_a_default_is_a_value(api: Caller) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    schema["properties"]["spec"]["default"] = {"a": None}  # type: ignore[index]
    api.call("POST", DEFINITIONS, definition(schema={"openAPIV3Schema": schema}))
    assert api.call("POST", WIDGETS, {key: part for key, part in widget(1).items() if key != "spec"})[1]["spec"] == {"a": None}


def test_a_version_that_is_not_served_is_no_path(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    assert api.call("GET", WIDGETS.replace("/v1/", "/v7/")) == (404, "404 page not found\n")


def test_strategic_merge_needs_types_that_are_compiled_in(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    code, status = api.patch(f"{WIDGETS}/a", {"spec": {"size": 4}}, q.STRATEGIC_MERGE_PATCH)
    assert code == 415
    assert status["message"].endswith(
        "accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )


def test_printer_columns_make_the_table(api: Caller) -> None:
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]
    api.call("POST", DEFINITIONS, definition(additionalPrinterColumns=columns))
    api.call("POST", WIDGETS, widget(3))
    table = api.call("GET", WIDGETS, accept="application/json;as=Table;v=v1;g=meta.k8s.io")[1]
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size"]
    assert table["rows"][0]["cells"] == ["a", 3]


def test_without_its_definition_a_resource_is_gone(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    api.call("POST", WIDGETS, widget(3))
    api.call("DELETE", f"{DEFINITIONS}/widgets.example.com")
    assert api.call("GET", WIDGETS)[0] == 404
    api.call("POST", DEFINITIONS, definition())
    assert api.call("GET", WIDGETS)[1]["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "other.example.com"}}, "metadata.name"),
        ({"spec": {}}, "spec.group"),
    ],
)
def test_a_definition_that_cannot_be_served_is_refused(api: Caller, change: dict[str, Any], field: str) -> None:
    code, status = api.call("POST", DEFINITIONS, {**definition(), **change})
    assert (code, status["reason"]) == (422, "Invalid")
    assert field in [cause["field"] for cause in status["details"]["causes"]]


def test_objects_are_pruned_and_unknown_fields_are_told(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    body = {**widget(3), "spec": {"size": 3, "sise": 4}}
    answer = api.raw("POST", WIDGETS, json.dumps(body).encode(), content_type=q.JSON)
    assert isinstance(answer, Answer)
    assert answer.warnings == ('unknown field "spec.sise"',)
    assert json.loads(answer.body)["spec"] == {"size": 3}
    code, status = api.call("POST", f"{WIDGETS}?fieldValidation=Strict", {**body, "metadata": {"name": "b"}})
    assert code == 400
    assert status["message"].endswith('cannot be handled as a Widget: strict decoding error: unknown field "spec.sise"')


def test_what_the_schema_forbids_is_refused_with_its_field(api: Caller) -> None:
    api.call("POST", DEFINITIONS, definition())
    code, status = api.call("POST", WIDGETS, widget(0))
    cause = "Invalid value: 0: spec.size in body should be greater than or equal to 1"
    assert (code, status["details"]["causes"]) == (422, [{"reason": "FieldValueInvalid", "message": cause, "field": "spec.size"}])
    api.call("POST", WIDGETS, widget(3))
    assert api.patch(f"{WIDGETS}/a", {"spec": {"size": -1}})[0] == 422


def test_a_definition_that_is_not_structural_is_refused(api: Caller) -> None:
    code, status = api.call("POST", DEFINITIONS, definition(schema={"openAPIV3Schema": {"properties": {"spec": {}}}}))
    assert code == 422
    assert (
        "openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields"
        in status["message"]
    )


def test_managers_own_items_of_a_list_as_the_schema_says(api: Caller) -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "string"}}, "required": ["name"]}
    keyed = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    tags = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}
    spec = {"type": "object", "properties": {"inputs": keyed, "tags": tags}}
    api.call("POST", DEFINITIONS, definition(schema={"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}))

    def applied(manager: str, **fields: Any) -> tuple[int, Any]:
        body = {**widget(1), "spec": fields}
        return api.patch(f"{WIDGETS}/a?fieldManager={manager}", body, q.APPLY_PATCH)

    assert applied("alice", inputs=[{"name": "a", "value": "1"}], tags=["x"])[0] == 201
    assert applied("bob", inputs=[{"name": "b"}], tags=["y"])[1]["spec"] == {
        "inputs": [{"name": "a", "value": "1"}, {"name": "b"}],
        "tags": ["x", "y"],
    }
    code, refused = applied("bob", inputs=[{"name": "a", "value": "2"}])
    assert (code, refused["details"]["causes"][0]["field"]) == (409, '.spec.inputs[name="a"].value')
    assert applied("bob", tags=["y"])[1]["spec"] == {"inputs": [{"name": "a", "value": "1"}], "tags": ["x", "y"]}
