"""What a plan learns of drift from the machine provider."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from objects import node
from underway.cli import drift
from underway.cli.plan import command
from underway.errors import Refused
from underway.live.reading import SnapshotFile
from underway.model.snapshot import Snapshot
from underway.rotate.effects import Machine, MachineReply, MachineRequest
from underway.rotate.spec import Rotation, RotationMetadata, RotationSpec, Target

ROTATION = Rotation(RotationMetadata("workers"), RotationSpec(Target(drifted=True)))
NODES = Snapshot(nodes={"n1": node("n1", providerID="sim:///1"), "n2": node("n2"), "n3": node("n3")})


class Answering:
    """A provider that always gives one answer."""

    def __init__(self, *machines: Machine, error: str = "") -> None:
        self._machines, self._error = machines, error

    def send(self, request: MachineRequest, deliver: Any) -> None:
        deliver(MachineReply(request=request, machines=self._machines, error=self._error))


def test_each_node_is_told_with_its_reason_and_the_unknown_ones_are_named() -> None:
    machines = Answering(Machine(provider_id="sim:///1", drifted="image 1, wanted 2"))
    snapshot = asyncio.run(drift.with_machines(NODES, machines, ROTATION))
    assert snapshot.drift == {"n1": "image 1, wanted 2"}
    assert drift.unknown(snapshot, ROTATION) == (
        "provider Command knows no machine of n2, n3: whether these have drifted is not known",
    )


def test_a_provider_that_cannot_be_asked_refuses_the_plan() -> None:
    with pytest.raises(Refused, match="machine provider Command: list nodeclaims: forbidden"):
        asyncio.run(drift.with_machines(NODES, Answering(error="list nodeclaims: forbidden"), ROTATION))


def test_a_saved_snapshot_says_that_it_does_not_know(tmp_path: Path) -> None:
    source, saved = tmp_path / "rotation.yaml", tmp_path / "snapshot.json"
    source.write_text("apiVersion: underway.dev/v1\nkind: Rotation\nmetadata: {name: w}\nspec: {target: {drifted: true}}\n")
    saved.write_bytes(msgspec.json.encode(SnapshotFile("v1.37.2", "2026-11-01T00:00:00Z", {})))
    done = CliRunner().invoke(command, ["-f", str(source), "--snapshot", str(saved)], catch_exceptions=False)
    assert "a snapshot does not hold what the machine provider says, so no node counts as drifted" in " ".join(
        done.output.split()
    )
