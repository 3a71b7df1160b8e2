"""The safe order as a plan: where a definition stands, and what blocks the next step."""

from typing import Any

import pytest

from underway.crd.storage import Plan, plan_of, stored_of
from underway.errors import UsageError
from unit.crd.versions import INTEGER, crd


def definition(stored: list[str], **changes: Any) -> dict[str, Any]:
    """v1alpha1 and v1, v1 stored; Established."""
    found = crd("v1", v1alpha1={"a": INTEGER}, v1={"a": INTEGER})
    found["metadata"] |= {"uid": "u", "generation": 3, "resourceVersion": "7"}
    found["status"] = {"storedVersions": stored, "conditions": [{"type": "Established", "status": "True"}]}
    found["spec"] |= changes
    return found


def planned(*stored: str, **changes: Any) -> Plan:
    return plan_of(stored_of(definition(list(stored), **changes)))


def test_an_old_stored_version_must_be_written_away_first() -> None:
    plan = planned("v1alpha1", "v1")
    assert plan.needed
    assert [(step.state, step.text) for step in plan.steps] == [
        ("done", "v1 is among the versions, with strategy None: only apiVersion is written"),
        ("done", "v1 is the storage version"),
        ("next", "write every Thing again, so that etcd holds v1 alone"),
        ("later", "trim status.storedVersions to [v1]"),
        ("later", "set served: false on v1alpha1, once no client asks for it"),
        ("later", "take v1alpha1 out of spec.versions"),
    ]
    assert plan.steps[-1].why == "storedVersions still has v1alpha1"


def test_what_is_migrated_needs_nothing_but_retirement() -> None:
    plan = planned("v1")
    assert not plan.needed
    assert [step.state for step in plan.steps] == ["done", "done", "done", "done", "later", "later"]


WEBHOOK = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v2"]}}


@pytest.mark.parametrize(
    ("stored", "changes", "why"),
    [
        (("v0", "v1"), {}, "status.storedVersions has v0, which spec.versions no longer has: put it back, with its schema"),
        (("v1alpha1", "v1"), {"conversion": WEBHOOK}, "conversionReviewVersions has v2; the API server speaks v1 and v1beta1"),
        (("v1alpha1", "v1"), {"versions": []}, "no version has storage: true"),
        (("v1alpha1", "v1"), {"versions": [{"name": "v1", "storage": True}]}, "no version is served"),
    ],
)
def test_what_blocks_is_told(stored: tuple[str, ...], changes: dict[str, Any], why: str) -> None:
    assert planned(*stored, **changes).blocked.startswith(why)


def test_a_definition_that_is_not_established_blocks() -> None:
    found = definition(["v1"])
    found["status"]["conditions"][0]["status"] = "False"
    assert plan_of(stored_of(found)).blocked == "the definition is not Established: look at its conditions"


def test_objects_are_read_in_the_storage_version_if_it_is_served() -> None:
    found = definition(["v1alpha1", "v1"])
    assert stored_of(found).through == "v1"
    found["spec"]["versions"][1]["served"] = False
    assert stored_of(found).through == "v1alpha1"


def test_what_is_no_definition_is_refused() -> None:
    with pytest.raises(UsageError, match="the CustomResourceDefinition cannot be read: KeyError"):
        stored_of({"metadata": {"name": "x"}})
