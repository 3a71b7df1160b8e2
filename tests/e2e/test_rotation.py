"""`underway rotate` on a real kube-apiserver: 30 kwok nodes, 300 pods; killed five times; budgets watched from outside."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import build
from controlplane import ControlPlane
from e2e.gates import PATIENT
from e2e.operators import Watcher
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

REPOSITORY = Path(__file__).resolve().parents[2]
OLD, NEW = "v1.35.8", "v1.36.3"
NODES = 30
KILLS = 5
USER = "sailor"


def workload(kind: str, name: str, replicas: int | None, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "app", "image": "web", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    body: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 2, "containers": [container]}},
        **spec,
    }
    if replicas is not None:
        body["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": body}


def budget(name: str, max_unavailable: int | str) -> dict[str, Any]:
    spec = {"maxUnavailable": max_unavailable, "selector": {"matchLabels": {"app": name}}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


APPS: dict[str, tuple[int, int | str]] = {"web": (90, "10%"), "api": (80, 8), "worker": (74, "20%"), "guarded": (6, 0)}


def least() -> dict[str, int]:
    """How many pods of each app its budget wants to be healthy."""
    down = {
        name: allowed if isinstance(allowed, int) else -(-int(allowed[:-1]) * replicas // 100)
        for name, (replicas, allowed) in APPS.items()
    }
    return {name: replicas - down[name] for name, (replicas, _) in APPS.items()}


@pytest.fixture(scope="module")
def fleet(cluster: ControlPlane) -> ControlPlane:
    """30 old nodes, 300 pods and more, all available."""
    cluster.add_nodes(NODES, OLD)
    cluster.kubectl("apply", "-f", str(REPOSITORY / "deploy/rbac.yaml"))
    cluster.kubectl("create", "clusterrolebinding", USER, "--clusterrole=underway", f"--user={USER}")
    cluster.kubectl("create", "rolebinding", USER, "-n", "kube-system", "--role=underway", f"--user={USER}")
    cluster.kubeconfig(USER)
    ready = "jsonpath={.items[?(@.spec.taints)].metadata.name}"
    wait_until(lambda: cluster.kubectl("get", "nodes", "-o", ready).strip() == "", "every node to lose its not-ready taint", 90)
    manifests = [workload("Deployment", name, replicas) for name, (replicas, _) in APPS.items()]
    manifests += [budget(name, allowed) for name, (_, allowed) in APPS.items()]
    manifests += [workload("StatefulSet", "db", 20, serviceName="db", podManagementPolicy="Parallel"), budget("db", 2)]
    manifests += [workload("DaemonSet", "agent", None)]
    cluster.apply(manifests)
    wanted = {"deploy": sum(replicas for replicas, _ in APPS.values()), "sts": 20}

    def available() -> bool:
        for kind, count in wanted.items():
            text = cluster.kubectl("get", kind, "-n", "default", "-o", "jsonpath={.items[*].status.availableReplicas}")
            if sum(map(int, text.split())) != count:
                return False
        return True

    wait_until(available, "all workloads to be available", 180)
    return cluster


def rotation_file(cluster: ControlPlane, folder: Path, name: str, **spec: Any) -> Path:
    # The provider has credentials of its own: making machines is not among the rights of who rotates.
    environment = ["env", f"KUBECONFIG={cluster.admin}", f"KUBECTL={build.binaries() / 'kubectl'}"]
    provider = [sys.executable, str(REPOSITORY / "examples/kwok-machines/machines.py")]
    machines = {"provider": "Command", "command": [*environment, *provider]}
    body = {
        "apiVersion": "underway.dev/v1",
        "kind": "Rotation",
        "metadata": {"name": name},
        "spec": {
            "target": {"kubeletVersion": NEW},
            "machines": machines,
            "pace": {"maxSurge": 2},
            "drain": {"deregistration": "1s"},
            "health": PATIENT,
            **spec,
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(body))
    return path


def underway(cluster: ControlPlane, *arguments: str, user: str = USER) -> "subprocess.Popen[str]":
    """Run underway as a user who has the rights of deploy/rbac.yaml and no others."""
    environment = {**os.environ, "KUBECONFIG": str(cluster.folder / f"{user}.kubeconfig")}
    command = [sys.executable, "-m", "underway", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def answer(cluster: ControlPlane, *arguments: str, user: str = USER) -> tuple[int, str]:
    """Run a short command to its end: exit code and output."""
    process = underway(cluster, *arguments, user=user)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def wait_for_progress(cluster: ControlPlane, process: "subprocess.Popen[str]") -> None:
    """Until there is one more new node than now, or the process has ended."""
    begun = versions(cluster).count(NEW)
    wait_until(lambda: versions(cluster).count(NEW) > begun or process.poll() is not None, "one more new node", 120)


def versions(cluster: ControlPlane) -> list[str]:
    return cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}").split()


def test_plan_names_the_budget_that_never_allows(fleet: ControlPlane, tmp_path: Path) -> None:
    code, output = answer(fleet, "plan", "-f", str(rotation_file(fleet, tmp_path, "e2e")))
    assert code == 1, output
    assert "PodDisruptionBudget default/guarded never allows a disruption: maxUnavailable 0 with 6 expected pods" in " ".join(
        output.split()
    )
    assert "not looked at" not in output  # the rights of deploy/rbac.yaml are enough for the preflight


def test_plan_forbids_a_kubelet_newer_than_the_api_server(fleet: ControlPlane, tmp_path: Path) -> None:
    path = rotation_file(fleet, tmp_path, "newer", target={"kubeletVersion": "v1.99.0"})
    code, output = answer(fleet, "plan", "-f", str(path))
    assert code == 1, output
    assert "kubelet v1.99.0 is newer than the API server (v1.36.3): upgrade the control plane first" in " ".join(output.split())


def test_rotate_replaces_every_node_though_killed_five_times(fleet: ControlPlane, tmp_path: Path) -> None:
    dice = random.Random(1137)
    arguments = ("rotate", "-f", str(rotation_file(fleet, tmp_path, "e2e")), "--despite-blockers")
    outputs = []
    with Watcher(fleet, least()) as watcher:
        for _ in range(KILLS):
            process = underway(fleet, *arguments)
            try:
                wait_for_progress(fleet, process)
                threading.Event().wait(dice.uniform(0, 2))  # a random moment of the work, not a state
            finally:
                process.send_signal(signal.SIGKILL)
                outputs.append(process.communicate()[0])
                print(outputs[-1][-2_000:])
        watcher.least["guarded"] -= 2
        fleet.apply([budget("guarded", 2)])
        process = underway(fleet, *arguments)
        output, _ = process.communicate(timeout=400)
        outputs.append(output)
    assert process.returncode == 0, outputs[-1][-3000:]
    assert versions(fleet) == [NEW] * NODES
    assert watcher.rounds > 10
    assert watcher.broken == []
    cordoned = fleet.kubectl("get", "nodes", "-o", "jsonpath={.items[*].spec.unschedulable}").strip()
    assert cordoned == ""


class Hook:
    """A webhook on loopback. received: what was posted."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def said(self, title: str) -> list[str]:
        return [one["message"] for one in self.received if one["title"] == title]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    made = Hook()
    monkeypatch.setenv("UNDERWAY_ALERT_OPS", f"json://127.0.0.1:{made.server.server_port}/t0ken")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_freeze_takes_effect_within_five_seconds_and_is_told(fleet: ControlPlane, tmp_path: Path, hook: Hook) -> None:
    alerts = [{"to": "admins", "from": "ops", "causes": ["Frozen"]}]
    path = rotation_file(fleet, tmp_path, "again", target={"kubeletVersion": OLD}, pace={"maxSurge": 3}, alerts=alerts)
    process = underway(fleet, "rotate", "-f", str(path), "--despite-blockers")
    try:
        wait_until(lambda: OLD in versions(fleet), "the rotation to begin", 120)
        assert answer(fleet, "freeze", "again", "--reason", "drill")[0] == 0
        since_s = time.monotonic()

        def quiet() -> bool:
            nodes = json.loads(fleet.kubectl("get", "nodes", "-o", "json"))["items"]
            phases = {n["metadata"].get("annotations", {}).get("rotation.underway.dev/phase") for n in nodes}
            return not phases & {"Cordoned", "Draining", "Detaching", "Quarantined"}

        wait_until(quiet, "every node in hand to be released or ended", 30)
        assert time.monotonic() - since_s <= 5.0
        before = fleet.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")
        _, shown = answer(fleet, "status", "again")
        assert "frozen" in shown
        assert "drill" in shown
        wait_until(lambda: bool(hook.said("[again] Frozen: rotation again")), "the alert to arrive", 60)
        (message,) = hook.said("[again] Frozen: rotation again")
        assert f"drill, by {USER}" in message
        assert "underway resume again" in message
        assert fleet.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}") == before
        assert answer(fleet, "resume", "again")[0] == 0
        count = versions(fleet).count(OLD)
        wait_until(lambda: versions(fleet).count(OLD) > count, "the rotation to go on", 60)
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output
    assert "t0ken" not in output + fleet.kubectl("get", "leases", "-n", "kube-system", "-o", "json")
    nodes = json.loads(fleet.kubectl("get", "nodes", "-o", "json"))["items"]
    assert [n["metadata"]["name"] for n in nodes if n["spec"].get("unschedulable")] == [], output[-2000:]


def test_a_user_without_rights_is_told_which_are_missing(fleet: ControlPlane, tmp_path: Path) -> None:
    fleet.kubeconfig("passenger")
    code, output = answer(fleet, "rotate", "-f", str(rotation_file(fleet, tmp_path, "mine")), user="passenger")
    assert code == 3
    said = "you may not list, watch, patch, delete nodes; list, watch pods; list, watch persistentvolumes; list, watch "
    assert f"{said}poddisruptionbudgets.policy" in output
    assert '- {apiGroups: [""], resources: ["pods/eviction"], verbs: [create]}' in output
    code, output = answer(fleet, "freeze", user="passenger")
    assert code == 3
    assert 'User "passenger" cannot get resource "leases"' in output


def rights(fleet: ControlPlane, user: str, **namespaces: list[dict[str, Any]]) -> None:
    """Give a user the rights of deploy/rbac.yaml without evictions, and rules of a Role by namespace."""
    role, lease = yaml.safe_load_all((REPOSITORY / "deploy/rbac.yaml").read_text())
    rules = [rule for rule in role["rules"] if rule.get("resources") != ["pods/eviction"]]
    fleet.apply([{**role, "metadata": {"name": user}, "rules": rules}])
    fleet.kubectl("create", "clusterrolebinding", user, f"--clusterrole={user}", f"--user={user}")
    fleet.kubectl("create", "rolebinding", user, "-n", "kube-system", f"--role={lease['metadata']['name']}", f"--user={user}")
    for namespace, granted in namespaces.items():
        fleet.apply([{**lease, "metadata": {"name": user, "namespace": namespace}, "rules": granted}])
        fleet.kubectl("create", "rolebinding", user, "-n", namespace, f"--role={user}", f"--user={user}")
    fleet.kubeconfig(user)


@pytest.fixture
def stowaway(fleet: ControlPlane) -> Iterator[str]:
    """A user to be given rights, and rid of them."""
    name = "stowaway"
    yield name
    fleet.kubectl("delete", f"clusterrole/{name}", f"clusterrolebinding/{name}", "--ignore-not-found")
    for namespace in ("kube-system", "default"):
        fleet.kubectl("delete", f"role/{name}", f"rolebinding/{name}", "-n", namespace, "--ignore-not-found")


def test_one_missing_right_is_named_before_anything_is_touched(fleet: ControlPlane, tmp_path: Path, stowaway: str) -> None:
    rights(fleet, stowaway)
    code, output = answer(
        fleet, "rotate", "-f", str(rotation_file(fleet, tmp_path, "blind")), "--despite-blockers", user=stowaway
    )
    assert code == 3, output
    assert "nothing was changed: you may not create pods/eviction\n" in output
    assert "underway-blind" not in fleet.kubectl("get", "leases", "-n", "kube-system", "-o", "name")
    marked = fleet.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.annotations.rotation\\.underway\\.dev/name}")
    assert "blind" not in marked.split()


def test_a_namespace_without_the_right_to_evict_is_named_and_its_nodes_stay(
    fleet: ControlPlane, tmp_path: Path, stowaway: str
) -> None:
    """Every node has a pod in default, where evictions are granted; some have one in another namespace, where they are not."""
    evict = [{"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]}]
    rights(fleet, stowaway, default=evict)
    vault = workload("Deployment", "safe", 1)
    vault["metadata"]["namespace"] = "vault"
    fleet.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}}, vault])
    try:
        fleet.kubectl("rollout", "status", "deploy/safe", "-n", "vault", "--timeout=60s")
        held = fleet.kubectl("get", "pods", "-n", "vault", "-o", "jsonpath={.items[*].spec.nodeName}").strip()
        path = rotation_file(fleet, tmp_path, "shut", target={"kubeletVersion": "v1.35.7"})
        code, output = answer(fleet, "plan", "-f", str(path), "-o", "json", user=stowaway)
        plan = json.loads(output)
        assert (code, plan["refused"]) == (1, [])
        told = plan["warnings"][0]  # of namespaces that other tests have left as well
        assert "create pods/eviction in namespace vault" in told
        assert "namespace default" not in told
        assert told.endswith(": nodes with pods there are left alone")
        closed = [
            one["node"] for one in plan["blockers"] if "is in namespace vault, where Underway may not evict" in one["reason"]
        ]
        assert closed == [held]
        assert held not in [one["node"] for one in plan["order"]]
    finally:
        fleet.kubectl("delete", "namespace", "vault", "--wait=false")


def test_an_expired_certificate_is_named(fleet: ControlPlane) -> None:
    fleet.kubeconfig("late", valid=timedelta(hours=-1))
    code, output = answer(fleet, "status", user="late")
    assert code == 3
    assert "the client certificate of CN=late expired on" in output
