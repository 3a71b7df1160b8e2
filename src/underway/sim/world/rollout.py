"""The arithmetic of a Deployment's rollout: how large each of its ReplicaSets should be at the next step. Values only.

Source: kubernetes pkg/controller/deployment/rolling.go, sync.go (scale), util/deployment_util.go (ResolveFenceposts,
NewRSNewReplicas, GetReplicaSetProportion).
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import msgspec

from underway.sim.store import Object


class Fence(msgspec.Struct, frozen=True):
    """What a rollout keeps within: wanted pods, how many more there may be, how many fewer may be available."""

    wanted: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """How many pods there may be; none where none is wanted."""
        return self.wanted + self.surge if self.wanted else 0

    @property
    def least(self) -> int:
        """How many have to be available."""
        return max(0, self.wanted - self.unavailable)


class Size(msgspec.Struct, frozen=True):
    """One ReplicaSet. replicas: as its spec says; available: as its status says; most: what `Fence.most` was at its last
    scaling, 0 if that is not known.
    """

    replicas: int
    available: int
    most: int = 0


def fence_of(deployment: Object) -> Fence:
    """The fence of a Deployment: surge is rounded up, unavailability down, and one of them is at least 1."""
    spec = deployment["spec"]
    wanted, strategy = spec.get("replicas", 1), spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Fence(wanted, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = ceil(_share(rolling.get("maxSurge", "25%"), wanted))
    unavailable = floor(_share(rolling.get("maxUnavailable", "25%"), wanted))
    return Fence(wanted, surge, unavailable or int(surge == 0))


def _share(value: int | str, total: int) -> Fraction:
    return Fraction(value) if isinstance(value, int) else Fraction(int(value.rstrip("%")) * total, 100)


def grown(fence: Fence, new: Size, old: Sequence[Size]) -> int:
    """The size of the new ReplicaSet: as much more as the surge leaves room for; beyond what is wanted it shrinks."""
    if new.replicas > fence.wanted:
        return fence.wanted
    room = fence.wanted + fence.surge - new.replicas - sum(size.replicas for size in old)
    return new.replicas + max(0, min(room, fence.wanted - new.replicas))


def shrunk(fence: Fence, new: Size, old: Sequence[Size]) -> list[int]:
    """The sizes of the old ReplicaSets, oldest first: pods that are not available go first, then as many as can be spared."""
    sizes = [size.replicas for size in old]
    spare = sum(sizes) + new.replicas - fence.least - (new.replicas - new.available)
    for index, size in enumerate(old):
        useless = max(0, min(spare, sizes[index] - size.available))
        sizes[index] -= useless
        spare -= useless
    available = new.available + sum(min(size.available, left) for size, left in zip(old, sizes, strict=True))
    spare = min(spare, available - fence.least)
    for index, left in enumerate(sizes):
        taken = max(0, min(spare, left))
        sizes[index] -= taken
        spare -= taken
    return sizes


def proportional(fence: Fence, sizes: Sequence[Size]) -> list[int]:
    """The sizes after the Deployment was scaled amid a rollout: each set keeps its share. sizes: newest first."""
    missing = fence.most - sum(size.replicas for size in sizes)
    if not missing:
        return [size.replicas for size in sizes]
    newer_first = range(len(sizes)) if missing > 0 else reversed(range(len(sizes)))
    order = sorted(newer_first, key=lambda index: -sizes[index].replicas)
    after, left = [size.replicas for size in sizes], missing
    for index in order:
        change = _fraction(fence, sizes[index])
        change = min(change, left) if missing > 0 else max(change, left)
        after[index] += change
        left -= change
    after[order[0]] = max(0, after[order[0]] + left)
    return after


def _fraction(fence: Fence, size: Size) -> int:
    """How much a set grows with the whole, rounded half away from zero."""
    if fence.wanted == 0 or not size.most:
        return -size.replicas if fence.wanted == 0 else 0
    return floor(Fraction(size.replicas * (fence.wanted + fence.surge), size.most) + Fraction(1, 2)) - size.replicas
