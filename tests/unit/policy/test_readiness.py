"""Whether a node takes pods: its conditions, and what its taints keep away."""

import pytest

from underway.model.meta import ObjectMeta
from underway.model.node import Node, NodeSpec, Taint
from underway.policy.readiness import node_closed, pool_taints


def tainted(key: str, effect: str) -> Node:
    return Node(ObjectMeta(name="n"), NodeSpec(taints=(Taint(key, effect),)))


@pytest.mark.parametrize(
    ("key", "effect", "closed"),
    [
        ("node.kubernetes.io/not-ready", "NoSchedule", True),
        ("node.kubernetes.io/not-ready", "NoExecute", False),
        ("node.kubernetes.io/unreachable", "NoExecute", False),
        ("node.cilium.io/agent-not-ready", "NoExecute", True),
        ("dedicated", "PreferNoSchedule", False),
    ],
)
def test_a_ready_node_is_closed_by_what_ordinary_pods_do_not_tolerate(key: str, effect: str, closed: bool) -> None:
    assert bool(node_closed(tainted(key, effect))) is closed


def test_the_taint_of_its_own_pool_closes_no_node() -> None:
    """Or no successor of a node of the control plane, or of a pool of GPUs, would ever be good enough."""
    role = tainted("node-role.kubernetes.io/control-plane", "NoSchedule")
    assert node_closed(role)
    assert node_closed(role, pool_taints(role)) == ""
    assert node_closed(tainted("node.cilium.io/agent-not-ready", "NoExecute"), pool_taints(role))


def test_what_a_node_suffers_from_is_no_taint_of_its_pool() -> None:
    assert pool_taints(tainted("node.kubernetes.io/unreachable", "NoSchedule")) == ()
