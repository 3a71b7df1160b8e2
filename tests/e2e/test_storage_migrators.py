"""`underway crd migrate` beside the cluster's own StorageVersionMigration, over the same objects at the same time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
NAME = "parts.storage.underway.dev"
PARTS = 150


def definition(storage: str) -> dict[str, Any]:
    schema = {
        "openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"number": {"type": "integer"}}}},
        }
    }
    versions = [{"name": name, "served": True, "storage": name == storage, "schema": schema} for name in ("v1", "v2")]
    names = {"kind": "Part", "plural": "parts", "singular": "part"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {"group": "storage.underway.dev", "scope": "Namespaced", "names": names, "versions": versions},
    }


@pytest.fixture
def cluster() -> Iterator[ControlPlane]:
    """With the migrator, which is beta and closed by default in 1.36."""
    require_control_plane()
    with ControlPlane(features=["StorageVersionMigrator"], apis=["storagemigration.k8s.io/v1beta1"]) as running:
        yield running


def parts(cluster: ControlPlane) -> list[int]:
    items = json.loads(cluster.kubectl("get", "parts", "-n", "default", "-o", "json"))["items"]
    return sorted(item["spec"]["number"] for item in items)


def succeeded(cluster: ControlPlane, migration: dict[str, Any]) -> bool:
    """Whether theirs has. It gives up if the garbage collector, which looks for new kinds twice a minute, is late: then anew."""
    condition = "--for=condition=Succeeded"
    if "condition met" in cluster.kubectl("wait", "storageversionmigration/parts", condition, "--timeout=20s", check=False):
        return True
    found = json.loads(cluster.kubectl("get", "storageversionmigration", "parts", "-o", "json"))
    if any(one["type"] == "Failed" and one["status"] == "True" for one in found.get("status", {}).get("conditions", ())):
        cluster.kubectl("delete", "storageversionmigration", "parts")
        cluster.apply([migration])
    return False


def test_two_migrators_come_to_the_same_end(cluster: ControlPlane) -> None:
    cluster.apply([definition("v1")])
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=60s")
    made = [
        {
            "apiVersion": "storage.underway.dev/v1",
            "kind": "Part",
            "metadata": {"name": f"part-{number}", "namespace": "default"},
            "spec": {"number": number},
        }
        for number in range(PARTS)
    ]
    cluster.apply(made)
    cluster.apply([definition("v2")])
    resource = {"group": "storage.underway.dev", "resource": "parts"}
    migration = {
        "apiVersion": "storagemigration.k8s.io/v1beta1",
        "kind": "StorageVersionMigration",
        "metadata": {"name": "parts"},
        "spec": {"resource": resource},
    }
    command = [sys.executable, "-m", "underway", "crd", "migrate", NAME, "-o", "json", "--kubeconfig", str(cluster.admin)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ours:
        cluster.apply([migration])
        said, complaint = ours.communicate(timeout=240)
    wait_until(lambda: succeeded(cluster, migration), "theirs to end", 400)
    assert ours.returncode == 0, said + complaint
    assert json.loads(said)["refusals"] == 0
    assert cluster.kubectl("get", "crd", NAME, "-o", "jsonpath={.status.storedVersions}") == '["v2"]'
    assert parts(cluster) == list(range(PARTS))
