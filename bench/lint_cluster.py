"""A large cluster behind the embedded HTTPS API, in a process of its own: python -m bench.lint_cluster FOLDER PODS.

Pods are as large as real ones (some 6 KB of JSON, with managedFields, statuses and an injected sidecar). It prints READY and
serves until its standard input ends.
"""

import sys
from pathlib import Path
from random import Random
from typing import Any

from underway.kube import resource as r
from underway.sim.apiserver.catalogue import CONFIG_MAPS, SECRETS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

NAMESPACES = 100
REPLICAS = 10  # of each Deployment
NODES_SHARE = 10  # pods a node
TIME = "2026-11-01T00:00:00Z"


def _container(name: str, image: str) -> dict[str, Any]:
    env: list[dict[str, Any]] = [{"name": f"SETTING_{index}", "value": f"value-{index}-of-{name}"} for index in range(18)]
    env.append({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": "password"}}})
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3}
    return {
        "name": name,
        "image": image,
        "args": ["--listen=:8080", "--log-format=json"],
        "env": env,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "failureThreshold": 10},
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "token", "mountPath": "/var/run/secrets"}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _fields(manager: str) -> dict[str, Any]:
    fields: dict[str, Any] = {f"f:field{index}": {".": {}, "f:inner": {}} for index in range(20)}
    return {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": TIME, "fieldsV1": {"f:spec": fields}}


def _owner(kind: str, name: str, uid: str) -> list[dict[str, Any]]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True, "blockOwnerDeletion": True}]


def fill(store: Store, pods: int) -> None:
    """Nodes, and Deployments of ten pods each with all that goes with them: 1.4 other objects a Deployment besides."""
    ready = [{"type": kind, "status": "True", "lastTransitionTime": TIME} for kind in ("Initialized", "Ready", "PodScheduled")]
    for index in range(NAMESPACES):
        store.create(r.NAMESPACES, _object("Namespace", "v1", "", f"team-{index}"))
    for index in range(pods // NODES_SHARE):
        info = {"kubeletVersion": "v1.36.2", "containerRuntimeVersion": "containerd://2.1.0", "osImage": "Debian 12"}
        status = {"conditions": ready[1:2], "nodeInfo": info, "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"}}
        store.create(r.NODES, {**_object("Node", "v1", "", f"node-{index}"), "spec": {}, "status": status})
    for index in range(pods // REPLICAS):
        _workload(store, index, ready)


def _workload(store: Store, index: int, ready: list[dict[str, Any]]) -> None:
    namespace, name = f"team-{index % NAMESPACES}", f"app-{index}"
    image = f"registry.example.com/{name}:1.4.2" if index % 10 else name
    labels = {"app": name, "team": namespace, "app.kubernetes.io/managed-by": "helm"}
    volumes = [{"name": "config", "configMap": {"name": name, "defaultMode": 420}}]
    containers = [_container(name, image), _container("proxy", "registry.example.com/proxy:2.0.1")]
    spec = {"containers": containers, "volumes": volumes, "serviceAccountName": "default", "terminationGracePeriodSeconds": 30}
    template = {"metadata": {"labels": labels}, "spec": spec}
    deployment = _object("Deployment", "apps/v1", namespace, name)
    selector = {"matchLabels": {"app": name}}
    deployment["spec"] = {"replicas": REPLICAS, "selector": selector, "template": template}
    store.create(r.DEPLOYMENTS, deployment)
    replica_set = _object("ReplicaSet", "apps/v1", namespace, f"{name}-7f9")
    replica_set["metadata"]["ownerReferences"] = _owner("Deployment", name, deployment["metadata"]["uid"])
    store.create(r.REPLICA_SETS, {**replica_set, "spec": deployment["spec"]})
    owner = _owner("ReplicaSet", f"{name}-7f9", replica_set["metadata"]["uid"])
    managed = [_fields("kube-controller-manager"), _fields("kubelet")]
    for replica in range(REPLICAS):
        pod = _object("Pod", "v1", namespace, f"{name}-7f9-{replica}")
        pod["metadata"] |= {"labels": labels, "ownerReferences": owner, "managedFields": managed}
        statuses = [
            {
                "name": one["name"],
                "image": one["image"],
                "ready": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": TIME}},
            }
            for one in containers
        ]
        pod["spec"] = {**spec, "nodeName": f"node-{(index * REPLICAS + replica) // NODES_SHARE}"}
        pod["status"] = {"phase": "Running", "conditions": ready, "containerStatuses": statuses, "startTime": TIME}
        store.create(r.PODS, pod)
    service = _object("Service", "v1", namespace, name)
    store.create(r.SERVICES, {**service, "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": "http"}]}})
    if index % 5 < 3:
        store.create(CONFIG_MAPS, {**_object("ConfigMap", "v1", namespace, name), "data": {"a": "b" * 500}})
    if index % 5 < 2:
        store.create(SECRETS, {**_object("Secret", "v1", namespace, name), "type": "Opaque", "data": {"password": "eHl6"}})


_count = iter(range(10**9))


def _object(kind: str, api_version: str, namespace: str, name: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": f"uid-{next(_count)}", "creationTimestamp": TIME}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def main() -> None:
    """Serve until standard input ends."""
    folder, pods = Path(sys.argv[1]), int(sys.argv[2])
    store = Store()
    fill(store, pods)
    with HttpsCluster(ApiServer(Registry(store, lambda: 0, Random(1))), directory=folder):
        print("READY", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
