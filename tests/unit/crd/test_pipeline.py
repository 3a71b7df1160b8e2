"""What the API server does to a custom resource, event by event."""

from typing import Any

import pytest

from underway.crd import pipeline
from underway.crd.definition import Version, definition_of
from underway.crd.problem import Problem

Json = dict[str, Any]
ITEMS = {
    "type": "array",
    "maxItems": 3,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}, "value": {"type": "integer", "minimum": 3}},
    },
}
SPEC = {
    "type": "object",
    "required": ["items"],
    "properties": {
        "mode": {"type": "string", "default": "auto", "enum": ["auto", "manual"]},
        "note": {"type": "string", "nullable": True, "default": "none"},
        "port": {"x-kubernetes-int-or-string": True},
        "nested": {"type": "object", "properties": {"deep": {"type": "string", "default": "x"}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "default": "v"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"kept": {"type": "object"}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "items": ITEMS,
    },
}


def version(spec: Json = SPEC, **more: Any) -> Version:
    schema = {
        "type": "object",
        "properties": {"spec": spec, "status": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    }
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **more}
    names = {"plural": "devices", "kind": "Device"}
    found = definition_of({"spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [one]}})
    return found.versions["v1"]


def device(**spec: Any) -> Json:
    return {"apiVersion": "example.com/v1", "kind": "Device", "metadata": {"name": "a"}, "spec": {"items": [], **spec}}


def told(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.path, problem.type) for problem in problems]


class TestRequest:
    def test_unknown_fields_go_and_are_named(self) -> None:
        read = pipeline.request({**device(mod="x", items=[{"name": "a", "extra": 1}]), "extra": {}}, version())
        assert read.unknown == ("extra", "spec.items[0].extra", "spec.mod")
        assert read.value["spec"] == {"items": [{"name": "a"}], "mode": "auto", "note": "none"}

    def test_under_a_preserving_field_only_what_is_specified_is_pruned(self) -> None:
        read = pipeline.request(device(free={"any": {"thing": 1}, "kept": {"gone": 1}}), version())
        assert read.value["spec"]["free"] == {"any": {"thing": 1}, "kept": {}}

    def test_nulls_go_unless_they_are_allowed_or_have_a_default(self) -> None:
        read = pipeline.request(device(port=None, mode=None, note=None, labels={"a": None}), version())
        assert read.value["spec"] == {"items": [], "mode": "auto", "note": None, "labels": {"a": "v"}}

    def test_a_missing_object_is_not_made_for_its_defaults(self) -> None:
        assert "nested" not in pipeline.request(device(), version()).value["spec"]
        assert pipeline.request(device(nested={}), version()).value["spec"]["nested"] == {"deep": "x"}

    def test_metadata_is_read_as_the_api_reads_it(self) -> None:
        value = {**device(), "metadata": {"name": "a", "colour": "red", "labels": {}}}
        read = pipeline.request(value, version())
        assert (read.value["metadata"], read.unknown) == ({"name": "a"}, ("metadata.colour",))
        broken = pipeline.request({**device(), "metadata": {"name": "a", "labels": {"x": 1}}}, version())
        assert str(broken.problem) == (
            'metadata: Invalid value: {"labels":{"x":1},"name":"a"}: '
            "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
        )

    def test_what_is_in_storage_is_never_refused(self) -> None:
        stored = pipeline.storage({**device(), "metadata": {"name": "a", "labels": {"x": 1}}}, version())
        assert stored.problem is None
        assert stored.value["metadata"] == {"name": "a", "generation": 1}

    def test_a_conversion_adds_no_defaults(self) -> None:
        assert pipeline.conversion(device(mod="x"), version()).value["spec"] == {"items": []}


class TestCreate:
    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ({"mode": "fast"}, [("spec.mode", "FieldValueNotSupported")]),
            ({"port": True}, [("spec.port", "FieldValueTypeInvalid")]),
            ({"port": "http"}, []),
            ({"port": 80.0}, []),
            ({"items": None}, [("spec.items", "FieldValueTypeInvalid")]),
            ({"items": [{"name": "a"}] * 4}, [("spec.items", "FieldValueTooMany"), ("spec.items[1]", "FieldValueDuplicate")]),
            ({"items": [{"name": "A"}]}, [("spec.items[0].name", "FieldValueInvalid")]),
            ({"items": [{"name": "a", "value": 1}]}, [("spec.items[0].value", "FieldValueInvalid")]),
            ({"items": [{}]}, [("spec.items[0].name", "FieldValueRequired")]),
            ({"tags": ["a", "b", "a", "a"]}, [("spec.tags[2]", "FieldValueDuplicate")]),
            ({"template": {"kind": "Pod"}}, [("spec.template.apiVersion", "FieldValueRequired")]),
            (
                {"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"-": "x"}}}},
                [("spec.template.metadata.labels", "FieldValueInvalid")],
            ),
        ],
    )
    def test_problems_have_the_servers_paths_and_types(self, spec: Json, expected: list[tuple[str, str]]) -> None:
        assert told(pipeline.create(device(**spec), version()).problems) == expected

    def test_a_message_is_the_servers(self) -> None:
        (problem,) = pipeline.create(device(items=[{"name": "a", "value": 1}]), version()).problems
        assert str(problem) == (
            "spec.items[0].value: Invalid value: 1: spec.items[0].value in body should be greater than or equal to 3"
        )

    def test_clauses_tell_of_the_nearest_one(self) -> None:
        either = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
        spec = {**either, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
        both = pipeline.create({**device(), "spec": {"a": "1", "b": "2"}}, version(spec))
        assert [problem.message for problem in both.problems] == [
            'Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'
        ]
        assert told(pipeline.create({**device(), "spec": {}}, version(spec)).problems) == [
            ("<nil>", "FieldValueInvalid"),
            ("spec.a", "FieldValueRequired"),
        ]

    def test_a_scale_is_a_number_that_fits(self) -> None:
        scaled = version(
            {"type": "object", "properties": {"replicas": {"type": "integer"}}},
            subresources={"scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.n"}},
        )
        (problem,) = pipeline.create({**device(), "spec": {"replicas": -1}}, scaled).problems
        assert str(problem) == ".spec.replicas: Invalid value: -1: should be a non-negative integer"


class TestUpdate:
    def test_what_stays_as_it_was_only_warns(self) -> None:
        old = device(items=[{"name": "a", "value": 1}, {"name": "b", "value": 1}])
        new = device(items=[{"name": "b", "value": 1}, {"name": "a", "value": 2}], mode="manual")
        checked = pipeline.update(new, old, version())
        assert told(checked.problems) == [("spec.items[1].value", "FieldValueInvalid")]
        assert told(checked.warnings) == [("spec.items[0].value", "FieldValueInvalid")]

    def test_a_set_that_was_no_set_may_stay_one(self) -> None:
        assert pipeline.update(device(tags=["a", "a"], mode="manual"), device(tags=["a", "a"]), version()).problems == ()
        assert told(pipeline.update(device(tags=["a", "a"]), device(), version()).problems) == [
            ("spec.tags[1]", "FieldValueDuplicate")
        ]

    def test_of_a_status_only_the_status_is_checked(self) -> None:
        old = device(mode="fast")
        checked = pipeline.update_status({**old, "status": {"n": "x"}}, old, version())
        assert told(checked.problems) == [("status.n", "FieldValueTypeInvalid")]
        # The part is checked as a value of its own, and its messages show it.
        assert checked.problems[0].message.startswith('Invalid value: "string": n in body must be of type')
        assert told(pipeline.update_status({**old, "status": 1}, old, version()).problems) == [
            ("status", "FieldValueTypeInvalid")
        ]


class TestGoValues:
    """What Go makes of numbers and texts decides verdicts; each of these was told by kube-apiserver."""

    @pytest.mark.parametrize(
        ("schema", "value", "sentences"),
        [
            (
                {"type": "integer", "enum": [1, 5]},
                1.5,
                ["Checked value must be", "must be of type integer: "],
            ),  # as 1, of the enum
            ({"type": "string", "enum": ["a"]}, 97, ["must be of type string"]),  # it is of the enum too: as "a"
            ({"type": "integer"}, float(2**63), ["Checked value must be of type integer", "must be of type integer"]),
            ({"type": "integer", "maximum": 2.5}, 2, ["Maximum boundary value must be of type integer"]),
            ({"type": "integer"}, 123456789.125, ["Checked value must be of type integer (default format)"]),
            ({"type": "integer"}, 3.0, []),
            ({"type": "number", "multipleOf": 1e10}, 2.0, ["should be a multiple of 1e+10"]),
            ({"type": "number", "minimum": 3}, 123456789.125, []),
            ({"type": "number", "maximum": 3}, 123456789.125, ["Invalid value: 1.23456789125e+08: "]),
            ({"type": "string", "maxLength": 1, "pattern": "a"}, "\u2028", ['Invalid value: "\\u2028": ']),
        ],
    )
    def test_numbers_and_texts(self, schema: Json, value: Any, sentences: list[str]) -> None:
        one = version({"type": "object", "properties": {"f": schema}})
        found = [problem.message for problem in pipeline.create({"spec": {"f": value}}, one).problems]
        assert len(found) == len(sentences)
        for sentence in sentences:
            assert any(sentence in message for message in found), found

    @pytest.mark.parametrize(
        ("format_", "good", "bad"),
        [
            ("duration", ("1h30m", "5 minutes", "2 days and a bit"), ("", "h", "2 fortnights")),
            ("date-time", ("2026-02-28T10:00:00Z", "0000-02-29T00:00:00z"), ("2026-02-28 10:00:00Z", "2026-02-28T10:00:00")),
            ("email", ("a@b", "A B <a@b.c>", '"a b"@c.d', "a@[1.2.3.4]"), ("a@b..c", "a", "a@")),
            ("ssn", ("111-22-3333",), ("111223333",)),
            ("byte", ("YQ==",), ("", "YQ", "YWI=\n")),
            ("uri", ("/path", "https://a.example"), ("relative", "http://a b")),
            ("isbn", ("978-3-16-148410-0", "080442957X"), ("0-306-40615-3",)),
            ("creditcard", ("4111 1111 1111 1111",), ("4111-1111-1111-1112",)),
            ("mac", ("01:23:45:67:89:ab",), ("01:23:45-67:89:ab",)),
            ("cidr", ("10.0.0.0/8", "::/0"), ("10.0.0.0/33", "10.0.0.0")),
            ("custom", ("anything",), ()),
        ],
    )
    def test_formats(self, format_: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
        one = version({"type": "object", "properties": {"f": {"type": "string", "format": format_}}})
        verdicts = {text: not pipeline.create({"spec": {"f": text}}, one).problems for text in (*good, *bad)}
        assert verdicts == {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}

    def test_nothing_is_ratcheted_within_clauses(self) -> None:
        clause = {"oneOf": [{"properties": {"n": {"minimum": 3}}}, {"properties": {"n": {"maximum": 5}}}]}
        one = version({"type": "object", "properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}, **clause})
        old = {"spec": {"n": 1}}
        assert not pipeline.update({"spec": {"n": 1, "m": 2}}, old, one).problems

    def test_list_map_items_without_a_scalar_key_have_no_predecessor(self) -> None:
        items = {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "string"}}, "required": ["k"]}
        many = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": items}
        one = version({"type": "object", "properties": {"l": many, "m": {"type": "integer"}}})
        old = {"spec": {"l": [{"v": "a"}]}}
        found = pipeline.update({"spec": {"l": [{"v": "a"}], "m": 1}}, old, one).problems
        assert [problem.path for problem in found] == ["spec.l[0].k"]
