"""Multi-version custom resources on the real kube-apiserver: our webhook converts, storage is flipped and migrated."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import ControlPlane, free_port
from unit.crd.versions import without_rules
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
KOT = Path(__file__).resolve().parents[2] / "examples" / "kot"
NAME = "devices.things.underway.dev"
PUMP = yaml.safe_load((KOT / "pump.yaml").read_text())


def definition(port: int, storage: str) -> dict[str, Any]:
    """The tutorial's definition, with the webhook on this machine."""
    crd: dict[str, Any] = yaml.safe_load((KOT / "devices.yaml").read_text())
    crd["spec"]["conversion"]["webhook"]["clientConfig"] = {"url": f"https://localhost:{port}/convert"}
    for version in crd["spec"]["versions"]:
        version["storage"] = version["name"] == storage
    return crd


@pytest.fixture
def port(cluster: ControlPlane) -> Iterator[int]:
    """The definition with storage v1alpha1 and without rules yet, and our webhook, which writes its caBundle itself."""
    number = free_port()
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(without_rules(definition(number, "v1alpha1"))))
    cluster.kubectl("create", "namespace", "deck-3")
    command = [sys.executable, "-m", "underway", "crd", "serve", f"{KOT / 'conversions.py'}:CONVERSIONS", "--port", str(number)]
    with subprocess.Popen([*command, "--ca-bundle", "--kubeconfig", str(cluster.admin)]) as server:
        path = "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}"
        try:
            wait_until(lambda: cluster.kubectl("get", "crd", NAME, "-o", path), "the caBundle")
            yield number
        finally:
            server.terminate()
    cluster.kubectl("delete", "crd", NAME, "--wait=false")
    cluster.kubectl("delete", "namespace", "deck-3", "--wait=false")


def read(cluster: ControlPlane, version: str, name: str = "pump") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        cluster.kubectl("get", f"devices.{version}.things.underway.dev", name, "-n", "deck-3", "-o", "json")
    )
    return found


def applied(cluster: ControlPlane, value: dict[str, Any]) -> str:
    """Apply it; what went wrong, "" if nothing did. The API server sees a new caBundle a moment after it is written."""
    try:
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(value))
    except RuntimeError as error:
        return str(error)
    return ""


def test_devices_live_in_two_versions_and_move_to_the_newer(cluster: ControlPlane, port: int) -> None:
    wait_until(lambda: not applied(cluster, PUMP), "a pump to be stored")
    assert read(cluster, "v1alpha1")["spec"] == PUMP["spec"]
    assert read(cluster, "v1")["spec"]["inputs"] == [
        {"name": "active", "boolean": True},
        {"name": "speed", "integer": 3},
        {"name": "pressure", "float": "9.5"},
        {"name": "serial"},
    ]

    gauge = copy.deepcopy(PUMP) | {"apiVersion": "things.underway.dev/v1"}
    gauge["metadata"]["name"] = "gauge"
    gauge["spec"] = {"inputs": [{"name": "level", "integer": 7}]}
    assert applied(cluster, gauge) == ""
    assert read(cluster, "v1alpha1", "gauge")["spec"] == {"inputs": [{"name": "level", "type": "Integer", "value": "7"}]}

    # A client of v1 edits one input: the others come back to v1alpha1 as they were, also the one that v1 cannot hold.
    patch = json.dumps([{"op": "replace", "path": "/spec/inputs/1/integer", "value": 5}])
    cluster.kubectl("patch", "devices.v1.things.underway.dev", "pump", "-n", "deck-3", "--type=json", "-p", patch)
    inputs = {item["name"]: item for item in read(cluster, "v1alpha1")["spec"]["inputs"]}
    assert inputs["speed"] == {"name": "speed", "type": "Integer", "value": "5"}
    assert inputs["serial"] == {"name": "serial", "type": "Integer", "value": "3000000000"}

    # Two managers apply in two versions: the API server converts what each owns, and neither takes from the other.
    valve = copy.deepcopy(PUMP)
    valve["metadata"]["name"] = "valve"
    valve["spec"] = {"inputs": [{"name": "open", "type": "Boolean", "value": "true"}]}
    newer = copy.deepcopy(gauge)
    newer["metadata"]["name"] = "valve"
    for manager, value in (("old", valve), ("new", newer)):
        cluster.kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", "-", stdin=json.dumps(value))
    names = {item["name"]: item for item in read(cluster, "v1", "valve")["spec"]["inputs"]}
    assert names == {"open": {"name": "open", "boolean": True}, "level": {"name": "level", "integer": 7}}

    plan = migrate(cluster, "--dry-run")
    assert plan["needed"] is False
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(definition(port, "v1")))
    assert migrate(cluster, "--dry-run")["needed"] is True
    outcome = migrate(cluster)
    assert (outcome["written"], outcome["trimmed"], outcome["stopped"]) == (3, True, "")
    assert cluster.kubectl("get", "crd", NAME, "-o", "jsonpath={.status.storedVersions}") == '["v1"]'

    # The old version can go now: the API server refuses that while storedVersions names it.
    alone = definition(port, "v1")
    alone["spec"]["versions"] = [version for version in alone["spec"]["versions"] if version["name"] == "v1"]
    assert applied(cluster, alone) == ""
    assert read(cluster, "v1", "gauge")["spec"] == gauge["spec"]


def migrate(cluster: ControlPlane, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "underway", "crd", "migrate", NAME, "--kubeconfig", str(cluster.admin), "-o", "json"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
