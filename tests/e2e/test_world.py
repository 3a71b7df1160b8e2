"""The controllers of the embedded world and the real ones bring the same objects to the same end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from controlplane import ControlPlane, node_manifest
from underway.kube import resource as r
from underway.kube.resource import Resource
from underway.sim.apiserver.patch import merge
from underway.sim.scenario import NodeSpec, Scenario
from underway.sim.world.world import World
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Json = dict[str, Any]
NAMESPACE = "world"
HERE = {"world": "here"}
TAINT = {"key": "world", "effect": "NoSchedule"}
NODES = ("world-0", "world-1")
NOWHERE = {"spec": {"template": {"spec": {"nodeSelector": {"world": "nowhere"}}}}}
# Each over pods of its own: of several budgets over a pod the real controller keeps one up to date, an arbitrary one.
BUDGETS: dict[str, Json] = {
    "nothing": {"minAvailable": 1},
    "by-expression": {
        "maxUnavailable": 1,
        "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["half"]}]},
    },
    "share": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "quarter"}}},
    "daemons": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "agent"}}},
}


def workload(kind: str, name: str, **spec: Any) -> Json:
    """A workload that runs on our nodes alone."""
    labels = {"app": name}
    tolerations = [{"key": "world", "operator": "Exists"}]
    pod = {"nodeSelector": HERE, "tolerations": tolerations, "containers": [{"name": "app", "image": "web:1"}]}
    whole = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": whole}


def rolling(name: str, replicas: int, surge: int | str, unavailable: int | str) -> Json:
    """A Deployment with that strategy."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return workload("Deployment", name, replicas=replicas, strategy=strategy)


class Real:
    """The real control plane, with a namespace and nodes of our own."""

    def __init__(self, cluster: ControlPlane) -> None:
        self._cluster = cluster
        self.make(r.NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for name in NODES:
            node = node_manifest(name, "zone-a", "v1.36.3")
            labels = {**node["metadata"]["labels"], **HERE}
            spec = {**node.get("spec", {}), "taints": [TAINT]}
            self.make(r.NODES, {**node, "metadata": {**node["metadata"], "labels": labels}, "spec": spec})

    def make(self, _: Resource, value: Json) -> None:
        """Create an object."""
        self._cluster.kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=json.dumps(value))

    def change(self, resource: Resource, name: str, patch: Json) -> None:
        """Merge into an object."""
        self._cluster.kubectl("patch", "-n", NAMESPACE, resource.plural, name, "--type=merge", "-p", json.dumps(patch))

    def all(self, resource: Resource) -> list[Json]:
        """The objects of the namespace, or our nodes."""
        chosen = ["-l", "world=here"] if resource == r.NODES else ["-n", NAMESPACE]
        found: list[Json] = json.loads(self._cluster.kubectl("get", resource.plural, *chosen, "-o", "json"))["items"]
        return found

    def end(self) -> None:
        """Leave nothing behind."""
        self._cluster.kubectl("delete", "deploy,ds,pdb", "--all", "-n", NAMESPACE, "--wait=false")
        self._cluster.kubectl("delete", "nodes", "-l", "world=here", "--wait=false")
        self._cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


class Embedded:
    """The embedded world with the same nodes."""

    def __init__(self) -> None:
        self._world = World(
            Scenario("test", tuple(NodeSpec(name, "zone-a", HERE) for name in NODES), (), namespaces=(NAMESPACE,)), 1
        )
        self._world.create()
        self.settle()
        for name in NODES:
            self.change(r.NODES, name, {"spec": {"taints": [TAINT]}})

    def settle(self) -> None:
        """Three minutes, in which everything that moves comes to its end."""
        self._world.queue.run_until(self._world.queue.now_ms() + 180_000)

    def make(self, resource: Resource, value: Json) -> None:
        """Create an object in the namespace."""
        self._world.registry.create(resource, {**value, "metadata": {**value["metadata"], "namespace": NAMESPACE}})

    def change(self, resource: Resource, name: str, patch: Json) -> None:
        """Merge into an object."""
        namespace = "" if resource == r.NODES else NAMESPACE
        self._world.registry.mutate(resource, namespace, name, lambda now: merge(now, patch))

    def all(self, resource: Resource) -> list[Json]:
        """The objects of the namespace, or our nodes."""
        return self._world.store.ordered(resource)


@pytest.fixture
def worlds(cluster: ControlPlane) -> Iterator[tuple[Real, Embedded]]:
    """Both, and nothing left of them."""
    real = Real(cluster)
    try:
        yield real, Embedded()
    finally:
        real.end()


def rollouts(world: Real | Embedded) -> Json:
    """Each Deployment's counts, and the sizes of its ReplicaSets in the order of their revisions."""
    counted = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    found: Json = {}
    for value in world.all(r.DEPLOYMENTS):
        state = {name: value["status"].get(name, 0) for name in counted}
        available = next((c["status"] for c in value["status"].get("conditions", ()) if c["type"] == "Available"), "")
        observed = value["status"].get("observedGeneration") == value["metadata"]["generation"]
        found[value["metadata"]["name"]] = {**state, "available": available, "observed": observed, "sets": []}
    for owned in sorted(
        world.all(r.REPLICA_SETS), key=lambda one: int(one["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    ):
        found[owned["metadata"]["ownerReferences"][0]["name"]]["sets"].append(owned["spec"]["replicas"])
    return found


def budgets(world: Real | Embedded) -> Json:
    """Each budget's status, as far as it does not tell the time."""
    counted = ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")
    found = {}
    for value in world.all(r.POD_DISRUPTION_BUDGETS):
        told: Json = next(iter(value["status"].get("conditions") or ()), {})
        why = (told.get("status"), told.get("reason"), told.get("message"))
        found[value["metadata"]["name"]] = (*(value["status"].get(name, 0) for name in counted), *why)
    return found


def daemons(world: Real | Embedded) -> list[Any]:
    """Where the daemon pods are bound and by what they are there."""
    found = [pod for pod in world.all(r.PODS) if pod["metadata"]["labels"]["app"] == "agent"]
    kept = [(pod["spec"].get("nodeName"), pod["spec"]["affinity"], pod["spec"]["tolerations"]) for pod in found]
    return sorted(
        (host, affinity, sorted(map(json.dumps, (dict(sorted(t.items())) for t in those)))) for host, affinity, those in kept
    )


def taints(world: Real | Embedded) -> Json:
    """The taints of each node, without their times."""
    return {
        node["metadata"]["name"]: sorted((t["key"], t["effect"]) for t in node["spec"].get("taints") or ())
        for node in world.all(r.NODES)
    }


def agree(worlds: tuple[Real, Embedded], look: Any) -> None:
    """Wait until the real world has come to where the embedded one is."""
    real, embedded = worlds
    embedded.settle()
    wanted, seen = look(embedded), [None]

    def same() -> bool:
        seen[0] = look(real)
        return bool(seen[0] == wanted)

    try:
        wait_until(same, "the real controllers to come to the same end", 120)
    except AssertionError as error:
        raise AssertionError(f"{error}\nreal:     {json.dumps(seen[0])}\nembedded: {json.dumps(wanted)}") from None


def test_rollouts_daemons_budgets_and_taints_come_to_the_same_end(worlds: tuple[Real, Embedded]) -> None:
    made = (rolling("half", 8, 2, 1), rolling("quarter", 7, "25%", "25%"), rolling("careful", 3, 1, 0), rolling("grows", 8, 2, 1))
    for world in worlds:
        for value in made:
            world.make(r.DEPLOYMENTS, value)
        world.make(r.DAEMON_SETS, workload("DaemonSet", "agent"))
        for name, spec in BUDGETS.items():
            world.make(
                r.POD_DISRUPTION_BUDGETS,
                {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec},
            )
    agree(worlds, rollouts)
    agree(worlds, daemons)

    # New pods that fit nowhere: each rollout stands still where its fence stops it.
    for world in worlds:
        for value in made:
            world.change(r.DEPLOYMENTS, value["metadata"]["name"], NOWHERE)
    agree(worlds, rollouts)
    agree(worlds, budgets)

    for world in worlds:
        world.change(r.DEPLOYMENTS, "grows", {"spec": {"replicas": 16}})
        world.change(r.NODES, NODES[0], {"spec": {"unschedulable": True}})
    agree(worlds, rollouts)
    agree(worlds, taints)
