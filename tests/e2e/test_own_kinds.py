"""Our own kinds on the real kube-apiserver: created in one version, read in each, storage flipped and migrated."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from binaries import require_control_plane
from controlplane import ControlPlane, free_port
from unit.web.test_own_kinds import TALK
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
NAME = "rotations.underway.dev"


def underway(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "underway", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def definitions(port: int, storage: str) -> list[dict[str, Any]]:
    """What manifests prints, with the webhook on this machine and another storage version."""
    found: list[dict[str, Any]] = json.loads(underway("manifests", "--webhook", "--crds-only", "-o", "json"))["items"]
    for one in found:
        one["spec"]["conversion"]["webhook"]["clientConfig"] = {"url": f"https://localhost:{port}/convert"}
        for version in one["spec"]["versions"]:
            version["storage"] = version["name"] == storage
    return found


@pytest.fixture
def cluster() -> Iterator[ControlPlane]:
    """An API server for each test: they install the same definitions as others do, each in its own way."""
    require_control_plane()
    with ControlPlane(controllers=False) as running:
        yield running


@pytest.fixture
def port(cluster: ControlPlane) -> Iterator[int]:
    number = free_port()
    cluster.apply(definitions(number, "v1beta1"))
    command = [sys.executable, "-m", "underway", "crd", "serve", "underway.web.own_kinds:CONVERSIONS", "--port", str(number)]
    with subprocess.Popen([*command, "--ca-bundle", "--kubeconfig", str(cluster.admin)]) as server:
        path = "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}"
        try:
            wait_until(lambda: cluster.kubectl("get", "crd", NAME, "-o", path), "the caBundle")
            yield number
        finally:
            server.terminate()


def test_rotations_live_in_three_versions(cluster: ControlPlane, port: int) -> None:
    def read(version: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(cluster.kubectl("get", f"rotations.{version}.underway.dev", "workers", "-o", "json"))
        return found

    def applied() -> bool:
        try:
            cluster.apply([TALK])
        except RuntimeError:
            return False
        return True

    wait_until(applied, "a Rotation to be stored")
    assert read("v1alpha1")["spec"] == TALK["spec"]
    assert read("v1beta1")["spec"]["freeze"] is False
    newest = read("v1")["spec"]
    assert (newest["mode"], newest["pace"]["maxUnavailable"]) == ("Rotate", 3)
    assert newest["target"]["kubeletVersion"] == "v1.37.2"

    # The oldest client freezes; the newest sees it, and nothing else has changed.
    cluster.kubectl("patch", "rotations.v1alpha1.underway.dev", "workers", "--type=merge", "-p", '{"spec":{"freeze":true}}')
    frozen = read("v1")["spec"]
    assert frozen == newest | {"mode": "Freeze"}

    cluster.apply(definitions(port, "v1"))
    plan = json.loads(underway("crd", "migrate", NAME, "--dry-run", "--kubeconfig", str(cluster.admin), "-o", "json"))
    assert (plan["needed"], sorted(plan["stored"])) == (True, ["v1", "v1beta1"])
    outcome = json.loads(underway("crd", "migrate", NAME, "--kubeconfig", str(cluster.admin), "-o", "json"))
    assert (outcome["written"], outcome["trimmed"]) == (1, True)
    assert read("v1alpha1")["spec"]["freeze"] is True
    assert cluster.kubectl("get", "crd", NAME, "-o", "jsonpath={.status.storedVersions}") == '["v1"]'


EVERYTHING = ("--webhook", "--fleet", "--provider", "ClusterAPI", "--provider", "Karpenter")
BUDGETS = {f"poddisruptionbudget.policy/underway-{name} configured" for name in ("operator", "webhook")}
GRANTS = ("--grant", "DeadlineDelete", "--grant", "Checkpoint", "--grant", "SingleReplicaSurge")


@pytest.mark.parametrize("options", [(), (*EVERYTHING, *GRANTS)], ids=["the least", "everything"])
def test_what_manifests_prints_is_taken_as_it_is_and_a_second_time_changes_nothing(
    cluster: ControlPlane, options: tuple[str, ...]
) -> None:
    printed = underway("manifests", *options)
    objects = list(yaml.safe_load_all(printed))

    def apply(text: str, *more: str) -> list[str]:
        command = [*cluster.command(), "apply", *more, "-f", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, done.stderr) == (0, ""), "no error, and no warning of what the API server would rather have"
        return done.stdout.splitlines()

    # A dry run stores no namespace, and what belongs into one that is not there is refused.
    apply(yaml.safe_dump_all(one for one in objects if one["kind"] == "Namespace"))
    tried = apply(printed, "--dry-run=server")
    assert len(tried) == len(objects)
    assert all(line.endswith(" (server dry run)") for line in tried)
    assert "deployment.apps/underway-operator created (server dry run)" in tried
    assert cluster.kubectl("get", "crd,deploy", "-A", "-o", "name") == ""
    apply(printed)
    # kubectl patches a budget each time, whatever stands there: its selector is replaced, never merged (policy/v1 types.go).
    assert {line for line in apply(printed) if not line.endswith(" unchanged")} <= BUDGETS
