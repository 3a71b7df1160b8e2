"""Providers whose machines are objects of an API server: requests over ports.Api, one machine request at a time.

Owns the waiting for replies, the next attempt after a write that was overtaken, and the words for refusals. What the objects
mean is its heirs'.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count
from typing import Any

from underway.background import Background
from underway.kube import request as q
from underway.kube.reply import ObjectList, Reply
from underway.kube.request import Request, Verb
from underway.kube.resource import Resource
from underway.kube.retry import PASSING
from underway.machines.refusal import Refusal
from underway.ports import Api
from underway.rotate.effects import ListMachines, Machine, MachineReply, MachineRequest, Provision, Quota, ReadQuotas, Terminate

Deliver = Callable[[MachineReply], None]
Json = dict[str, Any]
Listed = list[Json]

KEY = "rotation.underway.dev/key"
REPLACES = "rotation.underway.dev/replaces"
FIRST_ID = 1 << 40  # far from those of the driver, which may share the connection
PAGE = 500
CONFLICT, NOT_FOUND = 409, 404
ATTEMPTS = 4  # controllers write their objects' status many times a minute: a fresh look wins the race, a delay would not help


RECENT_S = 1.0  # what was listed serves that long to those who wait in line; what has changed meanwhile refuses their writes


class Overtaken(Refusal):
    """Somebody else changed an object between our look at it and our write."""


class ObjectProvider(ABC):
    """The base of such providers; implements ports.Machines."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids = count(FIRST_ID)
        self._turn = asyncio.Lock()
        self._listed: dict[str, tuple[float, Listed]] = {}
        self._background = Background()

    @abstractmethod
    async def provision(self, request: Provision) -> None:
        """Ask for a machine, unless it was asked for already. Raises Refusal."""

    @abstractmethod
    async def terminate(self, request: Terminate) -> None:
        """Ask for a machine's end, unless it was asked for already. Raises Refusal."""

    @abstractmethod
    async def machines(self) -> "list[Machine]":
        """All machines. Raises Refusal."""

    @abstractmethod
    async def quotas(self) -> "list[Quota]":
        """What is left of what machines take. Raises Refusal."""

    async def perform(self, request: MachineRequest) -> MachineReply:
        """Perform a request; see ports.Machines. Raises Refusal."""
        match request:
            case Provision():
                await self.provision(request)
            case Terminate():
                await self.terminate(request)
            case ReadQuotas():
                return MachineReply(request=request, quotas=tuple(await self.quotas()))
            case ListMachines():
                return MachineReply(request=request, machines=tuple(await self.machines()))
        return MachineReply(request=request)

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Perform a request in the background; see ports.Machines."""
        self._background.start(self._run(request, deliver))

    async def _run(self, request: MachineRequest, deliver: Deliver) -> None:
        async with self._turn:
            reply = await self._performed(request)
        deliver(reply)

    async def _performed(self, request: MachineRequest) -> MachineReply:
        attempts = 1
        while True:
            try:
                return await self.perform(request)
            except Refusal as refusal:
                self._listed.clear()
                if not isinstance(refusal, Overtaken) or attempts == ATTEMPTS:
                    return MachineReply(request=request, error=str(refusal), retryable=refusal.retryable)
            attempts += 1

    async def close(self) -> None:
        """Give up what still waits."""
        await self._background.close()

    # Requests

    async def ask(self, verb: Verb, resource: Resource, namespace: str = "", name: str = "", **given: Any) -> Reply:
        """Send one request and wait for its reply, whatever it is."""
        request = Request(id=next(self._ids), verb=verb, resource=resource, namespace=namespace, name=name, **given)
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
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

    def recent(self, resource: Resource, holds: Callable[[Json], bool]) -> Listed | None:
        """All objects as they were a moment ago, with what we have changed since; None if none of them is such.

        Twenty nodes that go together would list all machines twenty times, one after the other.
        """
        at_s, found = self._listed.get(resource.plural, (-RECENT_S, []))
        return found if time.monotonic() < at_s + RECENT_S and any(map(holds, found)) else None

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
            found[:] = [one for one in found if one is not value]

    @staticmethod
    def taken(reply: Reply) -> Any:
        """The body of a reply that is ok. Raises Refusal."""
        if reply.ok:
            return reply.body
        request = reply.request
        what = f"{request.verb} {request.resource.plural if request.resource else request.path} {request.name}".rstrip()
        if reply.code == CONFLICT:
            raise Overtaken(f"{what}: {reply.message}", retryable=True)
        raise Refusal(f"{what}: {reply.message}", retryable=reply.code in PASSING)


def _is_about(reply: Reply, name: str) -> bool:
    """Whether a 404 is the object's and not its kind's: an API that is not installed is no missing object."""
    return reply.status is not None and reply.status.details is not None and reply.status.details.name == name


def condition(value: Json, type_: str) -> Json:
    """A status condition, {} if it is not there."""
    conditions = value.get("status", {}).get("conditions") or ()
    return next((found for found in conditions if found.get("type") == type_), {})
