"""What the API server accepts of a webhook's answer, and its own words for what it does not."""

import copy
from typing import Any

import pytest

from underway.crd.contract import Refused, accepted, request_of, review_version
from unit.crd.versions import GROUP, thing

OLD = thing("v1alpha1", {"size": 1}, uid="u", labels={"a": "b"}, finalizers=["f"])
NEW = thing("v1", {"replicas": 1}, uid="u", labels={"a": "c"})
DESIRED = f"{GROUP}/v1"
WHAT = f"conversion webhook for {GROUP}/v1alpha1, Kind=Thing"


def answer(*objects: Any, **response: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "response": {"uid": "1", "result": {"status": "Success"}, "convertedObjects": list(objects), **response},
    }


def changed(**metadata: Any) -> dict[str, Any]:
    found = copy.deepcopy(NEW)
    found["metadata"] |= metadata
    return found


def test_labels_and_annotations_come_from_the_answer_and_all_else_from_the_original() -> None:
    restored = thing("v1", {"replicas": 1}, uid="u", finalizers=["f"])
    assert accepted(answer(changed(labels=None)), [OLD], DESIRED, "1", "v1") == [restored]
    restored["metadata"]["labels"] = {"a": "c"}
    assert accepted(answer(NEW), [OLD], DESIRED, "1", "v1") == [restored]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (answer(NEW, uid="2"), 'failed: expected response.uid="1", got "2"'),
        (
            {**answer(NEW), "apiVersion": "g/v1"},
            "failed: expected webhook response of apiextensions.k8s.io/v1, Kind=",
        ),
        ({**answer(), "response": None}, "failed: no response provided"),
        ([], "failed: the answer is not an object"),
        (answer(result={"status": "Failure", "message": "why"}), "failed: why"),
        (answer(result={"status": "Failure"}), "failed: response.result.status was 'Failure', not 'Success'"),
        (answer(), "returned 0 objects, expected 1"),
        (answer(3), "returned invalid converted object at index 0: it is not an object"),
        (answer({**NEW, "apiVersion": "x/v1"}), f"at index 0: invalid groupVersion (expected {DESIRED}, received x/v1)"),
        (answer({**NEW, "kind": "Other"}), "at index 0: invalid kind (expected Thing, received Other)"),
        (answer(changed(name="two")), "at index 0: must have the same name: one != two"),
        (answer(changed(uid="w")), "at index 0: must have the same UID: u != w"),
        (answer(changed(labels={"a": 1})), "returned invalid metadata in object at index 0: invalid metadata.labels"),
    ],
)
def test_what_is_not_accepted_is_told_in_the_servers_words(given: Any, message: str) -> None:
    outcome = accepted(given, [OLD], DESIRED, "1", "v1")
    assert isinstance(outcome, Refused)
    assert outcome.message.startswith(WHAT)
    assert message in outcome.message


def test_v1beta1_looks_at_neither_uid_nor_kind() -> None:
    assert accepted({**answer(NEW, uid="2"), "kind": "X"}, [OLD], DESIRED, "1", "v1beta1") == accepted(
        answer(NEW), [OLD], DESIRED, "1", "v1"
    )


def test_the_first_version_known_is_asked_in() -> None:
    assert [review_version(versions) for versions in (["v2", "v1beta1", "v1"], ["v1"], ["v2"])] == ["v1beta1", "v1", ""]
    assert request_of([OLD], DESIRED, "1", "v1")["request"] == {"uid": "1", "desiredAPIVersion": DESIRED, "objects": [OLD]}
