"""Every rule of the version set: what it finds, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from underway.crd.conversion import Conversions, Each, Keep, Member, Spoke, Union
from underway.crd.lint import RULES, Finding, findings
from underway.errors import UsageError
from underway.web.declared import conversions
from unit.crd.versions import INTEGER, STRING, crd, listed, of

KOT = Path(__file__).resolve().parents[4] / "examples" / "kot"
WEBHOOK = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}}
MODES = {"type": "string", "enum": ["a", "b"]}


def found(rule: str, definition: dict[str, Any], declared: Conversions | None = None) -> list[Finding]:
    return [one for one in findings(definition, declared) if one.rule == rule]


def webhook(definition: dict[str, Any], **webhook: Any) -> dict[str, Any]:
    definition["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], **webhook}}
    return definition


def columns(definition: dict[str, Any], **paths: str) -> dict[str, Any]:
    for version in definition["spec"]["versions"]:
        if version["name"] in paths:
            version["additionalPrinterColumns"] = [{"name": "C", "type": "string", "jsonPath": paths[version["name"]]}]
    return definition


def stored(*versions: str) -> dict[str, Any]:
    return {**crd("v1", v1={"a": INTEGER}, v1alpha1={"a": INTEGER}), "status": {"storedVersions": list(versions)}}


TEN = {**INTEGER, "maximum": 10}
DEFAULTED = {**STRING, "default": "x"}
UNION = {**of({"a": STRING, "b": STRING}), "description": "Exactly one of a and b."}
ENFORCED = {**UNION, "x-kubernetes-validations": [{"rule": "has(self.a) != has(self.b)", "message": "one"}]}
ONE_OF = {**UNION, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
REQUIRED = {**of({"a": STRING}), "required": ["a"]}


@pytest.mark.parametrize(
    ("rule", "definition", "version", "path", "message"),
    [
        ("default-outside-storage", crd("v1", v1={"m": STRING}, v2={"m": DEFAULTED}), "v2", "spec.m",
         'the default "x" is missing in the storage version v1: reads lack it'),
        ("defaults-differ", crd("v1", v1={"m": {**STRING, "default": "y"}}, v2={"m": DEFAULTED}), "v2", "spec.m",
         'the default is "x", and "y" in v1'),
        ("lossy-field", crd("v1", v1={"a": STRING, "n": of({"b": STRING})}, v2={"a": STRING}), "v1", "spec.n",
         "v2 does not have it: who reads and writes v2 loses it"),
        ("narrower-enum", crd("v1", v1={"m": MODES}, v2={"m": {**MODES, "enum": ["a"]}}), "v2", "spec.m",
         "the enum lacks b, which v1 allows: objects with it cannot be updated"),
        ("one-of-not-enforced", crd("v1", v1={"u": UNION}), "v1", "spec.u", "a, b are one of, and nothing keeps them apart"),
        ("tighter-new-version", crd("v1", v1={"n": INTEGER}, v2={"n": TEN}), "v2", "spec.n",
         "maximum is 10, none in the storage version: objects stored as v1 may be invalid"),
        ("tighter-new-version", crd("v1", v1={"o": of({"a": STRING})}, v2={"o": REQUIRED}), "v2", "spec.o",
         "a is required: objects stored as v1 may be invalid"),
        ("missing-conversion", crd("v1", v1={"n": INTEGER}, v2={"n": STRING}), "v2", "spec.n",
         "the type is string, and integer in v1; with strategy None nothing converts"),
        ("old-review-version", webhook(crd("v1", v1={}), conversionReviewVersions=["v1beta1"]), "",
         "spec.conversion.webhook.conversionReviewVersions", "has v1beta1: v1 is missing"),
        ("old-review-version", webhook(crd("v1", v1={}), conversionReviewVersions=["v1beta1", "v1"]), "",
         "spec.conversion.webhook.conversionReviewVersions", "has v1beta1, v1: v1beta1 is asked first"),
        ("printer-columns", columns(crd("v1", v1={"a": STRING}, v2={"a": STRING}), v1=".spec.a"), "v2",
         "additionalPrinterColumns", "has none, though v1 has: kubectl shows Age alone"),
        ("printer-columns", columns(crd("v1", v1={"a": STRING}), v1=".spec.b"), "v1",
         "additionalPrinterColumns", "column C shows .spec.b, which v1 does not have"),
        ("stale-stored-version", stored("v1alpha1", "v1"), "v1alpha1", "status.storedVersions",
         "objects may still be stored as v1alpha1"),
    ],
)  # fmt: skip
def test_what_a_rule_finds(rule: str, definition: dict[str, Any], version: str, path: str, message: str) -> None:
    (one,) = found(rule, definition)
    assert (one.version, one.path, one.message) == (version, path, message)
    assert one.remedy


@pytest.mark.parametrize(
    ("rule", "definition"),
    [
        ("default-outside-storage", crd("v1", v1={"m": DEFAULTED}, v2={"m": DEFAULTED})),
        ("default-outside-storage", crd("v1", v1={}, v2={"m": DEFAULTED})),
        ("defaults-differ", crd("v1", v1={"m": DEFAULTED}, v2={"m": DEFAULTED})),
        ("lossy-field", webhook(crd("v1", v1={"a": STRING}, v2={}))),
        ("narrower-enum", crd("v1", v1={"m": MODES}, v2={"m": {**MODES, "enum": ["b", "a"]}})),
        ("one-of-not-enforced", crd("v1", v1={"u": ENFORCED})),
        ("one-of-not-enforced", crd("v1", v1={"u": ONE_OF})),
        ("tighter-new-version", crd("v1", v1={"n": TEN}, v2={"n": {**INTEGER, "maximum": 11}})),
        ("missing-conversion", webhook(crd("v1", v1={"n": INTEGER}, v2={"n": STRING}))),
        ("old-review-version", webhook(crd("v1", v1={}), conversionReviewVersions=["v1", "v1beta1"])),
        ("printer-columns", columns(crd("v1", v1={"l": listed({"n": STRING})}), v1=".spec.l[*].n")),
        ("printer-columns", columns(crd("v1", v1={"a": STRING}), v1=".metadata.creationTimestamp")),
        ("stale-stored-version", stored("v1")),
    ],
)
def test_what_a_rule_leaves_alone(rule: str, definition: dict[str, Any]) -> None:
    assert found(rule, definition) == []


def test_the_members_of_a_declared_union_are_known_without_a_description() -> None:
    item = {"name": STRING, "float": STRING, "int": INTEGER}
    both = webhook(crd("v1", v1={"l": listed(item)}, v2={"l": listed({"name": STRING, "type": STRING, "value": STRING})}))
    union = Union("type", "value", {"Float": Member("float"), "Int": Member("int")})
    declared = Conversions(both, hub="v1", spokes=(Spoke("v2", (Each("spec.l", union, key="name"),)),))
    (one,) = found("one-of-not-enforced", both, declared)
    assert (one.version, one.path) == ("v1", "spec.l[]")


def test_a_version_that_the_conversions_do_not_have_is_found() -> None:
    declared = Conversions(crd("v1", v1={}, v2={}), hub="v1", spokes=(Spoke("v2", (Keep(),)),))
    (one,) = found("missing-conversion", crd("v1", v1={}, v2={}, v3={}), declared)
    assert (one.version, one.message) == ("v3", "the conversions do not have this version: it has no spoke")


def test_the_tutorials_definition_has_but_what_it_teaches() -> None:
    (devices,) = conversions(f"{KOT / 'conversions.py'}:CONVERSIONS")
    assert findings(yaml.safe_load((KOT / "devices.yaml").read_text()), devices) == []


def test_the_gravest_come_first() -> None:
    several = columns(crd("v1", v1={"a": STRING, "n": INTEGER}, v2={"n": TEN}), v1=".spec.a")
    assert [one.severity for one in findings(several)] == ["error", "warning", "info"]


def test_every_rule_has_its_file_and_its_case() -> None:
    folder = Path(__file__).resolve().parents[4] / "src" / "underway" / "crd" / "lint"
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "finding"}
    assert {rule.name for rule in RULES} == files
    text = Path(__file__).read_text()
    assert all(text.count(f'"{rule.name}"') >= 2 for rule in RULES)


def test_what_is_no_definition_is_refused() -> None:
    with pytest.raises(UsageError, match="the CustomResourceDefinition cannot be read"):
        findings({"kind": "CustomResourceDefinition"})
