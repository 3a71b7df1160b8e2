"""The first new nodes are judged by what runs on them."""

from underway.model.meta import Condition, ObjectMeta, OwnerReference
from underway.model.node import Node
from underway.model.pod import Pod, PodSpec, PodStatus
from underway.model.snapshot import Snapshot
from underway.rotate.canaries import fails_on_new
from underway.rotate.spec import Nodes

OLD = Node(ObjectMeta(name="old", creation_timestamp="2026-01-01T00:00:00Z"))
NEW = Node(ObjectMeta(name="new", creation_timestamp="2026-02-01T00:00:05Z"))
STARTED_MS = 1_769_904_000_000  # 2026-02-01T00:00:00Z


def pod(name: str, node: str, *, ready: bool, owner: str = "web") -> Pod:
    owners = (OwnerReference(kind="ReplicaSet", name=owner, uid=owner, controller=True),)
    state = PodStatus("Running", (Condition("Ready", "True" if ready else "False"),))
    return Pod(ObjectMeta(name=name, namespace="shop", uid=name, owner_references=owners), PodSpec(node_name=node), state)


def said(*pods: Pod) -> str:
    by_node = {node: tuple(p for p in pods if p.spec.node_name == node) for node in ("old", "new")}
    return fails_on_new([OLD], Snapshot(nodes={"old": OLD, "new": NEW}, pods_by_node=by_node), Nodes(), STARTED_MS)


def test_what_works_elsewhere_and_not_on_the_new_node_is_the_new_nodes_fault() -> None:
    reason = "canary: pod shop/b is not Ready on new node new, others of its owner are on old nodes"
    assert said(pod("a", "old", ready=True), pod("b", "new", ready=False)) == reason


def test_what_works_nowhere_is_not() -> None:
    assert said(pod("a", "old", ready=False), pod("b", "new", ready=False)) == ""


def test_one_ready_pod_on_the_new_node_is_proof_enough() -> None:
    assert said(pod("a", "old", ready=True), pod("b", "new", ready=False), pod("c", "new", ready=True)) == ""


def test_pods_of_one_owner_prove_nothing_of_anothers() -> None:
    assert said(pod("a", "old", ready=True, owner="db"), pod("b", "new", ready=False)) == ""
