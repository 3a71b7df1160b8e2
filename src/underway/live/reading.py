"""Reading a whole cluster once: concurrent, page by page, only what decisions need. And the snapshot file it is saved in."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from underway.errors import UsageError
from underway.kube.reflector import PAGE
from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.lint.decode import from_values
from underway.lint.objects.kinds import KINDS
from underway.lint.objects.meta import Object
from underway.lint.picture import Skipped
from underway.lint.requested import RequestedAPI
from underway.live.http import HttpApi
from underway.live.inventory import Inventory
from underway.live.replies import FORBIDDEN, checked
from underway.model import decode
from underway.rotate.observe import OPTIONAL, WATCHED


class SnapshotFile(msgspec.Struct, frozen=True, rename="camel"):
    """A saved picture of a cluster: the decoded fields and no others, so no value of a Secret or ConfigMap can be in it.

    skipped: the kinds that could not be read. requested: the deprecated APIs that clients asked for.
    """

    server_version: str
    taken_at: str
    objects: dict[str, list[dict[str, Any]]]
    skipped: tuple[Skipped, ...] = ()
    requested: tuple[RequestedAPI, ...] = ()
    api_version: str = "underway.dev/v1"
    kind: str = "Snapshot"


async def read(api: HttpApi, progress: Callable[[str, int], None] = lambda _kind, _count: None) -> dict[str, list[Any]]:
    """The objects of a cluster by kind. progress: kind and how many so far. Raises Refused or Unreachable."""
    ids = itertools.count(1)
    lists = await asyncio.gather(*(_list(api, resource, ids, progress) for resource in WATCHED))
    return {resource.kind: objects for resource, objects in zip(WATCHED, lists, strict=True)}


async def _list(api: HttpApi, resource: Resource, ids: "itertools.count[int]", progress: Callable[[str, int], None]) -> list[Any]:
    objects: list[Any] = []
    token = ""
    while True:
        query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
        reply = await api.call(Request(id=next(ids), verb="list", resource=resource, query=query))
        if reply.code == 410 and token:
            # The list took longer than the server keeps its history: begin again.
            objects, token = [], ""
            continue
        if reply.code in FORBIDDEN and resource in OPTIONAL:
            return []
        objects.extend(checked(reply, f"list {resource.plural}", "the verbs get, list and watch").body.items)
        progress(resource.kind, len(objects))
        token = reply.body.continue_
        if not token:
            return objects


def to_file(read: Inventory, server_version: str, taken_at: str) -> SnapshotFile:
    """The file of what was read: what rotations decide on, and what lint looks at."""
    objects: dict[str, list[dict[str, Any]]] = {}
    for thing in read.objects:
        objects.setdefault(thing.kind, []).append(msgspec.to_builtins(thing))
    return SnapshotFile(server_version, taken_at, objects, read.skipped, read.requested)


def snapshot_file(data: bytes, source: str) -> SnapshotFile:
    """The file that `underway snapshot` wrote, not looked into yet. Raises UsageError with the file's name."""
    try:
        saved = msgspec.json.decode(data, type=SnapshotFile)
    except msgspec.DecodeError as error:
        raise UsageError(f"{source}: not a snapshot: {error}; make one with `underway snapshot > {source}`") from None
    if saved.kind != "Snapshot":
        raise UsageError(f"{source}: kind is {saved.kind!r}; a file that `underway snapshot` wrote is wanted")
    return saved


def from_file(saved: SnapshotFile, source: str) -> dict[str, list[Any]]:
    """The objects in a snapshot file that rotations decide on. Raises UsageError with the file's name."""
    kinds = [resource.kind for resource in WATCHED]
    needed = [resource.kind for resource in WATCHED if resource not in OPTIONAL]
    for skipped in saved.skipped:
        if skipped.kind in needed:
            raise UsageError(f"{source}: lacks every {skipped.kind}: {skipped.reason}; take the snapshot again with that right")
    try:
        return {kind: [decode.from_values(kind, value) for value in saved.objects.get(kind, ())] for kind in kinds}
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: not a snapshot: {error}; make one with `underway snapshot > {source}`") from None


class SavedObjects(msgspec.Struct, frozen=True):
    """What a snapshot file holds for lint."""

    objects: tuple[Object, ...]
    skipped: tuple[Skipped, ...]
    server_version: str
    requested: tuple[RequestedAPI, ...] = ()


def objects_from_file(saved: SnapshotFile, source: str) -> SavedObjects:
    """The objects in a snapshot file that lint looks at. Raises UsageError with the file's name."""
    try:
        objects = tuple(
            from_values({"kind": kind, **value}) for kind, values in saved.objects.items() for value in values if kind in KINDS
        )
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: not a snapshot: {error}; make one with `underway snapshot > {source}`") from None
    return SavedObjects(objects, saved.skipped, saved.server_version, saved.requested)
