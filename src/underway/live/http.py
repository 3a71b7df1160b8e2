"""The one HTTP client: `ports.Api` over HTTPS.

Owns connections, TLS, sizes and times, and turns bytes into Structs at once, without dicts between. It knows no rotation.
Answers that do not come are replies too (code 0): whoever asked decides what that means (`kube.retry`).
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import msgspec

from underway import __version__
from underway.errors import Refused, UnderwayError
from underway.kube.reply import NO_ANSWER, ObjectList, Reply, Status
from underway.kube.watch import WatchEvent
from underway.live.clock import now_ms
from underway.live.credentials import Credential, Credentials
from underway.live.rate import RateLimit
from underway.model import decode

if TYPE_CHECKING:
    from underway.kube.request import Request
    from underway.live.kubeconfig import Connection

Deliver = Callable[[Reply | WatchEvent], None]

BODY_BYTES_MAX = 256 * 1024 * 1024  # a page of 500 large objects; etcd itself holds no object over 1.5 MiB
LINE_BYTES_MAX = 4 * 1024 * 1024  # one watch event: one object
CHUNK = 64 * 1024
EXPIRED = 410
UNAUTHORIZED = 401


def tls_context(connection: Connection, credential: Credential) -> ssl.SSLContext | None:
    """TLS that always verifies; None for plain http, which only a loopback proxy speaks. Raises Refused."""
    if not connection.cluster.server.startswith("https://"):
        return None
    authorities = connection.cluster.ca
    try:
        context = ssl.create_default_context(cadata=authorities.decode() if authorities else None)
        if credential.certificate and credential.key:
            # The library takes client certificates from files only; these live for this one call, readable by us alone.
            with tempfile.TemporaryDirectory() as folder:
                certificate, key = Path(folder) / "tls.crt", Path(folder) / "tls.key"
                certificate.write_bytes(credential.certificate)
                key.touch(mode=0o600)
                key.write_bytes(credential.key)
                context.load_cert_chain(certificate, key)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise Refused(f"context {connection.name!r}: certificates cannot be read: {reason}; renew the kubeconfig") from None
    return context


class HttpApi:
    """An API server over HTTPS. Use as an async context manager."""

    def __init__(self, connection: Connection, rate: RateLimit | None = None) -> None:
        self.connection = connection
        self._credentials = Credentials(connection)
        self._rate = rate or RateLimit()
        self._session: aiohttp.ClientSession | None = None
        self._presented: Credential | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all requests and connections."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def send(self, request: Request, deliver: Deliver) -> None:
        """Send in the background; see ports.Api."""
        task = asyncio.get_running_loop().create_task(self._carry(request, deliver))
        self._tasks[request.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request.id, None))

    def cancel(self, request: Request) -> None:
        """Give up a request without a reply."""
        task = self._tasks.get(request.id)
        if task is not None:
            task.cancel()

    async def _carry(self, request: Request, deliver: Deliver) -> None:
        if request.verb == "watch":
            deliver(await self._watch(request, deliver))
        else:
            deliver(await self.call(request))

    async def call(self, request: Request) -> Reply:
        """Send one request and return its reply; a lost answer is a Reply with code 0."""
        reply = await self.fetch(request)
        return reply if reply.code < 200 or reply.code >= 400 else _reply(request, reply.code, reply.body, reply.elapsed_ms)

    async def fetch(self, request: Request, bytes_max: int = BODY_BYTES_MAX) -> Reply:
        """Send one request; the Reply's body are bytes that nobody has decoded, unless the server refused.

        bytes_max: an answer that is larger counts as lost, with the reason TooLarge.
        """
        await self._rate.wait()
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout_s):
                code, body = await self._exchange(request, bytes_max)
        except _TooLarge as error:
            return Reply(request=request, code=NO_ANSWER, status=Status(message=str(error), reason="TooLarge"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _lost(request, error, begun_s)
        except UnderwayError as error:
            return Reply(request=request, code=UNAUTHORIZED, status=Status(message=str(error), reason="Credentials"))
        elapsed_ms = _since_ms(begun_s)
        return (
            _reply(request, code, body, elapsed_ms)
            if code >= 400
            else Reply(request=request, code=code, body=body, elapsed_ms=elapsed_ms)
        )

    async def pause(self, delay_ms: int) -> None:
        """Wait before a request is sent again."""
        await self._rate.pause(delay_ms)

    async def _exchange(self, request: Request, bytes_max: int) -> tuple[int, bytes]:
        """Method, headers, body; once more after a 401, with a fresh credential."""
        for attempt in (1, 2):
            async with await self.opened(request) as response:
                if response.status == UNAUTHORIZED and attempt == 1:
                    self._credentials.forget()
                    continue
                return response.status, await _bounded(response, bytes_max)
        raise AssertionError("the second attempt always returns")

    async def opened(self, request: Request) -> Any:
        """The response, still open; use it with `async with`. Raises what the transport raises, and UnderwayError."""
        credential = await self._credentials.get(now_ms())
        session = await self._connected(credential)
        cluster, user = self.connection.cluster, self.connection.user
        headers = {"Accept": request.accept, "User-Agent": f"underway/{__version__}"}
        if request.verb == "list":
            # On a cluster's own network a long list travels faster than both sides can compress and unpack it.
            headers["Accept-Encoding"] = "identity"
        if credential.token:
            headers["Authorization"] = f"Bearer {credential.token}"
        if user.impersonate:
            headers["Impersonate-User"] = user.impersonate
        data = None
        if request.body is not None:
            data, headers["Content-Type"] = msgspec.json.encode(request.body), request.content_type
        groups = [("Impersonate-Group", group) for group in user.impersonate_groups]
        extra: dict[str, Any] = {"proxy": cluster.proxy_url} if cluster.proxy_url else {}
        if cluster.tls_server_name:
            extra["server_hostname"] = cluster.tls_server_name
        url = cluster.server + request.url
        return session.request(request.method, url, data=data, headers=[*headers.items(), *groups], **extra)

    async def _connected(self, credential: Credential) -> aiohttp.ClientSession:
        """The session; a new one when the client certificate has changed."""
        presented = self._presented
        changed = presented is None or (presented.certificate, presented.key) != (credential.certificate, credential.key)
        if self._session is None or changed:
            if self._session is not None:
                await self._session.close()
            context = tls_context(self.connection, credential)
            connector = aiohttp.TCPConnector(limit=64, ssl=context if context is not None else True)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=None, sock_connect=10), read_bufsize=CHUNK
            )
            self._presented = credential
        return self._session

    async def _watch(self, request: Request, deliver: Deliver) -> Reply:
        begun_s = time.monotonic()
        try:
            async with await self.opened(request) as response:
                if response.status >= 400:
                    if response.status == UNAUTHORIZED:
                        self._credentials.forget()
                    return _reply(request, response.status, await _bounded(response), _since_ms(begun_s))
                try:
                    async for line in _lines(response):
                        failed = _tell(request, line, deliver)
                        if failed is not None:
                            return failed
                finally:
                    _hang_up(response)
                return Reply(request=request, code=200, elapsed_ms=_since_ms(begun_s))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return _lost(request, error, begun_s)
        except UnderwayError as error:
            return Reply(request=request, code=UNAUTHORIZED, status=Status(message=str(error), reason="Credentials"))


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """Drop the connection of a watch at once: a polite end of TLS would outlive the loop that waits for it."""
    transport = response.connection.transport if response.connection is not None else None
    if transport is not None:
        transport.abort()


def _since_ms(begun_s: float) -> int:
    return round((time.monotonic() - begun_s) * 1_000)


def _lost(request: Request, error: BaseException, begun_s: float) -> Reply:
    message = "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    return Reply(request=request, code=NO_ANSWER, status=Status(message=message, reason="Lost"), elapsed_ms=_since_ms(begun_s))


class _TooLarge(aiohttp.ClientPayloadError):
    """The answer is larger than the caller can bear."""


async def _bounded(response: aiohttp.ClientResponse, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > bytes_max:
            raise _TooLarge(f"the answer is larger than {bytes_max} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
        if len(rest) > LINE_BYTES_MAX:
            raise ValueError(f"a watch event is larger than {LINE_BYTES_MAX} bytes")


def _reply(request: Request, code: int, body: bytes, elapsed_ms: int) -> Reply:
    if code >= 400:
        return Reply(request=request, code=code, status=_status(code, body), body=_text(body), elapsed_ms=elapsed_ms)
    kind = request.resource.kind if request.resource else ""
    try:
        if request.resource is None:
            return Reply(request=request, code=code, body=_text(body), elapsed_ms=elapsed_ms)
        if request.verb == "list":
            page = msgspec.json.decode(body, type=decode.ListPage)
            items = tuple(decode.from_json(kind, item) for item in page.items)
            listed = ObjectList(page.metadata.resource_version, items, page.metadata.continue_)
            return Reply(request=request, code=code, body=listed, elapsed_ms=elapsed_ms)
        # A subresource answers with a kind of its own (Eviction, Scale, Status), a deletion with a Status.
        plain = bool(request.subresource) or request.verb == "delete"
        value = msgspec.json.decode(body) if plain else decode.from_json(kind, body)
        return Reply(request=request, code=code, body=value, elapsed_ms=elapsed_ms)
    except msgspec.DecodeError as error:
        message = f"the answer to {request.method} {request.path} cannot be read: {error}"
        return Reply(request=request, code=NO_ANSWER, status=Status(message=message, reason="Unreadable"), elapsed_ms=elapsed_ms)


def _text(body: bytes) -> str:
    return body[:8_192].decode(errors="replace")


def _status(code: int, body: bytes) -> Status:
    try:
        found = msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError:
        return Status(message=" ".join(_text(body)[:300].split()) or f"HTTP {code}", code=code)
    return found if found.message else Status(message=f"HTTP {code}", code=code)


def _tell(request: Request, line: bytes, deliver: Deliver) -> Reply | None:
    """Deliver one event; a Reply if it ends the watch."""
    raw = msgspec.json.decode(line, type=decode.RawEvent)
    if raw.type == "ERROR":
        status = msgspec.json.decode(raw.object, type=Status)
        return Reply(request=request, code=status.code or EXPIRED, status=status)
    if raw.type == "BOOKMARK":
        version = msgspec.json.decode(raw.object, type=decode.BookmarkObject).metadata.resource_version
        deliver(WatchEvent(request, "BOOKMARK", None, version))
        return None
    value = decode.from_json(request.resource.kind if request.resource else "", raw.object)
    deliver(WatchEvent(request, raw.type, value, value.metadata.resource_version))  # type: ignore[arg-type]  # ADDED, MODIFIED, DELETED
    return None
