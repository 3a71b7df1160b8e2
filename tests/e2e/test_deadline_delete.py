"""The last rung of the ladder on a real kube-apiserver: pods that their budget keeps for ever, and a clock that is driven.

A deadline is of 6 hours at least, a pod is deleted when it is three days old, and both times are the API server's to write
down. So the driver runs in this process on a clock of the test's own, which leaps ahead of the server's.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import build
from aside import Aside
from controlplane import ControlPlane
from e2e.gates import PATIENT
from e2e.operators import app
from underway.live.alerting import Alerting, Destinations
from underway.live.clock import now_ms
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection
from underway.live.loop import pump
from underway.live.probing import Probing
from underway.machines import PROVIDERS
from underway.machines.command import Command
from underway.model import timestamp
from underway.rotate.driver import Driver
from underway.rotate.gates import GATES
from underway.rotate.spec import Rotation, rotation_from
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).resolve().parents[2]
OLD, NEW = "v1.35.8", "v1.36.3"
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
GRACE_S = 7
PODS = "/api/v1/namespaces/default/pods?labelSelector=app%3Dkept"
TEXT = "needs 2 healthy pods and has 2 currently"


class Clock:
    """ports.Clock: the system's, ahead of it by as much as the test says."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


class Voyage(Aside):
    """What `underway rotate` does once it has looked, on a clock of its own, while in use as a context manager."""

    def __init__(self, cluster: ControlPlane, rotation: Rotation) -> None:
        super().__init__()
        self.clock = Clock()
        self.driver = Driver(rotation, "voyage")
        self._cluster, self._machines = cluster, rotation.spec.machines

    def run(self) -> None:
        asyncio.run(self._sail())

    async def _sail(self) -> None:
        stop = asyncio.Event()
        probing, notify, machines = Probing(), Alerting(Destinations("", {}), ""), Command(self._machines.command)
        task = asyncio.create_task(asyncio.to_thread(self.over.wait))
        task.add_done_callback(lambda _: stop.set())
        try:
            async with HttpApi(connection(str(self._cluster.admin), "")) as api:
                await pump(self.driver, api, machines, probing, notify, stop, clock=self.clock)
        finally:
            self.over.set()
            await asyncio.gather(task, probing.close(), notify.close(), machines.close())

    def wait_for(self, words: str) -> None:
        """Until the drain waits for what these words (a regular expression) tell."""
        try:
            wait_until(lambda: re.search(words, self.waits), words, 60)
        except AssertionError as error:
            raise AssertionError(f"{error}; it waits for: {self.waits}") from None

    @property
    def waits(self) -> str:
        """What the drain waits for, in the words of the status."""
        return "; ".join(reason for one in self.driver.status.in_flight for reason in one.waiting)

    @property
    def phase(self) -> str:
        return next((one.phase for one in self.driver.status.in_flight), "")

    @property
    def rung(self) -> str:
        return next((one.rung for one in self.driver.status.in_flight), "")


@pytest.fixture
def kept(cluster: ControlPlane) -> ControlPlane:
    """One old node with both pods of an application."""
    cluster.add_nodes(1, OLD, prefix="stuck")
    deployment, budget = app("kept", 2, minAvailable=1)
    deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = GRACE_S
    cluster.apply([deployment, budget])
    cluster.kubectl("rollout", "status", "deploy/kept", "-n", "default", "--timeout=90s")
    return cluster


def rotation(cluster: ControlPlane) -> Rotation:
    environment = ["env", f"KUBECONFIG={cluster.admin}", f"KUBECTL={build.binaries() / 'kubectl'}"]
    script = [sys.executable, str(REPOSITORY / "examples/kwok-machines/machines.py")]
    spec = {
        "target": {"kubeletVersion": NEW},
        "machines": {"provider": "Command", "command": [*environment, *script]},
        "pace": {"maxSurge": 1},
        "drain": {"deregistration": "10m", "ladder": ["NotifyOwner", "DeadlineDelete"], "deadline": "6h"},
        "health": PATIENT,
    }
    value = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "deadline"}, "spec": spec}
    return rotation_from(value, "the test", [gate.name for gate in GATES], PROVIDERS)


def pods(cluster: ControlPlane) -> dict[str, dict[str, Any]]:
    """Those of the application, by UID."""
    items = cluster.get(PODS)["items"]
    return {pod["metadata"]["uid"]: pod for pod in items}


def healthy_since(cluster: ControlPlane, at_ms: int) -> None:
    """Let every pod have been Ready since then; the API server takes any time from whoever may write a status."""
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": timestamp.format_ms(at_ms)}
    patch = json.dumps({"status": {"conditions": [condition]}})
    for pod in pods(cluster).values():
        name = pod["metadata"]["name"]
        cluster.kubectl("patch", "pod", name, "-n", "default", "--subresource=status", "--type=strategic", "-p", patch)


def deleted(cluster: ControlPlane, resource_version: str, count: int) -> list[tuple[str, int]]:
    """The first pods of the application whose deletion has begun since a version: UID and grace period in seconds."""
    found: dict[str, int] = {}
    for event in cluster.watch(PODS, resource_version):
        metadata = event["object"]["metadata"]
        if "deletionTimestamp" in metadata:
            found.setdefault(metadata["uid"], metadata["deletionGracePeriodSeconds"])
        if len(found) == count:
            break
    return list(found.items())


def test_a_pod_that_nothing_but_its_budget_keeps_is_deleted_past_the_deadline(kept: ControlPlane) -> None:
    first = set(pods(kept))
    with Voyage(kept, rotation(kept)) as voyage:
        wait_until(lambda: voyage.phase == "Cordoned", "the node to be cordoned, its successor Ready", 90)
        kept.apply(app("kept", 2, minAvailable=2)[1:])
        allowed = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/kept"
        wait_until(lambda: kept.get(allowed)["status"]["disruptionsAllowed"] == 0, "the budget to allow nothing", 30)
        voyage.clock.ahead_ms = 11 * MINUTE_MS
        voyage.wait_for(TEXT)

        voyage.clock.ahead_ms = 8 * HOUR_MS
        voyage.wait_for("not deleted past the deadline: it is 8 h old, less than 72 h")
        assert voyage.rung == "DeadlineDelete"

        healthy_since(kept, now_ms() + 80 * HOUR_MS - 10 * MINUTE_MS)
        voyage.clock.ahead_ms = 80 * HOUR_MS
        voyage.wait_for(
            r"not deleted past the deadline: its sibling default/kept-\S+ has been healthy for 1\d min, less than 60 min"
        )
        assert set(pods(kept)) == first
        version = kept.get(PODS)["metadata"]["resourceVersion"]

        voyage.clock.ahead_ms = 82 * HOUR_MS
        wait_until(lambda: len(first & set(pods(kept))) == 1, "one pod to be deleted", 60)
        kept.kubectl("rollout", "status", "deploy/kept", "-n", "default", "--timeout=60s")
        (spared_uid,) = first & set(pods(kept))
        voyage.wait_for(TEXT)
        assert "deletionTimestamp" not in pods(kept)[spared_uid]["metadata"], "one in five minutes"

        voyage.clock.ahead_ms += 5 * MINUTE_MS
        wait_until(lambda: voyage.driver.status.state == "Finished", "the node to be replaced", 90)
    kept.kubectl("rollout", "status", "deploy/kept", "-n", "default", "--timeout=60s")
    gone = deleted(kept, version, 2)
    assert {uid for uid, _ in gone} == first
    assert [grace_s for _, grace_s in gone] == [GRACE_S, GRACE_S], "each had its own grace period"
    assert voyage.driver.status.statistics.evictions == 0
    assert kept.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}") == NEW
