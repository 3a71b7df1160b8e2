"""clusterlint itself, where there is one: found, run, and heard; and the API server that shows it a generated cluster."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from clusterlint_oracle import Diagnostic, Doc
from underway.kube.resource import Resource
from underway.lint.objects.kinds import KINDS
from underway.sim.apiserver.catalogue import CATALOGUE, CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

RESOURCES = {entry.resource.kind: entry.resource for entry in CATALOGUE if entry.resource.group != "events.k8s.io"}
SNAPSHOTS = ("VolumeSnapshot", "VolumeSnapshotContent")
NAMES = {kind.lower(): kind for kind in KINDS}


class Program:
    """One executable of clusterlint."""

    def __init__(self, path: str) -> None:
        self.path = path

    def diagnostics(self, kubeconfig: Path) -> list[Diagnostic]:
        """What it finds in a cluster, sorted: check, kind, namespace, name."""
        command = [self.path, "--kubeconfig", str(kubeconfig), "--timeout", "5m", "run", "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return sorted(_diagnostic(one) for one in json.loads(done.stdout)["Diagnostics"] or ())


def _diagnostic(value: Doc) -> Diagnostic:
    """A diagnostic of its JSON. Kinds are words there: "persistent volume claim"."""
    metadata = value["Object"]
    return value["Check"], NAMES[value["Kind"].replace(" ", "").lower()], metadata.get("namespace", ""), metadata["name"]


class Served:
    """One embedded API server, which holds one cluster after the other."""

    def __init__(self) -> None:
        self._cluster = HttpsCluster(_server(()))
        self.kubeconfig = self._cluster.kubeconfig

    def __enter__(self) -> Self:
        self._cluster.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._cluster.__exit__(kind, error, trace)

    def hold(self, documents: Sequence[Doc]) -> None:
        """Show these objects from now on, and no others."""
        with self._cluster.lock:
            self._cluster.front.server = _server(documents)


def _server(documents: Sequence[Doc]) -> ApiServer:
    registry = Registry(Store(), lambda: 0, Random(1))
    for kind in SNAPSHOTS:
        registry.create(CUSTOM_RESOURCE_DEFINITIONS, _definition(KINDS[kind].paths[0]))
    for document in documents:
        resource = RESOURCES.get(document["kind"]) or KINDS[document["kind"]].paths[0]
        registry.create(resource, {**document, "apiVersion": resource.api_version})
    return ApiServer(registry)


def _definition(resource: Resource) -> Doc:
    """The definition of a custom kind that takes any object."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    names = {
        "plural": resource.plural,
        "kind": resource.kind,
        "singular": resource.kind.lower(),
        "listKind": f"{resource.kind}List",
    }
    scope = "Namespaced" if resource.namespaced else "Cluster"
    spec = {"group": resource.group, "scope": scope, "names": names, "versions": versions}
    return {"metadata": {"name": f"{resource.plural}.{resource.group}"}, "spec": spec}
