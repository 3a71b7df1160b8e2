"""What the control plane itself bears: whether every member of etcd votes, and so whether a member may be replaced.

etcd of n members works with (n-1)/2 of them lost; replacing one on top of another that is down, or that is still a learner,
may take the quorum away for good. So the next member goes only when the last joiner votes, and only if those that are left are
a quorum of all: a member is removed after its machine has ended, so it still counts while nobody answers for it. Of three
members one may go, of two none, unless a third has joined; one is never enough, not even with its successor beside it (etcd
"FAQ": failure tolerance).

Members are seen as kubeadm runs them: static pods of kube-system labelled component=etcd, whose readiness probe is etcd's
/readyz (its check non_learner fails while a member does not vote, etcd 3.5.17 and 3.6). Where there are no such pods, etcd lies
outside and only /readyz tells.
"""

from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot

NAMESPACE = "kube-system"


def is_etcd(pod: Pod) -> bool:
    """Whether a pod is a member of the control plane's etcd."""
    return pod.metadata.namespace == NAMESPACE and pod.metadata.labels.get("component") == "etcd"


def members(snapshot: Snapshot) -> dict[str, Pod]:
    """The members that run in the cluster, by node."""
    control_plane = [node for node in snapshot.nodes.values() if node.is_control_plane]
    return {node.name: pod for node in control_plane for pod in snapshot.pods_on(node.name) if is_etcd(pod)}


def not_voting(snapshot: Snapshot, node: Node) -> str:
    """Why a control-plane node is not a full member yet, or ""; every other node is none and needs not be."""
    found = members(snapshot)
    if not node.is_control_plane or not found:
        return ""
    member = found.get(node.name)
    if member is None:
        return f"no member of etcd runs on node {node.name} yet"
    return "" if member.ready else f"member {member.metadata.name} of etcd does not vote yet"


def lost_members(snapshot: Snapshot, ours: frozenset[str] = frozenset()) -> list[str]:
    """Why the quorum is thinner than it should be, member by member. ours: nodes that leave or arrive on our behalf."""
    return [
        reason
        for node in snapshot.nodes.values()
        if node.is_control_plane and node.name not in ours and (reason := not_voting(snapshot, node))
    ]


def too_few(snapshot: Snapshot, node: Node, *, successor: bool) -> str:
    """Why the control plane could not do without a node even if all is well, or "". successor: one joins before it goes."""
    if not node.is_control_plane:
        return ""
    present = members(snapshot)
    count = len(present) + successor
    if node.name in present and not _may_lose_one(count):
        of = f"of {count} members, its successor's among them," if successor else f"of {count} member{'s' * (count > 1)}"
        enough = not successor and _may_lose_one(count + 1)
        remedy = (
            "give it a successor beside it (spec.pace.maxSurge)" if enough else "bring the control plane to three members first"
        )
        left = f"{of} {count - 1} would be left, and {count // 2 + 1} are needed"
        return f"node {node.name} stays for the quorum of etcd: {left}; {remedy}"
    if not successor and sum(other.is_control_plane for other in snapshot.nodes.values()) == 1:
        return f"node {node.name} is the whole control plane; give it a successor beside it (spec.pace.maxSurge)"
    return ""


def _may_lose_one(count: int) -> bool:
    """Whether all but one of so many members are a quorum."""
    return count - 1 > count // 2


def must_stay(snapshot: Snapshot, node: Node, *, successor: bool = False) -> str:
    """Why a node of the control plane may not be taken now, or "": all others have to vote, and be enough without its own.

    successor: whether one is still to join before it goes; False once it has, or where none will.
    """
    if not node.is_control_plane:
        return ""
    lost = lost_members(snapshot, frozenset({node.name}))
    if lost:
        return f"node {node.name} stays for the quorum of etcd: {'; '.join(lost)}"
    return too_few(snapshot, node, successor=successor)
