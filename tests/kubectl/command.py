"""Runs the real kubectl for the tests of this folder."""

import os
import shutil
import subprocess
from pathlib import Path

from underway.sim.apiserver.https import HttpsCluster
from underway.sim.world.world import World

TIMEOUT_S = 20  # of one kubectl call; it takes a quarter of a second


def find_kubectl() -> str | None:
    """kubectl on PATH, else one that e2e/controlplane has built."""
    found = shutil.which("kubectl")
    if found:
        return found
    cache = Path(
        os.environ.get("UNDERWAY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "underway"
    )
    built = sorted(cache.glob("controlplane/*/kubectl"))
    return str(built[0]) if built else None


class Kubectl:
    """Runs kubectl with the cluster's kubeconfig."""

    def __init__(self, binary: str, world: World, cluster: HttpsCluster, home: Path) -> None:
        self.binary = binary
        self.world = world
        self.cluster = cluster
        # A home of its own: kubectl keeps discovery there, by host and port.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(cluster.kubeconfig)}

    def __call__(self, *arguments: str, stdin: str | None = None, code: int = 0) -> str:
        """Run it, and return what it printed, errors last. Fails unless it ends with `code`."""
        done = subprocess.run(
            [self.binary, *arguments],
            check=False,
            input=stdin,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == code, f"kubectl {' '.join(arguments)}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it, to be read from while it runs."""
        return subprocess.Popen(
            [self.binary, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
