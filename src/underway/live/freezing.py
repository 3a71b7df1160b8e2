"""Freezing and resuming by hand: a rotation on its Lease, a pool or the whole cluster on one more."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import msgspec

from underway.errors import Unreachable, UsageError
from underway.kube.reply import Reply
from underway.kube.request import MERGE_PATCH, Request
from underway.kube.resource import LEASES, SELF_SUBJECT_REVIEWS
from underway.live.declared import declared
from underway.live.http import HttpApi
from underway.live.leases import Rotating, rotations
from underway.live.replies import checked
from underway.model.lease import Lease
from underway.model.meta import AnyObject, Model
from underway.rotate import acts
from underway.rotate.freezes import (
    FREEZE_LEASE,
    Freeze,
    Frozen,
    annotations_of,
    freezes_of,
    order_annotation,
    standing,
)
from underway.rotate.kinds.definitions import FLEETS
from underway.rotate.record import LEASE_NAMESPACE, Journal, journal_of

ATTEMPTS = 5
CONFLICT, NOT_FOUND = 409, 404
UNNAMED = "a user"
NAME_MAX = 128


class UserInfo(Model, frozen=True):
    """Who somebody is. Source: authentication.k8s.io/v1 types.go."""

    username: str


class ReviewStatus(Model, frozen=True):
    """The answer of a SelfSubjectReview."""

    user_info: UserInfo


class Review(Model, frozen=True):
    """A SelfSubjectReview."""

    status: ReviewStatus


class Stand(msgspec.Struct, frozen=True):
    """What is frozen in a cluster. freezes: of pools and of the whole; ordered: by the spec.mode of Rotations, by name."""

    rotations: tuple[Rotating, ...]
    freezes: tuple[Freeze, ...]
    ordered: Mapping[str, Frozen] = {}

    def written(self, name: str) -> Frozen | None:
        """The freeze of a rotation that stands on its own Lease: what `underway resume NAME` ends."""
        one = next((rotating for rotating in self.rotations if rotating.name == name), None)
        return standing(journal_of(one.lease if one else None), ())

    def frozen(self, name: str) -> Frozen | None:
        """The widest freeze that holds a rotation."""
        found = standing(Journal(), self.freezes) or self.written(name)
        return found or self.ordered.get(name)


async def stand(api: HttpApi) -> Stand:
    """Read it. Raises Refused, Unreachable."""
    found = await rotations(api)
    objects, _ = await declared(api)
    ordered = {one.name: one.ordered for one in objects if one.ordered is not None}
    return Stand(tuple(found), freezes_of(await _lease(api, itertools.count(10))), ordered)


async def whoami(api: HttpApi) -> str:
    """The name by which the API server knows us, "a user" where it does not say: who froze is written beside why."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    reply = await api.call(Request(id=5, verb="create", resource=SELF_SUBJECT_REVIEWS, body=body))
    try:
        return msgspec.convert(reply.body, Review).status.user_info.username[:NAME_MAX] if reply.ok else UNNAMED
    except msgspec.ValidationError:
        return UNNAMED


async def _lease(api: HttpApi, ids: "itertools.count[int]") -> Lease | None:
    get = Request(id=next(ids), verb="get", resource=LEASES, namespace=LEASE_NAMESPACE, name=FREEZE_LEASE)
    reply = await api.call(get)
    if reply.code == NOT_FOUND:
        return None
    lease: Lease = checked(reply, f"read lease {LEASE_NAMESPACE}/{FREEZE_LEASE}").body
    return lease


async def change(
    api: HttpApi, changed: Callable[[Sequence[Freeze]], Sequence[Freeze]], now_ms: int, *, ended: bool
) -> tuple[Freeze, ...]:
    """Change the freezes of pools and the cluster, losing nobody's; what they are now. Raises Refused, Unreachable."""
    ids = itertools.count(20)
    for _ in range(ATTEMPTS):
        lease = await _lease(api, ids)
        after = tuple(changed(freezes_of(lease)))
        annotations = annotations_of(after, now_ms, ended=ended)
        if lease is None:
            request = acts.create_lease(next(ids), FREEZE_LEASE, {}, annotations)
        else:
            request = acts.patch_lease(next(ids), lease, {}, annotations)
        reply: Reply = await api.call(request)
        if reply.code != CONFLICT:
            checked(reply, f"write lease {LEASE_NAMESPACE}/{FREEZE_LEASE}")
            return after
    raise Unreachable(f"lease {LEASE_NAMESPACE}/{FREEZE_LEASE} changes faster than it can be written; try again")


async def fleets(api: HttpApi) -> list[AnyObject]:
    """The Fleets of a hub, by name. Raises Refused, Unreachable, UsageError."""
    reply = await api.call(Request(id=40, verb="list", resource=FLEETS))
    if reply.code == NOT_FOUND:
        raise UsageError("this cluster serves no Fleets; it is a hub after: underway manifests --fleet | kubectl apply -f -")
    return sorted(checked(reply, "list fleets").body.items, key=lambda fleet: str(fleet.metadata.name))


async def order_fleet(api: HttpApi, name: str, frozen: Frozen | None) -> None:
    """Freeze a Fleet, or with None let it go on. Raises Refused, Unreachable, UsageError."""
    found = await fleets(api)
    if name not in {fleet.metadata.name for fleet in found}:
        known = ", ".join(fleet.metadata.name for fleet in found) or "none"
        raise UsageError(f"no fleet {name!r} in this cluster; there are: {known}")
    body = {"metadata": {"annotations": order_annotation(frozen)}, "spec": {"mode": "Freeze" if frozen else "Rotate"}}
    query = acts.FIELD_MANAGER
    patch = Request(id=41, verb="patch", resource=FLEETS, name=name, body=body, content_type=MERGE_PATCH, query=query)
    checked(await api.call(patch), f"patch fleet {name}")
