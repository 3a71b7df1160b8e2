"""The embedded API server as an ASGI application: bodies in, answers and streamed watches out.

Owns the limits on what a client may send or leave unread. It decides nothing: `sim.apiserver.front` does. Every touch of
the cluster happens under one lock, which whoever moves the world's time holds too: a call takes less than a millisecond,
so that one lock is simpler than running the world on the server's event loop, and fast enough.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl, unquote

from underway.sim.apiserver.access import User
from underway.sim.apiserver.front import JSON, Answer, Front, HttpRequest, Watching, refusal
from underway.sim.apiserver.status import StatusError, bad_request, overloaded
from underway.sim.store import Object

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_BYTES_MAX = 3 * 1024 * 1024  # apiserver pkg/server/config.go, MaxRequestBodyBytes
WATCHES_MAX = 1_000  # far above what a demo or a test opens; a leak shows here instead of eating the machine
UNREAD_EVENTS_MAX = 10_000  # as long as the store's own history: a client that lags further must list again anyway
WATCH_S_MAX = 3_600  # --min-request-timeout is 1,800 s, drawn up to twice that; ours is not drawn
BOOKMARK_S = 60  # apiserver pkg/storage/cacher: about one a minute
USER = "underway.user"  # where the connection's user travels in an ASGI scope's state


class Stream:
    """The events of one watch between the thread that writes to the cluster and the one that sends them."""

    def __init__(self, encode: Callable[[str, Object], bytes]) -> None:
        self._encode = encode
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self.ended = False

    def tell(self, kind: str, value: Object) -> None:
        """Take an event, from whatever thread."""
        if len(self._lines) >= UNREAD_EVENTS_MAX:
            # As the real server does with a watcher that does not keep up: the stream ends, the client lists again.
            self.end()
            return
        self.put(self._encode(kind, value))

    def put(self, line: bytes) -> None:
        """Take a line as it is."""
        self._lines.append(line)
        self._wake()

    def end(self) -> None:
        """End the stream after what is already in it."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def take(self, timeout_s: float) -> bytes:
        """What has come, b"" if nothing did in so many seconds."""
        if not self._lines and not self.ended:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
            except TimeoutError:
                return b""
        self._changed.clear()
        taken = [self._lines.popleft() for _ in range(len(self._lines))]
        return b"".join(taken)


class Application:
    """The ASGI application. lock: held around every touch of the cluster."""

    def __init__(self, front: Front, lock: AbstractContextManager[Any]) -> None:
        self.front = front
        self._lock = lock
        self._streams: set[Stream] = set()

    def end_watches(self) -> None:
        """End all watches, so that the server can stop."""
        for stream in tuple(self._streams):
            stream.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise ValueError(f"the embedded API server speaks HTTP alone, not {scope['type']}")
        try:
            request = await _request(scope, receive)
        except StatusError as error:
            await _send(send, refusal(error))
            return
        with self._lock:
            answer = self.front.answer(request)
        if isinstance(answer, Watching):
            await self._watch(answer, receive, send)
        else:
            await _send(send, answer)

    async def _watch(self, watching: Watching, receive: Receive, send: Send) -> None:
        if len(self._streams) >= WATCHES_MAX:
            await _send(send, refusal(overloaded()))
            return
        stream = Stream(watching.encode)
        try:
            with self._lock:
                stop = watching.begin(stream.tell)
                if watching.initial_end:
                    stream.put(watching.bookmark(True))
        except StatusError as error:
            await _send_late_refusal(send, error)
            return
        self._streams.add(stream)
        gone = asyncio.ensure_future(_disconnected(receive, stream))
        try:
            await self._pump(stream, watching, send)
        finally:
            gone.cancel()
            self._streams.discard(stream)
            with self._lock:
                stop()

    async def _pump(self, stream: Stream, watching: Watching, send: Send) -> None:
        loop = asyncio.get_running_loop()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", JSON.encode())]})
        # The headers go out before the first event does: a client waits for them.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        ends_at = loop.time() + min(watching.timeout_s or WATCH_S_MAX, WATCH_S_MAX)
        bookmark_at = loop.time() + BOOKMARK_S
        while (left_s := ends_at - loop.time()) > 0:
            lines = await stream.take(min(left_s, max(0.0, bookmark_at - loop.time())))
            if loop.time() >= bookmark_at:
                bookmark_at = loop.time() + BOOKMARK_S
                if watching.bookmarks and not lines:
                    with self._lock:
                        lines = watching.bookmark(False)
            if lines:
                await send({"type": "http.response.body", "body": lines, "more_body": True})
            if stream.ended:
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive, stream: Stream) -> None:
    """End the stream when its client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


async def _request(scope: Scope, receive: Receive) -> HttpRequest:
    """Read a whole request. Raises StatusError 400, 413."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {BODY_BYTES_MAX}")
        if not message.get("more_body"):
            break
    try:
        headers = [(name.decode("ascii").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        path = unquote(scope.get("raw_path", scope["path"].encode()).decode("ascii"), errors="strict")
        pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise bad_request(f"the request cannot be read: {error}") from None
    user: User | None = scope.get("state", {}).get(USER)
    return HttpRequest(
        method=scope["method"],
        path=path,
        query=dict(pairs),
        headers=dict(headers),
        impersonated_groups=tuple(value for name, value in headers if name == "impersonate-group"),
        body=bytes(body),
        certified=user,
    )


async def _send(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-cache, private"),
    ]
    if answer.retry_after_s:
        headers.append((b"retry-after", str(answer.retry_after_s).encode()))
    for warning in answer.warnings:
        escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
        headers.append((b"warning", f'299 - "{escaped}"'.encode()))
    await send({"type": "http.response.start", "status": answer.code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_late_refusal(send: Send, error: StatusError) -> None:
    """A watch from a revision that is gone answers 200 and one ERROR event, as the real server's cache does."""
    if error.code != 410:
        await _send(send, refusal(error))
        return
    body = refusal(error).body
    await _send(send, Answer(200, b'{"type":"ERROR","object":' + body + b"}\n"))
