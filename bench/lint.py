"""Lint: 50 objects from start to exit; a large cluster over HTTPS, clusterlint's checks and all rules, beside the peers.

The large cluster is served by the embedded API and, with LINT_REAL=1, by a real kube-apiserver with its etcd as well. Peers are
programs in Go, clusterlint and popeye (`bench.peers`). LINT_PODS changes the size of the cluster. All processes share this
machine's cores: where wall and CPU seconds differ by much, the server was what one waited for. A program may take half
of the machine's memory: one that wants more breaks off, and leaves the machine as it was.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.peers import peer
from bench.table import show

PODS = int(os.environ.get("LINT_PODS", "50000"))
RUNS = 5
MEMORY_MAX = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2  # bytes
CLUSTERLINT = ("-g", "basic", "-g", "security", "-g", "doks", "-g", "containerd", "-g", "workload-health")
PEERS = {
    "clusterlint": ("--kubeconfig", "{}", "--timeout", "10m", "run"),
    "popeye": ("--kubeconfig", "{}", "--all-namespaces", "--force-exit-zero", "--request-timeout", "10m", "-o", "json"),
}
# popeye gives a cluster whose pods it could not read the best of grades: how many of them it judged, it says here.
JUDGED = re.compile(rb'"gvr":"v1/pods","tally":{"ok":(\d+),"info":(\d+),"warning":(\d+),"error":(\d+)')
CONTROL_PLANE = Path(__file__).resolve().parents[1] / "e2e" / "controlplane"
SMALL = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{0}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web-{0}}}}}
  template:
    metadata: {{labels: {{app: web-{0}}}}}
    spec: {{containers: [{{name: web, image: "registry.example.com/web:1.{0}", ports: [{{containerPort: 8080}}]}}]}}
---
"""


def measured(command: list[str], output: Path = Path(os.devnull)) -> tuple[float, float, float, int]:
    """Wall s, CPU s, peak MiB and exit code of one process."""
    begun_s = time.monotonic()
    with output.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.DEVNULL)
    resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begun_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode


@contextmanager
def large_cluster(module: str, pods: int) -> Iterator[str]:
    """The kubeconfig of a large cluster that a module serves."""
    environment = {**os.environ, "PYTHONPATH": str(CONTROL_PLANE)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", module, folder, str(pods)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stdout is not None
            if server.stdout.readline().strip() != "READY":
                raise RuntimeError("the large cluster did not start")
            yield f"{folder}/kubeconfig"
            server.communicate("")


def small() -> None:
    """50 objects, from start to exit."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fifty.yaml"
        file.write_text("".join(SMALL.format(index) for index in range(50)))
        runs = [measured([sys.executable, "-m", "underway", "lint", "run", "-f", str(file), "-o", "json"]) for _ in range(RUNS)]
    row = (
        f"{median(one[0] for one in runs):.2f}",
        f"{median(one[1] for one in runs):.2f}",
        f"{median(one[2] for one in runs):.0f}",
        "0.5 s",
    )
    show(f"lint run, 50 Deployments in a file, median of {RUNS} processes", ("wall s", "CPU s", "peak MiB", "goal"), [row])


def large(module: str, served_by: str) -> None:
    """The large cluster, side by side."""
    ours = [sys.executable, "-m", "underway", "lint", "run", "-o", "json", "--kubeconfig"]
    rows = []
    with large_cluster(module, PODS) as kubeconfig:
        commands = {
            "underway, clusterlint's checks": [*ours, kubeconfig, *CLUSTERLINT],
            "underway, all rules": [*ours, kubeconfig],
        }
        for name, arguments in PEERS.items():
            path, why = peer(name)
            if path:
                commands[name] = [path, *(one.format(kubeconfig) for one in arguments)]
            else:
                rows.append((name, why, "", "", ""))
        output = Path(kubeconfig).with_name("told")
        for name, command in commands.items():
            wall_s, cpu_s, peak, code = measured(command, output)
            took = f"{wall_s:.1f}"
            if name in PEERS and code != 0:
                took = f"broke off after {took}"
            elif name == "popeye" and not any(map(int, next(iter(JUDGED.findall(output.read_bytes())), ()))):
                took = f"judged no pod in {took}"
            rows.append((name, took, f"{cpu_s:.1f}", f"{peak:.0f}", str(code)))
    objects = f"{PODS:,} pods, {PODS // 10:,} nodes, {PODS * 2 // 5:,} others"
    show(f"lint run, {objects}, {served_by}", ("program", "wall s", "CPU s", "peak MiB", "exit"), rows)


def run() -> None:
    """Print the tables."""
    small()
    large("bench.lint_cluster", "embedded HTTPS API")
    if os.environ.get("LINT_REAL"):
        large("bench.lint_real", "real kube-apiserver and etcd")
