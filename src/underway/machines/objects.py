"""Providers whose machines are objects of an API server: requests over ports.Api, those of different machines side by side.

Owns who goes together and who waits, the next attempt after a write that was overtaken, and the words for refusals. What the
objects mean is its heirs'.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

from underway.background import Background
from underway.kube import request as q
from underway.kube.reply import ObjectList, Reply
from underway.kube.request import Request, Verb
from underway.kube.resource import Resource
from underway.kube.retry import PASSING
from underway.machines.refusal import Refusal
from underway.ports import Api
from underway.rotate.effects import Machine, MachineReply, MachineRequest, Provision, Quota, ReadQuotas, Terminate

Deliver = Callable[[MachineReply], None]
Json = dict[str, Any]
Listed = list[Json]
Change = Provision | Terminate

KEY = "rotation.underway.dev/key"
REPLACES = "rotation.underway.dev/replaces"
FIRST_ID = 1 << 40  # far from those of the driver, which may share the connection
PAGE = 500
CONFLICT, NOT_FOUND = 409, 404
ATTEMPTS = 4  # controllers write their objects' status many times a minute: a fresh look wins the race, a delay would not help
AT_ONCE = 8  # requests under way: more would gain little, and take their turns from those who share the API server with us
RECENT_S = 1.0  # what was listed serves that long to those who wait in line; what has changed meanwhile refuses their writes


class Overtaken(Refusal):
    """Somebody else changed an object between our look at it and our write."""


class Sent(NamedTuple):
    """A request that waits for its turn, and where its reply goes."""

    request: MachineRequest
    deliver: Deliver


class ObjectProvider(ABC):
    """The base of such providers; implements ports.Machines."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids = count(FIRST_ID)
        self._waiting: list[Sent] = []
        self._turn, self._looking, self._under_way = asyncio.Lock(), asyncio.Lock(), asyncio.Semaphore(AT_ONCE)
        self._listed: dict[str, tuple[float, Listed]] = {}
        self._background = Background()

    @abstractmethod
    async def change(self, requests: Sequence[Change]) -> "list[Refusal | None]":
        """Boot and end machines, each another one, as far as that was not asked for already; for each why it was refused."""

    @abstractmethod
    async def machines(self) -> "list[Machine]":
        """All machines. Raises Refusal."""

    @abstractmethod
    async def quotas(self) -> "list[Quota]":
        """What is left of what machines take. Raises Refusal."""

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Perform a request in the background; see ports.Machines."""
        self._waiting.append(Sent(request, deliver))
        self._background.start(self._serve())

    async def _serve(self) -> None:
        """Perform what is next, whosever it is: there are as many turns as requests, and some of them serve several."""
        async with self._turn:
            turn = next_turn(self._waiting)
            del self._waiting[: len(turn)]
            if turn and isinstance(turn[0].request, Change):
                await self._change(turn)
            elif turn:
                await self._read(turn[0])

    async def _read(self, sent: Sent) -> None:
        for left in reversed(range(ATTEMPTS)):
            try:
                if isinstance(sent.request, ReadQuotas):
                    reply = MachineReply(request=sent.request, quotas=tuple(await self.quotas()))
                else:
                    reply = MachineReply(request=sent.request, machines=tuple(await self.machines()))
            except Refusal as refusal:
                self._listed.clear()
                if left and isinstance(refusal, Overtaken):
                    continue
                reply = refused(sent.request, refusal)
            sent.deliver(reply)
            return

    async def _change(self, turn: "list[Sent]") -> None:
        """Make changes; those that were overtaken again, with a fresh look."""
        for left in reversed(range(ATTEMPTS)):
            refusals = await self.change([sent.request for sent in turn if isinstance(sent.request, Change)])
            if any(refusals):
                self._listed.clear()
            again = []
            for sent, refusal in zip(turn, refusals, strict=True):
                if left and isinstance(refusal, Overtaken):
                    again.append(sent)
                else:
                    sent.deliver(refused(sent.request, refusal) if refusal else MachineReply(request=sent.request))
            if not again:
                return
            turn = again

    async def close(self) -> None:
        """Give up what still waits."""
        await self._background.close()

    # Requests

    async def ask(self, verb: Verb, resource: Resource, namespace: str = "", name: str = "", **given: Any) -> Reply:
        """Send one request and wait for its reply, whatever it is."""
        request = Request(id=next(self._ids), verb=verb, resource=resource, namespace=namespace, name=name, **given)
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        async with self._under_way:
            self._api.send(request, lambda reply: answered.set_result(reply) if isinstance(reply, Reply) else None)
            return await answered

    async def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """One object, None if it is not there. Raises Refusal."""
        reply = await self.ask("get", resource, namespace, name)
        if reply.code == NOT_FOUND and reply.reason == "NotFound" and _is_about(reply, name):
            return None
        found: Json = self.taken(reply)
        return found

    async def list_installed(self, resource: Resource) -> "list[Json]":
        """All objects of a kind that need not be installed. Raises Refusal."""
        reply = await self.ask("list", resource, query=(("limit", "1"),))
        return [] if reply.code == NOT_FOUND else await self.list(resource)

    async def list(self, resource: Resource) -> "list[Json]":
        """All objects of all namespaces. Raises Refusal."""
        found: list[Json] = []
        token, at_s = "", time.monotonic()
        while True:
            query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
            page: ObjectList = self.taken(await self.ask("list", resource, query=query))
            found += page.items
            token = page.continue_
            if not token:
                self._listed[resource.plural] = (at_s, found)
                return found

    def recent(self, resource: Resource, *sought: Callable[[Json], bool]) -> Listed | None:
        """All objects as they were a moment ago, with what we have changed since; None unless one is there for each of `sought`.

        Twenty nodes that go one after the other would list all machines twenty times.
        """
        at_s, found = self._listed.get(resource.plural, (-RECENT_S, []))
        return found if time.monotonic() < at_s + RECENT_S and all(any(map(meant, found)) for meant in sought) else None

    async def known(self, resource: Resource, sought: Callable[[Json], bool]) -> Listed:
        """The same, or else as they are now; of those who come together one lists. Raises Refusal."""
        came_s = time.monotonic()
        async with self._looking:
            found = self.recent(resource, sought)
            if found is None and self._listed.get(resource.plural, (0.0, []))[0] > came_s:
                found = self.recent(resource)  # a listing that began after we came is as good as one of our own
            return await self.list(resource) if found is None else found

    async def merge(self, resource: Resource, value: Json, patch: Json) -> Json:
        """Change an object, if it is still as we know it; `value` becomes what it is then. Raises Refusal."""
        metadata = value["metadata"]
        guarded = {**patch.get("metadata", {}), "resourceVersion": metadata["resourceVersion"]}
        reply = await self.ask(
            "patch",
            resource,
            metadata.get("namespace", ""),
            metadata["name"],
            body={**patch, "metadata": guarded},
            content_type=q.MERGE_PATCH,
        )
        changed: Json = self.taken(reply)
        if isinstance(changed, dict):
            value.clear()
            value.update(changed)
        return changed

    async def delete(self, resource: Resource, value: Json) -> None:
        """Delete that very object; gone already is good. Raises Refusal."""
        metadata = value["metadata"]
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": metadata["uid"]}}
        reply = await self.ask("delete", resource, metadata.get("namespace", ""), metadata["name"], body=options)
        deleted = {} if reply.code in (NOT_FOUND, CONFLICT) else self.taken(reply)
        if isinstance(deleted, dict) and "deletionTimestamp" in deleted.get("metadata", {}):
            value.clear()  # a finalizer holds it: it is listed until that is gone
            value.update(deleted)
        else:
            _, found = self._listed.get(resource.plural, (0.0, []))
            found[:] = [one for one in found if one["metadata"]["uid"] != metadata["uid"]]

    @staticmethod
    def taken(reply: Reply) -> Any:
        """The body of a reply that is ok. Raises Refusal."""
        if reply.ok:
            return reply.body
        request = reply.request
        what = f"{request.verb} {request.resource.plural if request.resource else request.path} {request.name}".rstrip()
        if reply.code == CONFLICT or (request.verb == "patch" and reply.code == NOT_FOUND and _is_about(reply, request.name)):
            raise Overtaken(f"{what}: {reply.message}", retryable=True)
        raise Refusal(f"{what}: {reply.message}", retryable=reply.code in PASSING)


def _is_about(reply: Reply, name: str) -> bool:
    """Whether a 404 is the object's and not its kind's: an API that is not installed is no missing object."""
    return reply.status is not None and reply.status.details is not None and reply.status.details.name == name


def condition(value: Json, type_: str) -> Json:
    """A status condition, {} if it is not there."""
    conditions = value.get("status", {}).get("conditions") or ()
    return next((found for found in conditions if found.get("type") == type_), {})


def next_turn(waiting: Sequence[Sent]) -> list[Sent]:
    """Who goes next: the first of those who wait, and if it is a change the changes right behind it, each of another machine.

    So what concerns one machine goes in the order in which it was asked for, and a listing tells of all changes before it.
    """
    turn: list[Sent] = []
    taken: set[str] = set()
    for sent in waiting:
        request = sent.request
        if not isinstance(request, Change):
            return turn or [sent]
        subjects = {request.key} if isinstance(request, Provision) else {request.key, request.node}
        if taken & subjects:
            break
        taken |= subjects - {""}
        turn.append(sent)
    return turn


def refused(request: MachineRequest, refusal: Refusal) -> MachineReply:
    """The reply to a request that was refused."""
    return MachineReply(request=request, error=str(refusal), retryable=refusal.retryable)


async def side_by_side(work: Iterable[Awaitable[object]]) -> list[Refusal | None]:
    """Do several things at once, each to its end; for each why it was refused. Raises what else went wrong."""
    ends = await asyncio.gather(*work, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, Refusal):
            raise end
    return [end if isinstance(end, Refusal) else None for end in ends]


async def all_of(work: Iterable[Awaitable[object]]) -> None:
    """The same; raises the first Refusal, once all have ended."""
    for refusal in filter(None, await side_by_side(work)):
        raise refusal
