"""The operator on a real kube-apiserver with kwok: two replicas, 200 NODES, 20 KILLS of the leader at random moments.

Budgets are watched from outside. Needs the control plane of e2e/controlplane; takes about ten minutes on two cores.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from bench.table import show

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "e2e" / "controlplane"))
OLD, NEW = "v1.35.8", "v1.36.3"
APPS = {"web": (240, 24), "api": (160, 16), "db": (80, 4)}
LIMIT_S = 1_500


def app(name: str, replicas: int, down: int) -> list[dict[str, Any]]:
    """A Deployment and its budget."""
    labels = {"app": name}
    container = {"name": "app", "image": "web", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": "default"}
    budget = {"maxUnavailable": down, "selector": {"matchLabels": labels}}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget},
    ]


class Watcher(threading.Thread):
    """Counts healthy pods over and over, by itself."""

    def __init__(self, cluster: Any) -> None:
        super().__init__(daemon=True)
        self.cluster, self.broken, self.rounds, self.over = cluster, 0, 0, threading.Event()

    def run(self) -> None:
        """Until it is over."""
        while not self.over.wait(1):
            items = json.loads(self.cluster.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
            for name, (replicas, down) in APPS.items():
                healthy = sum(1 for pod in items if pod["metadata"]["labels"].get("app") == name and _healthy(pod))
                self.broken += healthy < replicas - down
            self.rounds += 1


def _healthy(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return "deletionTimestamp" not in pod["metadata"] and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


class Replicas:
    """Operator processes, two at a time."""

    def __init__(self, kubeconfig: Path, provider: Path, log: Path) -> None:
        self._kubeconfig, self._provider, self._log = kubeconfig, provider, log
        self.running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """One more."""
        from controlplane import free_port

        port = free_port()
        command = [sys.executable, "-m", "underway", "operator", "--listen", f"127.0.0.1:{port}"]
        with self._log.open("ab") as log:
            self.running[port] = subprocess.Popen(
                [*command, "--allow-command", str(self._provider)],
                env={**os.environ, "KUBECONFIG": str(self._kubeconfig)},
                stdout=log,
                stderr=log,
            )

    def leaders(self) -> list[int]:
        """The ports of those that lead."""
        found = []
        for port in self.running:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    if b"underway_leader 1.0" in answer.read():
                        found.append(port)
            except OSError:
                continue
        return found

    def kill_leader(self) -> float:
        """SIGKILL the leader, start another replica, and say how long it took until somebody led again, in seconds."""
        for port in self.leaders():
            self.running[port].send_signal(signal.SIGKILL)
            self.running.pop(port).wait()
        begun_s = time.monotonic()
        self.start()
        while not self.leaders() and time.monotonic() < begun_s + 120:
            threading.Event().wait(0.2)
        return time.monotonic() - begun_s

    def end(self) -> None:
        """All of them."""
        for process in self.running.values():
            process.kill()
            process.wait()


def run() -> None:
    """Print the table."""
    import build
    from controlplane import ControlPlane

    count, kills = int(os.environ.get("NODES", "200")), int(os.environ.get("KILLS", "20"))
    dice, takeovers, both = random.Random(1137), [], 0
    with ControlPlane() as cluster, tempfile.TemporaryDirectory() as folder:
        provider = Path(folder) / "machines"
        environment = f"KUBECONFIG={cluster.admin} KUBECTL={build.binaries() / 'kubectl'}"
        provider.write_text(f"#!/bin/sh\n{environment} exec {sys.executable} {ROOT / 'examples/kwok-machines/machines.py'}\n")
        provider.chmod(0o755)
        printed = subprocess.run([sys.executable, "-m", "underway", "manifests"], check=True, capture_output=True, text=True)
        cluster.apply([value for value in yaml.safe_load_all(printed.stdout) if value["kind"] != "Deployment"])
        cluster.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "--timeout=30s")
        cluster.add_nodes(count, OLD)
        for name, (wanted, down) in APPS.items():
            cluster.apply(app(name, wanted, down))
        for name in APPS:
            cluster.kubectl("rollout", "status", f"deploy/{name}", "-n", "default", "--timeout=110s")
        spec = {
            "target": {"kubeletVersion": NEW},
            "machines": {"provider": "Command", "command": [str(provider)]},
            "pace": {"maxSurge": 20},
            "drain": {"deregistration": "1s"},
            # Without the gate on the API server: here it shares two cores with all that it is asked to do.
            "health": [{"gate": "nodes-ready"}, {"gate": "workloads-available"}],
        }
        replicas = Replicas(cluster.admin, provider, Path(folder) / "operators.log")
        watcher = Watcher(cluster)
        watcher.start()
        replicas.start()
        replicas.start()
        cluster.apply([{"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "bench"}, "spec": spec}])
        begun_s = time.monotonic()
        try:
            done = 0
            while time.monotonic() < begun_s + LIMIT_S:
                state = cluster.kubectl("get", "rotation", "bench", "-o", "jsonpath={.status.state}")
                if state == "Finished":
                    break
                both = max(both, len(replicas.leaders()))
                if done < kills and replicas.leaders():
                    threading.Event().wait(dice.uniform(0, 6))
                    takeovers.append(replicas.kill_leader())
                    done += 1
                threading.Event().wait(1)
            took_s = time.monotonic() - begun_s
        finally:
            watcher.over.set()
            watcher.join()
            replicas.end()
        nodes = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
        new = sum(1 for node in nodes if node["status"]["nodeInfo"]["kubeletVersion"] == NEW)
        cordoned = sum(1 for node in nodes if node["spec"].get("unschedulable"))
    row = (
        count, sum(wanted for wanted, _ in APPS.values()), len(takeovers), f"{took_s:.0f} s", f"{new}/{len(nodes)}", cordoned,
        f"{max(takeovers, default=0):.1f} s", both, f"{watcher.broken} in {watcher.rounds} looks",
    )  # fmt: skip
    head = (
        "nodes",
        "pods",
        "SIGKILLs",
        "took",
        "new nodes",
        "cordons left",
        "longest without a leader",
        "leaders at once",
        "budgets broken",
    )
    show("two replicas on a real kube-apiserver with kwok", head, [row])


if __name__ == "__main__":
    run()
