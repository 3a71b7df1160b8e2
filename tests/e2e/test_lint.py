"""Lint on a real kube-apiserver: every kind is read, with the rights of deploy/lint-cronjob.yaml; patches apply with kubectl."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROLE = Path(__file__).resolve().parents[2] / "deploy" / "lint-cronjob.yaml"
USER = "linter"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "linted"}, "stringData": {"p": "hunter2"}}
HOOK = {"preStop": {"exec": {"command": ["sleep", "2"]}}}  # shorter than a load balancer takes
SPEC = {
    "nodeSelector": {"kubernetes.io/hostname": "gone"},
    "terminationGracePeriodSeconds": 10,
    "containers": [{"name": "web", "image": "web", "lifecycle": HOOK}],
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "linted"},
    "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "linted"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": SPEC},
    },
}


def lint(kubeconfig: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "lint", "run", "--kubeconfig", str(kubeconfig), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def kubeconfig(cluster: ControlPlane) -> Path:
    """Of a user who may do what deploy/lint-cronjob.yaml grants."""
    (role,) = (one for one in yaml.safe_load_all(ROLE.read_text()) if one["kind"] == "ClusterRole")
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "underway-lint"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "underway-lint"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linted"}}
    cluster.apply([role, binding, namespace])
    cluster.kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [SECRET, DEPLOYMENT, SERVICE]})
    )
    return cluster.kubeconfig(USER)


def test_every_kind_is_read_with_the_rights_that_the_manifest_grants(kubeconfig: Path) -> None:
    done = lint(kubeconfig, "-o", "json")
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["skipped"] == []
    found = {(one["rule"], one["object"]["kind"], one["object"]["name"]) for one in report["findings"]}
    assert {("latest-tag", "Deployment", "web"), ("unused-secret", "Secret", "db")} <= found
    assert sum(1 for one in report["findings"] if one["rule"] == "latest-tag" and one["object"]["namespace"] == "linted") == 1


def test_what_clients_ask_for_is_read_off_the_api_server(cluster: ControlPlane, kubeconfig: Path) -> None:
    cluster.kubectl("get", "endpoints", "-n", "linted")  # deprecated since 1.33, with no release named for its end
    command = [sys.executable, "-m", "underway", "snapshot", "--kubeconfig", str(kubeconfig)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = {"group": "", "version": "v1", "resource": "endpoints", "removedRelease": ""}
    assert wanted in json.loads(done.stdout)["requested"]


def test_a_snapshot_of_a_real_cluster_holds_no_value(kubeconfig: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "underway", "snapshot", "--kubeconfig", str(kubeconfig)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout
    assert "aHVudGVyMg" not in done.stdout
    file = tmp_path / "cluster.json"
    file.write_text(done.stdout)
    asked = [sys.executable, "-m", "underway", "lint", "run", "--snapshot", str(file), "-c", "latest-tag", "-o", "json"]
    saved = json.loads(subprocess.run(asked, capture_output=True, text=True, check=False).stdout)
    live = json.loads(lint(kubeconfig, "-c", "latest-tag", "-o", "json").stdout)
    assert [one["fingerprint"] for one in saved["findings"]] == [one["fingerprint"] for one in live["findings"]]


def test_a_budget_that_blocks_is_proven_by_a_dry_run_and_the_pod_stays(cluster: ControlPlane) -> None:
    name = "trialled"
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    metadata = {"name": "web", "namespace": name, "labels": {"app": name}}
    # No scheduler takes it, and its status is written here: no kubelet and no other test is needed, or disturbed.
    spec = {"schedulerName": "nobody", "containers": [{"name": "web", "image": "registry.example.com/web:1"}]}
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    cluster.apply([pod, {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget}])
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    about = ("web", "-n", name)
    try:
        cluster.kubectl("patch", "pod", *about, "--subresource=status", "--type=merge", "-p", json.dumps(ready))
        cluster.kubectl("wait", "pdb", *about, "--for=jsonpath={.status.currentHealthy}=1", "--timeout=120s")
        rule = ("-n", name, "-c", "pdb-blocks-drain", "--try-evictions", "-o", "json")
        (finding,) = json.loads(lint(cluster.admin, *rule).stdout)["findings"]
        assert (finding["evidence"], finding["severity"]) == ("proven", "error")
        assert "a dry run of evicting web was refused: The disruption budget web needs 1 healthy pods" in finding["message"]
        assert "deletionTimestamp" not in json.loads(cluster.kubectl("get", "pod", *about, "-o", "json"))["metadata"]
    finally:
        cluster.kubectl("delete", "pod,pdb", *about, "--wait=false", "--grace-period=1")


def test_a_right_that_is_missing_costs_its_rules_alone(cluster: ControlPlane, kubeconfig: Path) -> None:
    assert kubeconfig.exists()
    done = lint(cluster.kubeconfig("nobody"), "-c", "latest-tag,bare-pods", "-o", "json")
    assert done.returncode == 4
    assert "needs the verb list on pods" in done.stderr


def test_patches_apply_with_kubectl_and_what_they_mend_is_gone(cluster: ControlPlane, kubeconfig: Path) -> None:
    rules = ("-n", "linted", "-c", "node-name-pod-selector,fully-qualified-image,non-root-user,pre-stop-delay")
    commands = [line for line in lint(kubeconfig, *rules, "--fix").stdout.splitlines() if line.startswith("kubectl ")]
    assert len(commands) == 4
    script = "\n".join(command.replace("kubectl", " ".join(cluster.command()), 1) for command in commands)
    subprocess.run(["bash", "-ec", script], check=True, capture_output=True)
    file = yaml.safe_load(cluster.kubectl("get", "deployment", "web", "-n", "linted", "-o", "yaml"))
    deployment = {key: file[key] for key in ("apiVersion", "kind", "metadata", "spec")}
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": [deployment, SERVICE]})
    command = [sys.executable, "-m", "underway", "lint", "run", "-f", "-", "-c", rules[-1], "-o", "json"]
    after = subprocess.run(command, input=manifest, capture_output=True, text=True, check=False)
    assert json.loads(after.stdout)["findings"] == []
