"""Replicas of `underway operator` as processes with the rights of their ServiceAccount and no others, and who watches them."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import build
from aside import Aside
from controlplane import ControlPlane, free_port
from e2e.gates import PATIENT
from waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "system:serviceaccount:underway-system:underway-operator"
LOOK_S = 0.2  # between two looks at what is healthy, so that looking leaves the machine to others


def manifests(*options: str) -> list[dict[str, Any]]:
    """What `underway manifests` prints, without the Deployment: its pods would be played by kwok."""
    command = [sys.executable, "-m", "underway", "manifests", *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [value for value in yaml.safe_load_all(done.stdout) if value["kind"] != "Deployment"]


def app(name: str, replicas: int, **allowed: int) -> list[dict[str, Any]]:
    """A Deployment and its budget, maxUnavailable 3 unless another one is given."""
    labels = {"app": name}
    container = {"name": "app", "image": "web", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": "default"}
    budget = {**(allowed or {"maxUnavailable": 3}), "selector": {"matchLabels": labels}}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget},
    ]


class Watcher(Aside):
    """An independent client: reads pods over and over, and counts what is healthy by itself.

    least: how many pods of each app have to be healthy; whoever changes a budget changes it. broken: where they were not.
    """

    def __init__(self, cluster: ControlPlane, least: dict[str, int]) -> None:
        super().__init__()
        self.cluster = cluster
        self.least = least
        self.broken: list[str] = []
        self.rounds = 0

    def run(self) -> None:
        while not self.over.is_set():
            least = dict(self.least)
            items = self.cluster.get("/api/v1/namespaces/default/pods")["items"]
            for name, wanted in least.items():
                healthy = sum(pod["metadata"].get("labels", {}).get("app") == name and is_healthy(pod) for pod in items)
                if healthy < wanted:
                    self.broken.append(f"{name}: {healthy} pods are healthy, {wanted} have to be")
            self.rounds += 1
            self.over.wait(LOOK_S)


def is_healthy(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return "deletionTimestamp" not in pod["metadata"] and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


class Replica:
    """One operator process with the ServiceAccount's token."""

    def __init__(self, kubeconfig: Path, log: Path, options: tuple[str, ...]) -> None:
        self.port = free_port()
        self._log = log.open("ab")
        self.log = log
        command = [sys.executable, "-m", "underway", "operator", "--listen", f"127.0.0.1:{self.port}", *options]
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "POD_NAME": log.stem}
        self.process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=subprocess.STDOUT)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._log.close()
        return code

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except OSError as error:
            return getattr(error, "code", 0), str(error)

    @property
    def leads(self) -> bool:
        return "underway_leader 1.0" in self.get("/metrics")[1]


class Operators:
    """Replicas that rotate the nodes of a cluster. options: of `underway operator`."""

    def __init__(self, cluster: ControlPlane, folder: Path, *options: str) -> None:
        self.cluster = cluster
        self.folder = folder
        self.options = options
        self.replicas: list[Replica] = []
        self.kubeconfig = self._kubeconfig()

    def _kubeconfig(self) -> Path:
        """The administrator's kubeconfig with the ServiceAccount's token in the place of the certificate."""
        config = yaml.safe_load(self.cluster.admin.read_text())
        token = self.cluster.kubectl("create", "token", "underway-operator", "-n", "underway-system", "--duration=1h").strip()
        config["users"][0]["user"] = {"token": token}
        path = self.folder / "operator.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def start(self) -> Replica:
        log = self.folder / f"replica-{len(self.replicas)}.log"
        replica = Replica(self.kubeconfig, log, self.options)
        self.replicas.append(replica)
        return replica

    def start_two(self) -> None:
        """Two replicas, both of which have read the cluster."""
        started = [self.start(), self.start()]
        wait_until(lambda: all(one.get("/readyz")[0] == 200 for one in started), "both replicas to be ready", 60)

    def end(self) -> None:
        for replica in self.running:
            replica.end(signal.SIGKILL)

    @property
    def running(self) -> list[Replica]:
        return [replica for replica in self.replicas if replica.process.poll() is None]

    def leader(self) -> Replica:
        wait_until(lambda: any(replica.leads for replica in self.running), "a replica to lead", 60)
        (leader,) = [replica for replica in self.running if replica.leads]
        return leader

    def create(self, name: str, spec: dict[str, Any]) -> None:
        """Create a Rotation, or change the one that is there."""
        self.cluster.apply([{"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": name}, "spec": spec}])

    def rotation(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.cluster.kubectl("get", "rotation", name, "-o", "json"))
        return found

    def state(self, name: str) -> str:
        value = self.rotation(name)
        status = value.get("status", {})
        current = status.get("observedGeneration") == value["metadata"]["generation"]
        return str(status.get("state", "")) if current else "not seen yet"

    def conditions(self, name: str) -> dict[str, str]:
        return {one["type"]: one["status"] for one in self.rotation(name)["status"]["conditions"]}

    def events(self, name: str) -> list[tuple[str, str]]:
        """Reason and message of each Event about a Rotation."""
        found = json.loads(self.cluster.kubectl("get", "events", "-n", "default", "-o", "json"))["items"]
        return [(one["reason"], one["message"]) for one in found if one["involvedObject"]["name"] == name]

    def logs(self) -> str:
        return "\n".join(replica.log.read_text() for replica in self.replicas)


class Crew(Operators):
    """Replicas, and the provider of the machines that they rotate: nodes that kwok plays."""

    def __init__(self, cluster: ControlPlane, folder: Path) -> None:
        self.provider = folder / "machines"
        kubectl = build.binaries() / "kubectl"
        script = REPOSITORY / "examples/kwok-machines/machines.py"
        self.provider.write_text(f"#!/bin/sh\nKUBECONFIG={cluster.admin} KUBECTL={kubectl} exec {sys.executable} {script}\n")
        self.provider.chmod(0o755)
        super().__init__(cluster, folder, "--allow-command", str(self.provider))

    def apply(self, name: str, **spec: Any) -> None:
        body = {
            "target": {"kubeletVersion": "v1.36.3"},
            "machines": {"provider": "Command", "command": [str(self.provider)]},
            "pace": {"maxSurge": 3},
            "drain": {"deregistration": "1s", "singleReplica": "Surge"},
            "health": PATIENT,
            **spec,
        }
        self.create(name, body)


FINISHED = {"Progressing": "False", "Healthy": "True", "Frozen": "False", "Blocked": "False", "Finished": "True"}
"""The conditions of a Rotation whose work is done."""


def audited(cluster: ControlPlane, user: str = NAME) -> Iterator[dict[str, Any]]:
    """What a user has asked of the API server, in order, with what was answered."""
    for line in cluster.audit_log.read_text().splitlines():
        event = json.loads(line)
        if event["user"]["username"] == user and event.get("objectRef") is not None:
            yield event


def evictions(cluster: ControlPlane, user: str = NAME) -> list[str]:
    """The names of the pods that a user has evicted, in order."""
    return [
        event["objectRef"]["name"]
        for event in audited(cluster, user)
        if event["objectRef"].get("subresource") == "eviction" and event.get("responseStatus", {}).get("code") == 201
    ]
