"""Machines that are objects, on a real kube-apiserver with the definitions of Cluster API and Karpenter.

The definitions are those of their Go modules, so that whatever we write passes their schemas and rules; a hand plays the
controllers behind them, on kwok nodes. Who rotates has the rights that `underway manifests --provider` grants, and no others.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import ControlPlane, node_manifest
from e2e.gates import PATIENT
from underway.rotate.kinds.installation import PROVIDER_RULES
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).resolve().parents[2]
CLUSTER_API = ("sigs.k8s.io/cluster-api@v1.14.2", "core/config/crd/bases", "cluster.x-k8s.io_{}.yaml")
KARPENTER = ("sigs.k8s.io/karpenter@v1.14.0", "pkg/apis/crds", "karpenter.sh_{}.yaml")
VERSION = "v1.36.3"
ZONE = "zone-a"
LOOK_S = 0.3  # how often a hand looks; as a controller's queue would wake it


def definitions(source: tuple[str, str, str], *plurals: str) -> list[Any]:
    """Definitions out of a Go module, which is downloaded once."""
    module, folder, file = source
    done = subprocess.run(["go", "mod", "download", "-json", module], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{module}: {done.stdout or done.stderr}")
        pytest.skip(f"{module} cannot be downloaded: {done.stderr}")
    root = Path(json.loads(done.stdout)["Dir"]) / folder
    return [yaml.safe_load((root / file.format(plural)).read_text()) for plural in plurals]


class Hand(threading.Thread):
    """Plays the controllers of one kind of machine: looks, and does what they would. trouble: what went wrong with it."""

    def __init__(self, cluster: ControlPlane) -> None:
        super().__init__(daemon=True)
        self.cluster = cluster
        self.over = threading.Event()
        self.trouble: list[str] = []
        self.made = 0

    def run(self) -> None:
        while not self.over.wait(LOOK_S):
            try:
                self.look()
            except RuntimeError as error:
                # A write that lost a race; the next look sees what is there now.
                if "Conflict" not in str(error) and "NotFound" not in str(error):
                    self.trouble.append(str(error))

    def look(self) -> None:
        raise NotImplementedError

    def all(self, kind: str) -> list[Any]:
        found: list[Any] = json.loads(self.cluster.kubectl("get", kind, "-A", "-o", "json"))["items"]
        return found

    def patch(self, kind: str, name: str, body: Any, *, status: bool = False, namespace: str = "") -> None:
        where = ["-n", namespace] if namespace else []
        also = ["--subresource=status"] if status else []
        self.cluster.kubectl("patch", kind, name, *where, *also, "--type=merge", "-p", json.dumps(body))

    def boot(self, name: str, annotations: dict[str, str], labels: dict[str, str]) -> str:
        """The Node of a machine; its providerID."""
        node = node_manifest(name, ZONE, VERSION)
        node["metadata"]["annotations"] |= annotations
        node["metadata"]["labels"] |= labels
        node["spec"] = {"providerID": f"hand:///{name}"}
        if name not in {one["metadata"]["name"] for one in self.all("nodes")}:
            self.cluster.kubectl("create", "-f", "-", stdin=json.dumps(node))
        return f"hand:///{name}"


class ClusterApiHand(Hand):
    """Cluster API: as many Machines as replicas, each of the template's version; a finalizer until the machine is gone."""

    finalizer = "machine.cluster.x-k8s.io"

    def look(self) -> None:
        # In this order: a Machine that goes with its replica must not look as if one were missing.
        machines = self.all("machines.cluster.x-k8s.io")
        (deployment,) = self.all("machinedeployments.cluster.x-k8s.io")
        wanted = deployment["spec"]["template"]["spec"]["version"]
        alive = [one for one in machines if "deletionTimestamp" not in one["metadata"]]
        for _ in range(deployment["spec"]["replicas"] - len(alive)):
            self.made += 1
            self.create(f"workers-{self.made}", deployment)
        for machine in machines:
            name, status = machine["metadata"]["name"], machine.get("status", {})
            if "deletionTimestamp" in machine["metadata"]:
                self.patch("machines.cluster.x-k8s.io", name, {"metadata": {"finalizers": None}}, namespace="default")
            elif "nodeRef" not in status:
                provider_id = self.boot(f"{name}-node", {}, {})
                self.patch("machines.cluster.x-k8s.io", name, {"spec": {"providerID": provider_id}}, namespace="default")
                self.told(name, f"{name}-node", machine["spec"]["version"], wanted)
            elif machine["spec"]["version"] != wanted and status["conditions"][0]["status"] == "True":
                self.told(name, f"{name}-node", machine["spec"]["version"], wanted)

    def create(self, name: str, deployment: Any) -> None:
        labels = {"cluster.x-k8s.io/deployment-name": "workers", "cluster.x-k8s.io/cluster-name": "c1"}
        metadata = {"name": name, "namespace": "default", "labels": labels, "finalizers": [self.finalizer]}
        spec = deployment["spec"]["template"]["spec"]
        body = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine", "metadata": metadata, "spec": spec}
        self.cluster.kubectl("create", "-f", "-", stdin=json.dumps(body))

    def told(self, name: str, node: str, version: str, wanted: str) -> None:
        current = version == wanted
        condition = {
            "type": "UpToDate",
            "status": "True" if current else "False",
            "reason": "UpToDate" if current else "NotUpToDate",
            "message": "" if current else f"* Version {version}, {wanted} required",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        status = {"phase": "Running", "nodeRef": {"name": node}, "conditions": [condition]}
        self.patch("machines.cluster.x-k8s.io", name, {"status": status}, status=True, namespace="default")


class KarpenterHand(Hand):
    """Karpenter: launches NodeClaims, propagates their annotations, ends them behind a finalizer."""

    def look(self) -> None:
        for claim in self.all("nodeclaims.karpenter.sh"):
            metadata, name = claim["metadata"], claim["metadata"]["name"]
            if "deletionTimestamp" in metadata:
                self.patch("nodeclaims.karpenter.sh", name, {"metadata": {"finalizers": None}})
            elif "nodeName" not in claim.get("status", {}):
                kept = {key: value for key, value in metadata.get("annotations", {}).items() if key.endswith("do-not-disrupt")}
                provider_id = self.boot(f"{name}-node", kept, {"karpenter.sh/nodepool": "general"})
                self.patch("nodeclaims.karpenter.sh", name, {"metadata": {"finalizers": ["karpenter.sh/termination"]}})
                self.told(name, provider_id, [condition("Launched"), condition("Registered"), condition("Initialized")])

    def told(self, name: str, provider_id: str, conditions: list[Any]) -> None:
        status = {"nodeName": f"{name}-node", "providerID": provider_id, "capacity": {"cpu": "16"}, "conditions": conditions}
        self.patch("nodeclaims.karpenter.sh", name, {"status": status}, status=True)


def workload(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "app", "image": "app", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def condition(type_: str) -> dict[str, str]:
    return {"type": type_, "status": "True", "reason": type_, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def home() -> Iterator[ControlPlane]:
    """A control plane of its own: what is installed here concerns no other test."""
    from binaries import require_control_plane

    require_control_plane()
    with ControlPlane() as running:
        installed = definitions(CLUSTER_API, "clusters", "machines", "machinedeployments", "machinedrainrules")
        installed += definitions(KARPENTER, "nodeclaims", "nodepools")
        running.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(installed))
        running.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        running.kubectl("apply", "-f", str(REPOSITORY / "deploy/rbac.yaml"))
        yield running


def rights(cluster: ControlPlane, user: str, provider: str) -> None:
    """What a person needs to rotate, and what a provider needs besides."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": user}}
    cluster.apply([{**role, "rules": PROVIDER_RULES[provider]}])
    for name, granted in ((f"{user}-rotates", "underway"), (user, user)):
        cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={granted}", f"--user={user}")
    cluster.kubectl("create", "rolebinding", user, "-n", "kube-system", "--role=underway", f"--user={user}")
    cluster.kubeconfig(user, ("system:serviceaccounts",))  # whose requests are in the audit log


def rotate(
    cluster: ControlPlane, folder: Path, user: str, spec: dict[str, Any], command: str = "rotate"
) -> "subprocess.CompletedProcess[str]":
    body = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": user}, "spec": spec}
    path = folder / f"{user}.yaml"
    path.write_text(yaml.safe_dump(body))
    return subprocess.run(
        [sys.executable, "-m", "underway", command, "-f", str(path)],
        env={**os.environ, "KUBECONFIG": str(cluster.folder / f"{user}.kubeconfig")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def asked_by(cluster: ControlPlane, user: str, group: str) -> tuple[set[tuple[str, str]], list[str]]:
    """What a user did with the resources of a group, and what was refused."""
    used, refused = set(), []
    for line in cluster.audit_log.read_text().splitlines():
        event = json.loads(line)
        about = event.get("objectRef") or {}
        if event["user"]["username"] == user and about.get("apiGroup") == group:
            used.add((about["resource"], event["verb"]))
            if event.get("responseStatus", {}).get("code") in (403, 422):
                refused.append(f"{event['verb']} {about['resource']}: {event['responseStatus'].get('message')}")
    return used, refused


def granted(provider: str, group: str) -> set[tuple[str, str]]:
    rules = [rule for rule in PROVIDER_RULES[provider] if group in rule["apiGroups"]]
    return {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}


def evictions(cluster: ControlPlane, user: str) -> list[str]:
    """The names of the pods that a user has evicted, in order."""
    names = []
    for line in cluster.audit_log.read_text().splitlines():
        event = json.loads(line)
        about = event.get("objectRef") or {}
        evicts = about.get("subresource") == "eviction" and event.get("responseStatus", {}).get("code") == 201
        if event["user"]["username"] == user and evicts:
            names.append(about["name"])
    return names


def nodes(cluster: ControlPlane) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]}


def ready(cluster: ControlPlane, count: int) -> bool:
    """Whether so many nodes are open for pods."""
    return sum("taints" not in node.get("spec", {}) for node in nodes(cluster).values()) == count


@pytest.fixture(autouse=True)
def emptied(home: ControlPlane) -> Iterator[None]:
    """Each test has its own nodes."""
    yield
    for kind in ("deploy", "machinedeployments.cluster.x-k8s.io", "pods"):
        home.kubectl("delete", kind, "--all", "-n", "default", "--grace-period=0", "--force", "--wait=false", check=False)
    home.kubectl("delete", "nodes", "--all")


SPEC = {"target": {"drifted": True}, "pace": {"maxSurge": 1}, "drain": {"deregistration": "1s"}, "health": PATIENT}


def test_machines_of_cluster_api_are_replaced_and_drained_by_their_rules(home: ControlPlane, tmp_path: Path) -> None:
    user = "captain"
    rights(home, user, "ClusterAPI")
    template = {
        "clusterName": "c1",
        "version": "v1.36.3",
        "bootstrap": {"dataSecretName": "bootstrap"},
        "infrastructureRef": {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "HandMachine", "name": "workers"},
    }
    deployment = {
        "clusterName": "c1",
        "replicas": 2,
        "selector": {"matchLabels": {"pool": "workers"}},
        "rollout": {"strategy": {"type": "OnDelete"}},
        "template": {"metadata": {"labels": {"pool": "workers"}}, "spec": template},
    }
    skip = {
        "drain": {"behavior": "Skip"},
        "machines": [{"clusterSelector": {"matchLabels": {"env": "e2e"}}}],
        "pods": [{"selector": {"matchLabels": {"app": "agent"}}}],
    }
    last = {"drain": {"behavior": "Drain", "order": 10}, "pods": [{"selector": {"matchLabels": {"app": "data"}}}]}
    cluster = {"controlPlaneEndpoint": {"host": "127.0.0.1", "port": 6443}}
    objects = [
        ("Cluster", "c1", cluster),
        ("MachineDeployment", "workers", deployment),
        ("MachineDrainRule", "agents-stay", skip),
        ("MachineDrainRule", "data-goes-last", last),
    ]
    home.apply(
        [
            {
                "apiVersion": "cluster.x-k8s.io/v1beta2",
                "kind": kind,
                "metadata": {"name": name, "namespace": "default", **({"labels": {"env": "e2e"}} if kind == "Cluster" else {})},
                "spec": spec,
            }
            for kind, name, spec in objects
        ]
    )
    hand = ClusterApiHand(home)
    hand.start()
    try:
        wait_until(lambda: ready(home, 2), "two nodes", 120)
        home.apply([workload("web", 4), workload("data", 2)])
        agents = [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"agent-{name}", "namespace": "default", "labels": {"app": "agent"}},
                "spec": {"nodeName": name, "containers": [{"name": "app", "image": "agent"}]},
            }
            for name in nodes(home)
        ]
        home.apply(agents)
        home.kubectl("wait", "deploy", "--all", "-n", "default", "--for=condition=Available", "--timeout=120s")
        running = json.loads(home.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
        beside = {
            data["metadata"]["name"]: {
                web["metadata"]["name"]
                for web in running
                if web["metadata"]["labels"]["app"] == "web" and web["spec"].get("nodeName") == data["spec"].get("nodeName")
            }
            for data in running
            if data["metadata"]["labels"]["app"] == "data"
        }
        old = set(nodes(home))
        new = {"spec": {"template": {"spec": {"version": "v1.36.4"}}}}
        hand.patch("machinedeployments.cluster.x-k8s.io", "workers", new, namespace="default")
        wait_until(lambda: "NotUpToDate" in home.kubectl("get", "machines.cluster.x-k8s.io", "-A", "-o", "json"), "drift", 60)
        spec = {**SPEC, "machines": {"provider": "ClusterAPI"}}
        planned = rotate(home, tmp_path, user, spec, "plan")
        assert planned.returncode == 0, planned.stdout + planned.stderr
        assert "Version v1.36.3, v1.36.4 required" in " ".join(planned.stdout.split())
        done = rotate(home, tmp_path, user, spec)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        hand.over.set()
        hand.join(30)
    assert hand.trouble == []
    assert set(nodes(home)) & old == set()
    assert len(nodes(home)) == 2
    (left,) = json.loads(home.kubectl("get", "machinedeployments.cluster.x-k8s.io", "-n", "default", "-o", "json"))["items"]
    assert left["spec"]["replicas"] == 2
    assert "rotation.underway.dev/asked" not in left["metadata"].get("annotations", {})
    order = evictions(home, user)
    assert {name.split("-")[0] for name in order} == {"web", "data"}
    assert not [name for name in order if name.startswith("agent")]
    for data, webs in beside.items():
        first = order.index(data)
        assert all(order.index(web) < first for web in webs), f"{data} went before its node's pods of a lower order"
    used, refused = asked_by(home, user, "cluster.x-k8s.io")
    assert refused == []
    assert used == granted("ClusterAPI", "cluster.x-k8s.io")


def test_node_claims_of_karpenter_are_replaced_and_the_two_never_fight(home: ControlPlane, tmp_path: Path) -> None:
    user = "mate"
    rights(home, user, "Karpenter")
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    requirements = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]
    pool = {
        "template": {"spec": {"nodeClassRef": reference, "requirements": requirements, "expireAfter": "Never"}},
        "limits": {"cpu": "1000"},
        "disruption": {"consolidateAfter": "Never", "budgets": [{"nodes": "0", "reasons": ["Drifted"]}, {"nodes": "10%"}]},
    }
    head = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}}
    home.apply([{**head, "spec": pool}])
    claims = [
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {"name": f"general-{index}", "labels": {"karpenter.sh/nodepool": "general"}},
            "spec": {"nodeClassRef": reference, "requirements": requirements, "expireAfter": "Never"},
        }
        for index in range(2)
    ]
    home.apply(claims)
    hand = KarpenterHand(home)
    hand.start()
    try:
        wait_until(lambda: ready(home, 2), "two nodes", 120)
        home.apply([workload("shop", 4)])
        home.kubectl("wait", "deploy", "--all", "-n", "default", "--for=condition=Available", "--timeout=120s")
        old = set(nodes(home))
        for index in range(2):
            name = f"general-{index}"
            drifted = {**condition("Drifted"), "reason": "NodePoolDrifted", "message": "NodePoolDrifted"}
            registered = [condition(type_) for type_ in ("Launched", "Registered", "Initialized")]
            hand.told(name, f"hand:///{name}-node", [*registered, drifted])
        gates = [{"gate": "nodes-ready"}, {"gate": "quota"}]
        done = rotate(home, tmp_path, user, {**SPEC, "machines": {"provider": "Karpenter"}, "health": gates})
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        hand.over.set()
        hand.join(30)
    assert hand.trouble == []
    there = nodes(home)
    assert set(there) & old == set()
    assert len(there) == 2
    left = json.loads(home.kubectl("get", "nodeclaims.karpenter.sh", "-o", "json"))["items"]
    assert len(left) == 2
    protected = [
        one["metadata"]["name"]
        for one in [*left, *there.values()]
        if "karpenter.sh/do-not-disrupt" in one["metadata"].get("annotations", {})
    ]
    assert protected == [], "Karpenter may consolidate again"
    used, refused = asked_by(home, user, "karpenter.sh")
    assert refused == []
    assert used == granted("Karpenter", "karpenter.sh")
