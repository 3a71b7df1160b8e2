"""First aid on an embedded cluster: what is read of pods that hold a rotation up, how much, and without the right to it."""

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest

from underway.kube import resource as r
from underway.live.first_aid import LINES_MAX, first_aid
from underway.live.freezing import Stand
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection
from underway.live.leases import Rotating
from underway.model.lease import Lease
from underway.model.meta import ObjectMeta
from underway.rotate.blockers import Blocker
from underway.rotate.first_aid import Finding
from underway.rotate.status import Status
from underway.sim.apiserver.access import Attributes, User
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.logs import Line
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

NOW_MS = 1_767_603_600_000  # 2026-01-05T09:00:00Z
HELD = Status(
    "workers", "Frozen", blockers=(Blocker("n1", "needs 1 healthy pods and has 0 currently", "shop/web-0", "shop/web"),)
)
CRASHED = {"terminated": {"startedAt": "2026-01-05T08:59:00Z", "finishedAt": "2026-01-05T08:59:30Z", "exitCode": 1}}
SICK = {"name": "app", "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": CRASHED}


class Ward:
    """A cluster with one sick pod on a node whose kubelet answers."""

    def __init__(self, served: HttpsCluster, server: ApiServer) -> None:
        self.served, self.server = served, server
        self.server.reaches = lambda _node: True
        self.says("Error: no route to the database")
        self.change("web-0", SICK)

    def says(self, *lines: str) -> None:
        def said(_pod: object, _container: str, previous: bool) -> list[Line]:
            return [(at, line if previous else f"now {line}") for at, line in enumerate(lines)]

        self.server.console = said

    def change(self, name: str, *containers: dict[str, Any]) -> None:
        state = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": list(containers)}
        with self.served.lock:
            self.server.registry.mutate(r.PODS, "shop", name, lambda now: {**now, "status": state}, "status")

    def look(self, status: Status = HELD) -> list[Finding]:
        async def looking() -> list[Finding]:
            async with HttpApi(connection(str(self.served.kubeconfig), "")) as api:
                lease = Lease(metadata=ObjectMeta(name="underway-workers"))
                return await first_aid(api, "workers", Stand((Rotating("workers", lease, status),), ()))

        return [one for one in asyncio.run(looking()) if one.kind in ("pod", "log")]


@pytest.fixture(scope="module")
def hospital() -> Iterator[tuple[HttpsCluster, ApiServer]]:
    server = ApiServer(Registry(Store(), lambda: NOW_MS, Random(1)))
    server.registry.create(r.NAMESPACES, {"metadata": {"name": "shop"}})
    server.registry.create(r.NODES, {"metadata": {"name": "n1"}})
    for name in ("web-0", "other"):
        spec = {"nodeName": "n1", "containers": [{"name": "app", "image": "web:1"}]}
        server.registry.create(r.PODS, {"metadata": {"name": name, "namespace": "shop", "labels": {"app": "web"}}, "spec": spec})
    with HttpsCluster(server) as served:
        yield served, server


@pytest.fixture
def ward(hospital: tuple[HttpsCluster, ApiServer]) -> Iterator[Ward]:
    served, server = hospital
    allowed = served.front.authorize
    yield Ward(served, server)
    served.front.authorize = allowed


def test_the_run_that_crashed_is_quoted(ward: Ward) -> None:
    pod, log = ward.look()
    assert pod.text == "pod shop/web-0: container app waits: CrashLoopBackOff, 4 restarts, last exit code 1"
    assert log.text == "log of pod shop/web-0, container app (the run before this one): the last lines"
    assert log.lines == ("Error: no route to the database",)


def test_the_run_that_lasts_is_quoted_where_it_is_the_first(ward: Ward) -> None:
    ward.change("web-0", {"name": "app", "state": {"running": {"startedAt": "2026-01-05T08:59:00Z"}}})
    _, log = ward.look()
    assert log.lines == ("now Error: no route to the database",)


def test_only_the_end_of_a_log_is_read(ward: Ward) -> None:
    ward.says(*(f"line {number}" for number in range(500)))
    _, log = ward.look()
    assert log.lines == tuple(f"line {number}" for number in range(500 - LINES_MAX, 500))


def test_a_line_without_an_end_is_cut_by_the_server(ward: Ward) -> None:
    ward.says("x" * 10_000_000)
    _, log = ward.look()
    assert len(log.lines[0]) == 16 * 1024


def test_without_the_right_it_says_so_and_shows_the_rest(ward: Ward) -> None:
    def without_logs(user: User, asked: Attributes) -> bool:
        return asked.resource != "pods/log"

    ward.served.front.authorize = without_logs
    pod, log = ward.look()
    assert "CrashLoopBackOff" in pod.text
    assert log.text == "logs are not shown: who asks may not get pods/log"


def test_without_the_right_to_pods_nothing_is_guessed(ward: Ward) -> None:
    ward.served.front.authorize = lambda _user, asked: asked.resource not in ("pods", "pods/log")
    (told,) = ward.look()
    assert told.text.startswith("pods of namespace shop cannot be read: pods is forbidden: User ")


def test_a_kubelet_that_does_not_answer_is_said(ward: Ward) -> None:
    ward.server.reaches = lambda _node: False
    _, log = ward.look()
    assert log.text.startswith("log of pod shop/web-0, container app cannot be read: ")


def test_a_rotation_that_no_pod_holds_reads_none(ward: Ward) -> None:
    ward.served.front.authorize = lambda _user, asked: not asked.resource.startswith("pods")
    assert ward.look(msgspec.structs.replace(HELD, blockers=())) == []
