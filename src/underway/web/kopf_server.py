"""Conversion in an operator that is written with kopf: its admission server, which converts too.

    @kopf.on.startup()
    def configure(settings: kopf.OperatorSettings, **_: object) -> None:
        settings.admission.server = WebhookServer(CONVERSIONS, port=8443, host="things-operator.things.svc")
        settings.admission.managed = "things.example.com"

kopf's own handlers (@kopf.on.validate, @kopf.on.mutate) are served as before, at paths of their own; /convert, /readyz and
/metrics stand beside them, with the limits, the certificate that changes while requests are served, and the metrics of
`web.webhooks`. It runs in kopf's event loop, and leaves signals to kopf. Source: kopf documentation, "Admission control".
"""

import asyncio
import base64
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from underway.crd.conversion import Conversions
from underway.web import serving
from underway.web.tls import Files, Own
from underway.web.webhooks import JSON, TEXT, HttpRefusal, Limits, Receive, Scope, Send, Webhooks, read_body, respond

Handle = Callable[..., Awaitable[Any]]
_LOG = logging.getLogger(__name__)
# How kopf says what was wrong with a request. Source: kopf, WebhookServer.
_CODES = {"AmbiguousResourceError": 409, "UnknownResourceError": 404}


class _Quiet(serving.Server):
    """A server in somebody else's event loop: their signals are not ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Application:
    """Ours and kopf's paths."""

    def __init__(self, webhooks: Webhooks, handle: Handle, limits: Limits) -> None:
        self._webhooks, self._handle, self._limits = webhooks, handle, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") in self._webhooks.paths or scope["method"] != "POST":
            await self._webhooks(scope, receive, send)
            return
        try:
            body = await self._answer(scope, receive)
        except HttpRefusal as refused:
            await respond(send, refused.code, f"{refused.text}\n".encode(), TEXT)
        else:
            await respond(send, 200, body, JSON)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        # Where kopf's own servers take it from: it has no public name.
        from kopf._core.engines.admission import WebhookError

        body = await read_body(scope, receive, self._limits)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            review = msgspec.json.decode(body)
            answer = await self._handle(review, webhook=scope["path"].strip("/"), headers=headers, sslpeer=None)
        except msgspec.DecodeError as error:
            raise HttpRefusal(400, "unreadable", f"the body is no AdmissionReview: {error}") from None
        except WebhookError as error:
            code = _CODES.get(type(error).__name__, 400)
            raise HttpRefusal(code, "unreadable", str(error)) from None
        return msgspec.json.encode(answer)


class WebhookServer:
    """What settings.admission.server takes.

    conversions: of the kinds that /convert serves; host: the name by which the API server comes, in the self-made certificate;
    certificate, key, authority: files instead of it, such as a mounted Secret of cert-manager's.
    """

    def __init__(
        self,
        *conversions: Conversions,
        port: int = 8443,
        host: str = "localhost",
        address: str = "0.0.0.0",  # noqa: S104  a Pod's own
        certificate: str = "",
        key: str = "",
        authority: str = "",
        limits: Limits = Limits(),  # noqa: B008  frozen
    ) -> None:
        self._conversions, self._limits = conversions, limits
        self._port, self._host, self._address = port, host, address
        self._given = (certificate, key, authority)

    async def __call__(self, handle: Handle) -> AsyncIterator[dict[str, str]]:
        """Serve, and say how the API server reaches us; kopf calls it with the function that answers its reviews."""
        with tempfile.TemporaryDirectory(prefix="underway-tls-") as directory:
            certificate, key, authority = self._given
            own = None if certificate else Own(Path(directory), tuple(dict.fromkeys((self._host, "localhost"))))
            if own is not None:
                own.renew(datetime.now(UTC))
            files = own.files if own is not None else Files(Path(certificate), Path(key))
            files.check(datetime.now(UTC))
            trusted = own.authority if own is not None else Path(authority).read_bytes() if authority else b""
            (listener,) = serving.listeners(self._address, self._port, 1)
            application = _Application(Webhooks(self._conversions, limits=self._limits), handle, self._limits)
            beat = own.renew if own is not None else None
            server = _Quiet(serving.configured(application, files), files, lambda: _renewed(beat), _LOG.warning)
            running = asyncio.create_task(server.serve([listener]))
            try:
                client = {"url": f"https://{self._host}:{listener.getsockname()[1]}"}
                if trusted:
                    client["caBundle"] = base64.b64encode(trusted).decode()
                yield client
                await asyncio.shield(running)
            finally:
                # kopf ends by cancelling us: the server ends in its own time, before its certificate goes.
                server.should_exit = True
                await asyncio.wait({running})


def _renewed(renew: Callable[[datetime], bool] | None) -> None:
    if renew is not None:
        renew(datetime.now(UTC))
