"""docs/tutorial: every command is run, the last step's on an embedded cluster, and prints what the page shows."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import yaml

from pages import ROOT, printed, talks
from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from underway.web.declared import conversions

KOT = ROOT / "examples" / "kot"
PAGE = ROOT / "docs" / "tutorial" / "README.md"
NAME = "devices.things.underway.dev"
DEVICES = Resource("things.underway.dev", "v1", "devices", "Device")


def stored_as(definition: Any, version: str) -> Any:
    found = copy.deepcopy(definition)
    for one in found["spec"]["versions"]:
        one["storage"] = one["name"] == version
    return found


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[str]:
    """A cluster as the reader has it at step 6: two devices stored as v1alpha1, the storage version flipped to v1."""
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    server = ApiServer(registry)
    (declared,) = conversions(f"{KOT / 'conversions.py'}:CONVERSIONS")
    server.customs.convert_with(declared)
    definition = yaml.safe_load((KOT / "devices.yaml").read_text())
    registry.create(CUSTOM_RESOURCE_DEFINITIONS, stored_as(definition, "v1alpha1"))
    registry.create(NAMESPACES, {"metadata": {"name": "deck-3"}})
    for name in ("pump", "valve"):
        device = yaml.safe_load((KOT / "pump.yaml").read_text())
        device["metadata"]["name"] = name
        device["spec"]["inputs"] = device["spec"]["inputs"][:3]
        registry.create(DEVICES, device)
    registry.mutate(CUSTOM_RESOURCE_DEFINITIONS, "", NAME, lambda now: stored_as(now, "v1"))
    with HttpsCluster(server) as running:
        yield str(running.kubeconfig)


def test_every_command_prints_what_the_page_shows(kubeconfig: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    for command, shown in talks(PAGE):
        assert printed(command, KOT) == shown, command


def test_each_step_begins_where_the_last_one_ended() -> None:
    steps = KOT / "steps"
    for earlier, later in (("1-schema", "2-defaults"), ("2-defaults", "3-rules")):
        solution, start = (steps / earlier / "solution" / "devices.yaml", steps / later / "start" / "devices.yaml")
        assert solution.read_text() == start.read_text()


def test_the_controller_is_the_readers_to_write() -> None:
    started = printed("python steps/4-controller/start/controller.py 9", KOT)
    assert "NotImplementedError: what does a pressure of 9.0 need?" in started
