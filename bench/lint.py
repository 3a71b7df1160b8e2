"""Lint: 50 objects from start to exit; a large cluster over HTTPS, clusterlint's checks and all rules, beside the peers.

Peers are programs in Go, clusterlint and popeye: they are run if they are on PATH or can be installed by Go, else the table says
why they are not. LINT_PODS changes the size of the cluster. All processes share this machine's cores: where wall and CPU seconds
differ by much, the server was what one waited for.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.table import show

PODS = int(os.environ.get("LINT_PODS", "50000"))
RUNS = 5
CLUSTERLINT = ("-g", "basic", "-g", "security", "-g", "doks", "-g", "containerd", "-g", "workload-health")
PEERS = {
    "clusterlint": (
        "github.com/digitalocean/clusterlint/cmd/clusterlint@latest",
        ("--kubeconfig", "{}", "--timeout", "10m", "run"),
    ),
    "popeye": ("github.com/derailed/popeye@latest", ("--kubeconfig", "{}", "--force-exit-zero")),
}
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


def measured(command: list[str]) -> tuple[float, float, float, int]:
    """Wall s, CPU s, peak MiB and exit code of one process. Its output is thrown away."""
    begun_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begun_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode


@contextmanager
def large_cluster(pods: int) -> Iterator[str]:
    """The kubeconfig of a large cluster."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.lint_cluster", folder, str(pods)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            if server.stdout.readline().strip() != "READY":
                raise RuntimeError("the large cluster did not start")
            yield f"{folder}/kubeconfig"
            server.communicate("")


def peer(name: str) -> tuple[str, str]:
    """The path of a peer, or why there is none."""
    found = shutil.which(name)
    if found:
        return found, ""
    if shutil.which("go") is None:
        return "", "not measured: Go is not installed"
    folder = Path.home() / ".cache" / "underway" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / name).exists():
        environment = {**os.environ, "GOBIN": str(folder)}
        done = subprocess.run(["go", "install", PEERS[name][0]], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return "", "not measured: go install failed: " + done.stderr.strip().splitlines()[-1].strip()[:80]
    return str(folder / name), ""


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


def large() -> None:
    """The large cluster, side by side."""
    ours = [sys.executable, "-m", "underway", "lint", "run", "-o", "json", "--kubeconfig"]
    rows = []
    with large_cluster(PODS) as kubeconfig:
        commands = {
            "underway, clusterlint's checks": [*ours, kubeconfig, *CLUSTERLINT],
            "underway, all rules": [*ours, kubeconfig],
        }
        for name, (_, arguments) in PEERS.items():
            path, why = peer(name)
            if path:
                commands[name] = [path, *(one.format(kubeconfig) for one in arguments)]
            else:
                rows.append((name, why, "", "", ""))
        for name, command in commands.items():
            wall_s, cpu_s, peak, code = measured(command)
            rows.append((name, f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{peak:.0f}", str(code)))
    objects = f"{PODS:,} pods, {PODS // 10:,} nodes, {PODS * 2 // 5:,} others"
    show(f"lint run, {objects}, embedded HTTPS API", ("program", "wall s", "CPU s", "peak MiB", "exit"), rows)


def run() -> None:
    """Print both tables."""
    small()
    large()
