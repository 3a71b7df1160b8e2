"""The definitions on a real kube-apiserver: installed by one command, with the messages that a user reads."""

import json
import subprocess
import sys
from typing import Any

import pytest

from controlplane import ControlPlane
from specimens import BAD_FLEETS, BAD_ROTATIONS, GOOD_FLEETS, GOOD_ROTATIONS
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def manifests(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "underway", "manifests", *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def installed(cluster: ControlPlane) -> ControlPlane:
    """The cluster, with what `underway manifests` prints."""
    cluster.kubectl("apply", "-f", "-", stdin=manifests("--fleet"))
    for name in ("rotations", "fleets"):
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{name}.underway.dev", "--timeout=30s")
    return cluster


def judged(cluster: ControlPlane, kind: str, spec: dict[str, Any], name: str = "r") -> str:
    """What the server says to a dry run, "" if it takes the object."""
    value = {"apiVersion": "underway.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    command = [*cluster.command(), "create", "--dry-run=server", "-f", "-"]
    done = subprocess.run(command, input=json.dumps(value), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def test_the_definitions_are_structural_and_the_second_apply_changes_nothing(installed: ControlPlane) -> None:
    for name in ("rotations", "fleets"):
        conditions = json.loads(installed.kubectl("get", "crd", f"{name}.underway.dev", "-o", "json"))["status"]["conditions"]
        assert {c["type"]: c["status"] for c in conditions} == {"NamesAccepted": "True", "Established": "True"}
    # `kubectl apply` calls a budget "configured" though nothing changes: its selector is patched by replacement.
    command = [*installed.command(), "diff", "-f", "-"]
    differs = subprocess.run(command, input=manifests("--fleet"), capture_output=True, text=True, check=False)
    assert (differs.returncode, differs.stdout) == (0, "")


@pytest.mark.parametrize("name", GOOD_ROTATIONS)
def test_a_good_rotation_is_taken(installed: ControlPlane, name: str) -> None:
    assert judged(installed, "Rotation", GOOD_ROTATIONS[name]) == ""


@pytest.mark.parametrize("name", BAD_ROTATIONS)
def test_a_bad_rotation_is_refused_with_the_field_named(installed: ControlPlane, name: str) -> None:
    spec, field = BAD_ROTATIONS[name]
    said = judged(installed, "Rotation", spec)
    assert field in said or f'unknown field "{field}' in said, said


@pytest.mark.parametrize("name", GOOD_FLEETS)
def test_a_good_fleet_is_taken(installed: ControlPlane, name: str) -> None:
    assert judged(installed, "Fleet", GOOD_FLEETS[name]) == ""


@pytest.mark.parametrize("name", BAD_FLEETS)
def test_a_bad_fleet_is_refused_with_the_field_named(installed: ControlPlane, name: str) -> None:
    spec, field = BAD_FLEETS[name]
    said = judged(installed, "Fleet", spec)
    assert field in said or f'unknown field "{field}' in said, said


def test_a_long_name_is_refused(installed: ControlPlane) -> None:
    assert "metadata.name: must have at most 40 characters" in judged(
        installed, "Rotation", GOOD_ROTATIONS["the least"], "x" * 41
    )


def test_explain_and_get_speak_of_a_rotation(installed: ControlPlane) -> None:
    def explained() -> bool:
        said = installed.kubectl("explain", "rotation.spec.nodes", check=False)
        return "keys that come before the least projected wait" in " ".join(said.split())

    wait_until(explained, "the OpenAPI document to hold Rotation", 60)
    installed.apply(
        [
            {
                "apiVersion": "underway.dev/v1",
                "kind": "Rotation",
                "metadata": {"name": "shown"},
                "spec": GOOD_ROTATIONS["the least"],
            }
        ]
    )
    try:
        header = installed.kubectl("get", "rot").splitlines()[0].split()
        assert header == ["NAME", "STATE", "UP-TO-DATE", "NODES", "IN-HAND", "HEALTHY", "AGE"]
    finally:
        installed.kubectl("delete", "rot", "shown")
