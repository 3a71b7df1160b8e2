"""A time that was never set is null in what a real API server writes: one such pod must not hide all others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane import ControlPlane
from waiting import wait_until

pytestmark = pytest.mark.e2e

ROTATION = {
    "apiVersion": "underway.dev/v1",
    "kind": "Rotation",
    "metadata": {"name": "nulls"},
    "spec": {"target": {"kubeletVersion": "v1.36.3"}, "machines": {"provider": "Command", "command": ["true"]}},
}


def test_a_condition_without_a_time_hides_no_pod(cluster: ControlPlane, tmp_path: Path) -> None:
    cluster.add_nodes(1, "v1.35.7")
    spec = {"containers": [{"name": "app", "image": "app"}], "nodeName": "old-000"}
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec} for name in "ab"
    ]
    cluster.apply(pods)
    condition = {"type": "example.com/asked", "status": "False"}
    patch = json.dumps({"status": {"conditions": [condition]}})
    cluster.kubectl("patch", "pod", "a", "--subresource=status", "-p", patch)
    path = "/api/v1/namespaces/default/pods/a"
    wait_until(
        lambda: (
            [one["lastTransitionTime"] for one in cluster.get(path)["status"]["conditions"] if one["type"] == condition["type"]]
            == [None]
        ),
        "a condition without a time",
    )
    file = tmp_path / "rotation.yaml"
    file.write_text(json.dumps(ROTATION))
    command = [sys.executable, "-m", "underway", "plan", "-f", str(file), "--kubeconfig", str(cluster.admin), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    plan = json.loads(done.stdout)
    assert sorted(one["pod"] for one in plan["blockers"]) == ["default/a", "default/b"], done.stderr
