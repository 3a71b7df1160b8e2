"""Expressions over nodes: what they see, what is refused, what becomes of one that fails."""

from typing import Any

import pytest

from objects import cluster, node
from underway.errors import UsageError
from underway.policy.evictable import Rules
from underway.rotate.expressions import checked_condition, score, unmet
from underway.rotate.order import Order
from underway.rotate.spec import Rotation, Target, rotation_from
from underway.rotate.target import outdated


def rotation(**spec: Any) -> Rotation:
    body = {"target": {"kubeletVersion": "v1.37.2"}, **spec}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "r"}, "spec": body}
    return rotation_from(values, "r.yaml", ["nodes-ready", "workloads-available", "api-server"], ["Command"])


@pytest.mark.parametrize(
    "condition",
    [
        "node.metadata.name == 'a'",
        "node.metadata.labels['image'] == 'v2'",
        "has(node.metadata.labels.image)",
        "'image' in node.metadata.labels && !('other' in node.metadata.labels)",
        "!node.spec.unschedulable",
        "node.spec.providerID == ''",
        "node.spec.taints.all(taint, taint.effect != 'NoExecute')",
        "!has(node.metadata.deletionGracePeriodSeconds)",
        "node.status.nodeInfo.kernelVersion == ''",
        "node.status.conditions.exists(one, one.type == 'Ready' && one.status == 'True')",
        "node.status.allocatable.all(name, quantity(node.status.allocatable[name]).isGreaterThan(quantity('0')))",
    ],
)
def test_what_an_expression_sees(condition: str) -> None:
    assert unmet(condition, node("a", labels={"image": "v2"})) == ""


def test_a_condition_that_does_not_hold_or_fails_makes_the_node_outdated() -> None:
    target = Target(expression="node.metadata.labels['image'] == 'v2'")
    assert outdated(node("a", labels={"image": "v2"}), target, 0, {}) == ""
    assert outdated(node("a", labels={"image": "v1"}), target, 0, {}) == "not node.metadata.labels['image'] == 'v2'"
    assert outdated(node("a"), target, 0, {}) == "not node.metadata.labels['image'] == 'v2': no such key: image"


def test_the_other_conditions_are_told_first() -> None:
    target = Target(os_image="x", expression="false")
    assert outdated(node("a"), target, 0, {}).startswith("OS image")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"target": {"expression": "node.status.nodeInfo.kernel == '6.12'"}},
            """spec.target.expression: is no expression over a node:
ERROR: <input>:1:21: undefined field 'kernel'
 | node.status.nodeInfo.kernel == '6.12'
 | ....................^""",
        ),
        (
            {"target": {"expression": "node.metadata.name"}},
            "spec.target.expression: gives string, wanted true or false: node.metadata.name",
        ),
        (
            {"nodes": {"order": [{"by": "expression", "expression": "node.spec"}]}},
            "spec.nodes.order[0].expression: gives Node.spec, wanted a number, a text or a time: node.spec",
        ),
        (
            {"nodes": {"order": [{"by": "expression", "expression": "1 +"}]}},
            "spec.nodes.order[0].expression: is no expression over a node:\n",
        ),
        ({"nodes": {"order": [{"by": "expression"}]}}, "spec.nodes.order[0]: by: expression and an expression need each other"),
        ({"target": {"expression": "1" * 2049}}, "spec.target.expression: expected `str` of length <= 2048"),
    ],
)
def test_what_is_refused_when_it_is_read(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rotation(**spec)
    assert str(caught.value).startswith(f"r.yaml: {message}")


def test_an_expression_alone_is_a_target() -> None:
    assert rotation(target={"expression": "node.metadata.name != ''"}).spec.target.expression


def test_the_lowest_score_goes_first_and_failures_last() -> None:
    nodes = [node("a"), node("b", labels={"weight": "10"}), node("c", labels={"weight": "9"})]
    asked = rotation(nodes={"order": [{"by": "expression", "expression": "int(node.metadata.labels['weight'])"}]})
    ordering = Order(asked.spec.nodes, cluster(*nodes), Rules())
    assert [one.name for one in sorted(nodes, key=lambda one: ordering.rank(one, 0))] == ["c", "b", "a"]
    assert ordering.reason(nodes[1], 0) == "score 10, no wait for budgets"
    assert ordering.reason(nodes[0], 0) == "no score: the expression fails, no wait for budgets"


@pytest.mark.parametrize(
    "text", ["size(node.spec.taints)", "1.5", "node.metadata.name", "timestamp(node.metadata.creationTimestamp)"]
)
def test_scores_are_numbers_texts_and_times(text: str) -> None:
    assert score(text, node("a"))[0] is False


def test_a_condition_is_compiled_once() -> None:
    assert checked_condition("node.spec.unschedulable") is checked_condition("node.spec.unschedulable")
