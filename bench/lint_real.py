"""A large cluster on a real kube-apiserver, in processes of its own: python -m bench.lint_real FOLDER PODS.

The objects are those of `bench.lint_cluster`, with their statuses; they are put into etcd directly, as kube-apiserver would read
them there, since creating and then patching a hundred thousand of them through the API takes many minutes. No controller runs.
It prints READY and serves until its standard input ends.
"""

import base64
import json
import shutil
import sys
import urllib.request
from pathlib import Path

from bench.lint_cluster import fill
from controlplane import ControlPlane
from underway.sim.apiserver.catalogue import CATALOGUE
from underway.sim.store import Object, Store

AT_ONCE = 100  # operations of one transaction; etcd takes 128
# Where the registry of a resource keeps its objects, if not under its plural. Source: kubernetes pkg/registry/core/rest.
FOLDERS = {"nodes": "minions", "services": "services/specs"}


def stored(store: Store) -> list[tuple[str, Object]]:
    """The objects with their keys in etcd."""
    found = []
    for entry in CATALOGUE:
        resource = entry.resource
        for value in store.values(resource):
            metadata = {key: part for key, part in value["metadata"].items() if key != "resourceVersion"}
            parts = ("/registry", FOLDERS.get(resource.plural, resource.plural), metadata.get("namespace", ""), metadata["name"])
            whole = {**value, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
            found.append(("/".join(part for part in parts if part), whole))
    return found


def feed(etcd: str, objects: list[tuple[str, Object]]) -> None:
    """Put objects into etcd, a hundred at once."""
    for start in range(0, len(objects), AT_ONCE):
        puts = [
            {"requestPut": {"key": _base64(key.encode()), "value": _base64(json.dumps(value).encode())}}
            for key, value in objects[start : start + AT_ONCE]
        ]
        body = json.dumps({"success": puts}).encode()
        # The address is that of the etcd which this process started.
        with urllib.request.urlopen(urllib.request.Request(f"{etcd}/v3/kv/txn", data=body)) as answer:  # noqa: S310
            answer.read()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> None:
    """Serve until standard input ends."""
    folder, pods = Path(sys.argv[1]), int(sys.argv[2])
    store = Store()
    fill(store, pods)
    objects = stored(store)
    with ControlPlane(controllers=False) as cluster:
        feed(cluster.etcd, objects)
        shutil.copy(cluster.admin, folder / "kubeconfig")
        print("READY", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
