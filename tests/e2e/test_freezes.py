"""Freezes wider than one Rotation, on a real kube-apiserver with an operator: of the whole cluster, and of a pool."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from controlplane import ControlPlane
from e2e.operators import Crew, app, audited, manifests
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

OLD, NEW = "v1.35.8", "v1.36.3"
NODES, ZONES = 6, 3
POOL = "topology.kubernetes.io/zone=zone-a"
NAME = "held"
FREEZE_S = 5.0
TOLD = {"leases", "events", "rotations"}  # where it says how it stands; nothing moves by these
MUTATING = {"create", "update", "patch", "delete"}


@pytest.fixture(scope="module")
def crew(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Two old nodes in each of three zones, and one operator."""
    cluster.apply(manifests("--grant", "SingleReplicaSurge"))
    cluster.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "--timeout=30s")
    cluster.add_nodes(NODES, OLD, prefix="cold")
    cluster.apply(app("web", 9))
    cluster.kubectl("rollout", "status", "deploy/web", "-n", "default", "--timeout=90s")
    made = Crew(cluster, tmp_path_factory.mktemp("freezes"))
    made.start()
    yield made
    made.end()


@pytest.fixture
def waiting(crew: Crew) -> Crew:
    """A Rotation that has closed a node in each zone and now waits, for as long as a test likes, for load balancers to let go."""
    crew.apply(NAME, pace={"maxSurge": 1, "perZone": True}, drain={"deregistration": "10m"})
    wait_until(lambda: len(cordoned(crew)) == ZONES, "a node of each zone to be closed", 120)
    return crew


def underway(crew: Crew, *arguments: str) -> str:
    """Run it as the administrator; what it prints."""
    command = [sys.executable, "-m", "underway", *arguments]
    environment = {**os.environ, "KUBECONFIG": str(crew.cluster.admin)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def nodes(crew: Crew) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = crew.cluster.get("/api/v1/nodes")["items"]
    return found


def cordoned(crew: Crew) -> set[str]:
    """The zones that have a closed node."""
    return {zone(node) for node in nodes(crew) if node["spec"].get("unschedulable")}


def zone(node: dict[str, Any]) -> str:
    return str(node["metadata"]["labels"]["topology.kubernetes.io/zone"])


def old(crew: Crew) -> list[str]:
    """The zone of each node that is still out of date."""
    return sorted(zone(node) for node in nodes(crew) if node["status"]["nodeInfo"]["kubeletVersion"] == OLD)


def freeze(crew: Crew, *arguments: str) -> float:
    """Freeze; when that was written, in epoch seconds."""
    underway(crew, "freeze", *arguments)
    return time.time()


def acts(crew: Crew, after_s: float) -> list[str]:
    """What the operator has done to the cluster since then."""
    return [
        f"{event['verb']} {event['objectRef']['resource']} {event['objectRef'].get('name', '')}"
        for event in audited(crew.cluster)
        if event["verb"] in MUTATING
        and event["objectRef"]["resource"] not in TOLD
        and not event["objectRef"]["resource"].startswith("selfsubject")
        and datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp() > after_s
    ]


def renewed(crew: Crew) -> str:
    """When the driver last said that it lives."""
    lease = crew.cluster.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/underway-{NAME}")
    return str(lease["spec"]["renewTime"])


def wait_for_a_renewal(crew: Crew) -> None:
    last = renewed(crew)
    wait_until(lambda: renewed(crew) != last, "the driver to show that it lives", 30)


def frozen(crew: Crew) -> dict[str, str]:
    """The condition Frozen."""
    return next(one for one in crew.rotation(NAME)["status"]["conditions"] if one["type"] == "Frozen")


def test_a_frozen_cluster_is_left_alone_within_five_seconds_and_says_why_and_who(waiting: Crew) -> None:
    since_s = freeze(waiting, "--reason", "black friday")
    wait_until(lambda: cordoned(waiting) == set(), "every closed node to be opened", FREEZE_S)
    wait_until(lambda: waiting.state(NAME) == "Frozen", "the status to say so", 10)
    there = {node["metadata"]["name"] for node in nodes(waiting)}
    wait_for_a_renewal(waiting)
    wait_for_a_renewal(waiting)
    assert acts(waiting, since_s + FREEZE_S) == []
    assert {node["metadata"]["name"] for node in nodes(waiting)} == there
    condition, status = frozen(waiting), waiting.rotation(NAME)["status"]
    assert (condition["status"], condition["reason"]) == ("True", "ClusterFrozen")
    assert condition["message"] == "black friday, by admin"
    assert (status["frozen"]["by"], status["frozen"]["level"]) == ("admin", "cluster")
    assert status["frozen"]["since"]
    assert ("Frozen", "black friday, by admin; next: underway resume") in waiting.events(NAME)
    shown = underway(waiting, "status")
    assert f"the whole cluster is frozen since {status['frozen']['since']} by admin: black friday" in shown
    assert "next: underway resume\n" in shown
    assert "Frozen: black friday" in shown
    assert "Progressing:" not in shown

    underway(waiting, "resume", "--yes")
    wait_until(lambda: len(cordoned(waiting)) == ZONES, "the rotation to go on", 60)
    wait_until(lambda: frozen(waiting)["status"] == "False", "the condition to say so", 10)


def test_a_frozen_pool_is_opened_within_five_seconds_while_the_others_go_on(waiting: Crew) -> None:
    freeze(waiting, "--pool", POOL, "--reason", "incident 7")
    wait_until(lambda: cordoned(waiting) == {"zone-b", "zone-c"}, "the nodes of the pool, and no others, to be opened", FREEZE_S)
    wait_until(lambda: frozen(waiting)["reason"] == "NodesHeld", "the condition to say so", 10)
    condition = frozen(waiting)
    assert condition["status"] == "False"
    told = f"2 nodes of pool {POOL} frozen since "
    assert condition["message"].startswith(told)
    assert condition["message"].endswith(" by admin: incident 7; the others go on")
    (event,) = [message for reason, message in waiting.events(NAME) if reason == "NodesHeld"]
    assert event.startswith(told)
    assert event.endswith(f"by admin: incident 7; next: underway resume --pool {POOL}")

    waiting.apply(NAME, pace={"maxSurge": 1, "perZone": True})
    wait_until(lambda: old(waiting) == ["zone-a", "zone-a"], "every node but those of the pool to be replaced", 120)
    wait_until(lambda: waiting.state(NAME) == "Frozen", "the status to say that nothing else is left", 30)
    status = waiting.rotation(NAME)["status"]
    assert (status["reason"], status["frozen"]["level"]) == (f"incident 7 (2 of pool {POOL})", "pool")
    assert cordoned(waiting) == set()
    shown = underway(waiting, "status", NAME)
    assert f"pool {POOL} is frozen since " in shown
    assert f"next: underway resume --pool {POOL}\n" in shown

    underway(waiting, "resume", "--pool", POOL, "--yes")
    wait_until(lambda: waiting.state(NAME) == "Finished", "the pool to be rotated", 120)
    assert old(waiting) == []
