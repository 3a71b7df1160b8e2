"""The Rotations that a cluster holds as objects, with the status that its operator writes on them.

A rotation that runs from a terminal has a Lease alone (`live.leases`); one that the operator refuses has an object alone.
"""

import msgspec

from underway.kube.request import Request
from underway.live.http import HttpApi
from underway.live.replies import FORBIDDEN, checked
from underway.model.meta import AnyObject
from underway.rotate.freezes import Frozen, ordered
from underway.rotate.kinds.definitions import ROTATIONS
from underway.rotate.kinds.status import RotationStatus

NOT_FOUND = 404


class Declared(msgspec.Struct, frozen=True):
    """One Rotation object. generation: of its specification, which the status may lag behind; ordered: the freeze of its mode."""

    name: str
    generation: int
    status: RotationStatus
    ordered: Frozen | None = None

    @property
    def unseen(self) -> bool:
        """Whether no operator has taken the specification up yet."""
        return self.status.observed_generation < self.generation


async def declared(api: HttpApi) -> tuple[tuple[Declared, ...], str]:
    """The Rotations by name, and why they cannot be seen, or "". Raises Unreachable."""
    reply = await api.call(Request(id=50, verb="list", resource=ROTATIONS))
    if reply.code == NOT_FOUND:
        return (), ""
    if reply.code in FORBIDDEN:
        return (), f"cannot list rotations: {reply.message}"
    found = [_declared(value) for value in checked(reply, "list rotations").body.items]
    return tuple(sorted(found, key=lambda one: one.name)), ""


def _declared(value: AnyObject) -> Declared:
    try:
        status = msgspec.convert(value.status, RotationStatus)
    except msgspec.ValidationError:
        status = RotationStatus(reason="its status cannot be read")
    frozen = ordered(value.spec.get("mode", "Rotate"), value.metadata.annotations)
    return Declared(value.metadata.name, value.metadata.generation, status, frozen)
