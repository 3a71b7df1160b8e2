#!/usr/bin/env python3
"""A machine provider for kwok nodes: one JSON request on stdin, one JSON reply on stdout (docs/providers/command.md).

A kwok "machine" is nothing but its Node object. Provision creates one, named after the key, so that asking twice yields the
same; Terminate marks it as ended; ListMachines tells them all. Needs kubectl, and KUBECONFIG naming the cluster.
"""

import json
import os
import subprocess
import sys
from typing import Any

KUBECTL = os.environ.get("KUBECTL", "kubectl")
KEY = "machines.underway.dev/key"
ENDED = "machines.underway.dev/ended"
SIZE = {"cpu": "16", "memory": "64Gi", "pods": "110"}
EX_USAGE = 64


def kubectl(*arguments: str, stdin: str = "") -> str:
    """Run kubectl; its output. Ends with exit code 1 and kubectl's own words if it fails."""
    done = subprocess.run([KUBECTL, *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.strip() or f"kubectl {arguments[0]} failed")
    return done.stdout


def machine(node: dict[str, Any]) -> dict[str, str]:
    """The machine behind a Node."""
    annotations = node["metadata"].get("annotations") or {}
    state = "Gone" if ENDED in annotations else "Running"
    return {"key": annotations.get(KEY, ""), "node": node["metadata"]["name"], "state": state}


def listed() -> dict[str, Any]:
    """All machines."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    return {"machines": [machine(node) for node in nodes]}


def provision(request: dict[str, Any]) -> dict[str, Any]:
    """Create the Node of a key, unless it is there."""
    name = f"kwok-{request['key']}"
    labels = {key: value for key, value in request.get("labels", {}).items() if "kubernetes.io/" not in key}
    labels |= {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": request.get("zone", ""),
    }
    unknown = dict.fromkeys(
        ("machineID", "systemUUID", "bootID", "kernelVersion", "containerRuntimeVersion", "kubeProxyVersion"), ""
    )
    info = {
        **unknown,
        "kubeletVersion": request["kubeletVersion"],
        "osImage": "kwok",
        "architecture": "amd64",
        "operatingSystem": "linux",
    }
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake", KEY: request["key"]}},
        "status": {"allocatable": SIZE, "capacity": SIZE, "nodeInfo": info},
    }
    if not kubectl("get", "node", name, "--ignore-not-found", "-o", "name"):
        kubectl("create", "-f", "-", stdin=json.dumps(node))
    return {"machines": [{"key": request["key"], "node": name, "state": "Running"}]}


def terminate(request: dict[str, Any]) -> dict[str, Any]:
    """Mark the machine of a node as ended; deleting the Node object is Underway's own act, after this."""
    if request.get("node") and kubectl("get", "node", request["node"], "--ignore-not-found", "-o", "name"):
        kubectl("annotate", "node", request["node"], f"{ENDED}=true", "--overwrite")
    return {}


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    match request.get("action"):
        case "Provision":
            reply = provision(request)
        case "Terminate":
            reply = terminate(request)
        case "ListMachines":
            reply = listed()
        case action:
            print(f"unknown action {action!r}", file=sys.stderr)
            sys.exit(EX_USAGE)
    json.dump(reply, sys.stdout)


if __name__ == "__main__":
    main()
