"""Every move, in both directions: the spoke's spec on the left, the hub's on the right."""

from typing import Any

import pytest

from underway.crd.conversion import (
    BOOLEAN_TEXT,
    INT32_TEXT,
    INT64_TEXT,
    PERCENT,
    SECONDS,
    TEXT,
    Constant,
    Each,
    EnumMap,
    Function,
    Keep,
    Member,
    Move,
    Relocate,
    Rename,
    Split,
    Union,
    Unit,
    Wrap,
    scaled,
)

VALUE = Union(
    "type", "value", {"Float": Member("float"), "Boolean": Member("boolean", BOOLEAN_TEXT), "Integer": Member("int", INT32_TEXT)}
)


def up(move: Move, spec: Any) -> Any:
    node = {"spec": spec}
    move.up(node)
    return node.get("spec")


def down(move: Move, spec: Any) -> Any:
    node = {"spec": spec}
    move.down(node)
    return node.get("spec")


@pytest.mark.parametrize(
    ("move", "spoke", "hub"),
    [
        (Rename("spec.size", "spec.replicas"), {"size": 3, "x": 1}, {"replicas": 3, "x": 1}),
        (Relocate("spec.size", "spec.pace.max"), {"size": 3}, {"pace": {"max": 3}}),
        (Unit("spec.timeoutSeconds", "spec.timeout", SECONDS), {"timeoutSeconds": 5400}, {"timeout": "1h30m"}),
        (Unit("spec.wait", "spec.waitMs", scaled(1000)), {"wait": -2}, {"waitMs": -2000}),
        (Unit("spec.surge", "spec.surge", PERCENT), {"surge": 10}, {"surge": "10%"}),
        (Unit("spec.surge", "spec.surge", PERCENT.turned), {"surge": "10%"}, {"surge": 10}),
        (EnumMap("spec.mode", "spec.mode", {"on": "Rotate", "off": "Freeze"}), {"mode": "off"}, {"mode": "Freeze"}),
        (EnumMap("spec.freeze", "spec.mode", {"yes": "Freeze"}), {"freeze": "yes"}, {"mode": "Freeze"}),
        (EnumMap("spec.freeze", "spec.mode", {True: "Freeze", False: "Rotate"}), {"freeze": True}, {"mode": "Freeze"}),
        (Constant("spec.mode", "Rotate"), {"a": 1}, {"a": 1, "mode": "Rotate"}),
        (Constant("spec.legacy", True, on_spoke=True), {"a": 1, "legacy": True}, {"a": 1}),
        (
            Split("spec.address", {"spec.host": TEXT, "spec.net.port": INT32_TEXT}, ":"),
            {"address": "db:5432"},
            {"host": "db", "net": {"port": 5432}},
        ),
        (
            Split("spec.address", {"spec.host": TEXT, "spec.path": TEXT}, "/", joined_in_hub=True),
            {"host": "db", "path": "a/b"},
            {"address": "db/a/b"},
        ),
        (Wrap("spec.gate", "spec.gates"), {"gate": "ready"}, {"gates": ["ready"]}),
        (Wrap("spec.secret", "spec.secretRef", key="name"), {"secret": "s"}, {"secretRef": {"name": "s"}}),
        (
            Wrap("spec.checks", "spec.health", key="gate", items=True),
            {"checks": ["a", "b"]},
            {"health": [{"gate": "a"}, {"gate": "b"}]},
        ),
        (Wrap("spec.checks", "spec.health", key="gate", items=True), {"checks": []}, {"health": []}),
        (
            Each("spec.inputs", VALUE),
            {"inputs": [{"name": "a", "type": "Integer", "value": "3"}, {"type": "Float", "value": "1m"}]},
            {"inputs": [{"name": "a", "int": 3}, {"float": "1m"}]},
        ),
        (
            Each("spec.groups", Each("items", Rename("k", "key"))),
            {"groups": [{"items": [{"k": 1}]}]},
            {"groups": [{"items": [{"key": 1}]}]},
        ),
        (
            Function("spec.tags", lambda text: text.split(","), ",".join),
            {"tags": "a,b"},
            {"tags": ["a", "b"]},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "",
)
def test_a_move_goes_both_ways(move: Move, spoke: Any, hub: Any) -> None:
    assert up(move, spoke) == hub
    assert down(move, hub) == spoke


@pytest.mark.parametrize(
    ("move", "spec", "left"),
    [
        (Unit("spec.n", "spec.n", INT32_TEXT), {"n": "3000000000"}, {}),
        (Unit("spec.n", "spec.n", INT32_TEXT), {"n": "1.5"}, {}),
        (Unit("spec.n", "spec.n", INT32_TEXT), {"n": "007"}, {}),
        (Unit("spec.n", "spec.n", INT32_TEXT), {"n": "-0"}, {}),
        (Unit("spec.n", "spec.n", INT64_TEXT), {"n": "9223372036854775808"}, {}),
        (Unit("spec.n", "spec.n", BOOLEAN_TEXT), {"n": "2"}, {}),
        (Unit("spec.n", "spec.n", SECONDS), {"n": True}, {}),
        (Unit("spec.n", "spec.n", SECONDS), {"n": -1}, {}),
        (Unit("spec.n", "spec.n", PERCENT), {"n": 101}, {}),
        (Unit("spec.n", "spec.n", scaled(1000)), {"n": 2**60}, {}),
        (EnumMap("spec.n", "spec.n", {"a": "b"}), {"n": "z"}, {}),
        (EnumMap("spec.n", "spec.n", {"a": "b"}), {"n": ["a"]}, {}),
        (EnumMap("spec.n", "spec.n", {True: "b"}), {"n": 1}, {}),
        (Split("spec.n", {"spec.a": TEXT, "spec.b": INT32_TEXT}, ":"), {"n": "no-port"}, {}),
        (Split("spec.n", {"spec.a": TEXT, "spec.b": INT32_TEXT}, ":"), {"n": "host:http"}, {}),
        (Wrap("spec.n", "spec.m", key="gate", items=True), {"n": [["a"]]}, {}),
    ],
)
def test_what_a_move_does_not_understand_it_takes_away_and_never_guesses(move: Move, spec: Any, left: Any) -> None:
    assert up(move, spec) == left


def test_a_join_is_not_made_of_parts_that_would_be_read_otherwise() -> None:
    move = Split("spec.address", {"spec.host": TEXT, "spec.port": INT32_TEXT}, ":")
    assert down(move, {"host": "fe80::1", "port": 80}) == {}
    assert down(move, {"host": "only"}) == {}


def test_a_union_with_several_members_shows_the_first_declared() -> None:
    assert down(Each("spec.i", VALUE), {"i": [{"int": 1, "float": "2"}]}) == {"i": [{"type": "Float", "value": "2"}]}
    assert down(Each("spec.i", VALUE), {"i": [{"name": "a"}]}) == {"i": [{"name": "a"}]}
    assert down(Each("spec.i", VALUE), {"i": [{"int": "text", "boolean": True}]}) == {"i": [{"type": "Boolean", "value": "true"}]}


def test_moves_leave_alone_what_has_another_shape() -> None:
    for spec in (None, "text", 3, [], ["text", None, 3], {"inputs": None}, {"inputs": {"a": 1}}, {"inputs": ["text", None]}):
        for move in (Each("spec.inputs", VALUE), Rename("spec.inputs.x", "spec.inputs.y"), Keep("spec.inputs.x")):
            assert up(move, spec) == spec
            assert down(move, spec) == spec


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: Rename("spec.a", "other.b"), "the fields have different parents; that is a Relocate"),
        (lambda: Relocate("spec.a", "spec.a"), "two different fields are wanted"),
        (lambda: Relocate("spec..a", "spec.b"), "path 'spec..a': write names with dots between"),
        (lambda: Rename("spec.a[]", "spec.b[]"), "for lists, use Each"),
        (lambda: EnumMap("spec.a", "spec.a", {"x": "z", "y": "z"}), "two values of the spoke become one of the hub"),
        (lambda: Split("spec.a", {"spec.b": TEXT}, ":"), "two fields at least"),
        (lambda: Union("t", "v", {"A": Member("x"), "B": Member("x")}), "every member needs a field of its own"),
        (lambda: Wrap("spec.a", "spec.b", items=True), "name the key"),
        (lambda: scaled(1), "at least twice as fine"),
    ],
)
def test_a_move_that_cannot_work_is_refused_when_it_is_declared(declare: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        declare()
