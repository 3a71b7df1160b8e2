"""The fuzzer finds what it should, in the smallest form, and nothing where nothing is."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from underway.crd.conversion import Constant, Conversions, EnumMap, Function, Keep, Relocate, Spoke, kept
from underway.crd.fuzz import Fuzz, Report
from underway.crd.lint import findings
from underway.errors import UsageError
from underway.web.declared import conversions as declared
from unit.crd.fuzz.kot import conversions
from unit.crd.versions import INTEGER, STRING, crd, of

KOT = Path(__file__).resolve().parents[4] / "examples" / "kot" / "conversions.py"


def fuzzed(of_kind: Conversions, rounds: int = 400, seed: int = 1) -> Report:
    return Fuzz(of_kind, Random).run(rounds, seed)


def inputs(report: Report, law: str) -> list[Any]:
    """The inputs of all counterexamples to a law."""
    return [one.object["spec"]["inputs"] for one in report.counterexamples if one.law == law and "spec" in one.object]


def test_a_the_missing_default_is_found() -> None:
    found = inputs(fuzzed(conversions("a")), "spoke-hub-spoke")
    assert {item.get("type") for items in found for item in items} == {None}


def test_b_wrapping_and_lost_fractions_are_found() -> None:
    (items,) = inputs(fuzzed(conversions("b")), "spoke-hub-spoke")
    assert items[0]["type"] == "Integer"
    assert items[0]["value"] not in ("0", "1")


def test_c_other_truths_are_found() -> None:
    assert [items[0]["value"] for items in inputs(fuzzed(conversions("c")), "spoke-hub-spoke")] == ["2"]


def test_d_broken_unions_are_found() -> None:
    members = [set(item) - {"name"} for items in inputs(fuzzed(conversions("d")), "hub-spoke-hub") for item in items]
    assert {"float", "boolean"} in members


def test_e_other_notations_are_found() -> None:
    assert [items[0]["value"] for items in inputs(fuzzed(conversions("e")), "spoke-hub-spoke")] == ["1000m"]


def test_f_nil_and_empty_are_told_apart() -> None:
    report = fuzzed(conversions("f"))
    assert inputs(report, "spoke-hub-spoke") == [[]]
    assert inputs(report, "hub-spoke-hub") == [[]]


def test_declared_moves_that_keep_have_no_counterexample() -> None:
    (devices,) = declared(f"{KOT}:CONVERSIONS")
    report = fuzzed(devices, 3_000)
    assert report.counterexamples == ()
    assert report.rounds == sum(report.by_law.values()) == 3_000
    assert set(report.by_law) == {"round trip", "edit", "validity"}


def test_the_same_seed_finds_the_same() -> None:
    assert fuzzed(conversions("b"), seed=7) == fuzzed(conversions("b"), seed=7)
    assert fuzzed(conversions("b"), seed=7) != fuzzed(conversions("b"), seed=8)


BOTH = crd("v1", v1alpha1={"size": INTEGER}, v1={"size": INTEGER, "pace": of({"soak": STRING})})


def test_a_stale_restore_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = (EnumMap("spec.mode", "spec.mode", {"a": "x"}),)
    both = crd("v1", v1alpha1={"mode": STRING}, v1={"mode": STRING})
    guarded = Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", moves),))
    assert fuzzed(guarded).counterexamples == ()
    # Without the guard, what was kept comes back over whatever was written meanwhile.
    monkeypatch.setattr(kept, "_unchanged", lambda *_: True)
    assert "edit" in {one.law for one in fuzzed(guarded).counterexamples}


def test_a_valid_object_that_is_not_valid_in_another_version_is_found() -> None:
    rule = {"rule": "!has(self.low) || !has(self.high) || self.low <= self.high", "message": "low is above high"}
    bounds = {"low": {"type": "integer"}, "high": {"type": "integer"}}
    both = crd("v1", v1alpha1=bounds, v1=bounds)
    assert fuzzed(Conversions(both, hub="v1", spokes=(Spoke("v1alpha1"),))).counterexamples == ()
    spec = both["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["x-kubernetes-validations"] = [rule]
    (one,) = fuzzed(Conversions(both, hub="v1", spokes=(Spoke("v1alpha1"),))).counterexamples
    assert (one.law, one.path) == ("validity", "v1alpha1 -> v1")
    assert one.reason == "spec: Invalid value: low is above high"
    assert one.object["spec"]["low"] > one.object["spec"]["high"]
    assert one.object["apiVersion"].endswith("/v1alpha1")


def test_what_only_a_new_object_must_have_does_not_make_a_converted_one_invalid() -> None:
    both = crd("v1", v1alpha1={"old": STRING}, v1={"new": STRING})
    moves = (Keep("spec.old", on_spoke=True), Keep("spec.new"))
    root = both["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    root["x-kubernetes-validations"] = [{"rule": "has(self.old)"}]
    asked = Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", moves),))
    assert {one.path for one in fuzzed(asked).counterexamples} == {"v1 -> v1alpha1"}
    root["x-kubernetes-validations"] = [{"rule": "oldSelf.hasValue() || has(self.old)", "optionalOldSelf": True}]
    assert fuzzed(Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", moves),))).counterexamples == ()


def test_a_version_whose_own_schema_takes_nothing_is_named() -> None:
    both = crd("v1", v1alpha1={"a": {"type": "string", "enum": ["a"], "maxLength": 0}}, v1={"a": STRING})
    root = both["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root |= {"required": ["spec"]}
    root["properties"]["spec"]["required"] = ["a"]
    report = fuzzed(Conversions(both, hub="v1", spokes=(Spoke("v1alpha1"),)))
    assert report.never_valid == ("v1alpha1",)


def test_a_converter_that_changes_what_it_was_given_is_found() -> None:
    def greedy(spec: Any) -> Any:
        spec.get("pace", {}).pop("soak", None)
        return spec

    spoke = Spoke("v1alpha1", (Keep("spec.pace"), Function("spec", lambda spec: spec, greedy)))
    assert "given" in {one.law for one in fuzzed(Conversions(BOTH, hub="v1", spokes=(spoke,))).counterexamples}


def test_a_converter_that_raises_is_found_with_its_smallest_object() -> None:
    def strict(size: Any) -> Any:
        if size == 1000:
            raise ValueError("too big")
        return size

    spoke = Spoke("v1alpha1", (Function("spec.size", strict, strict), Keep("spec.pace")))
    report = fuzzed(Conversions(BOTH, hub="v1", spokes=(spoke,)), 2_000)
    first = next(one for one in report.counterexamples if one.path.startswith("v1alpha1 -> v1"))
    assert first.law == "total"
    assert "strict raised ValueError: too big" in first.reason
    assert first.object["spec"] == {"size": 1000}
    assert set(first.object["metadata"]) == {"name"}


def test_constants_and_three_versions_hold() -> None:
    hub = {"pace": of({"size": INTEGER}), "mode": STRING}
    three = crd("v1", v1alpha1={"size": INTEGER}, v1beta1={"size": INTEGER, "mode": STRING}, v1=hub)
    move = Relocate("spec.size", "spec.pace.size")
    spokes = (Spoke("v1alpha1", (move, Constant("spec.mode", "x"))), Spoke("v1beta1", (move,)))
    assert fuzzed(Conversions(three, hub="v1", spokes=spokes), 2_000).counterexamples == ()


def test_every_construct_of_a_schema_can_be_drawn() -> None:
    properties: dict[str, Any] = {
        "either": {"x-kubernetes-int-or-string": True},
        "map": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "any": {"x-kubernetes-preserve-unknown-fields": True},
        "inner": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        "maybe": {"type": "string", "nullable": True},
        "standard": {"type": "string", "default": "x", "enum": ["x", "y"]},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": STRING},
        "number": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 10, "multipleOf": 0.5},
        "coded": {"type": "string", "pattern": "^[0-9]+s$", "maxLength": 9},
        "odd": {"type": "string", "pattern": "^Q{7}$"},
        "when": {"type": "string", "format": "date-time"},
        "nested": {"type": "array", "items": {"type": "array", "minItems": 1, "items": INTEGER}},
    }
    drawn = Fuzz(Conversions(crd("v1", v1=properties, v1beta1=properties), hub="v1", spokes=(Spoke("v1beta1"),)), Random)
    assert drawn.run(500, 3).counterexamples == ()
    seen: dict[str, set[str]] = {name: set() for name in properties}
    rng = Random(1)
    for _ in range(300):
        for name, value in drawn._draws["v1"](rng).get("spec", {}).items():
            seen[name].add(repr(value))
    assert "None" in seen["maybe"]
    assert seen["standard"] == {"'x'", "'y'"}
    assert seen["coded"] == {"'90s'"}
    assert "0" not in seen["number"]
    assert {"0.5", "10"} <= seen["number"]
    assert all(len(values) > 1 for name, values in seen.items() if name != "coded")


def nested(depth: int, width: int = 1) -> dict[str, Any]:
    """A schema of lists in objects in lists, so deep; width: how many fields share what is below them, as YAML aliases do."""
    inner: dict[str, Any] = STRING
    for _ in range(depth):
        inner = {"type": "array", "items": of({f"f{number}": inner for number in range(width)})}
    return inner


def test_a_deep_schema_is_drawn_within_bounds() -> None:
    deep = crd("v1", v1={"tree": nested(8, 2)}, v1beta1={"tree": nested(8, 2)})
    assert fuzzed(Conversions(deep, hub="v1", spokes=(Spoke("v1beta1"),)), 3).counterexamples == ()


@pytest.mark.parametrize(
    ("schema", "message"),
    [(nested(70), "the schema is nested deeper than 64 levels"), (nested(40, 2), "the schema of v1 has more than 50000 fields")],
)
def test_a_schema_without_end_is_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Conversions(crd("v1", v1={"tree": schema}, v1beta1={}), hub="v1", spokes=(Spoke("v1beta1"),))
    with pytest.raises(UsageError, match=r"nested deeper than 64 levels|more than 50000 fields"):
        findings(crd("v1", v1={"tree": schema}))
