"""Rules of a schema: what a definition may hold, and what is said of an object and of a change."""

from typing import Any

import pytest

from expressions import costs, data, transitions
from underway.crd.correlation import Correlated
from underway.crd.problem import Problem
from underway.crd.rule_checks import check_rules
from underway.crd.rule_paths import field_path
from underway.crd.rule_set import rule_set
from underway.crd.rule_types import escape
from underway.crd.rules import BUDGET, validate_rules

META = {"apiVersion": "cel.underway.dev/v1", "kind": "Thing", "metadata": {"name": "one"}}


def spec_with(*rules: dict[str, Any], **properties: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": list(rules)}
    return {"type": "object", "properties": {"spec": spec}}


def errors(schema: dict[str, Any], new: dict[str, Any], old: dict[str, Any] | None = None) -> list[Problem]:
    return list(validate_rules(rule_set(schema), {**META, **new}, old and {**META, **old}).errors)


def messages(schema: dict[str, Any], new: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    return [error.message for error in errors(schema, new, old)]


def problems(schema: dict[str, Any]) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in check_rules(schema, "S")]


@pytest.mark.parametrize("text", data.TRUE)
def test_data_of_a_schema_reads_as_its_types_say(text: str) -> None:
    schema = {"type": "object", "properties": {"spec": {**data.SCHEMA, "x-kubernetes-validations": [{"rule": text}]}}}
    assert messages(schema, {"spec": data.SPEC}) == []


def test_a_failed_rule_names_itself_or_says_its_message() -> None:
    schema = spec_with({"rule": "self.n > 5"}, {"rule": "self.n > 6", "message": " n is small "}, n={"type": "integer"})
    assert errors(schema, {"spec": {"n": 1}}) == [
        Problem("spec", "FieldValueInvalid", "Invalid value: failed rule: self.n > 5"),
        Problem("spec", "FieldValueInvalid", "Invalid value: n is small"),
    ]


def test_an_expression_without_a_value_names_the_reason_and_the_rule() -> None:
    schema = spec_with({"rule": "self.n > 5"}, n={"type": "integer"})
    assert messages(schema, {"spec": {}}) == ['Invalid value: "object": no such key: n evaluating rule: self.n > 5']


def test_a_scalar_is_shown_and_an_object_is_not() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "x-kubernetes-validations": [{"rule": "self > 5"}]}}}
    assert errors(schema, {"n": 1}) == [Problem("n", "FieldValueInvalid", "Invalid value: 1: failed rule: self > 5")]


def test_a_rule_of_the_root_stands_at_nil() -> None:
    schema = {"type": "object", "x-kubernetes-validations": [{"rule": "self.metadata.name != 'one'"}]}
    assert errors(schema, {})[0].path == "<nil>"


def test_a_message_expression_speaks_of_old_and_new_and_falls_back_where_it_fails() -> None:
    schema = transitions.SCHEMA
    assert messages(schema, {"size": 4}, {"size": 5}) == ["Invalid value: 4: size may not go from 5 to 4"]
    said = messages(schema, {"broken": 0})
    assert said[0] == "Invalid value: 0: positive"
    assert said[1] == "Invalid value: 0: failed rule: self > 1"
    assert said[2] == "Required value: failed rule: self > 2"
    assert said[3] == 'Invalid value: "integer": division by zero evaluating rule: 10 / self > 1'


def test_a_message_beyond_five_kilobytes_is_not_used() -> None:
    long = {"rule": "self.n > 5", "messageExpression": "lists.range(2000).map(x, 'abc').join('')"}
    assert messages(spec_with(long, n={"type": "integer"}), {"spec": {"n": 1}}) == ["Invalid value: failed rule: self.n > 5"]


def test_transition_rules_need_an_old_value_unless_it_is_optional() -> None:
    assert messages(transitions.SCHEMA, {"size": 60}) == ["Invalid value: 60: failed rule: oldSelf.hasValue() || self < 50"]
    assert messages(transitions.SCHEMA, {"size": 60}, {"size": 10}) == []


def test_items_correlate_by_their_keys_and_nothing_else_does() -> None:
    old = {"named": [{"name": "a", "value": 5}, {"name": "b", "value": 5}]}
    new = {"named": [{"name": "b", "value": 4}, {"name": "new", "value": 0}]}
    assert errors(transitions.SCHEMA, new, old) == [
        Problem("named[0].value", "FieldValueInvalid", "Invalid value: 4: value must not shrink")
    ]


def test_what_did_not_change_is_a_warning_unless_the_rule_reads_the_old_value() -> None:
    verdict = validate_rules(rule_set(transitions.SCHEMA), {**META, "words": ["x"]}, {**META, "words": ["x"]})
    assert verdict.errors == ()
    assert verdict.warnings == (
        Problem("words[0]", "FieldValueInvalid", "Invalid value: \"x\": failed rule: self.startsWith('w')"),
    )


def test_the_budget_of_an_object_ends_the_validation() -> None:
    schema = {"type": "object", "properties": {"all": costs.LOOPS["all"].schema()}}
    verdict = validate_rules(rule_set(schema), {**META, "all": costs.LOOPS["all"].value(100)}, budget=1000)
    assert [error.message for error in verdict.errors] == [
        'Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run'
    ]
    assert verdict.budget < 0


def test_one_expression_has_its_own_limit() -> None:
    loop = costs.LOOPS["one"]
    schema = {"type": "object", "properties": {"one": loop.schema()}}
    assert "actual cost limit exceeded" in messages(schema, {"one": loop.value(loop.elements)})[0]
    assert messages(schema, {"one": loop.value(loop.elements - 1)}) == ["Invalid value: no"]


def test_an_object_without_rules_costs_nothing() -> None:
    assert rule_set({"type": "object"}) is None
    assert validate_rules(None, {}) == ((), (), BUDGET)


def test_a_bad_expression_is_shown_with_a_caret() -> None:
    found = problems(spec_with({"rule": "self.n > 'a'"}, n={"type": "integer"}))
    path, _, message = found[0].partition(": ")
    assert path == "S.properties[spec].x-kubernetes-validations[0].rule"
    assert message.startswith('Invalid value: {"Rule":"self.n \\u003e \'a\'","Message":"","MessageExpression":"","Reason":null')
    assert message.endswith("applied to '(int, string)'\n | self.n > 'a'\n | .......^")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"rule": "true", "fieldPath": ".missing"}, 'fieldPath: Invalid value: ".missing": must be a valid path'),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression must evaluate to a string"),
        (
            {"rule": "true", "messageExpression": "self.x"},
            "messageExpression compilation failed: ERROR: <input>:1:5: undefined field 'x'",
        ),
        (
            {"rule": "true", "optionalOldSelf": True},
            "optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
        ),
        ({"rule": "int('x') == 1"}, "program instantiation failed: type conversion error from 'string' to 'int'"),
    ],
)
def test_a_rule_that_no_definition_may_hold(rule: dict[str, Any], why: str) -> None:
    found = problems(spec_with(rule, n={"type": "integer"}))
    assert found
    assert why in found[0]


def test_old_values_hide_within_lists_without_keys() -> None:
    items = {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
    found = problems({"type": "object", "properties": {"list": {"type": "array", "items": items}}})
    assert "oldSelf cannot be used on the uncorrelatable portion of the schema within S.properties[list]" in found[0]


def test_a_rule_that_may_cost_too_much_says_what_to_bound() -> None:
    listed = {"type": "array", "items": {"type": "string"}}
    found = problems(spec_with({"rule": "self.list.all(x, self.list.all(y, x == y))"}, list=listed))
    assert (
        "estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems" in found[0]
    )
    assert "contributed to estimated rule cost total exceeding cost limit" in found[1]
    assert "cost total for entire OpenAPIv3 schema exceeds budget" in found[2]
    bounded = {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 10}}
    assert problems(spec_with({"rule": "self.list.all(x, self.list.all(y, x == y))"}, list=bounded)) == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plain", "plain"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("for", "__for__"),
        ("x__y", "x__underscores__y"),
        ("1a", None),
        ("a b", None),
    ],
)
def test_names_are_escaped(name: str, written: str | None) -> None:
    assert escape(name) == written


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (".a", "a"),
        (".a.b", "a.b"),
        (".m['k']", "m[k]"),
        (".m['it\\'s']", "m[it's]"),
        ("a", None),
        (".a.", None),
        (".m[k]", None),
        (".z", None),
        (".a[0]", None),
    ],
)
def test_field_paths_follow_the_schema(path: str, written: str | None) -> None:
    inner = {"type": "object", "properties": {"b": {"type": "integer"}}}
    schema = {"properties": {"a": inner, "m": {"type": "object", "additionalProperties": {"type": "string"}}}}
    assert field_path(path, schema) == written


def test_lists_correlate_as_units_and_maps_by_key() -> None:
    schema = {
        "type": "object",
        "properties": {"l": {"type": "array", "items": {}}, "m": transitions.SCHEMA["properties"]["named"]},
    }
    new = {"l": [1, 2], "m": [{"name": "a", "value": 1}, {"name": "b"}]}
    old = {"l": [2, 1], "m": [{"name": "b"}, {"name": "a", "value": 1}]}
    both = Correlated(new, old, schema)
    assert both.key("m") is not None
    assert both.key("m").unchanged  # type: ignore[union-attr]
    assert not both.key("l").unchanged  # type: ignore[union-attr]
    assert not both.unchanged
