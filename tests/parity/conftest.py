"""The two servers that are held against each other, one of each for all parity tests."""

import random
import time
from collections.abc import Iterator

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from parity.speaker import Speaker
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Speaker]:
    """An embedded API server without a world: nobody but the conversations changes an object."""
    with HttpsCluster(ApiServer(Registry(Store(), now_ms, random.Random(1)))) as served:
        yield Speaker(served.kubeconfig)


@pytest.fixture(scope="session")
def real() -> Iterator[Speaker]:
    """A real kube-apiserver and its etcd, without controllers, for the same reason."""
    require_control_plane()
    with ControlPlane(controllers=False) as running:
        yield Speaker(running.admin)
