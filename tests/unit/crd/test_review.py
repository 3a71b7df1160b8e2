"""The contract with the API server, as bytes in and bytes out."""

import base64
import json
from typing import Any

import pytest

from underway.crd.conversion import Conversions, Function, Rename, Spoke
from underway.crd.review import (
    OBJECTS_MAX,
    AdmissionReview,
    Allowed,
    ConversionReview,
    Denied,
    Task,
    Unreadable,
    admission_answer,
    read_admission,
    read_conversion,
)
from unit.crd.versions import GROUP, INTEGER, crd, thing


def halved(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value // 2


THINGS = Conversions(
    crd("v1", v1alpha1={"size": INTEGER, "n": INTEGER}, v1={"replicas": INTEGER, "n": INTEGER}),
    hub="v1",
    spokes=(Spoke("v1alpha1", (Rename("spec.size", "spec.replicas"), Function("spec.n", halved, lambda n: n * 2))),),
)


def review(*objects: Any, to: str = f"{GROUP}/v1", version: str = "v1", **changes: Any) -> bytes:
    request = {"uid": "u-1", "desiredAPIVersion": to, "objects": list(objects)}
    value = {
        "apiVersion": f"apiextensions.k8s.io/{version}",
        "kind": "ConversionReview",
        "request": request,
        "response": {"uid": ""},
    }
    return json.dumps(value | changes).encode()


def answered(body: bytes) -> dict[str, Any]:
    read = read_conversion(body)
    assert isinstance(read, ConversionReview), read
    task = Task(read, (THINGS,))
    while task.step(2):
        pass
    answer: dict[str, Any] = json.loads(task.answer())
    return answer


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_all_objects_come_back_in_order_with_the_uid_and_the_version_asked_in(version: str) -> None:
    given = [thing("v1alpha1", {"size": 1}), thing("v1", {"replicas": 2}), thing("v1alpha1", {"size": 3})]
    assert answered(review(*given, version=version)) == {
        "apiVersion": f"apiextensions.k8s.io/{version}",
        "kind": "ConversionReview",
        "response": {
            "uid": "u-1",
            "result": {"status": "Success"},
            "convertedObjects": [thing("v1", {"replicas": number}) for number in (1, 2, 3)],
        },
    }


def test_no_objects_are_no_problem() -> None:
    assert answered(review())["response"]["result"] == {"status": "Success"}


def test_one_bad_object_fails_all_and_is_named_with_index_name_and_field() -> None:
    response = answered(review(thing("v1alpha1", {"n": 2}), thing("v1alpha1", {"n": 7})))["response"]
    assert response["convertedObjects"] == []
    assert response["result"] == {
        "status": "Failure",
        "message": f"1 of 2 objects cannot be converted to {GROUP}/v1: "
        "objects[1] here/one: spec.n: halved raised ValueError: 7 is odd",
    }


def test_many_bad_objects_are_counted_and_the_first_are_named() -> None:
    message = answered(review(*({"kind": "Other", "metadata": {"name": str(n)}} for n in range(8))))["response"]["result"][
        "message"
    ]
    assert message.startswith("8 of 8 objects cannot be converted")
    assert "objects[4] 4: kind: kind is 'Other'; there are conversions of Thing" in message
    assert message.endswith("; and 3 more")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            review(thing("v1", {}), to=f"{GROUP}/v9"),
            f"'{GROUP}/v9' is not served here; there are {GROUP}/v1alpha1",
        ),
        (review(thing("v1", {}), to="other/v1"), "desiredAPIVersion 'other/v1' is not served here"),
        (review(thing("v1", {}), to="v1"), "desiredAPIVersion 'v1' is not served here"),
        (review(*[{}] * (OBJECTS_MAX + 1)), "the review holds 10001 objects; at most 10000 are converted at once"),
        (review({}), "objects[0] (without a name): kind: kind is None"),
        (review(thing("v9", {})), f"objects[0] here/one: apiVersion: apiVersion is '{GROUP}/v9'"),
    ],
)
def test_what_cannot_be_done_is_a_failure_of_the_contracts_own_shape(body: bytes, message: str) -> None:
    response = answered(body)["response"]
    assert response["uid"] == "u-1"
    assert response["convertedObjects"] == []
    assert response["result"]["status"] == "Failure"
    assert message in response["result"]["message"]


def test_ten_thousand_objects_are_converted() -> None:
    response = answered(review(*[thing("v1alpha1", {"size": 1})] * OBJECTS_MAX))["response"]
    assert response["result"] == {"status": "Success"}
    assert len(response["convertedObjects"]) == OBJECTS_MAX


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is no ConversionReview: Input data was truncated"),
        (b"{", "the body is no ConversionReview: Input data was truncated"),
        (b"[]", "the body is no ConversionReview: Expected `object`, got `array`"),
        (b"\xff\xfe", "the body is no ConversionReview"),
        (b'{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview"}', "missing required field `request`"),
        (review(3), "Expected `object`, got `int` - at `$.request.objects[0]`"),
        (review(version="v2"), "ConversionReview of 'apiextensions.k8s.io/v2' is not understood"),
        (review(kind="AdmissionReview"), "AdmissionReview of 'apiextensions.k8s.io/v1' is not understood"),
        (review(request={"uid": "", "desiredAPIVersion": "g/v1", "objects": []}), "request.uid is empty"),
        (b'{"request":' + b"[" * 100_000, "the body is no ConversionReview"),
    ],
    ids=range(10),
)
def test_what_is_no_review_is_told_why(body: bytes, reason: str) -> None:
    read = read_conversion(body)
    assert isinstance(read, Unreadable)
    assert reason in read.reason


def test_a_task_that_is_given_up_answers_for_the_whole_review() -> None:
    read = read_conversion(review(*[thing("v1", {})] * 9))
    assert isinstance(read, ConversionReview)
    task = Task(read, (THINGS,))
    assert task.step(2)
    task.give_up("no time left")
    assert not task.step(2)
    assert json.loads(task.answer())["response"]["result"] == {"status": "Failure", "message": "no time left"}


def admission(**request: Any) -> bytes:
    value = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-2", **request}}
    return json.dumps(value).encode()


def test_verdicts_become_responses() -> None:
    read = read_admission(admission(operation="CREATE", object={"a": 1}, userInfo={"username": "joe"}))
    assert isinstance(read, AdmissionReview)
    assert read.request.object == {"a": 1}
    allowed = json.loads(admission_answer(read, Allowed(warnings=("soon",), audit={"k": "v"}), b"[]"))
    assert allowed["response"] == {
        "uid": "u-2",
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(b"[]").decode(),
        "auditAnnotations": {"k": "v"},
        "warnings": ["soon"],
    }
    assert json.loads(admission_answer(read, Allowed()))["response"] == {"uid": "u-2", "allowed": True}
    assert json.loads(admission_answer(read, Denied("no pump of that name")))["response"] == {
        "uid": "u-2",
        "allowed": False,
        "status": {"status": "Failure", "code": 403, "reason": "Forbidden", "message": "no pump of that name"},
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"x", "the body is no AdmissionReview"),
        (admission(uid=""), "request.uid is empty"),
        (admission().replace(b"/v1", b"/v1beta1"), "AdmissionReview of 'admission.k8s.io/v1beta1' is not understood"),
    ],
)
def test_what_is_no_admission_review_is_told_why(body: bytes, reason: str) -> None:
    read = read_admission(body)
    assert isinstance(read, Unreadable)
    assert reason in read.reason
