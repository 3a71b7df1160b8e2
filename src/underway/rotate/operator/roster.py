"""The Rotations that there are, kept current by a reflector and decoded once for each change.

Owns what is wanted. A Rotation that cannot be read is kept with its problem: the operator says so on it and does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from underway.errors import UsageError
from underway.kube.reflector import Reflector, Removed, Replaced
from underway.rotate.freezes import ORDER
from underway.rotate.kinds.definitions import ROTATIONS
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.spec import Rotation, rotation_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from underway.kube.reply import Reply
    from underway.kube.request import Request
    from underway.kube.watch import WatchEvent
    from underway.model.meta import AnyObject

FINALIZER = "underway.dev/rotation"


class Wanted(msgspec.Struct, frozen=True):
    """One Rotation object. rotation: decoded, None where `problem` says why not; shown: its status as it is now."""

    name: str
    uid: str
    generation: int
    resource_version: str
    finalizers: tuple[str, ...]
    deleting: bool
    created: str
    rotation: Rotation | None
    problem: str
    shown: RotationStatus


def wanted_of(value: AnyObject, gates: Iterable[str], providers: Iterable[str]) -> Wanted:
    """What one object wants."""
    metadata = value.metadata
    rotation, problem = None, ""
    known = {"name": metadata.name, "annotations": {ORDER: said} if (said := metadata.annotations.get(ORDER)) else {}}
    plain = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": known, "spec": value.spec}
    try:
        rotation = rotation_from(plain, f"Rotation {metadata.name}", gates, providers)
    except UsageError as error:
        problem = str(error)
    return Wanted(
        name=metadata.name,
        uid=metadata.uid,
        generation=metadata.generation,
        resource_version=metadata.resource_version,
        finalizers=metadata.finalizers,
        deleting=bool(metadata.deletion_timestamp),
        created=metadata.creation_timestamp,
        rotation=rotation,
        problem=problem,
        shown=_shown(value.status),
    )


def _shown(status: dict[str, Any]) -> RotationStatus:
    try:
        return msgspec.convert(status, RotationStatus)
    except msgspec.ValidationError:
        return RotationStatus()  # of another version, or by somebody else's hand: it is written anew


class Roster:
    """All Rotations, by name. gates, providers: the names there are."""

    def __init__(self, ids: Iterator[int], gates: Iterable[str], providers: Iterable[str]) -> None:
        self._reflector = Reflector(ROTATIONS, ids)
        self._gates, self._providers = frozenset(gates), frozenset(providers)
        self.wanted: dict[str, Wanted] = {}

    @property
    def synced(self) -> bool:
        """Whether all of them have been listed once."""
        return self._reflector.synced

    @property
    def failure(self) -> str:
        """Why they cannot be had, or ""."""
        return self._reflector.failure

    def poll(self, now_ms: int, rng: Random) -> list[Request]:
        """The list or watch that is due."""
        request = self._reflector.poll(now_ms, rng)
        return [request] if request is not None else []

    def due_ms(self) -> int | None:
        """When the next one is."""
        return self._reflector.due_ms

    def receive(self, event: Reply | WatchEvent, now_ms: int, rng: Random) -> bool:
        """Take an event; whether it was one of ours."""
        if event.request.verb not in ("list", "watch") or event.request.resource != ROTATIONS:
            return False
        for delta in self._reflector.receive(event, now_ms, rng):
            if isinstance(delta, Replaced):
                self.wanted = {value.metadata.name: self._read(value) for value in delta.objects}
            elif isinstance(delta, Removed):
                self.wanted.pop(delta.object.metadata.name, None)
            else:
                self.wanted[delta.object.metadata.name] = self._read(delta.object)
        return True

    def _read(self, value: AnyObject) -> Wanted:
        """The object, decoded anew only if its specification is another one."""
        known = self.wanted.get(value.metadata.name)
        if (
            known is not None
            and known.uid == value.metadata.uid
            and int(value.metadata.resource_version) < int(known.resource_version)
        ):
            return known
        return wanted_of(value, self._gates, self._providers)

    def wrote(self, value: AnyObject) -> None:
        """Take an object from the reply to our own write, unless it is gone."""
        if value.metadata.name in self.wanted:
            self.wanted[value.metadata.name] = self._read(value)
