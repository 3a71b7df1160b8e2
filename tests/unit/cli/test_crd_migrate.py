"""`underway crd migrate` against the embedded API server over HTTPS."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from underway.web.declared import conversions

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot"
NAME = "devices.things.underway.dev"
DEVICES = Resource("things.underway.dev", "v1", "devices", "Device")
COUNT = 520  # more than a page


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[HttpsCluster]:
    """Devices stored as v1alpha1, and a definition that has v1 as its storage version since."""
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    server = ApiServer(registry)
    (declared,) = conversions(f"{KOT / 'conversions.py'}:CONVERSIONS")
    server.customs.convert_with(declared)
    definition = yaml.safe_load((KOT / "devices.yaml").read_text())
    registry.create(CUSTOM_RESOURCE_DEFINITIONS, stored_as(definition, "v1alpha1"))
    registry.create(NAMESPACES, {"metadata": {"name": "deck-3"}})
    pump = yaml.safe_load((KOT / "pump.yaml").read_text())
    for number in range(COUNT):
        value = copy.deepcopy(pump)
        value["metadata"]["name"] = f"pump-{number:03}"
        registry.create(DEVICES, value)
    registry.mutate(CUSTOM_RESOURCE_DEFINITIONS, "", NAME, lambda now: stored_as(now, "v1"))
    with HttpsCluster(server, directory=tmp_path) as running:
        yield running


def stored_as(definition: Any, version: str) -> Any:
    found = copy.deepcopy(definition)
    for one in found["spec"]["versions"]:
        one["storage"] = one["name"] == version
    return found


def migrate(cluster: HttpsCluster, *arguments: str, name: str = NAME) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "crd", "migrate", name, "--kubeconfig", str(cluster.kubeconfig), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_dry_run_shows_the_order_and_writes_nothing(cluster: HttpsCluster) -> None:
    revision = cluster.front.server.registry.store.revision
    done = migrate(cluster, "--dry-run")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{NAME}: the storage version is v1; storedVersions: v1alpha1, v1",
        "  1. done     v1 is among the versions, with a conversion webhook",
        "  2. done     v1 is the storage version",
        "  3. next     write every Device again, so that etcd holds v1 alone",
        "  4. later    trim status.storedVersions to [v1]",
        "  5. later    set served: false on v1alpha1, once no client asks for it",
        "  6. later    take v1alpha1 out of spec.versions: storedVersions still has v1alpha1",
    ]
    assert cluster.front.server.registry.store.revision == revision


def test_all_objects_are_stored_in_the_storage_version_and_the_list_is_trimmed(cluster: HttpsCluster) -> None:
    done = migrate(cluster, "--qps", "5000", "-o", "json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["written"], outcome["trimmed"], outcome["storage"]) == (COUNT, True, "v1")
    assert f"{COUNT:,} objects written again" in done.stderr
    store = cluster.front.server.registry.store
    assert {value["apiVersion"] for value in store.values(DEVICES)} == {"things.underway.dev/v1"}
    definition = store.get(CUSTOM_RESOURCE_DEFINITIONS, "", NAME)
    assert definition is not None
    assert definition["status"]["storedVersions"] == ["v1"]
    again = migrate(cluster)
    assert again.stdout.splitlines() == [f"{NAME}: 0 objects written in v1", "status.storedVersions is [v1]"]


def test_what_a_conversion_would_do_to_what_is_there_is_shown(cluster: HttpsCluster) -> None:
    spec = f"{KOT / 'conversions.py'}:CONVERSIONS"
    command = [sys.executable, "-m", "underway", "crd", "convert", "--with", spec, "--to", "v1alpha1", "--live"]
    command += ["--kubeconfig", str(cluster.kubeconfig), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"apiVersion": "things.underway.dev/v1alpha1"') == COUNT


def test_a_name_that_is_none_is_exit_2(cluster: HttpsCluster) -> None:
    done = migrate(cluster, name="devices")
    assert done.returncode == 2
    assert done.stderr == "underway: there is no CustomResourceDefinition devices; its name is PLURAL.GROUP\n"
