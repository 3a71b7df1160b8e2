"""Bad Rotations: each is refused with the field, what is wrong and what would be right."""

from typing import Any

import pytest

from underway.errors import UsageError
from underway.rotate.spec import NO_TARGET, Rotation, rotation_from

GATES = ["nodes-ready", "workloads-available", "api-server"]


def read(**spec: Any) -> Rotation:
    body = {"target": {"kubeletVersion": "v1.37.2"}, **spec}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "r"}, "spec": body}
    return rotation_from(values, "r.yaml", GATES, ["Command"])


def test_the_defaults_are_gentle() -> None:
    spec = read().spec
    assert (spec.pace.max_surge, spec.pace.max_unavailable) == (1, 0)
    assert (spec.drain.unmanaged, spec.drain.timeout) == ("Block", "30m")
    assert [gate.gate for gate in spec.health] == GATES


FIELDS = "alerts, drain, health, machines, mode, nodes, owners, pace, target"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"target": {}}, f"spec.target: {NO_TARGET}"),
        ({"target": {"kubeletVersion": "new"}}, "spec.target.kubeletVersion: 'new' is not a version; write it as v1.37.2"),
        (
            {"paces": {}},
            f"spec: object contains unknown field `paces`; known here: {FIELDS}",
        ),
        ({"pace": {"maxSurge": "ten"}}, "spec.pace.maxSurge: 'ten' is neither a number nor a percentage such as 10%"),
        ({"pace": {"maxSurge": -1}}, "spec.pace.maxSurge: -1 is less than 0"),
        (
            {"pace": {"maxSurge": 0}},
            "spec.pace: maxUnavailable and maxSurge are both 0, so no node could ever go; raise one of them",
        ),
        ({"drain": {"timeout": "soon"}}, "spec.drain.timeout: 'soon' is not a duration; write it as 90s, 30m or 1h30m"),
        (
            {"health": [{"gate": "luck"}]},
            "spec.health[0].gate: no gate 'luck'; there are api-server, nodes-ready, workloads-available",
        ),
        ({"machines": {"provider": "Magic"}}, "spec.machines.provider: no provider 'Magic'; there are Command"),
        ({"nodes": {"canary": -1}}, "spec.nodes.canary: -1 is less than 0"),
        ({"mode": "Halt"}, "spec.mode: invalid enum value 'Halt'; use Rotate, Freeze"),
        ({"pace": {"perZone": "yes"}}, "spec.pace.perZone: expected `bool`, got `str`"),
    ],
)
def test_what_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(**spec)
    assert str(caught.value) == f"r.yaml: {message}"


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        read(pace={"maxSurge": -1}, drain={"timeout": "soon"})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ({}, "spec.health[0]: gate expression needs expression"),
        (
            {"expression": "pods.all(p, p.phase == '')"},
            """spec.health[0].expression: is no expression over the picture:
ERROR: <input>:1:14: undefined field 'phase'
 | pods.all(p, p.phase == '')
 | .............^""",
        ),
        ({"expression": "nodes.size()"}, "spec.health[0].expression: gives int, wanted true or false: nodes.size()"),
        (
            {"expression": "1 +"},
            "spec.health[0].expression: is no expression over the picture:\nERROR: <input>:1:4: Syntax error",
        ),
        ({"expression": "node.metadata.name == ''"}, "undeclared reference to 'node'"),
    ],
)
def test_an_expression_gate_that_cannot_be_asked_is_refused_with_its_field(gate: dict[str, Any], message: str) -> None:
    values = {
        "apiVersion": "underway.dev/v1",
        "kind": "Rotation",
        "metadata": {"name": "r"},
        "spec": {"target": {"kubeletVersion": "v1.37.2"}, "health": [{"gate": "expression", **gate}]},
    }
    with pytest.raises(UsageError) as caught:
        rotation_from(values, "r.yaml", ["expression"], ["Command"])
    assert message in str(caught.value)
