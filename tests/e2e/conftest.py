"""The real control plane, one for all e2e tests, which each module of them finds empty."""

import json
from collections.abc import Iterator

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from waiting import wait_until


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """A running control plane with all its controllers and kwok."""
    require_control_plane()
    with ControlPlane() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The same; what a module has made goes with it, so that modules may come in any order."""
    yield control_plane
    empty(control_plane)


def empty(cluster: ControlPlane) -> None:
    """Take away nodes, what runs in the default namespace, and what rotations have left: half-done ones mark their nodes."""
    for name in cluster.kubectl("get", "rotations", "-o", "name", check=False).split():
        cluster.kubectl("patch", name, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
        cluster.kubectl("delete", name)
    cluster.kubectl("delete", "hpa,deploy,sts,ds,pdb", "--all", "-n", "default", "--cascade=foreground", "--wait=false")
    cluster.kubectl("delete", "pods", "--all", "-n", "default", "--grace-period=0", "--force", "--wait=false")
    cluster.kubectl("delete", "leases", "-l", "app.kubernetes.io/managed-by=underway", "-n", "kube-system")
    cluster.kubectl("delete", "nodes", "--all", "--wait=false")
    kinds = ("nodes", "pods", "deploy,sts,ds")
    wait_until(
        lambda: not any(cluster.kubectl("get", kind, "-n", "default", "-o", "name") for kind in kinds), "it to be empty", 120
    )
