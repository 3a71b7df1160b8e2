"""The webhooks as a plain ASGI application: /convert, /validate, /mutate, /readyz, /healthz, /metrics.

Owns limits of size and time, and the turn from HTTP to `crd.review` and back. Mount it in any ASGI server or application; TLS,
ports and processes are `web.serving`'s. It asks nobody: it is ready as soon as it runs, whatever the API server does, because
the API server cannot even collect garbage or delete a namespace while conversions of a kind fail.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec

from underway.crd.conversion import Conversions
from underway.crd.review import (
    AdmissionRequest,
    Allowed,
    Bad,
    Denied,
    Task,
    Unreadable,
    Verdict,
    admission_answer,
    read_admission,
    read_conversion,
)
from underway.web.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Judge = Callable[[AdmissionRequest], Verdict | Awaitable[Verdict]]

BODY_BYTES_MAX = 20 * 1024 * 1024
BODY_S_MAX = 10.0  # a body of 20 MiB takes a fraction of a second in a cluster; who needs longer is stuck
FINISH_S, FINISH_TIMES = 2.0, 3  # for how long, and for how many times a body's limit, what is too large is thrown away
ANSWER_S_MAX = 25.0  # the API server gives up after 30 s: an answer that says why is better than its timeout
SLICE = 200  # objects converted before other requests have their turn: a few milliseconds
READS = ("/readyz", "/healthz", "/livez", "/metrics")
JSON, TEXT = "application/json", "text/plain; charset=utf-8"


class Limits(msgspec.Struct, frozen=True):
    """Sizes in bytes, times in seconds."""

    body_bytes: int = BODY_BYTES_MAX
    body_s: float = BODY_S_MAX
    answer_s: float = ANSWER_S_MAX


class HttpRefusal(Exception):
    """An answer other than 200. result: for the metrics; text: for whoever reads it."""

    def __init__(self, code: int, result: str, text: str) -> None:
        super().__init__(text)
        self.code, self.result, self.text = code, result, text


async def read_body(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The whole body of a request. Raises HttpRefusal 400, 408, 413."""
    announced = (int(value) for name, value in scope["headers"] if name == b"content-length" and value.isdigit())
    body, more = bytearray(), True
    if max(announced, default=0) <= limits.body_bytes:
        try:
            async with asyncio.timeout(limits.body_s):
                while more and len(body) <= limits.body_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise HttpRefusal(400, "unreadable", "the client went away before the review was complete")
                    body += message.get("body", b"")
                    more = bool(message.get("more_body"))
        except TimeoutError:
            raise HttpRefusal(408, "too_slow", f"the review did not arrive within {limits.body_s:g} s") from None
        if len(body) <= limits.body_bytes:
            return bytes(body)
    if more:
        await _let_finish(receive, limits)
    raise HttpRefusal(413, "too_large", f"the review is larger than {limits.body_bytes} bytes")


async def _let_finish(receive: Receive, limits: Limits) -> None:
    """Throw away what is still sent, within bounds: who is cut off in the middle sees a broken connection, and no answer."""
    left = FINISH_TIMES * limits.body_bytes
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(min(FINISH_S, limits.body_s)):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


async def respond(send: Send, code: int, body: bytes, content_type: str) -> None:
    """Send an answer."""
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if code in (408, 413):
        # The rest of the body is not read: the connection cannot be used again.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Webhooks:
    """The application.

    conversions: of the kinds that /convert serves; validate, mutate: what /validate and /mutate ask, functions from an
    AdmissionRequest to a verdict, plain or async. A mutating one answers Allowed(object=...) with the object as it shall be.
    failed: told of the objects that could not be converted.
    """

    def __init__(
        self,
        conversions: Sequence[Conversions] = (),
        *,
        validate: Judge | None = None,
        mutate: Judge | None = None,
        metrics: Metrics | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        failed: Callable[[list[Bad]], None] = lambda _: None,
    ) -> None:
        self._failed = failed
        self._conversions = tuple(conversions)
        self._metrics = metrics or Metrics()
        self._limits = limits
        self._posts: dict[str, Callable[[bytes, float], Awaitable[tuple[bytes, str]]]] = {}
        if conversions:
            self._posts["/convert"] = self._convert
        for path, judge in (("/validate", validate), ("/mutate", mutate)):
            if judge is not None:
                self._posts[path] = _Admission(judge, mutating=path == "/mutate").answer

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that are served."""
        return (*self._posts, *READS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the webhooks speak HTTP alone, not {scope['type']}")
        path, begun_s = scope["path"].rstrip("/"), time.monotonic()
        review = path.rpartition("/")[2] if path in self._posts else ""
        try:
            body, content_type, result = await self._answer(scope, receive, path)
            code = 200
        except HttpRefusal as refused:
            code, body, content_type, result = refused.code, f"{refused.text}\n".encode(), TEXT, refused.result
        if review:
            self._metrics.reviewed(review, result, time.monotonic() - begun_s)
        await respond(send, code, body, content_type)

    async def _answer(self, scope: Scope, receive: Receive, path: str) -> tuple[bytes, str, str]:
        """Body, content type and result of an answer. Raises HttpRefusal."""
        method = scope["method"]
        if path in READS:
            if method not in ("GET", "HEAD"):
                raise HttpRefusal(405, "unreadable", f"{path} is read with GET")
            if path == "/metrics":
                return *self._metrics.text(), "success"
            return b"ok\n", TEXT, "success"
        handler = self._posts.get(path)
        if handler is None:
            known = ", ".join(self.paths)
            raise HttpRefusal(404, "unreadable", f"nothing is served at {path or '/'}; there are {known}")
        if method != "POST":
            raise HttpRefusal(405, "unreadable", f"reviews are sent to {path} with POST")
        body = await read_body(scope, receive, self._limits)
        answer, result = await handler(body, time.monotonic() + self._limits.answer_s)
        return answer, JSON, result

    async def _convert(self, body: bytes, until_s: float) -> tuple[bytes, str]:
        review = read_conversion(body)
        if isinstance(review, Unreadable):
            raise HttpRefusal(400, "unreadable", review.reason)
        task = Task(review, self._conversions)
        while task.step(SLICE):
            if time.monotonic() > until_s:
                done = len(task.converted) + len(task.bad)
                task.give_up(f"{done} of {len(review.request.objects)} objects were converted in {self._limits.answer_s:g} s")
                break
            await asyncio.sleep(0)
        self._metrics.converted(task.sources, review.request.desired_api_version, len(task.bad))
        if task.bad:
            self._failed(task.bad)
        return task.answer(), "failure" if task.message else "success"


class _Admission:
    """/validate or /mutate."""

    def __init__(self, judge: Judge, *, mutating: bool) -> None:
        self._judge, self._mutating = judge, mutating

    async def answer(self, body: bytes, until_s: float) -> tuple[bytes, str]:
        review = read_admission(body)
        if isinstance(review, Unreadable):
            raise HttpRefusal(400, "unreadable", review.reason)
        verdict = await self._verdict(review.request, until_s)
        patch = b""
        wanted = verdict.object if isinstance(verdict, Allowed) else None
        if wanted is not None and self._mutating and review.request.object is not None:
            patch = _patch(review.request.object, wanted)
        return admission_answer(review, verdict, patch), "success" if isinstance(verdict, Allowed) else "failure"

    async def _verdict(self, request: AdmissionRequest, until_s: float) -> Verdict:
        """Ask the judge. What it raises is a denial that names it: a webhook that breaks must not wave things through."""
        try:
            verdict = self._judge(request)
            if isinstance(verdict, Allowed | Denied):
                return verdict
            async with asyncio.timeout(max(0.0, until_s - time.monotonic())):
                return await verdict
        except TimeoutError:
            return Denied("the webhook did not decide in time", code=504, reason="Timeout")
        except Exception as error:  # noqa: BLE001  foreign code: whatever it raises is the answer to this request
            name = getattr(self._judge, "__qualname__", repr(self._judge))
            return Denied(f"{name} raised {type(error).__name__}: {error}", code=500, reason="InternalError")


def _patch(old: dict[str, Any], new: dict[str, Any]) -> bytes:
    import jsonpatch

    operations = jsonpatch.make_patch(old, new).patch
    return msgspec.json.encode(operations) if operations else b""


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
