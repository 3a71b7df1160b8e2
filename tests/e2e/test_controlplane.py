"""The control plane that the other tests stand on."""

import json

import pytest

from controlplane import ControlPlane
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_nodes_become_ready_and_pods_run(cluster: ControlPlane) -> None:
    cluster.add_nodes(3, "v1.36.3", prefix="smoke")
    cluster.kubectl("create", "deployment", "smoke", "--image=web", "--replicas=4")
    cluster.kubectl("create", "pdb", "smoke", "--selector=app=smoke", "--min-available=4")
    wait_until(
        lambda: cluster.kubectl("get", "deploy", "smoke", "-o", "jsonpath={.status.availableReplicas}") == "4", "4 pods available"
    )
    wait_until(
        lambda: cluster.kubectl("get", "pdb", "smoke", "-o", "jsonpath={.status.currentHealthy}") == "4",
        "the budget to be counted",
    )

    pod = json.loads(cluster.kubectl("get", "pods", "-l", "app=smoke", "-o", "json"))["items"][0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": "default"}}
    with pytest.raises(RuntimeError, match="Cannot evict pod as it would violate the pod's disruption budget"):
        cluster.kubectl(
            "create", "--raw", f"/api/v1/namespaces/default/pods/{pod}/eviction", "-f", "-", stdin=json.dumps(eviction)
        )

    with pytest.raises(RuntimeError, match="forbidden"):
        cluster.kubectl("get", "pods", "--as=nobody")
