"""Reading all kinds that lint looks at: concurrent, by namespace, bounded, and never an abort for one kind.

Lists are asked for with resourceVersion=0: the API server answers from its memory, not from etcd, and a picture a second old is
as good. Pods, of which there are most, are read namespace by namespace, so that no answer is large. An answer that is too large
for that is read page by page instead. Secrets and ConfigMaps are asked for by their metadata alone.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Protocol

import msgspec

from underway.kube.reply import NO_ANSWER, Reply, Status
from underway.kube.request import METADATA_LIST, Request
from underway.kube.resource import Resource
from underway.kube.retry import Again, retry
from underway.lint.decode import Page, Replicas, page
from underway.lint.objects.kinds import KINDS, Kind
from underway.lint.objects.meta import Object
from underway.lint.objects.pod import Pod
from underway.lint.picture import Skipped
from underway.lint.requested import REQUESTED, RequestedAPI
from underway.live.requested import PATH, requested_in

PAGE = 500  # client-go's pager
AT_ONCE = 4  # more than this gained nothing against a real kube-apiserver
BYTES_MAX = 64 * 1024 * 1024  # of one answer from memory; what is larger comes in pages
METRICS_BYTES_MAX = 128 * 1024 * 1024  # of /metrics; a busy API server's is tens of megabytes
ATTEMPTS_MAX = 3
BY_NAMESPACE_MAX = 500  # more namespaces than this, and asking each costs more than pages do
GONE = 410

Progress = Callable[[str, int], None]


class Fetches(Protocol):
    """The part of `HttpApi` that is needed here."""

    async def fetch(self, request: Request, bytes_max: int) -> Reply:
        """Send one request; the Reply's body are bytes."""

    async def pause(self, delay_ms: int) -> None:
        """Wait before sending again."""


class Inventory(msgspec.Struct, frozen=True):
    """What was read, and what was not."""

    objects: tuple[Object, ...]
    skipped: tuple[Skipped, ...]
    requested: tuple[RequestedAPI, ...] = ()


class _Failed(Exception):  # never leaves this module
    """A list that cannot be had; its text is a sentence."""


async def inventory(
    api: Fetches, kinds: Iterable[str], namespaces: Sequence[str] = (), progress: Progress = lambda _kind, _count: None
) -> Inventory:
    """The objects of these kinds. namespaces: only those in them, and cluster-scoped ones. progress: kind, objects so far."""
    reading = _Reading(api, namespaces, progress)
    kinds = set(kinds)
    names = [kind for kind in KINDS if kind in kinds]
    await asyncio.gather(*(reading.kind(KINDS[name]) for name in names if name != "Pod"))
    if "Pod" in names:
        await reading.pods()
    requested = await reading.requested() if REQUESTED in kinds else ()
    return Inventory(tuple(reading.objects), tuple(sorted(reading.skipped, key=lambda skipped: skipped.kind)), requested)


class _Reading:
    """One reading of a cluster."""

    def __init__(self, api: Fetches, namespaces: Sequence[str], progress: Progress) -> None:
        self._api: Fetches = api
        self._namespaces = tuple(namespaces)
        self._progress = progress
        self._ids = itertools.count(1)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._replicas = Replicas()
        self._rng = Random()
        self._counts: dict[str, int] = {}
        self.objects: list[Object] = []
        self.skipped: list[Skipped] = []

    async def kind(self, kind: Kind, namespaces: Sequence[str] = ()) -> None:
        """Read one kind, in all namespaces or in these, by the newest version that is served; what cannot be read is skipped."""
        where = (namespaces or self._namespaces) if kind.paths[0].namespaced else ()
        try:
            for resource in kind.paths:
                served = await asyncio.gather(*(self._list(kind, resource, namespace) for namespace in where or ("",)))
                if any(served):
                    return
        except _Failed as failure:
            self._skip(Skipped(kind.name, str(failure)))
            return
        if not kind.custom:
            full = ".".join(part for part in (kind.paths[0].plural, kind.paths[0].group) if part)
            self._skip(Skipped(kind.name, f"the API server serves no {full}"))

    def _skip(self, skipped: Skipped) -> None:
        if skipped not in self.skipped:
            self.skipped.append(skipped)

    async def pods(self) -> None:
        """Pods, namespace by namespace where the namespaces are known and not too many."""
        known = [thing.name for thing in self.objects if thing.kind == "Namespace"]
        by_namespace = not self._namespaces and len(known) <= BY_NAMESPACE_MAX
        await self.kind(KINDS["Pod"], known if by_namespace else ())

    async def requested(self) -> tuple[RequestedAPI, ...]:
        """The deprecated APIs that clients asked this API server for."""
        reply = await self._api.fetch(
            Request(id=next(self._ids), verb="get", raw_path=PATH, accept="text/plain"), METRICS_BYTES_MAX
        )
        if reply.ok:
            try:
                return requested_in(reply.body)
            except ValueError as error:
                why = f"the answer to GET {PATH} cannot be read: {error}"
        else:
            refused = reply.code in (401, 403)
            why = f"needs the verb get on the path {PATH}: {reply.message}" if refused else f"cannot read {PATH}: {reply.message}"
        self._skip(Skipped(REQUESTED, why))
        return ()

    async def _list(self, kind: Kind, resource: Resource, namespace: str) -> bool:
        """Read one list to its end; whether it is served. Raises _Failed."""
        token, whole, restarts, seen = "", True, 0, set[str]()
        while True:
            reply = await self._asked(kind, resource, namespace, token, whole)
            if reply.code == NO_ANSWER and reply.reason == "TooLarge" and whole:
                whole = False
                continue
            if reply.code == GONE and restarts < ATTEMPTS_MAX:
                # The list took longer than the server keeps its history. Its own token goes on where the list stood, in
                # today's picture: nothing that lives throughout is lost. Without one, begin again; `seen` keeps each once.
                restarts += 1
                token = reply.status.metadata.continue_ if reply.status else ""
                continue
            if reply.code == 404 and not token:
                return False
            if not reply.ok:
                raise _Failed(_why(resource, namespace, reply, len(seen)))
            read: Page = reply.body
            self._take(kind, read, seen)
            token = read.continue_
            if not token:
                return True

    async def _asked(self, kind: Kind, resource: Resource, namespace: str, token: str, whole: bool) -> Reply:
        """One page, decoded; again while that may help."""
        query = [("limit", str(PAGE))]
        if token:
            query.append(("continue", token))
        elif whole:
            query.append(("resourceVersion", "0"))
        if kind.field_selector:
            query.append(("fieldSelector", kind.field_selector))
        request = Request(
            id=next(self._ids),
            verb="list",
            resource=resource,
            namespace=namespace,
            query=tuple(query),
            timeout_s=120.0,
            **({"accept": METADATA_LIST} if kind.metadata_only else {}),
        )
        attempt = 0
        while True:
            attempt += 1
            async with self._turns:
                reply = await self._api.fetch(request, BYTES_MAX)
            if reply.ok:
                try:
                    return msgspec.structs.replace(reply, body=page(kind.name, reply.body, resource.api_version))
                except msgspec.DecodeError as error:
                    message = f"the answer to GET {request.path} cannot be read: {error} (of {len(reply.body)} bytes)"
                    reply = Reply(request=request, code=NO_ANSWER, status=Status(message=message, reason="Unreadable"))
            decision = retry(reply, attempt, self._rng)
            if reply.reason == "TooLarge" or attempt >= ATTEMPTS_MAX or not isinstance(decision, Again):
                return reply
            await self._api.pause(decision.delay_ms)

    def _take(self, kind: Kind, read: Page, seen: set[str]) -> None:
        for thing in read.objects:
            if thing.metadata.uid and thing.metadata.uid in seen:
                continue
            seen.add(thing.metadata.uid)
            self.objects.append(self._replicas.shared(thing) if isinstance(thing, Pod) else thing)
        for sentence in read.unreadable:
            self._skip(Skipped(kind.name, sentence))
        self._counts[kind.name] = self._counts.get(kind.name, 0) + len(read.objects)
        self._progress(kind.name, self._counts[kind.name])


def _why(resource: Resource, namespace: str, reply: Reply, read: int) -> str:
    """Why a list cannot be had, and what to do."""
    full = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    where = f" in namespace {namespace}" if namespace else ""
    kept = f"; {read} that were read before are kept" if read else ""
    if reply.code in (401, 403):
        return f"needs the verb list on {full}{where}: {reply.message}"
    if reply.code == 404:
        return f"the API server stopped serving {full} while it was read{kept}"
    return f"cannot list {full}{where}: {reply.message}{kept}"
