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


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"target": {}}, f"spec.target: {NO_TARGET}"),
        ({"target": {"kubeletVersion": "new"}}, "spec.target.kubeletVersion: 'new' is not a version; write it as v1.37.2"),
        (
            {"paces": {}},
            "spec: object contains unknown field `paces`; known here: drain, health, machines, mode, nodes, owners, pace, target",
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
        ({"mode": "Halt"}, "spec.mode: invalid enum value 'Halt'"),
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
