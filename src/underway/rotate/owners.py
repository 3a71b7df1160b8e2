"""Whose the pod is that keeps a node from being emptied: the team that can do something about it.

Owns which object of a blocker is asked. How an object names its owner is `policy.ownership`'s.
"""

from collections.abc import Iterable

import msgspec

from underway.model.snapshot import Snapshot
from underway.policy.ownership import named_owner, owner_in, owner_of_pod
from underway.rotate.blockers import Blocker
from underway.rotate.spec import Owners


def with_owners(blockers: Iterable[Blocker], snapshot: Snapshot, owners: Owners) -> tuple[Blocker, ...]:
    """The blockers, each with its owner as far as one is named. owners: where the specification says to look."""
    return tuple(msgspec.structs.replace(one, owner=_owner(one, snapshot, owners)) for one in blockers)


def _owner(blocker: Blocker, snapshot: Snapshot, owners: Owners) -> str:
    pod = next((pod for pod in snapshot.pods_on(blocker.node) if pod.key == blocker.pod), None)
    if pod is not None:
        return owner_of_pod(pod, snapshot, owners.keys, owners.namespaces)
    namespace, _, _ = (blocker.pod or blocker.budget).rpartition("/")
    if namespace:
        return owner_in(namespace, snapshot, owners.keys, owners.namespaces)
    node = snapshot.nodes.get(blocker.node)
    return named_owner(owners.keys, (node.metadata,) if node else ())
