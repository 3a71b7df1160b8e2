"""A hub and two clusters, each a real kube-apiserver with kwok nodes and an operator of its own: waves, a freeze, the end."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import build
from controlplane import ControlPlane, free_port
from e2e.gates import PATIENT
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).resolve().parents[2]
OLD, NEW = "v1.35.8", "v1.36.3"
NODES = 4


def underway(cluster: ControlPlane, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "KUBECONFIG": str(cluster.admin)}
    command = [sys.executable, "-m", "underway", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


class Site:
    """One cluster with its operator."""

    def __init__(self, cluster: ControlPlane, folder: Path, provider: Path, *, hub: bool) -> None:
        self.cluster = cluster
        manifests = underway(cluster, "manifests", "--fleet").stdout
        cluster.apply([value for value in yaml.safe_load_all(manifests) if value["kind"] != "Deployment"])
        cluster.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "crd/fleets.underway.dev")
        self.log = folder / "operator.log"
        command = [sys.executable, "-m", "underway", "operator", "--listen", f"127.0.0.1:{free_port()}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--allow-command", str(provider), *(["--fleet"] if hub else [])],
                env={**os.environ, "KUBECONFIG": str(cluster.admin)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def versions(self) -> list[str]:
        return self.cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}").split()

    def has_rotation(self) -> bool:
        return "rotation" in self.cluster.kubectl("get", "rotations", "-o", "name")


def provider_at(path: Path) -> Path:
    """A machine provider that makes kwok nodes in the cluster that it is named after by $KUBECONFIG."""
    script = REPOSITORY / "examples/kwok-machines/machines.py"
    path.write_text(f"#!/bin/sh\nKUBECTL={build.binaries() / 'kubectl'} exec {sys.executable} {script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    provider = provider_at(tmp_path_factory.mktemp("provider") / "machines")
    with ControlPlane(controllers=False) as hub, ControlPlane() as first, ControlPlane() as second:
        made = {}
        for name, cluster in {"hub": hub, "eu": first, "us": second}.items():
            if name != "hub":
                cluster.add_nodes(NODES, OLD)
            made[name] = Site(cluster, tmp_path_factory.mktemp(name), provider, hub=name == "hub")
        yield made
        for site in made.values():
            site.process.send_signal(signal.SIGKILL)
            site.process.wait()


def fleet(sites: dict[str, Site], provider: str) -> list[dict[str, Any]]:
    secrets = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": "underway-system",
                "labels": {"underway.dev/cluster": "true", "region": name},
            },
            "data": {"kubeconfig": base64.b64encode(site.cluster.admin.read_bytes()).decode()},
        }
        for name, site in sites.items()
        if name != "hub"
    ]
    spec = {
        "clusterSelector": {"matchLabels": {"underway.dev/cluster": "true"}},
        "waves": [
            {"name": "canary", "selector": {"matchLabels": {"region": "eu"}}, "soak": "5s"},
            {"name": "rest", "selector": {}},
        ],
        "rotation": {
            "name": "workers",
            "spec": {
                "target": {"kubeletVersion": NEW},
                "machines": {"provider": "Command", "command": [provider]},
                "pace": {"maxSurge": 2},
                "drain": {"deregistration": "1s"},
                "health": PATIENT,
            },
        },
    }
    return [*secrets, {"apiVersion": "underway.dev/v1", "kind": "Fleet", "metadata": {"name": "prod"}, "spec": spec}]


def state(sites: dict[str, Site]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(underway(sites["hub"].cluster, "status", "--fleet", "-o", "json").stdout)[0]["status"]
    return found


def test_a_fleet_goes_in_waves_and_can_be_frozen(sites: dict[str, Site], tmp_path: Path) -> None:
    hub, first, second = sites["hub"], sites["eu"], sites["us"]
    provider = next(part for part in first.process.args if str(part).endswith("/machines"))  # type: ignore[union-attr]
    hub.cluster.apply(fleet(sites, str(provider)))
    wait_until(lambda: NEW in first.versions(), "the canary to begin", 120)
    assert not second.has_rotation()
    assert underway(hub.cluster, "freeze", "--fleet", "prod", "--reason", "drill").returncode == 0
    wait_until(
        lambda: first.cluster.kubectl("get", "rotation", "workers", "-o", "jsonpath={.spec.mode}") == "Freeze",
        "the freeze to reach the canary",
        5,
    )
    wait_until(lambda: state(sites)["state"] == "Frozen", "the fleet to say so", 10)
    frozen = state(sites)["frozen"]
    assert (frozen["reason"], frozen["by"], frozen["level"]) == ("drill", "admin", "fleet")
    there = "jsonpath={.status.frozen.reason} {.status.frozen.by} {.status.frozen.level} {.status.frozen.since}"
    wait_until(
        lambda: first.cluster.kubectl("get", "rotation", "workers", "-o", there) == f"drill admin fleet {frozen['since']}",
        "the canary's own status to say whose freeze it is",
        10,
    )
    assert "next: on the hub: underway resume --fleet prod\n" in underway(first.cluster, "status", "workers").stdout
    assert underway(hub.cluster, "resume", "--fleet", "prod").returncode == 0
    wait_until(lambda: first.versions() == [NEW] * NODES, "the canary to be done", 180)
    wait_until(second.has_rotation, "the second wave to begin after the soak", 60)
    wait_until(lambda: state(sites)["state"] == "Finished", "the fleet to be finished", 240)
    assert second.versions() == [NEW] * NODES
    shown = " ".join(underway(hub.cluster, "status", "--fleet").stdout.split())
    print(underway(hub.cluster, "status", "--fleet").stdout)
    assert "canary Succeeded" in shown
    assert "us Finished 4/4" in shown
    token = yaml.safe_load(first.cluster.admin.read_text())["users"][0]["user"]["client-key-data"]
    assert token not in hub.log.read_text() + hub.cluster.kubectl("get", "fleets,events", "-A", "-o", "yaml")
