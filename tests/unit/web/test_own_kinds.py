"""Our own kinds in three versions: complete, clean, converted without loss."""

from random import Random
from typing import Any

import pytest

from underway.crd import definition_checks
from underway.crd.conversion import Conversions, Converted
from underway.crd.fuzz import Fuzz
from underway.crd.lint import findings
from underway.rotate.gates import GATES
from underway.rotate.kinds.definitions import rotation_definition
from underway.rotate.spec import rotation_from
from underway.web.own_kinds import CONVERSIONS, DEFINITIONS, DRAIN_RULES, beta_spec

ROTATIONS, FLEETS = CONVERSIONS
TALK = {
    "apiVersion": "underway.dev/v1alpha1",
    "kind": "Rotation",
    "metadata": {"name": "workers"},
    "spec": {
        "kubeletVersion": "v1.37.2",
        "freeze": False,
        "concurrency": 3,
        "nodeSelector": {"pool": "workers"},
        "healthChecks": ["nodes-ready", "api-server"],
    },
}


def converted(value: dict[str, Any], to: str, kind: Conversions = ROTATIONS) -> dict[str, Any]:
    outcome = kind.convert(value, to)
    assert isinstance(outcome, Converted), outcome
    return outcome.object


def test_what_the_talk_began_with_is_a_rotation_of_today() -> None:
    made = converted(TALK, "v1")
    assert made["spec"] == {
        "mode": "Rotate",
        "target": {"kubeletVersion": "v1.37.2"},
        "pace": {"maxUnavailable": 3},
        "nodes": {"selector": {"matchLabels": {"pool": "workers"}}},
        "health": [{"gate": "nodes-ready"}, {"gate": "api-server"}],
    }
    rotation = rotation_from(made, "here", [gate.name for gate in GATES], ["Command"])
    assert rotation.spec.pace.max_unavailable == 3


def test_v1beta1_lies_between() -> None:
    assert converted(TALK, "v1beta1")["spec"]["freeze"] is False
    value = {**converted(TALK, "v1"), "spec": {"target": {"osImage": "x"}, "mode": "Freeze", "drain": {"timeout": "90s"}}}
    beta = converted(value, "v1beta1")
    assert beta["spec"] == {"target": {"osImage": "x"}, "freeze": True, "drain": {"timeoutSeconds": 90}}
    # 90s is not how Go writes it: the text comes back as it was, as long as nobody changes the number.
    assert converted(beta, "v1")["spec"] == value["spec"]
    beta["spec"]["drain"]["timeoutSeconds"] = 60
    assert converted(beta, "v1")["spec"]["drain"] == {"timeout": "1m"}


def test_a_percentage_is_kept_where_a_number_is_shown() -> None:
    value = converted(TALK, "v1")
    value["spec"]["pace"]["maxUnavailable"] = "10%"
    alpha = converted(value, "v1alpha1")
    assert "concurrency" not in alpha["spec"]
    alpha["spec"]["freeze"] = True
    assert converted(alpha, "v1")["spec"]["pace"] == {"maxUnavailable": "10%"}


@pytest.mark.parametrize(("definition", "kind"), list(zip(DEFINITIONS, CONVERSIONS, strict=True)), ids=["Rotation", "Fleet"])
def test_the_definitions_are_good_and_the_conversions_lose_nothing(definition: dict[str, Any], kind: Conversions) -> None:
    assert list(definition_checks.problems(definition)) == []
    assert findings(definition, kind) == []
    assert Fuzz(kind, Random).run(120, 1).counterexamples == ()


def hub_spec() -> dict[str, Any]:
    """The RotationSpec of v1."""
    version = rotation_definition([gate.name for gate in GATES], ["Command"])["spec"]["versions"][-1]
    return version["schema"]["openAPIV3Schema"]["properties"]["spec"]  # type: ignore[no-any-return]  # plain JSON


def test_no_rule_of_v1beta1_speaks_of_a_field_that_it_does_not_have() -> None:
    rules = beta_spec(hub_spec())["properties"]["drain"]["x-kubernetes-validations"]
    assert not [rule["rule"] for rule in rules if "self.timeout)" in rule["rule"]]
    assert [rule["rule"] for rule in rules if "self.timeoutSeconds" in rule["rule"]]


@pytest.mark.parametrize("words", DRAIN_RULES)
def test_a_rule_that_reads_otherwise_by_now_is_noticed(words: str) -> None:
    spec = hub_spec()
    for rule in spec["properties"]["drain"]["x-kubernetes-validations"]:
        rule["rule"] = rule["rule"].replace(words, "reworded")
    with pytest.raises(LookupError, match=r"no rule of v1 says .* any more: say in web/own_kinds\.py how v1beta1 reads now"):
        beta_spec(spec)
