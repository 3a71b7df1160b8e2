"""`underway ingress migrate` on the embedded cluster: step by step, frozen, resumed and taken back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS, INGRESSES
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from unit.ingress.converting import nginx, path

GATEWAYS = Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
ROUTES = Resource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")


def definition(plural: str, kind: str) -> dict[str, Any]:
    """A definition that takes whatever the kind holds: what the real one takes is tested in e2e."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    spec = {"group": GATEWAYS.group, "names": names, "scope": "Namespaced", "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GATEWAYS.group}", "annotations": {"api-approved.kubernetes.io": "test"}},
        "spec": spec,
    }


class Cluster:
    """An embedded cluster with two Ingresses of class nginx, and the command against it."""

    def __init__(self, registry: Registry, running: HttpsCluster) -> None:
        self.registry, self.running = registry, running

    def migrate(self, step: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "underway", "ingress", "migrate", step, "--class", "nginx"]
        command += ["--kubeconfig", str(self.running.kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def names(self, resource: Resource) -> list[str]:
        return sorted(one["metadata"]["name"] for one in self.registry.store.values(resource))

    def ingress(self) -> dict[str, Any]:
        found: dict[str, Any] = self.registry.get(INGRESSES, "shop", "web")
        return found


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    server = ApiServer(registry)
    for plural, kind in (("gateways", "Gateway"), ("httproutes", "HTTPRoute"), ("referencegrants", "ReferenceGrant")):
        registry.create(CUSTOM_RESOURCE_DEFINITIONS, definition(plural, kind))
    registry.create(NAMESPACES, {"metadata": {"name": "shop"}})
    registry.create(NAMESPACES, {"metadata": {"name": "gateways"}})
    for name, host in (("web", "a.com"), ("api", "b.com")):
        registry.create(INGRESSES, nginx(f"shop/{name}", {host: [path("/")]}))
    with HttpsCluster(server, directory=tmp_path) as running:
        yield Cluster(registry, running)


def test_status_shows_the_steps_and_writes_nothing(cluster: Cluster) -> None:
    revision = cluster.registry.store.revision
    done = cluster.migrate("status")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == [
        "class nginx: 2 Ingresses",
        "  1. next    applied   convert, prove, and apply Gateways and routes beside the Ingresses",
        "  2. later   compared  replay requests against both data planes, and compare the answers",
    ]
    assert cluster.registry.store.revision == revision


def test_apply_proves_and_puts_routes_beside_the_ingresses_and_may_be_sent_twice(cluster: Cluster) -> None:
    done = cluster.migrate("apply")
    assert done.returncode == 0, done.stderr
    assert "2 Ingresses became 3 objects; the judge says PROVED" in done.stderr
    assert (cluster.names(GATEWAYS), cluster.names(ROUTES)) == (["nginx"], ["api", "web"])
    assert cluster.ingress()["metadata"]["annotations"]["migrate.underway.dev/step"] == "Applied"
    again = cluster.migrate("apply")
    assert again.returncode == 0, again.stderr
    assert cluster.names(ROUTES) == ["api", "web"]


def test_a_step_cannot_be_left_out(cluster: Cluster) -> None:
    done = cluster.migrate("retire")
    assert (done.returncode, done.stderr) == (1, "blocked  Retired comes after Shifted; take that step first\n")


def test_a_frozen_migration_does_nothing_until_it_is_resumed(cluster: Cluster) -> None:
    assert cluster.migrate("freeze").returncode == 0
    assert "the migration is frozen" in cluster.migrate("apply").stderr
    assert cluster.names(ROUTES) == []
    assert cluster.migrate("resume").returncode == 0
    assert cluster.migrate("apply").returncode == 0


def test_undo_goes_back_step_by_step_to_where_it_began(cluster: Cluster) -> None:
    before = cluster.ingress()
    assert cluster.migrate("apply").returncode == 0
    done = cluster.migrate("undo")
    assert "Applied is undone, 3 objects are deleted" in done.stdout
    assert (cluster.names(GATEWAYS), cluster.names(ROUTES)) == ([], [])
    after = cluster.ingress()
    assert after["spec"] == before["spec"]
    assert "migrate.underway.dev/step" not in after["metadata"].get("annotations", {})


def test_losses_stop_it_unless_they_are_accepted(cluster: Cluster) -> None:
    cluster.registry.create(INGRESSES, nginx("shop/wild", {"*.c.com": [path("/")]}))
    done = cluster.migrate("apply")
    assert done.returncode == 1
    assert "GET http://a.b.c.com/ was not answered by this host, and now is" in done.stderr
    assert cluster.names(ROUTES) == []
    assert cluster.migrate("apply", "--accept-losses").returncode == 0


def test_missing_definitions_are_named(cluster: Cluster) -> None:
    cluster.registry.create(INGRESSES, nginx("shop/grpc", {"g.com": [path("/a.B")]}, {"backend-protocol": "GRPC"}))
    done = cluster.migrate("apply")
    assert done.returncode == 3
    assert "are the definitions of the Gateway API installed, in that version?" in done.stderr


def test_a_class_that_nobody_has(cluster: Cluster) -> None:
    done = cluster.migrate("apply", "--class", "none")
    assert "there is no Ingress of class 'none'" in done.stderr


def test_compare_wants_to_know_what_with_what(cluster: Cluster) -> None:
    assert cluster.migrate("apply").returncode == 0
    done = cluster.migrate("compare")
    assert (done.returncode, "compare wants --old" in done.stderr) == (2, True)
