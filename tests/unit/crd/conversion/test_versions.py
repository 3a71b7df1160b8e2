"""Conversion between versions through the hub: nothing is lost, nothing stale comes back, nothing given is changed."""

import copy
import itertools
from typing import Any

import pytest

from underway.crd.conversion import (
    INT32_TEXT,
    Constant,
    Conversions,
    Converted,
    Each,
    Function,
    Keep,
    Member,
    Relocate,
    Rename,
    Spoke,
    Unconvertible,
    Union,
    Unit,
    Wrap,
    scaled,
)
from underway.crd.conversion.kept import ANNOTATION
from underway.errors import UsageError
from unit.crd.versions import BOOLEAN, GROUP, INTEGER, STRING, crd, listed, of, thing

SCHEMAS = {
    "v1alpha1": {
        "concurrency": INTEGER,
        "waitSeconds": INTEGER,
        "inputs": listed({"name": STRING, "type": STRING, "value": STRING}),
    },
    "v1beta1": {
        "pace": of({"max": INTEGER, "waitMs": INTEGER}),
        "inputs": listed({"name": STRING, "text": STRING, "int": INTEGER}),
        "gates": {"type": "array", "items": STRING},
    },
    "v1": {
        "pace": of({"max": INTEGER, "waitMs": INTEGER, "soak": STRING}),
        "inputs": listed({"name": STRING, "text": STRING, "int": INTEGER, "note": STRING}),
        "gates": {"type": "array", "items": STRING},
    },
}
ALPHA = Spoke(
    "v1alpha1",
    (
        Relocate("spec.concurrency", "spec.pace.max"),
        Unit("spec.waitSeconds", "spec.pace.waitMs", scaled(1000)),
        Each(
            "spec.inputs",
            Union("type", "value", {"Text": Member("text"), "Int": Member("int", INT32_TEXT)}),
            Keep("note"),
            key="name",
        ),
        Keep("spec.pace.soak", "spec.gates"),
    ),
)
BETA = Spoke("v1beta1", (Each("spec.inputs", Keep("note"), key="name"), Keep("spec.pace.soak")))
THINGS = Conversions(crd("v1", **SCHEMAS), hub="v1", spokes=(ALPHA, BETA))
FULL = {
    "pace": {"max": 2, "waitMs": 1500, "soak": "60s"},
    "inputs": [{"name": "a", "int": 3, "note": "first"}, {"name": "b", "text": "x", "int": 9}, {"name": "c", "note": "bare"}],
    "gates": ["ready", "quota"],
}


def converted(value: dict[str, Any], to: str, conversions: Conversions = THINGS) -> dict[str, Any]:
    outcome = conversions.convert(value, to)
    assert isinstance(outcome, Converted), outcome
    return outcome.object


def test_a_spoke_shows_what_it_can_and_keeps_the_rest() -> None:
    outcome = THINGS.convert(thing("v1", FULL), "v1alpha1")
    assert isinstance(outcome, Converted)
    assert outcome.object["apiVersion"] == f"{GROUP}/v1alpha1"
    assert outcome.object["spec"] == {
        "concurrency": 2,
        "waitSeconds": 1,
        "inputs": [{"name": "a", "type": "Int", "value": "3"}, {"name": "b", "type": "Text", "value": "x"}, {"name": "c"}],
    }
    assert set(outcome.kept) == {
        "spec.pace.waitMs",
        "spec.pace.soak",
        "spec.inputs[a].note",
        "spec.inputs[b].text",
        "spec.inputs[b].int",
        "spec.inputs[c].note",
        "spec.gates",
    }


@pytest.mark.parametrize(
    "route", [("v1alpha1", "v1"), ("v1beta1", "v1"), ("v1alpha1", "v1beta1", "v1"), ("v1beta1", "v1alpha1", "v1")]
)
def test_the_hub_comes_back_whole_by_any_route(route: tuple[str, ...]) -> None:
    value = thing("v1", FULL, labels={"a": "b"}, annotations={"mine": "yes"})
    for version in route:
        value = converted(value, version)
    assert value == thing("v1", FULL, labels={"a": "b"}, annotations={"mine": "yes"})


def test_what_the_hub_cannot_hold_of_a_spoke_comes_back_too() -> None:
    given = thing(
        "v1alpha1", {"inputs": [{"name": "a", "type": "Int", "value": "3000000000"}, {"name": "b", "value": "untyped"}]}
    )
    hub = converted(given, "v1")
    assert hub["spec"] == {"inputs": [{"name": "a"}, {"name": "b"}]}
    assert converted(hub, "v1alpha1") == given
    assert converted(converted(hub, "v1beta1"), "v1alpha1") == given


def test_nothing_stale_comes_back_over_an_edit() -> None:
    spoke = converted(thing("v1", FULL), "v1alpha1")
    spoke["spec"]["waitSeconds"] = 7
    spoke["spec"]["inputs"][1] = {"name": "b", "type": "Int", "value": "4"}
    hub = converted(spoke, "v1")["spec"]
    assert hub["pace"] == {"max": 2, "waitMs": 7000, "soak": "60s"}
    # b had two members of which the spoke showed one: after the edit there is one, and not the old second again.
    assert hub["inputs"] == [{"name": "a", "int": 3, "note": "first"}, {"name": "b", "int": 4}, {"name": "c", "note": "bare"}]


def test_what_is_kept_finds_its_item_after_items_moved() -> None:
    spoke = converted(thing("v1", FULL), "v1alpha1")
    items = spoke["spec"]["inputs"]
    spoke["spec"]["inputs"] = [{"name": "new", "type": "Int", "value": "1"}, items[2], items[0]]
    assert converted(spoke, "v1")["spec"]["inputs"] == [
        {"name": "new", "int": 1},
        {"name": "c", "note": "bare"},
        {"name": "a", "int": 3, "note": "first"},
    ]


def test_a_parent_that_was_deleted_does_not_rise_again() -> None:
    spoke = converted(thing("v1", {"pace": {"max": 2, "soak": "60s"}}), "v1beta1")
    del spoke["spec"]["pace"]
    assert converted(spoke, "v1")["spec"] == {}


def test_a_parent_that_was_never_seen_comes_back() -> None:
    spoke = converted(thing("v1", {"pace": {"soak": "60s"}}), "v1alpha1")
    assert spoke["spec"] == {}
    assert converted(spoke, "v1")["spec"] == {"pace": {"soak": "60s"}}


def test_a_list_without_keys_is_kept_or_given_up_as_a_whole() -> None:
    both = crd("v1", v1alpha1={"gate": STRING}, v1={"gates": {"type": "array", "items": STRING}})
    conversions = Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", (Wrap("spec.gate", "spec.gates"),)),))
    spoke = converted(thing("v1", {"gates": ["a", "b"]}), "v1alpha1", conversions)
    assert spoke["spec"] == {"gate": "a"}
    assert converted(spoke, "v1", conversions)["spec"] == {"gates": ["a", "b"]}
    spoke["spec"]["gate"] = "z"
    assert converted(spoke, "v1", conversions)["spec"] == {"gates": ["z"]}


def test_true_is_not_one() -> None:
    both = crd("v1", v1alpha1={"on": BOOLEAN}, v1={"on": INTEGER})
    moves = (Function("spec.on", int, bool),)
    conversions = Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", moves),))
    assert converted(converted(thing("v1", {"on": 1}), "v1alpha1", conversions), "v1", conversions)["spec"]["on"] is not True
    assert conversions.convert(thing("v1", {"on": 7}), "v1alpha1").kept == ("spec.on",)  # type: ignore[union-attr]


def test_nothing_given_is_changed() -> None:
    for value in (thing("v1", FULL), converted(thing("v1", FULL), "v1alpha1"), converted(thing("v1", FULL), "v1beta1")):
        before = copy.deepcopy(value)
        for version in ("v1", "v1alpha1", "v1beta1"):
            THINGS.convert(value, version)
        assert value == before


def test_conversion_is_total_over_any_shape() -> None:
    shapes: tuple[Any, ...] = (
        [],
        "text",
        {"inputs": "x"},
        {"inputs": [None, 3, {"name": []}]},
        {"pace": 3},
        {"inputs": [{"name": "a"}, {"name": "a"}]},
    )
    for spec, source in itertools.product(shapes, ("v1", "v1alpha1", "v1beta1")):
        for to in ("v1", "v1alpha1", "v1beta1"):
            given = thing(source, spec)
            if THINGS.versions.prune(given, source) is given:
                assert converted(converted(given, to), source) == given


def test_without_keeping_what_is_lost_is_told() -> None:
    conversions = Conversions(crd("v1", **SCHEMAS), hub="v1", spokes=(ALPHA, BETA), keep=False)
    outcome = conversions.convert(thing("v1", {"pace": {"soak": "60s"}}), "v1alpha1")
    assert outcome == Converted(thing("v1alpha1", {}), lost=("spec.pace.soak",))


def test_an_annotation_that_is_not_ours_to_read_is_no_obstacle() -> None:
    value = thing("v1alpha1", {"concurrency": 1}, annotations={ANNOTATION: "{broken"})
    assert converted(value, "v1") == thing("v1", {"pace": {"max": 1}})


def test_what_is_kept_has_a_bound() -> None:
    outcome = THINGS.convert(thing("v1", {"gates": ["x" * 200_000]}), "v1alpha1")
    assert isinstance(outcome, Unconvertible)
    assert "v1alpha1 cannot hold 1 fields, and what would have to be kept is over 196608 bytes" in outcome.reason
    assert outcome.field == "spec.gates"


@pytest.mark.parametrize(
    ("change", "to", "reason", "field"),
    [
        ({}, "v2", "there is no version 'v2' of Thing; there are v1alpha1, v1beta1, v1", "apiVersion"),
        ({"apiVersion": f"{GROUP}/v9"}, "v1", f"apiVersion is '{GROUP}/v9'; Thing has {GROUP}/v1alpha1", "apiVersion"),
        ({"apiVersion": "other/v1"}, "v1", "apiVersion is 'other/v1'", "apiVersion"),
        ({"apiVersion": None}, "v1", "apiVersion is None", "apiVersion"),
        ({"kind": "Other"}, "v1", "kind is 'Other'; these are the conversions of Thing", "kind"),
        ({"metadata": []}, "v1", "metadata and its annotations must be objects", "metadata"),
        ({"metadata": {"annotations": "x"}}, "v1", "metadata and its annotations must be objects", "metadata"),
    ],
)
def test_what_cannot_be_converted_says_why(change: dict[str, Any], to: str, reason: str, field: str) -> None:
    outcome = THINGS.convert({**thing("v1alpha1", {}), **change}, to)
    assert isinstance(outcome, Unconvertible)
    assert outcome.reason.startswith(reason)
    assert outcome.field == field


def test_a_function_that_raises_makes_the_object_unconvertible() -> None:
    def burst(_: Any) -> Any:
        raise KeyError("size")

    both = crd("v1", v1alpha1={"a": INTEGER}, v1={"a": INTEGER})
    for at, spec in (("spec.a", {"a": 1}), ("", {})):
        conversions = Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", (Function(at, burst, burst),)),))
        outcome = conversions.convert(thing("v1", spec), "v1alpha1")
        assert isinstance(outcome, Unconvertible)
        assert "burst raised KeyError: 'size'" in outcome.reason
        assert outcome.field == at


@pytest.mark.parametrize(
    ("hub", "spokes", "message"),
    [
        ("v3", (), "the hub 'v3' is no version of it; there are v1alpha1, v1beta1, v1"),
        ("v1", (ALPHA,), "v1beta1 has no spoke"),
        ("v1", (ALPHA, BETA, BETA), "v1beta1 has 2 spokes; one is wanted"),
        ("v1", (ALPHA, BETA, Spoke("v1")), "v1 is the hub, and cannot be a spoke too"),
        ("v1", (ALPHA, BETA, Spoke("v2")), "the spoke 'v2' is no version of it"),
        ("v1", (ALPHA, Spoke("v1beta1")), "v1beta1: spec.pace.soak of v1 is not in v1beta1, and no move explains it"),
        ("v1", (Spoke("v1alpha1"), BETA), "v1alpha1: spec.concurrency is not in v1, and no move explains it"),
        (
            "v1",
            (ALPHA, Spoke("v1beta1", (*BETA.moves, Rename("spec.size", "spec.gates")))),
            "v1beta1: a move names spec.size, which v1beta1 does not have",
        ),
        (
            "v1",
            (Spoke("v1alpha1", (*ALPHA.moves, Constant("spec.mode", 1))), BETA),
            "a move names spec.mode, which v1 does not have",
        ),
    ],
)
def test_what_is_not_complete_is_told_at_the_start(hub: str, spokes: tuple[Spoke, ...], message: str) -> None:
    with pytest.raises(UsageError, match=f"things.{GROUP}: the conversions are not complete") as raised:
        Conversions(crd("v1", **SCHEMAS), hub=hub, spokes=spokes)
    assert message in str(raised.value)


def test_a_field_of_another_type_needs_a_move() -> None:
    with pytest.raises(UsageError, match=r"v1alpha1: spec\.a is integer there and string in v1, and no move explains it"):
        Conversions(crd("v1", v1alpha1={"a": INTEGER}, v1={"a": STRING}), hub="v1", spokes=(Spoke("v1alpha1"),))


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"kind": "Pod"},
        {"kind": "CustomResourceDefinition"},
        {"kind": "CustomResourceDefinition", "metadata": {"name": 1}, "spec": 3},
    ],
)
def test_what_is_no_definition_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="CustomResourceDefinition"):
        Conversions(value, hub="v1", spokes=())
