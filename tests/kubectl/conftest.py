"""kubectl against the embedded cluster: one small world over HTTPS, kept running at ten times the speed of life."""

from collections.abc import Iterator

import pytest

from kubectl.command import Kubectl, find_kubectl
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.pace import Pace
from underway.sim.scenario import DAEMONS, App, NodeSpec, Scenario, parameters
from underway.sim.world.world import World

SPEED = 10.0
NODES = tuple(NodeSpec(f"node-{index}", "zone-a", {"pool": "workers"}) for index in range(4))


def small_world() -> World:
    """Four nodes, a DaemonSet, a Deployment with a budget and a Service, a StatefulSet."""
    manifests = DAEMONS[0].daemon_set()
    manifests += App(
        name="web", namespace="shop", replicas=4, budget={"maxUnavailable": 1}, pre_stop_s=0, stop_s=0.5, rps=1
    ).deployment()
    manifests += App(name="db", namespace="data", replicas=1, pre_stop_s=0, stop_s=0.5).stateful_set()
    world = World(Scenario("kubectl", NODES, tuple(manifests)), seed=1)
    world.start()
    return world


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl, and a cluster behind it."""
    binary = find_kubectl()
    if binary is None:
        pytest.skip("there is no kubectl: neither on PATH nor built by e2e/controlplane (make e2e)")
    world = small_world()
    cluster = HttpsCluster(world.server)
    with cluster, Pace(world.queue.now_ms, world.queue.run_until, cluster.lock, SPEED):
        yield Kubectl(binary, world, cluster, tmp_path_factory.mktemp("home"))


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    name: str = request.node.name.replace("_", "-").replace("[", "-").replace("]", "").lower()[:60]
    kubectl("apply", "-f", "-", stdin=f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    return name


DEPLOYMENT = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}, annotations: {parameters(start_s=0.5, ready_s=0.5, stop_s=0.5)}}}
    spec:
      containers: [{{name: app, image: "registry.example/web:1"}}]
"""


@pytest.fixture
def deployment(kubectl: Kubectl, namespace: str) -> str:
    """The namespace of a Deployment "web" of two available replicas."""
    kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=15s")
    return namespace
