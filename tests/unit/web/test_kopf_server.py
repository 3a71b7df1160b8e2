"""kopf's admission server that converts: the protocol that kopf calls it by, without a cluster."""

import asyncio
import base64
import contextlib
import json
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import kopf
import pytest
from kopf._core.engines.admission import WebhookError

from underway.web import serving
from underway.web.kopf_server import WebhookServer
from unit.crd.test_review import THINGS, admission, review
from unit.crd.versions import thing

Talk = Callable[[aiohttp.ClientSession, str, ssl.SSLContext], Coroutine[Any, Any, None]]


async def handled(request: Any, *, webhook: str, headers: Any, sslpeer: Any) -> Any:
    """What kopf hands over: answers, or raises one of its errors."""
    assert headers["content-type"] == "application/json"
    assert sslpeer is None
    if webhook == "unknown":
        raise WebhookError("no handler of that name")
    return {"response": {"uid": request["request"]["uid"], "allowed": webhook == "check"}}


def served(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.02)

    async def run() -> None:
        server = WebhookServer(THINGS, port=0, address="127.0.0.1")
        configs = server(handled)
        config = await anext(configs)
        context = ssl.create_default_context(cadata=base64.b64decode(config["caBundle"]).decode())
        async with aiohttp.ClientSession() as session:
            await talk(session, config["url"], context)
        await configs.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_conversion_and_kopfs_own_handlers_share_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk(session: aiohttp.ClientSession, url: str, context: ssl.SSLContext) -> None:
        json_headers = {"content-type": "application/json"}
        async with session.post(f"{url}/convert", data=review(thing("v1alpha1", {"size": 1})), ssl=context) as answer:
            assert json.loads(await answer.read())["response"]["convertedObjects"] == [thing("v1", {"replicas": 1})]
        async with session.post(f"{url}/check", data=admission(object={}), headers=json_headers, ssl=context) as answer:
            assert json.loads(await answer.read()) == {"response": {"uid": "u-2", "allowed": True}}
        async with session.post(f"{url}/unknown", data=admission(object={}), headers=json_headers, ssl=context) as answer:
            assert (answer.status, await answer.text()) == (400, "no handler of that name\n")
        async with session.post(f"{url}/check", data=b"{", headers=json_headers, ssl=context) as answer:
            assert (answer.status, (await answer.text())[:31]) == (400, "the body is no AdmissionReview:")
        async with session.get(f"{url}/readyz", ssl=context) as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")

    served(talk, monkeypatch)


def test_kopf_ends_it_by_cancelling_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.02)

    async def run() -> None:
        ready = asyncio.Event()

        async def serve() -> None:
            async for _ in WebhookServer(THINGS, port=0, address="127.0.0.1")(handled):
                ready.set()

        serving_task = asyncio.create_task(serve())
        await ready.wait()
        serving_task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving_task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert caplog.records == []


def test_kopf_takes_it_as_its_admission_server() -> None:
    settings = kopf.OperatorSettings()
    server: Any = WebhookServer(THINGS)
    settings.admission.server = server
    assert callable(settings.admission.server)
