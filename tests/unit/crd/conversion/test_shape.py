"""What of an object stays in a version: pruned as the API server prunes, and the same object where nothing goes."""

from random import Random
from typing import Any

import pytest

from underway.crd import pipeline
from underway.crd.conversion import Conversions
from underway.crd.conversion.shape import held
from underway.crd.defaults import copied
from underway.crd.definition import definition_of
from underway.crd.fuzz import Fuzz
from unit.crd.versions import crd

STRING = {"type": "string"}
OBJECT = {"type": "object"}
PRESERVED = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": {"type": "object"}}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "properties": {
                "name": STRING,
                "maybe": {"type": "string", "nullable": True},
                "standard": {"type": "string", "default": "x"},
                "list": {"type": "array", "items": {"type": "object", "properties": {"name": STRING}}},
                "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"name": STRING}}},
                "any": {"type": "object", "additionalProperties": True},
                "none": {"type": "object", "additionalProperties": False},
                "preserved": PRESERVED,
                "embedded": {
                    "type": "object",
                    "x-kubernetes-embedded-resource": True,
                    "properties": {"spec": {"type": "object"}},
                },
                "either": {"x-kubernetes-int-or-string": True},
            },
        },
    },
}


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ({"name": "a", "other": 1}, {"name": "a"}),
        ({"name": {"a": 1}}, {"name": {}}),
        ({"list": [{"name": "a", "x": 1}, 3, None, [{"name": 1}]]}, {"list": [{"name": "a"}, 3, None, [{}]]}),
        ({"map": {"k": {"name": "a", "x": 1}, "n": None}}, {"map": {"k": {"name": "a"}}}),
        ({"any": {"k": {"x": 1}, "s": 1, "l": [{"x": 1}]}}, {"any": {"k": {}, "s": 1, "l": [{}]}}),
        ({"none": {"k": {"x": 1}, "s": 1}}, {"none": {"k": {}, "s": 1}}),
        (
            {"preserved": {"x": {"y": [{"z": None}]}, "known": {"gone": 1}}},
            {"preserved": {"x": {"y": [{"z": None}]}, "known": {}}},
        ),
        (
            {"embedded": {"apiVersion": "v1", "kind": "P", "metadata": {"a": 1}, "spec": {"x": 1}, "status": 1}},
            {"embedded": {"apiVersion": "v1", "kind": "P", "metadata": {"a": 1}, "spec": {}}},
        ),
        ({"name": None, "maybe": None, "standard": None}, {"maybe": None, "standard": None}),
        ({"either": 3}, {"either": 3}),
    ],
    ids=range(10),
)
def test_what_stays(given: Any, stays: Any) -> None:
    value = {"apiVersion": "g/v1", "kind": "Thing", "metadata": {"name": "x", "odd": 1}, "spec": given}
    assert held(SCHEMA)(value) == {**value, "spec": stays}
    assert value["spec"] is given


def test_where_nothing_goes_the_object_itself_comes_back() -> None:
    value = {"metadata": {}, "spec": {"name": "a", "list": [{"name": "b"}], "map": {"k": {"name": "c"}}}}
    assert held(SCHEMA)(value) is value
    assert held({})(value) is value


def test_what_is_given_is_not_changed() -> None:
    value = {"spec": {"list": [{"name": "a", "x": 1}], "x": 1}, "x": 1}
    assert held(SCHEMA)(value) == {"spec": {"list": [{"name": "a"}]}}
    assert value == {"spec": {"list": [{"name": "a", "x": 1}], "x": 1}, "x": 1}


def test_it_is_what_the_pipeline_does_after_a_conversion() -> None:
    version = definition_of(crd("v1", v1=SCHEMA["properties"]["spec"]["properties"])).versions["v1"]
    draw = Fuzz(Conversions(crd("v1", v1=SCHEMA["properties"]["spec"]["properties"]), hub="v1", spokes=()), Random)._draws["v1"]
    rng = Random(1)
    for _ in range(300):
        value = draw(rng) | {"extra": 1}
        # Strays that only a converter could have left: unknown fields, nulls, containers where scalars belong.
        for name in list(value.get("spec", {})):
            if rng.random() < 0.3:
                value["spec"][name] = rng.choice((None, {"x": 1}, [{"x": 1}], "text", {"k": None}))
        quick = held(version.node.raw if version.node else {})(copied(value))
        assert quick == pipeline.conversion(copied(value), version).value
