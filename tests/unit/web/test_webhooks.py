"""The ASGI application: paths, limits, reviews and verdicts."""

import asyncio
import base64
import json
from typing import Any

import pytest

from underway.crd.review import AdmissionRequest, Allowed, Denied, Verdict
from underway.web.webhooks import Limits, Webhooks
from unit.crd.test_review import THINGS, admission, review
from unit.crd.versions import GROUP, thing
from unit.web.asgi import call


def judged(request: AdmissionRequest) -> Verdict:
    value = request.object or {}
    if value.get("broken"):
        raise LookupError("no such device")
    if value.get("bad"):
        return Denied("it is bad")
    return Allowed(object={**value, "label": "added"}, warnings=("mind the gap",))


async def slowly(_: AdmissionRequest) -> Verdict:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


WEBHOOKS = Webhooks((THINGS,), validate=judged, mutate=judged)


def test_a_review_is_converted() -> None:
    answer = call(WEBHOOKS, "POST", "/convert", review(thing("v1alpha1", {"size": 1})))
    assert answer.code == 200
    assert answer.headers[b"content-type"] == b"application/json"
    assert answer.json()["response"]["convertedObjects"] == [thing("v1", {"replicas": 1})]


def test_it_is_ready_and_healthy_and_asks_nobody() -> None:
    for path in ("/readyz", "/healthz", "/livez"):
        assert (call(WEBHOOKS, "GET", path).code, call(WEBHOOKS, "GET", path).text) == (200, "ok\n")


def test_metrics_count_reviews_and_objects() -> None:
    webhooks = Webhooks((THINGS,))
    call(webhooks, "POST", "/convert", review(thing("v1alpha1", {"size": 1}), thing("v1", {})))
    call(webhooks, "POST", "/convert", review(thing("v1alpha1", {"n": 1})))
    call(webhooks, "POST", "/convert", b"{")
    text = call(webhooks, "GET", "/metrics").text
    assert 'underway_webhook_reviews_total{result="success",review="convert"} 1.0' in text
    assert 'underway_webhook_reviews_total{result="failure",review="convert"} 1.0' in text
    assert 'underway_webhook_reviews_total{result="unreadable",review="convert"} 1.0' in text
    assert f'underway_webhook_objects_total{{source="{GROUP}/v1alpha1",target="{GROUP}/v1"}} 2.0' in text
    assert f'underway_webhook_objects_failed_total{{target="{GROUP}/v1"}} 1.0' in text
    assert 'underway_webhook_review_seconds_count{review="convert"} 3.0' in text


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "text"),
    [
        ("POST", "/convert", b"{", 400, "the body is no ConversionReview"),
        ("POST", "/validate", b"{", 400, "the body is no AdmissionReview"),
        ("GET", "/convert", b"", 405, "reviews are sent to /convert with POST"),
        ("POST", "/metrics", b"", 405, "/metrics is read with GET"),
        (
            "GET",
            "/",
            b"",
            404,
            "nothing is served at /; there are /convert, /validate, /mutate, /readyz, /healthz",
        ),
    ],
)
def test_what_cannot_be_answered_says_why(method: str, path: str, body: bytes, code: int, text: str) -> None:
    answer = call(WEBHOOKS, method, path, body)
    assert answer.code == code
    assert answer.text.startswith(text)


def test_a_body_that_is_too_large_is_refused_though_it_never_ends() -> None:
    small = Webhooks((THINGS,), limits=Limits(body_bytes=1_000, body_s=0.1))
    announced = call(small, "POST", "/convert", headers={"content-length": "1001"}, stalls=True)
    arriving = call(small, "POST", "/convert", b"x" * 600, b"x" * 600, stalls=True)
    endless = call(small, "POST", "/convert", *[b"x" * 600] * 20, stalls=True)
    finished = call(small, "POST", "/convert", b"x" * 600, b"x" * 600)
    for answer in (announced, arriving, endless, finished):
        assert (answer.code, answer.text) == (413, "the review is larger than 1000 bytes\n")
        assert answer.headers[b"connection"] == b"close"


def test_a_client_that_sends_too_slowly_is_let_go() -> None:
    answer = call(Webhooks((THINGS,), limits=Limits(body_s=0.01)), "POST", "/convert", b"{", stalls=True)
    assert (answer.code, answer.text) == (408, "the review did not arrive within 0.01 s\n")


def test_a_review_that_takes_too_long_fails_as_a_whole() -> None:
    hurried = Webhooks((THINGS,), limits=Limits(answer_s=-1))
    result = call(hurried, "POST", "/convert", review(*[thing("v1", {})] * 500)).json()["response"]
    assert result["convertedObjects"] == []
    assert result["result"]["message"].startswith("200 of 500 objects were converted in")


def test_a_mutating_webhook_answers_with_a_patch() -> None:
    response = call(WEBHOOKS, "POST", "/mutate", admission(object={"a": 1})).json()["response"]
    assert response["allowed"]
    assert json.loads(base64.b64decode(response["patch"])) == [{"op": "add", "path": "/label", "value": "added"}]
    assert response["warnings"] == ["mind the gap"]


def test_nothing_to_change_is_no_patch_and_a_validating_webhook_never_sends_one() -> None:
    assert "patch" not in call(WEBHOOKS, "POST", "/mutate", admission(object={"label": "added"})).json()["response"]
    assert "patch" not in call(WEBHOOKS, "POST", "/validate", admission(object={"a": 1})).json()["response"]
    assert "patch" not in call(WEBHOOKS, "POST", "/mutate", admission(operation="DELETE", oldObject={"a": 1})).json()["response"]


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [({"bad": True}, 403, "it is bad"), ({"broken": True}, 500, "judged raised LookupError: no such device")],
)
def test_no_and_whatever_goes_wrong_is_a_denial(value: dict[str, Any], code: int, message: str) -> None:
    response = call(WEBHOOKS, "POST", "/validate", admission(object=value)).json()["response"]
    assert not response["allowed"]
    assert (response["status"]["code"], response["status"]["message"]) == (code, message)


def test_a_verdict_that_does_not_come_is_a_denial() -> None:
    webhooks = Webhooks(validate=slowly, limits=Limits(answer_s=0.01))
    response = call(webhooks, "POST", "/validate", admission(object={})).json()["response"]
    assert response["status"]["message"] == "the webhook did not decide in time"
    assert call(webhooks, "POST", "/convert", b"").code == 404


def test_whoever_reports_is_told_of_the_objects_that_failed() -> None:
    told: list[Any] = []
    webhooks = Webhooks((THINGS,), failed=told.extend)
    call(webhooks, "POST", "/convert", review(thing("v1alpha1", {"n": 2}), thing("v1alpha1", {"n": 7}, uid="u")))
    (bad,) = told
    assert bad.involved == {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "Thing",
        "namespace": "here",
        "name": "one",
        "uid": "u",
    }
