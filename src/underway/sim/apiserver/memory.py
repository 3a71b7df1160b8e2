"""`ports.Api` in virtual time: requests reach the embedded API server through the event queue, never at once.

Owns latency, the order of a watch's events, and where faults interfere. What the driver sends here is what it sends to a
real cluster; only the carrier differs.
"""

import json
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

from underway.kube.reply import NO_ANSWER, ObjectList, Reply, Status
from underway.kube.request import Request
from underway.kube.resource import SELF_SUBJECT_ACCESS_REVIEWS
from underway.kube.watch import WatchEvent
from underway.model import decode
from underway.sim.apiserver import reviews
from underway.sim.apiserver.access import Attributes, User, check
from underway.sim.apiserver.discovery import version_document
from underway.sim.apiserver.selection import selection
from underway.sim.apiserver.server import ApiServer, Call
from underway.sim.apiserver.status import StatusError, internal, overloaded
from underway.sim.faults import NONE, Fault, Interference
from underway.sim.queue import Queue
from underway.sim.store import Object

Deliver = Callable[[Reply | WatchEvent], None]

REQUEST_MS = (3, 15)  # a small API call in one region (SLO: 99 % under 1 s; typical single-digit milliseconds)
EVENT_MS = (5, 40)  # etcd to watch cache to client
REVISIONS_KEPT = 200  # one for each request: some seconds of a busy driver, which is as stale as a read gets
CLIENT = User("underway")
BOOKMARK_MS = 60_000  # apiserver pkg/storage/cacher: about one a minute


class _Watch:
    """One running watch."""

    def __init__(self, request: Request, deliver: Deliver) -> None:
        self.request = request
        self.deliver = deliver
        self.last_ms = 0
        self.ended = False
        self.stop: Callable[[], None] = lambda: None

    def tell(self, event: WatchEvent) -> None:
        """Deliver an event, unless the watch has ended meanwhile."""
        if not self.ended:
            self.deliver(event)


class MemoryApi:
    """An API server in memory. faults: asked in order for each request; the first that interferes wins.

    latency: a factor on all answers, which a fault of the world (an overloaded server) may raise. may: what the client is
    allowed, None for everything.
    """

    def __init__(self, server: ApiServer, queue: Queue, rng: Random) -> None:
        self._server = server
        self._queue = queue
        self._rng = rng
        self._watches: dict[int, _Watch] = {}
        self._client = 0
        self._decoded: dict[str, tuple[str, Any]] = {}
        self._revisions: deque[tuple[int, int]] = deque(maxlen=REVISIONS_KEPT)
        self.faults: Sequence[Fault] = ()
        self.latency = 1.0
        self.may: Callable[[Attributes], bool] | None = None
        self.on_send: Callable[[Request], None] = lambda _request: None
        self.on_write: Callable[[Request, int], None] = lambda _request, _code: None

    def send(self, request: Request, deliver: Deliver) -> None:
        """Carry the request; see ports.Api."""
        interference = next((found for fault in self.faults if (found := fault.on_request(request, self._rng)) is not None), NONE)
        self.on_send(request)
        self._revisions.append((self._queue.now_ms(), self._server.registry.store.revision))
        sent_ms = self._queue.now_ms()
        there_ms = round(self._rng.randint(*REQUEST_MS) * self.latency) + interference.queued_ms
        if request.verb == "watch":
            client = self._client  # one that dies meanwhile has closed its connection; the next one's ids begin anew
            self._queue.after(
                there_ms, lambda: self._begin_watch(request, deliver, interference) if client == self._client else None
            )
        else:
            self._queue.after(there_ms, lambda: self._answer(request, deliver, interference, sent_ms))

    def cancel(self, request: Request) -> None:
        """End a watch without a reply."""
        watch = self._watches.pop(request.id, None)
        if watch is not None:
            watch.ended = True
            watch.stop()

    def drop_client(self) -> None:
        """End all watches, also those that are still on their way: their client is dead."""
        self._client += 1
        for watch in list(self._watches.values()):
            self.cancel(watch.request)

    def _call(self, request: Request) -> Call:
        if request.resource is None:
            raise ValueError(f"request {request.id} names no resource")
        return Call(
            verb=request.verb,
            entry=self._server.entry(request.resource),
            namespace=request.namespace,
            name=request.name,
            subresource=request.subresource,
            query=dict(request.query),
            body=request.body,
            content_type=request.content_type,
        )

    def _answer(self, request: Request, deliver: Deliver, interference: Interference, sent_ms: int) -> None:
        code, body = self._acted(request, interference)
        back_ms = round(self._rng.randint(*REQUEST_MS) * self.latency) + interference.delay_ms
        elapsed_ms = self._queue.now_ms() + back_ms - sent_ms
        patience_ms = round((request.timeout_s or 0) * 1_000)
        if interference.lose_reply or elapsed_ms > patience_ms > 0:  # the client hangs up before it comes
            code, body, elapsed_ms = NO_ANSWER, None, patience_ms
        reply = self._reply(request, code, body, elapsed_ms)
        self._queue.after(max(0, sent_ms + elapsed_ms - self._queue.now_ms()), lambda: deliver(reply))

    def _acted(self, request: Request, interference: Interference) -> tuple[int, Any]:
        if request.resource is None:
            if request.raw_path == "/version":
                return 200, json.dumps(version_document(self._server.release))
            return self._server.readyz()
        if interference.refuse:
            return interference.refuse, _refusal(interference.refuse)
        if request.resource == SELF_SUBJECT_ACCESS_REVIEWS:
            return 201, reviews.reviewed(request.body, lambda asked: self.may is None or self.may(asked))
        if self.may is not None and (refused := self._refused(request, self.may)) is not None:
            return 403, refused
        code, body = self._server.handle(self._call(request))
        if request.verb not in ("get", "list"):
            self.on_write(request, code)
        if interference.stale_ms and request.resource is not None and code == 200:
            body = self._of_before(self._call(request), body, interference.stale_ms)
        return code, body

    def _refused(self, request: Request, may: Callable[[Attributes], bool]) -> Object | None:
        """What the server answers whom it does not allow this, None where it does."""
        if request.resource is None:
            return None
        sub = f"/{request.subresource}" if request.subresource else ""
        attributes = Attributes(
            verb=request.verb,
            group=request.resource.group,
            resource=request.resource.plural + sub,
            namespace=request.namespace,
            name=request.name,
        )
        try:
            check(CLIENT, attributes, lambda _user, asked: may(asked))
        except StatusError as error:
            return error.status
        return None

    def _of_before(self, call: Call, body: Any, stale_ms: int) -> Any:
        """A list as it would have been answered so long ago, with the revision of then."""
        horizon_ms = self._queue.now_ms() - stale_ms
        revision = max((seen for at_ms, seen in self._revisions if at_ms <= horizon_ms), default=None)
        if revision is None:
            return body
        selected = selection(call)
        items = [value for value in self._server.registry.store.as_of(call.resource, revision) if selected(value)]
        return {**body, "metadata": {"resourceVersion": str(revision)}, "items": items}

    def _reply(self, request: Request, code: int, body: Any, elapsed_ms: int) -> Reply:
        if code >= 400 and isinstance(body, dict):
            return Reply(request=request, code=code, status=msgspec.convert(body, Status), elapsed_ms=elapsed_ms)
        if request.verb == "list" and isinstance(body, dict):
            metadata = body["metadata"]
            items = tuple(self._decode(value) for value in body["items"])
            body = ObjectList(metadata["resourceVersion"], items, metadata.get("continue", ""))
        elif request.resource == SELF_SUBJECT_ACCESS_REVIEWS:
            pass  # no object: it is kept nowhere
        elif request.resource is not None and isinstance(body, dict) and body.get("kind") == request.resource.kind:
            body = self._decode(body)
        return Reply(request=request, code=code, body=body, elapsed_ms=elapsed_ms)

    def _decode(self, value: Object) -> Any:
        """The typed object; several clients of one world see the same one, converted once."""
        metadata = value["metadata"]
        version, uid = metadata["resourceVersion"], metadata["uid"]
        known = self._decoded.get(uid)
        if known is None or known[0] != version:
            known = (version, decode.from_values(value["kind"], value))
            self._decoded[uid] = known
        return known[1]

    def _begin_watch(self, request: Request, deliver: Deliver, interference: Interference) -> None:
        watch = _Watch(request, deliver)
        self._watches[request.id] = watch

        def on_event(kind: str, value: Object) -> None:
            self._tell(watch, kind, value, interference.late_events_ms)

        try:
            watch.stop = self._server.watch(self._call(request), on_event)
        except StatusError as error:
            self._end(watch, error.code, error.status)
            return
        timeout_s = int(dict(request.query).get("timeoutSeconds", 0) or 0)
        ends_ms = interference.cut_ms or timeout_s * 1_000
        if ends_ms:
            code = interference.cut_code if interference.cut_ms else 200
            self._queue.after(ends_ms, lambda: self._end(watch, code, None))
        self._queue.after(BOOKMARK_MS, lambda: self._bookmark(watch))

    def _tell(self, watch: _Watch, kind: str, value: Object, late_ms: int) -> None:
        event = WatchEvent(watch.request, kind, self._decode(value), value["metadata"]["resourceVersion"])  # type: ignore[arg-type]  # the server's own event types
        # Each watch is one stream: an event never overtakes the one before it.
        at_ms = max(watch.last_ms, self._queue.now_ms() + round(self._rng.randint(*EVENT_MS) * self.latency) + late_ms)
        watch.last_ms = at_ms
        self._queue.after(at_ms - self._queue.now_ms(), lambda: watch.tell(event))

    def _bookmark(self, watch: _Watch) -> None:
        if watch.ended:
            return
        version = str(self._server.registry.store.revision)
        at_ms = max(watch.last_ms, self._queue.now_ms())
        watch.last_ms = at_ms
        event = WatchEvent(watch.request, "BOOKMARK", None, version)
        self._queue.after(at_ms - self._queue.now_ms(), lambda: watch.tell(event))
        self._queue.after(BOOKMARK_MS, lambda: self._bookmark(watch))

    def _end(self, watch: _Watch, code: int, body: Object | None) -> None:
        if watch.ended:
            return
        # The end travels behind the events that are still on their way.
        delay_ms = max(0, watch.last_ms - self._queue.now_ms())

        def deliver() -> None:
            if not watch.ended:
                self.cancel(watch.request)
                parsed = msgspec.convert(body, Status) if body else None
                watch.deliver(Reply(request=watch.request, code=code, status=parsed))

        watch.stop()
        self._queue.after(delay_ms, deliver)


def _refusal(code: int) -> Object:
    if code == 429:
        return overloaded().status
    if code == 409:
        return StatusError(
            409, "Conflict", "the object has been modified; please apply your changes to the latest version"
        ).status
    return internal("etcdserver: request timed out").status if code == 500 else StatusError(code, "ServiceUnavailable", "").status
