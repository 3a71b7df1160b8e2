"""The rotations of a cluster, as their Leases show them; and the one write that people make: freeze and resume."""

import itertools

import msgspec

from underway.errors import Unreachable, UsageError
from underway.kube.request import Request
from underway.kube.resource import LEASES
from underway.live.http import HttpApi
from underway.live.replies import checked
from underway.model.lease import Lease
from underway.rotate.acts import patch_lease
from underway.rotate.record import LEASE_LABELS, LEASE_NAMESPACE, STATUS
from underway.rotate.status import Status

PREFIX = "underway-"  # of the Leases of rotations; others of ours are named underway.something
ATTEMPTS = 5  # a running driver renews its Lease every 5 s: losing the race more than a few times is no race


class Rotating(msgspec.Struct, frozen=True):
    """One rotation. status: as its driver last wrote it, None before its first report; lease: as it is."""

    name: str
    lease: Lease
    status: Status | None


async def rotations(api: HttpApi) -> list[Rotating]:
    """The rotations of the cluster, by name. Raises Refused, Unreachable."""
    selector = ",".join(f"{key}={value}" for key, value in LEASE_LABELS.items())
    request = Request(id=1, verb="list", resource=LEASES, namespace=LEASE_NAMESPACE, query=(("labelSelector", selector),))
    listed = checked(await api.call(request), f"list leases in {LEASE_NAMESPACE}")
    leases = [lease for lease in listed.body.items if lease.metadata.name.startswith(PREFIX)]
    return sorted(map(_rotating, leases), key=lambda rotating: rotating.name)


def _rotating(lease: Lease) -> Rotating:
    text = lease.metadata.annotations.get(STATUS, "")
    try:
        status = msgspec.json.decode(text, type=Status) if text else None
    except msgspec.DecodeError:
        status = None
    return Rotating(lease.metadata.name.removeprefix(PREFIX), lease, status)


async def annotate(api: HttpApi, name: str, annotations: dict[str, str | None]) -> list[str]:
    """Write annotations on the Lease of a rotation, "" for all; whose it was. Raises UsageError, Refused, Unreachable."""
    found = await rotations(api)
    known = ", ".join(rotating.name for rotating in found) or "none"
    chosen = [rotating for rotating in found if name in ("", rotating.name)]
    if not chosen:
        raise UsageError(f"no rotation {name!r} in this cluster; there are: {known}" if name else "no rotation in this cluster")
    for rotating in chosen:
        await _write(api, rotating, annotations)
    return [rotating.name for rotating in chosen]


async def _write(api: HttpApi, rotating: Rotating, annotations: dict[str, str | None]) -> None:
    lease, ids = rotating.lease, itertools.count(2)
    for _ in range(ATTEMPTS):
        reply = await api.call(patch_lease(next(ids), lease, {}, annotations))
        if reply.code != 409:
            checked(reply, f"write lease {LEASE_NAMESPACE}/{lease.metadata.name}")
            return
        get = Request(id=next(ids), verb="get", resource=LEASES, namespace=LEASE_NAMESPACE, name=lease.metadata.name)
        lease = checked(await api.call(get), f"read lease {LEASE_NAMESPACE}/{lease.metadata.name}").body
    raise Unreachable(f"lease {LEASE_NAMESPACE}/{lease.metadata.name} changes faster than it can be written; try again")
