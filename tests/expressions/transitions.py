"""Rules about changes: what is old, what correlates, what is ratcheted, and how errors are worded."""

from typing import Any, NamedTuple


class Case(NamedTuple):
    """An object before and after."""

    old: dict[str, Any]
    new: dict[str, Any]


_NAMED = {
    "type": "array",
    "maxItems": 8,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 8},
            "value": {
                "type": "integer",
                "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "value must not shrink"}],
            },
        },
    },
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "x-kubernetes-validations": [
        {"rule": "self.metadata.name == 'one'"},
        {"rule": "!has(self.fixed) || !has(oldSelf.fixed) || self.fixed == oldSelf.fixed", "reason": "FieldValueForbidden"},
        {"rule": "!has(self.pair) || self.pair.low <= self.pair.high", "fieldPath": ".pair.low", "reason": "FieldValueInvalid"},
    ],
    "properties": {
        "fixed": {"type": "string", "maxLength": 16},
        "size": {
            "type": "integer",
            "x-kubernetes-validations": [
                {"rule": "self >= oldSelf", "messageExpression": "'size may not go from %d to %d'.format([oldSelf, self])"},
                {"rule": "self < 100", "message": "too large"},
                {"rule": "oldSelf.hasValue() || self < 50", "optionalOldSelf": True},
            ],
        },
        "broken": {
            "type": "integer",
            "x-kubernetes-validations": [
                {"rule": "self > 0", "messageExpression": "'%d'.format([self / (self - self)])", "message": "positive"},
                {"rule": "self > 1", "messageExpression": "'two\\nlines'"},
                {"rule": "self > 2", "messageExpression": "'  '", "reason": "FieldValueRequired"},
                {"rule": "10 / self > 1"},
            ],
        },
        "pair": {
            "type": "object",
            "required": ["low", "high"],
            "properties": {"low": {"type": "integer"}, "high": {"type": "integer"}},
            "x-kubernetes-validations": [{"rule": "self.low > 0", "reason": "FieldValueDuplicate", "fieldPath": ".low"}],
        },
        "named": _NAMED,
        "labels": {
            "type": "object",
            "maxProperties": 8,
            "additionalProperties": {
                "type": "string",
                "maxLength": 16,
                "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "immutable"}, {"rule": "self != 'bad'"}],
            },
        },
        "words": {
            "type": "array",
            "maxItems": 8,
            "items": {"type": "string", "maxLength": 8, "x-kubernetes-validations": [{"rule": "self.startsWith('w')"}]},
        },
        "nothing": {"type": "string", "nullable": True, "x-kubernetes-validations": [{"rule": "false"}]},
        "number": {"type": "number", "x-kubernetes-validations": [{"rule": "self < 1.0"}]},
        "flag": {"type": "boolean", "x-kubernetes-validations": [{"rule": "self"}]},
        "text": {
            "type": "string",
            "maxLength": 32,
            "x-kubernetes-validations": [{"rule": "self == 'x'", "reason": "FieldValueDuplicate"}],
        },
        "either": {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "x-kubernetes-validations": [{"rule": "has(self.a)"}, {"rule": "self.a > 5"}],
        },
    },
}

CASES = (
    Case({"size": 5}, {"size": 6}),
    Case({"size": 5}, {"size": 4}),
    Case({}, {"size": 60}),
    Case({"size": 5}, {"size": 200}),
    Case({"fixed": "a"}, {"fixed": "b"}),
    Case({"fixed": "a"}, {}),
    Case({}, {"broken": -1}),
    Case({}, {"broken": 0}),
    Case({}, {"pair": {"low": 2, "high": 1}}),
    Case({}, {"pair": {"low": -1, "high": 1}}),
    Case(
        {"named": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]},
        {"named": [{"name": "b", "value": 1}, {"name": "c", "value": 0}]},
    ),
    Case({"named": [{"name": "a", "value": 1}]}, {"named": [{"name": "a", "value": 2}]}),
    Case({"labels": {"x": "1"}}, {"labels": {"x": "2", "y": "bad"}}),
    Case({"labels": {"x": "1"}}, {"labels": {"x": "1", "y": "2"}}),
    Case({"words": ["w1"]}, {"words": ["w1", "x2"]}),
    Case({}, {"nothing": None}),
    Case({}, {"number": 1.5}),
    Case({}, {"number": 2}),
    Case({}, {"number": 12345678.9}),
    Case({}, {"flag": False}),
    Case({}, {"text": 'a "quoted" <text> ä\t'}),
    Case({}, {"either": {"a": 1}}),
    Case({}, {"either": {}}),
    Case({}, {"either": {"a": 9}}),
)
