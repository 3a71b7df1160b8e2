"""Hands that play the controllers behind Machines and NodeClaims, under the real definitions of Cluster API and Karpenter.

A hand looks, and does what its controller would: makes as many machines as are wanted, boots a kwok node for each, ends what is
deleted. It counts what it made, so that whoever watches sees a machine that was made twice.
"""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import yaml

from aside import Aside
from build import Unavailable
from controlplane import ControlPlane, node_manifest

CLUSTER_API = ("sigs.k8s.io/cluster-api@v1.14.2", "core/config/crd/bases", "cluster.x-k8s.io_{}.yaml")
KARPENTER = ("sigs.k8s.io/karpenter@v1.14.0", "pkg/apis/crds", "karpenter.sh_{}.yaml")
VERSION, NEWER = "v1.36.3", "v1.36.4"
ZONE = "zone-a"
LOOK_S = 0.3  # how often a hand looks; as a controller's queue would wake it
MACHINES, DEPLOYMENTS = "machines.cluster.x-k8s.io", "machinedeployments.cluster.x-k8s.io"
NODE_CLAIMS = "nodeclaims.karpenter.sh"
NODES_PATH = "/api/v1/nodes"
CAPI_PATH = "/apis/cluster.x-k8s.io/v1beta2/"
MACHINES_PATH = f"{CAPI_PATH}namespaces/default/machines"
DEPLOYMENTS_PATH = f"{CAPI_PATH}namespaces/default/machinedeployments"
CLAIMS_PATH = "/apis/karpenter.sh/v1/nodeclaims"
ENDED_FIRST = "cluster.x-k8s.io/delete-machine"
REGISTERED = ("Launched", "Registered", "Initialized")
PASSING = ("Conflict", "NotFound", "AlreadyExists")  # of a write that lost a race; the next look sees what is there now


def definitions(source: tuple[str, str, str], *plurals: str) -> list[Any]:
    """Definitions out of a Go module, which is downloaded once. Raises Unavailable."""
    module, folder, file = source
    done = subprocess.run(["go", "mod", "download", "-json", module], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise Unavailable(f"{module} cannot be downloaded: {done.stdout or done.stderr}")
    root = Path(json.loads(done.stdout)["Dir"]) / folder
    return [yaml.safe_load((root / file.format(plural)).read_text()) for plural in plurals]


def install(cluster: ControlPlane) -> None:
    """Install the definitions of Cluster API and Karpenter. Raises Unavailable."""
    installed = definitions(CLUSTER_API, "clusters", "machines", "machinedeployments", "machinedrainrules")
    installed += definitions(KARPENTER, "nodeclaims", "nodepools")
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(installed))
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")


class Hand(Aside):
    """Plays the controllers of one kind of machine, while in use as a context manager.

    made: when each machine was begun, epoch seconds, by the name of its node; trouble: what went wrong; makes, boots: clear one,
    and no machine is made, or becomes a node, until it is set again. machines_path, deployments_path: where its objects are, ""
    where it has none.
    """

    machines_path = deployments_path = ""

    def __init__(self, cluster: ControlPlane) -> None:
        super().__init__()
        self.cluster = cluster
        self.trouble: list[str] = []
        self.made: dict[str, float] = {}
        self.makes, self.boots = threading.Event(), threading.Event()
        self.makes.set()
        self.boots.set()

    def run(self) -> None:
        """Look, over and over."""
        while not self.over.wait(LOOK_S):
            try:
                self.look()
            except RuntimeError as error:
                if not any(f'"reason":"{reason}"' in str(error) for reason in PASSING):
                    self.trouble.append(str(error))

    def look(self) -> None:
        """Do once what there is to do."""
        raise NotImplementedError

    def drift(self) -> None:
        """Let every machine that there is be out of date."""
        raise NotImplementedError

    def asked(self) -> bool:
        """Whether a machine was asked for that is not there yet."""
        raise NotImplementedError

    def patch(self, path: str, body: Any) -> None:
        """Change an object."""
        self.cluster.call("PATCH", path, body)

    def boot(self, name: str, annotations: dict[str, str], labels: dict[str, str]) -> str:
        """Make the Node of a machine; its providerID."""
        node = node_manifest(name, ZONE, VERSION)
        node["metadata"]["annotations"] |= annotations
        node["metadata"]["labels"] |= labels
        node["spec"] = {"providerID": f"hand:///{name}"}
        self.made.setdefault(name, time.time())
        try:
            self.cluster.call("POST", NODES_PATH, node)
        except RuntimeError as error:
            if "AlreadyExists" not in str(error):
                raise
        return f"hand:///{name}"


class ClusterApiHand(Hand):
    """Cluster API: as many Machines as replicas, each of the template's version; a finalizer until the machine is gone."""

    machines_path, deployments_path = MACHINES_PATH, DEPLOYMENTS_PATH
    finalizer = "machine.cluster.x-k8s.io"
    _count = 0

    def __init__(self, cluster: ControlPlane) -> None:
        super().__init__(cluster)
        self.ending: set[str] = set()

    def remediate(self, name: str) -> None:
        """As a MachineHealthCheck and the MachineSet: end a Machine for its health. It stays while its name is in `ending`."""
        self.ending.add(name)
        unhealthy = [{**condition(type_), "status": "False"} for type_ in ("HealthCheckSucceeded", "OwnerRemediated")]
        self.patch(f"{MACHINES_PATH}/{name}/status", {"status": {"conditions": unhealthy}})
        self.cluster.call("DELETE", f"{MACHINES_PATH}/{name}")

    def look(self) -> None:
        """Make what is missing, end what is too many or deleted, boot and tell of the rest."""
        # In this order: a Machine that goes with its replica must not look as if one were missing.
        machines = self._machines()
        deployment = self._deployment()
        wanted, replicas = deployment["spec"]["template"]["spec"]["version"], deployment["spec"]["replicas"]
        missing = replicas - len(alive(machines))
        for _ in range(missing if self.makes.is_set() else 0):
            self._create(deployment)
        if missing < 0:
            self._scale_down(replicas)
        for machine in machines:
            name, status = machine["metadata"]["name"], machine.get("status", {})
            if "deletionTimestamp" in machine["metadata"]:
                if name not in self.ending:
                    self.patch(f"{MACHINES_PATH}/{name}", {"metadata": {"finalizers": None}})
            elif "nodeRef" not in status and self.boots.is_set():
                provider_id = self.boot(f"{name}-node", {}, {})
                self.patch(f"{MACHINES_PATH}/{name}", {"spec": {"providerID": provider_id}})
                self._tell(name, machine["spec"]["version"], wanted)
            elif "nodeRef" in status and machine["spec"]["version"] != wanted and status["conditions"][0]["status"] == "True":
                self._tell(name, machine["spec"]["version"], wanted)

    def _machines(self) -> list[Any]:
        found: list[Any] = self.cluster.get(MACHINES_PATH)["items"]
        return found

    def _deployment(self) -> Any:
        return self.cluster.get(f"{DEPLOYMENTS_PATH}/workers")

    def _create(self, deployment: Any) -> None:
        labels = {"cluster.x-k8s.io/deployment-name": "workers", "cluster.x-k8s.io/cluster-name": "c1"}
        self._count += 1
        metadata = {"name": f"workers-{self._count}", "namespace": "default", "labels": labels, "finalizers": [self.finalizer]}
        spec = deployment["spec"]["template"]["spec"]
        machine = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine", "metadata": metadata, "spec": spec}
        self.cluster.call("POST", MACHINES_PATH, machine)
        self.made[f"workers-{self._count}-node"] = time.time()

    def _scale_down(self, replicas: int) -> None:
        """Delete what is too many: what is marked first, then whatever comes (MachineSet's delete order "Random")."""
        there = alive(self._machines())
        there.sort(key=lambda one: ENDED_FIRST not in one["metadata"].get("annotations", {}))
        for machine in there[: max(0, len(there) - replicas)]:
            self.cluster.call("DELETE", f"{MACHINES_PATH}/{machine['metadata']['name']}")

    def _tell(self, name: str, version: str, wanted: str) -> None:
        current = version == wanted
        up_to_date = {
            **condition("UpToDate"),
            "status": "True" if current else "False",
            "reason": "UpToDate" if current else "NotUpToDate",
            "message": "" if current else f"* Version {version}, {wanted} required",
        }
        status = {"phase": "Running", "nodeRef": {"name": f"{name}-node"}, "conditions": [up_to_date]}
        self.patch(f"{MACHINES_PATH}/{name}/status", {"status": status})

    def drift(self) -> None:
        """Change the template."""
        self.patch(f"{DEPLOYMENTS_PATH}/workers", {"spec": {"template": {"spec": {"version": NEWER}}}})

    def asked(self) -> bool:
        """Whether there are more replicas than Machines."""
        return bool(self._deployment()["spec"]["replicas"] > len(alive(self._machines())))


class KarpenterHand(Hand):
    """Karpenter: launches NodeClaims, propagates their annotations, ends them behind a finalizer."""

    machines_path = CLAIMS_PATH

    def look(self) -> None:
        """Launch what is new, end what is deleted."""
        for claim in self._claims():
            metadata, name = claim["metadata"], claim["metadata"]["name"]
            if "deletionTimestamp" in metadata:
                self.patch(f"{CLAIMS_PATH}/{name}", {"metadata": {"finalizers": None}})
            elif "nodeName" not in claim.get("status", {}) and self.makes.is_set():
                kept = {key: value for key, value in metadata.get("annotations", {}).items() if key.endswith("do-not-disrupt")}
                self.boot(f"{name}-node", kept, {"karpenter.sh/nodepool": "general"})
                self.patch(f"{CLAIMS_PATH}/{name}", {"metadata": {"finalizers": ["karpenter.sh/termination"]}})
                self._tell(name, [condition(type_) for type_ in REGISTERED])

    def _claims(self) -> list[Any]:
        found: list[Any] = self.cluster.get(CLAIMS_PATH)["items"]
        return found

    def _tell(self, name: str, conditions: list[Any]) -> None:
        node = f"{name}-node"
        status = {"nodeName": node, "providerID": f"hand:///{node}", "capacity": {"cpu": "16"}, "conditions": conditions}
        self.patch(f"{CLAIMS_PATH}/{name}/status", {"status": status})

    def drift(self) -> None:
        """Mark every NodeClaim."""
        drifted = {**condition("Drifted"), "reason": "NodePoolDrifted", "message": "NodePoolDrifted"}
        for claim in self._claims():
            self._tell(claim["metadata"]["name"], [*(condition(type_) for type_ in REGISTERED), drifted])

    def asked(self) -> bool:
        """Whether a NodeClaim waits for its node."""
        return any("nodeName" not in claim.get("status", {}) for claim in alive(self._claims()))


def alive(machines: list[Any]) -> list[Any]:
    """Those that nobody has deleted."""
    return [one for one in machines if "deletionTimestamp" not in one["metadata"]]


def condition(type_: str) -> dict[str, str]:
    """A condition that is True."""
    return {"type": type_, "status": "True", "reason": type_, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}


def cluster_api_object(kind: str, name: str, spec: dict[str, Any], **labels: str) -> dict[str, Any]:
    """An object of Cluster API's own group."""
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": kind, "metadata": metadata, "spec": spec}


def machine_deployment(replicas: int) -> list[dict[str, Any]]:
    """A Cluster, and a MachineDeployment whose Machines somebody else ends."""
    infrastructure = {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "HandMachine", "name": "workers"}
    template = {
        "clusterName": "c1",
        "version": VERSION,
        "bootstrap": {"dataSecretName": "bootstrap"},
        "infrastructureRef": infrastructure,
    }
    deployment = {
        "clusterName": "c1",
        "replicas": replicas,
        "selector": {"matchLabels": {"pool": "workers"}},
        "rollout": {"strategy": {"type": "OnDelete"}},
        "template": {"metadata": {"labels": {"pool": "workers"}}, "spec": template},
    }
    return [
        cluster_api_object("Cluster", "c1", {"controlPlaneEndpoint": {"host": "127.0.0.1", "port": 6443}}, env="e2e"),
        cluster_api_object("MachineDeployment", "workers", deployment),
    ]


def node_pool(claims: int) -> list[dict[str, Any]]:
    """A NodePool that leaves drifted nodes alone, and its NodeClaims."""
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    requirements = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]
    claim = {"nodeClassRef": reference, "requirements": requirements, "expireAfter": "Never"}
    budgets = [{"nodes": "0", "reasons": ["Drifted"]}, {"nodes": "10%"}]
    disruption = {"consolidateAfter": "Never", "budgets": budgets}
    pool = {"template": {"spec": claim}, "limits": {"cpu": "100000"}, "disruption": disruption}
    made = [
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {"name": f"general-{index}", "labels": {"karpenter.sh/nodepool": "general"}},
            "spec": claim,
        }
        for index in range(claims)
    ]
    return [{"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}, "spec": pool}, *made]
