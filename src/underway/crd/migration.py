"""Writing every object of a custom resource again, and trimming storedVersions: what to send next, given what came back.

A generator without input or output: it yields Batches of requests or Pauses, is sent the replies, and returns a Migration.
Every request is safe to send twice: an object whose bytes in etcd do not change is not written. Sources: kube-storage-version-
migrator pkg/migrator/core.go; API concepts, "410 Gone" of a continue token; KEP-4192.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from underway.crd.storage import Stored, plan_of, stored_of
from underway.kube.reply import NO_ANSWER, Reply
from underway.kube.request import MERGE_PATCH, Request
from underway.kube.resource import Resource
from underway.kube.retry import Again, retry

if TYPE_CHECKING:
    from random import Random

Object = dict[str, Any]
DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "", namespaced=False)
# Where a migration stands, as an annotation of the definition: that does not change its generation.
PROGRESS = "storage.underway.dev/migration"
PAGE = 500  # kube-storage-version-migrator's chunk
AT_ONCE = 8  # writes under way at a time: an API server's default flow control gives one client little more
ATTEMPTS = 8  # for one object, or one page
REFUSED_SHOWN = 20
GONE, CONFLICT, NOT_FOUND = 410, 409, 404


class Batch(msgspec.Struct, frozen=True):
    """Requests to send at once; the replies are wanted in their order."""

    requests: tuple[Request, ...]


class Pause(msgspec.Struct, frozen=True):
    """Wait before going on."""

    delay_ms: int


class Refusal(msgspec.Struct, frozen=True):
    """An object that the API server does not take back as it is."""

    name: str
    message: str


class Progress(msgspec.Struct, frozen=True, rename="camel"):
    """Where a migration stands. token: of the next page."""

    uid: str
    storage: str
    token: str = msgspec.field(name="continue")
    written: int = 0


class Migration(msgspec.Struct, frozen=True, rename="camel"):
    """How it ended. written, gone: objects; trimmed: whether storedVersions has the storage version alone; stopped: why not."""

    name: str
    storage: str
    written: int = 0
    gone: int = 0
    resumed: bool = False
    trimmed: bool = False
    refused: tuple[Refusal, ...] = ()
    refusals: int = 0
    stopped: str = ""


Effect = Batch | Pause
Talk = Generator[Effect, tuple[Reply, ...], Any]


class _Lost(Exception):
    pass


def migrate(name: str, ids: Iterator[int], rng: "Random", tell: Callable[[int], None] = lambda _: None) -> Talk:
    """Migrate the objects of the definition `name`; returns a Migration. tell: told how many are written, page by page."""
    return (yield from _Run(name, ids, rng, tell).run())


class _Run:
    """One migration."""

    def __init__(self, name: str, ids: Iterator[int], rng: "Random", tell: Callable[[int], None]) -> None:
        self._name, self._ids, self._rng, self._tell = name, ids, rng, tell
        self._written = self._gone = self._refusals = 0
        self._refused: list[Refusal] = []
        self._storage, self._resumed = "", False

    def run(self) -> Talk:
        try:
            crd = yield from self._definition()
            stored = stored_of(crd)
            self._storage = stored.storage
            plan = plan_of(stored)
            if plan.blocked:
                return self._ended(stopped=plan.blocked)
            if not plan.needed:
                return self._ended(trimmed=True)
            yield from self._pages(stored, _progress(crd, stored))
            if self._refusals:
                return self._ended(stopped=f"{self._refusals} objects could not be written again; storedVersions stays as it is")
            return self._ended(**(yield from self._trim(stored)))
        except _Lost as lost:
            return self._ended(stopped=str(lost))

    def _ended(self, *, trimmed: bool = False, stopped: str = "") -> Migration:
        return Migration(
            self._name,
            self._storage,
            self._written,
            self._gone,
            self._resumed,
            trimmed,
            tuple(self._refused),
            self._refusals,
            stopped,
        )

    def _definition(self) -> Talk:
        reply = yield from self._sent("get", DEFINITIONS, name=self._name)
        if reply.code == NOT_FOUND:
            raise _Lost(f"there is no CustomResourceDefinition {self._name}; its name is PLURAL.GROUP")
        return self._good(reply, f"read CustomResourceDefinition {self._name}").body

    def _pages(self, stored: Stored, begun: Progress | None) -> Talk:
        # The kind is left out: what comes back is wanted as plain JSON, whatever built-in kind has the same name.
        resource = Resource(stored.group, stored.through, stored.plural, "", namespaced=stored.namespaced)
        token = ""
        if begun is not None:
            token, self._written, self._resumed = begun.token, begun.written, True
        while True:
            query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
            reply = yield from self._sent("list", resource, query=query)
            if reply.code == GONE and token:
                # The server says where to go on in another, later list: objects made meanwhile are in the storage version.
                token = reply.status.metadata.continue_ if reply.status else ""
                continue
            page = self._good(reply, f"list {stored.plural} as {stored.through}").body
            yield from self._rewrite(resource, page.items)
            self._tell(self._written + self._gone)
            token = page.continue_
            if not token:
                return
            yield from self._note(stored, token)

    def _rewrite(self, resource: Resource, items: tuple[Object, ...]) -> Talk:
        waiting = [(value, 1) for value in reversed(items)]
        while waiting:
            taken = [waiting.pop() for _ in range(min(AT_ONCE, len(waiting)))]
            replies = yield Batch(tuple(self._put(resource, value) for value, _ in taken))
            delay_ms = 0
            for (value, attempt), reply in zip(taken, replies, strict=True):
                again = yield from self._settle(resource, value, attempt, reply)
                if again is not None:
                    waiting.append((again[0], attempt + 1))
                    delay_ms = max(delay_ms, again[1])
            if delay_ms:
                yield Pause(delay_ms)

    def _settle(self, resource: Resource, value: Object, attempt: int, reply: Reply) -> Talk:
        """What came of one write: None if it is over, else the object to write and the delay before."""
        if reply.ok:
            self._written += 1
            return None
        if reply.code == NOT_FOUND:
            self._gone += 1
            return None
        if reply.code == CONFLICT and attempt < ATTEMPTS:
            metadata = value["metadata"]
            fresh = yield from self._sent("get", resource, namespace=metadata.get("namespace", ""), name=metadata["name"])
            if fresh.code == NOT_FOUND:
                self._gone += 1
                return None
            return self._good(fresh, f"read {_named(value)}").body, 0
        decision = retry(reply, attempt, self._rng)
        if isinstance(decision, Again) and attempt < ATTEMPTS:
            return value, decision.delay_ms
        if reply.code in (NO_ANSWER, 401, 403):
            raise _Lost(f"cannot write {_named(value)}: {reply.message}")
        self._refusals += 1
        if len(self._refused) < REFUSED_SHOWN:
            self._refused.append(Refusal(_named(value), reply.message))
        return None

    def _put(self, resource: Resource, value: Object) -> Request:
        metadata = value["metadata"]
        return Request(
            id=next(self._ids),
            verb="update",
            resource=resource,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            query=(("fieldManager", "underway-storage-migration"),),
            body=value,
        )

    def _note(self, stored: Stored, token: str) -> Talk:
        """Write down where it stands; if that fails, a resumed run only writes more again."""
        text = msgspec.json.encode(Progress(stored.uid, stored.storage, token, self._written)).decode()
        body = {"metadata": {"annotations": {PROGRESS: text}}}
        yield Batch((self._patch(body, ""),))

    def _trim(self, before: Stored) -> Talk:
        """Trim storedVersions, if the definition is still what it was when the first object was read."""
        for _ in range(ATTEMPTS):
            crd = yield from self._definition()
            now = stored_of(crd)
            if (now.uid, now.generation, now.storage) != (before.uid, before.generation, before.storage):
                return {"stopped": "the definition was changed while its objects were written; run it again"}
            extra = set(now.stored) - set(before.stored)
            if extra:
                return {"stopped": f"{', '.join(sorted(extra))} became a stored version meanwhile; run it again"}
            body = {
                "metadata": {"resourceVersion": crd["metadata"]["resourceVersion"]},
                "status": {"storedVersions": [before.storage]},
            }
            (reply,) = yield Batch((self._patch(body, "status"),))
            if reply.code == CONFLICT:
                continue
            self._good(reply, f"trim status.storedVersions of {self._name}")
            if PROGRESS in (crd["metadata"].get("annotations") or {}):
                yield Batch((self._patch({"metadata": {"annotations": {PROGRESS: None}}}, ""),))
            return {"trimmed": True}
        return {"stopped": "the definition changes faster than its status can be written; run it again"}

    def _patch(self, body: Object, subresource: str) -> Request:
        return Request(
            id=next(self._ids),
            verb="patch",
            resource=DEFINITIONS,
            name=self._name,
            subresource=subresource,
            body=body,
            content_type=MERGE_PATCH,
        )

    def _sent(self, verb: Any, resource: Resource, **parts: Any) -> Talk:
        """One request, sent again as long as that may help."""
        attempt = 1
        while True:
            (reply,) = yield Batch((Request(id=next(self._ids), verb=verb, resource=resource, **parts),))
            if reply.ok or reply.code in (GONE, NOT_FOUND):
                return reply
            decision = retry(reply, attempt, self._rng)
            if not isinstance(decision, Again) or attempt >= ATTEMPTS:
                return reply
            attempt += 1
            yield Pause(decision.delay_ms)

    def _good(self, reply: Reply, what: str) -> Reply:
        if not reply.ok:
            raise _Lost(f"cannot {what}: {reply.message}")
        return reply


def _progress(crd: Object, stored: Stored) -> Progress | None:
    """Where an earlier run stood, if it was about the same objects."""
    text = (crd["metadata"].get("annotations") or {}).get(PROGRESS, "")
    try:
        found = msgspec.json.decode(text, type=Progress) if text else None
    except msgspec.DecodeError:
        return None
    return found if found is not None and (found.uid, found.storage) == (stored.uid, stored.storage) else None


def _named(value: Object) -> str:
    metadata = value.get("metadata") or {}
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata.get('name')}" if namespace else str(metadata.get("name"))
