"""List, then watch, for one resource: the state machine that keeps a picture of it current, without input or output.

Owns which request comes next (a page, a watch, a relist after 410, a retry after a delay) and turns replies and events
into Deltas. It keeps no objects: `rotate.observe` does. Source: API concepts, "Efficient detection of changes",
"Retrieving large results sets in chunks", "Watch bookmarks"; client-go tools/cache/reflector.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.retry import Again, retry
from underway.kube.watch import WatchEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from underway.kube.resource import Resource

PAGE = 500  # client-go's pager default (tools/pager)
WATCH_S_MIN = 300  # client-go's reflector asks for 5 to 10 minutes, spread so that watches do not all end at once
GONE = 410
NOT_FOUND = 404


class Replaced(msgspec.Struct, frozen=True):
    """A whole list: at its resource version these objects and no others existed."""

    objects: tuple[Any, ...]
    resource_version: str


class Upserted(msgspec.Struct, frozen=True):
    """An object was added or modified."""

    object: Any


class Removed(msgspec.Struct, frozen=True):
    """An object was deleted; this is its last state."""

    object: Any


Delta = Replaced | Upserted | Removed


class Reflector:
    """One resource, kept current.

    resource: what; label_selector: such as "app=x"; ids: where request ids come from. `synced` tells whether a first full
    list is in; `failure` is a sentence when the server refuses for good, else "".
    """

    def __init__(self, resource: Resource, ids: Iterator[int], *, namespace: str = "", label_selector: str = "") -> None:
        self.resource = resource
        self.synced = False
        self.failure = ""
        self.due_ms: int | None = 0
        self._namespace = namespace
        self._label_selector = label_selector
        self._ids = ids
        self._pages: list[Any] = []
        self._continue = ""
        self._resource_version = ""
        self._attempt = 0
        self._sent: Request | None = None

    def poll(self, now_ms: int, rng: Random) -> Request | None:
        """The request to send now, None while one is under way, a delay runs or the server has refused."""
        if self.due_ms is None or now_ms < self.due_ms or self._sent is not None or self.failure:
            return None
        self.due_ms = None
        self._sent = self._watch(rng) if self._resource_version else self._list()
        return self._sent

    def receive(self, event: Reply | WatchEvent, now_ms: int, rng: Random) -> list[Delta]:
        """Take a reply or an event of this resource; what it changes. Events of an older watch are ignored."""
        if self._sent is None or event.request.id != self._sent.id:
            return []
        if isinstance(event, WatchEvent):
            return self._changed(event)
        self._sent = None
        if not event.ok:
            self._failed(event, now_ms, rng)
            return []
        self._attempt = 0
        self.due_ms = now_ms
        return self._listed(event) if event.request.verb == "list" else []

    def _list(self) -> Request:
        query = [("limit", str(PAGE))]
        if self._label_selector:
            query.append(("labelSelector", self._label_selector))
        if self._continue:
            query.append(("continue", self._continue))
        return Request(id=next(self._ids), verb="list", resource=self.resource, namespace=self._namespace, query=tuple(query))

    def _watch(self, rng: Random) -> Request:
        query = [("allowWatchBookmarks", "true"), ("resourceVersion", self._resource_version)]
        query.append(("timeoutSeconds", str(rng.randint(WATCH_S_MIN, 2 * WATCH_S_MIN))))
        if self._label_selector:
            query.append(("labelSelector", self._label_selector))
        return Request(
            id=next(self._ids),
            verb="watch",
            resource=self.resource,
            namespace=self._namespace,
            query=tuple(query),
            timeout_s=None,
        )

    def _listed(self, reply: Reply) -> list[Delta]:
        self._pages.extend(reply.body.items)
        self._continue = reply.body.continue_
        if self._continue:
            return []
        objects, self._pages = tuple(self._pages), []
        self._resource_version = reply.body.resource_version
        self.synced = True
        return [Replaced(objects, self._resource_version)]

    def _changed(self, event: WatchEvent) -> list[Delta]:
        self._resource_version = event.resource_version
        self._attempt = 0
        match event.type:
            case "BOOKMARK":
                return []
            case "DELETED":
                return [Removed(event.object)]
            case _:
                return [Upserted(event.object)]

    def _failed(self, reply: Reply, now_ms: int, rng: Random) -> None:
        self._attempt += 1
        if reply.code == GONE:
            # The history that the watch (or the next page) needed is compacted: begin again with a full list.
            self._resource_version, self._continue, self._pages = "", "", []
            self.due_ms = now_ms
            return
        decision = retry(reply, self._attempt, rng)
        if isinstance(decision, Again):
            self.due_ms = now_ms + decision.delay_ms
        elif reply.code == NOT_FOUND:
            self.failure = f"the API server does not serve {self.resource.plural}.{self.resource.api_version}: {decision.reason}"
        else:
            self.failure = f"cannot {reply.request.verb} {self.resource.plural}: {decision.reason}"
