"""docs/tutorial, the same words on the embedded cluster and on a real kube-apiserver."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import build
from binaries import require_control_plane
from controlplane import ControlPlane
from tutorial import Reader, commands
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture(params=["embedded", "kube-apiserver"])
def kubeconfig(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cluster of the reader's own, as its definitions come and go."""
    require_control_plane()
    if request.param == "embedded":
        with HttpsCluster(ApiServer(Registry(Store(), now_ms, random.Random(1)))) as served:
            yield served.kubeconfig
        return
    with ControlPlane(controllers=False) as running:
        yield running.admin


def test_every_command_prints_what_the_page_shows(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("PATH", f"{build.binaries()}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECACHEDIR", str(tmp_path))  # kubectl keeps discovery by host and port, which others may have had
    with Reader(tmp_path) as reader:
        for command, shown in commands(cluster=True):
            reader.sees(command, shown)
