"""Our kinds change their storage version while the operator works on them, through our webhook, on a real kube-apiserver."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import build
from controlplane import ControlPlane, free_port
from e2e.test_own_kinds import definitions
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
REPOSITORY = Path(__file__).resolve().parents[2]
OLD, NEW = "v1.35.8", "v1.36.3"
NODES = 4
KINDS = ("rotations", "fleets")


class Site:
    """A cluster of its own with the webhook and the operator, both as processes of this machine."""

    def __init__(self, cluster: ControlPlane, folder: Path) -> None:
        self.cluster, self.folder, self.port = cluster, folder, free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.provider = folder / "machines"
        script = REPOSITORY / "examples/kwok-machines/machines.py"
        self.provider.write_text(f"#!/bin/sh\nKUBECTL={build.binaries() / 'kubectl'} exec {sys.executable} {script}\n")
        self.provider.chmod(0o755)

    def start(self, name: str, *arguments: str) -> None:
        """Start `underway` with these arguments, its output in NAME.log."""
        with (self.folder / f"{name}.log").open("wb") as log:
            environment = {**os.environ, "KUBECONFIG": str(self.cluster.admin)}
            command = [sys.executable, "-m", "underway", *arguments]
            self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def migrate(self, kind: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "underway", "crd", "migrate", f"{kind}.underway.dev", "-o", "json"]
        done = subprocess.run([*command, "--kubeconfig", str(self.cluster.admin)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def get(self, kind: str, version: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.cluster.kubectl("get", f"{kind}.{version}.underway.dev", name, "-o", "json", check=False) or "{}"
        )
        return found

    def stored(self, kind: str) -> str:
        return self.cluster.kubectl("get", "crd", f"{kind}.underway.dev", "-o", "jsonpath={.status.storedVersions}")

    def up_to_date(self) -> int:
        versions = self.cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}")
        return versions.split().count(NEW)

    def finished(self) -> bool:
        return bool(self.get("rotations", "v1", "workers").get("status", {}).get("state") == "Finished")

    def applied(self, *values: dict[str, Any]) -> bool:
        """Whether the API server took them: it knows a new authority a moment after it was written."""
        try:
            self.cluster.apply(values)
        except RuntimeError:
            return False
        return True


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ControlPlane() as cluster:
        made = Site(cluster, tmp_path)
        cluster.apply(definitions(made.port, "v1beta1"))
        cluster.add_nodes(NODES, OLD)
        made.start("webhook", "crd", "serve", "underway.web.own_kinds:CONVERSIONS", f"--port={made.port}", "--ca-bundle")
        path = "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}"
        for kind in KINDS:
            wait_until(lambda kind=kind: cluster.kubectl("get", "crd", f"{kind}.underway.dev", "-o", path), "the caBundle")  # type: ignore[misc]
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait()


def rotation(site: Site) -> dict[str, Any]:
    """One in v1beta1: machines have no name in v1alpha1."""
    spec = {
        "target": {"kubeletVersion": NEW},
        "machines": {"provider": "Command", "command": [str(site.provider)]},
        "pace": {"maxSurge": 1},
        "drain": {"deregistration": "1s", "timeoutSeconds": 600},
        "health": [{"name": "nodes-ready"}],
    }
    return {"apiVersion": "underway.dev/v1beta1", "kind": "Rotation", "metadata": {"name": "workers"}, "spec": spec}


FLEET: dict[str, Any] = {
    "apiVersion": "underway.dev/v1alpha1",
    "kind": "Fleet",
    "metadata": {"name": "prod"},
    "spec": {
        "freeze": True,
        "clusterSelector": {"matchLabels": {"region": "nowhere"}},
        "waves": [{"name": "all", "selector": {}}],
        "rotation": {"name": "workers", "spec": {"kubeletVersion": NEW, "concurrency": 2}},
    },
}


def test_storage_is_flipped_and_migrated_while_the_operator_runs(site: Site) -> None:
    allowed = ("--allow-command", str(site.provider), "--fleet", "--listen", f"127.0.0.1:{free_port()}")
    site.start("operator", "operator", *allowed)
    wait_until(lambda: site.applied(rotation(site), FLEET), "a Rotation and a Fleet to be stored")
    wait_until(lambda: site.up_to_date() > 0, "the rotation to have begun", 240)

    # A client of the oldest version freezes a Rotation whose machines that version cannot name, and goes on.
    for freeze in (True, False):
        patch = json.dumps({"spec": {"freeze": freeze}})
        site.cluster.kubectl("patch", "rotations.v1alpha1.underway.dev", "workers", "--type=merge", "-p", patch)
        newest = site.get("rotations", "v1", "workers")["spec"]
        assert newest["mode"] == ("Freeze" if freeze else "Rotate")
        assert newest["machines"]["command"] == [str(site.provider)]
        assert newest["drain"]["timeout"] == "10m"

    site.cluster.apply(definitions(site.port, "v1"))
    for kind in KINDS:
        wait_until(lambda kind=kind: site.stored(kind) == '["v1beta1","v1"]', f"{kind} to be stored in v1")  # type: ignore[misc]
        outcome = site.migrate(kind)
        assert (outcome["written"], outcome["trimmed"], outcome["stopped"]) == (1, True, "")
        assert site.stored(kind) == '["v1"]'

    wait_until(lambda: site.up_to_date() == NODES, "every node to be replaced", 240)
    wait_until(site.finished, "the Rotation to say so", 60)
    for version in ("v1alpha1", "v1beta1", "v1"):
        assert site.get("rotations", version, "workers")["status"]["nodes"]["upToDate"] == NODES
    # What is stored in v1 is read with its defaults; what was written in v1alpha1 is there as it was.
    oldest, newest = (site.get("fleets", version, "prod")["spec"] for version in ("v1alpha1", "v1"))
    assert (oldest["freeze"], oldest["clusterSelector"]) == (True, FLEET["spec"]["clusterSelector"])
    assert oldest["rotation"]["spec"].items() >= FLEET["spec"]["rotation"]["spec"].items()
    assert (newest["mode"], newest["rotation"]["spec"]["pace"]["maxUnavailable"]) == ("Freeze", 2)
    assert "Traceback" not in site.log("operator") + site.log("webhook")
