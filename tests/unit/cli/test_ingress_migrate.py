"""`underway ingress migrate` on the embedded cluster: step by step, frozen, resumed and taken back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from underway.cli.ingress.migrate import _send, command
from underway.ingress import migration
from underway.ingress.conversion import convert
from underway.ingress.layout import Options
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.resource import NAMESPACES, Resource
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS, INGRESSES
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from unit.ingress.converting import nginx, path

GATEWAYS = Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
STEPS = ("apply", "compare", "shift", "retire")
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

    def from_a_shell(self, step: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, "-m", "underway", "ingress", "migrate", step, "--class", "nginx"]
        words += ["--kubeconfig", str(self.running.kubeconfig), *arguments]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def migrate(self, step: str, *arguments: str) -> Result:
        """The same without a process of its own."""
        return CliRunner().invoke(command, [step, "--class", "nginx", "--kubeconfig", str(self.running.kubeconfig), *arguments])

    def send(self, requests: list[Request]) -> None:
        """What a command has sent before it was killed."""

        async def all_of_them() -> None:
            async with HttpApi(connection(str(self.running.kubeconfig), "")) as api:
                for request in requests:
                    assert (await api.call(request)).ok

        asyncio.run(all_of_them())

    def reach(self, step: str) -> None:
        """Take all steps up to one."""
        for one in STEPS[: STEPS.index(step) + 1]:
            self.take(one)

    def take(self, step: str) -> None:
        """Take a step; the comparison of two data planes is written down as if it had been made."""
        if step == "compare":
            self.send(migration.marking(self.state(), migration.Step.COMPARED))
        else:
            done = self.migrate(step)
            assert done.exit_code == 0, done.output

    def state(self) -> migration.State:
        return migration.state_of([dict(one) for one in self.registry.store.values(INGRESSES)], "nginx")

    def names(self, resource: Resource) -> list[str]:
        return sorted(one["metadata"]["name"] for one in self.registry.store.values(resource))

    def ingress(self) -> dict[str, Any]:
        found: dict[str, Any] = self.registry.get(INGRESSES, "shop", "web")
        return found


@contextmanager
def embedded(directory: Path) -> Iterator[Cluster]:
    directory.mkdir(exist_ok=True)
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    server = ApiServer(registry)
    for plural, kind in (("gateways", "Gateway"), ("httproutes", "HTTPRoute"), ("referencegrants", "ReferenceGrant")):
        registry.create(CUSTOM_RESOURCE_DEFINITIONS, definition(plural, kind))
    registry.create(NAMESPACES, {"metadata": {"name": "shop"}})
    registry.create(NAMESPACES, {"metadata": {"name": "gateways"}})
    for name, host in (("web", "a.com"), ("api", "b.com")):
        registry.create(INGRESSES, nginx(f"shop/{name}", {host: [path("/")]}))
    with HttpsCluster(server, directory=directory) as running:
        yield Cluster(registry, running)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with embedded(tmp_path) as made:
        yield made


def test_status_shows_the_steps_and_writes_nothing(cluster: Cluster) -> None:
    revision = cluster.registry.store.revision
    done = cluster.migrate("status")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[:3] == [
        "class nginx: 2 Ingresses",
        "  1. next    applied   convert, prove, and apply Gateways and routes beside the Ingresses",
        "  2. later   compared  replay requests against both data planes, and compare the answers",
    ]
    assert cluster.registry.store.revision == revision


def test_apply_proves_and_puts_routes_beside_the_ingresses_and_may_be_sent_twice(cluster: Cluster) -> None:
    done = cluster.migrate("apply")
    assert done.exit_code == 0, done.stderr
    assert "2 Ingresses became 3 objects; the judge says PROVED" in done.stderr
    assert (cluster.names(GATEWAYS), cluster.names(ROUTES)) == (["nginx"], ["api", "web"])
    assert cluster.ingress()["metadata"]["annotations"]["migrate.underway.dev/step"] == "Applied"
    again = cluster.migrate("apply")
    assert again.exit_code == 0, again.stderr
    assert cluster.names(ROUTES) == ["api", "web"]


def test_a_step_cannot_be_left_out(cluster: Cluster) -> None:
    done = cluster.migrate("retire")
    assert (done.exit_code, done.stderr) == (1, "blocked  Retired comes after Shifted; take that step first\n")


def test_a_frozen_migration_does_nothing_until_it_is_resumed(cluster: Cluster) -> None:
    assert cluster.migrate("freeze").exit_code == 0
    assert "the migration is frozen" in cluster.migrate("apply").stderr
    assert cluster.names(ROUTES) == []
    assert cluster.migrate("resume").exit_code == 0
    assert cluster.migrate("apply").exit_code == 0


def test_undo_goes_back_step_by_step_to_where_it_began(cluster: Cluster) -> None:
    before = cluster.ingress()
    assert cluster.migrate("apply").exit_code == 0
    done = cluster.migrate("undo")
    assert "Applied is undone, 3 objects are deleted" in done.stdout
    assert (cluster.names(GATEWAYS), cluster.names(ROUTES)) == ([], [])
    after = cluster.ingress()
    assert after["spec"] == before["spec"]
    assert "migrate.underway.dev/step" not in after["metadata"].get("annotations", {})


def test_losses_stop_it_unless_they_are_accepted(cluster: Cluster) -> None:
    cluster.registry.create(INGRESSES, nginx("shop/wild", {"*.c.com": [path("/")]}))
    done = cluster.migrate("apply")
    assert done.exit_code == 1
    assert "GET http://a.b.c.com/ was not answered by this host, and now is" in done.stderr
    assert cluster.names(ROUTES) == []
    assert cluster.migrate("apply", "--accept-losses").exit_code == 0


def test_missing_definitions_are_named(cluster: Cluster) -> None:
    cluster.registry.create(INGRESSES, nginx("shop/grpc", {"g.com": [path("/a.B")]}, {"backend-protocol": "GRPC"}))
    done = cluster.from_a_shell("apply")
    assert done.returncode == 3
    assert "are the definitions of the Gateway API installed, in that version?" in done.stderr


def test_a_class_that_nobody_has(cluster: Cluster) -> None:
    done = cluster.migrate("apply", "--class", "none")
    assert "there is no Ingress of class 'none'" in done.stderr


def test_compare_wants_to_know_what_with_what(cluster: Cluster) -> None:
    assert cluster.migrate("apply").exit_code == 0
    done = cluster.from_a_shell("compare")
    assert (done.returncode, "compare wants --old" in done.stderr) == (2, True)


def picture(cluster: Cluster) -> tuple[Any, ...]:
    """All that a migration may write: the Ingresses' classes and marks, and what stands beside them."""
    marks = [
        (one["metadata"]["name"], one["spec"]["ingressClassName"], one["metadata"].get("annotations") or {})
        for one in cluster.registry.store.values(INGRESSES)
    ]
    return (sorted(marks), cluster.names(GATEWAYS), cluster.names(ROUTES))


def test_each_step_is_taken_shown_and_taken_back(cluster: Cluster) -> None:
    pictures = [picture(cluster)]
    for step in STEPS:
        cluster.take(step)
        pictures.append(picture(cluster))
    assert {one["spec"]["ingressClassName"] for one in cluster.registry.store.values(INGRESSES)} == {"nginx-retired"}
    for before in reversed(pictures[:-1]):
        assert cluster.migrate("undo").exit_code == 0
        assert picture(cluster) == before
    assert "nothing is done that could be undone" in cluster.migrate("undo").stdout


@pytest.mark.parametrize("step", STEPS)
def test_a_migration_frozen_after_any_step_takes_no_other(cluster: Cluster, step: str) -> None:
    cluster.reach(step)
    assert cluster.migrate("freeze").exit_code == 0
    frozen = picture(cluster)
    following = STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]
    refused = cluster.migrate(following)
    assert (refused.exit_code, "the migration is frozen" in refused.stderr) == (1, True)
    assert picture(cluster) == frozen
    assert cluster.migrate("resume").exit_code == 0
    assert "frozen" not in cluster.migrate("status").stdout


def requests_of(cluster: Cluster, step: str) -> list[Request]:
    """The requests of a step, in the order in which it sends them."""
    state = cluster.state()
    made = [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", **one}
        for one in cluster.registry.store.values(GATEWAYS)
    ]
    made += [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", **one}
        for one in cluster.registry.store.values(ROUTES)
    ]
    routes = [one for one in made if one["kind"] == "HTTPRoute"]
    return {
        "apply": lambda: migration.applying(state, convert(list(state.ingresses), Options(topology="shared")).objects),
        "shift": lambda: migration.shifting(state, routes, 100),
        "retire": lambda: migration.retiring(state),
        "undo": lambda: migration.undoing(state, made),
    }[step]()


@pytest.mark.parametrize(
    ("reached", "step", "arguments"),
    [
        ("", "apply", ()),
        ("compare", "shift", ("--weight", "100")),
        ("shift", "retire", ()),
        ("apply", "undo", ()),
        ("compare", "undo", ()),
        ("retire", "undo", ()),
    ],
)
def test_a_step_that_was_killed_anywhere_is_taken_again_to_the_same_end(
    tmp_path: Path, reached: str, step: str, arguments: tuple[str, ...]
) -> None:
    """After each request that a step has sent, a new process takes the step from its beginning."""
    ends: list[tuple[Any, ...]] = []
    sent, total = 0, 1
    while sent < total:
        with embedded(tmp_path / str(sent)) as cluster:
            if reached:
                cluster.reach(reached)
            requests = requests_of(cluster, step)
            total = len(requests)
            cluster.send(requests[:sent])
            done = cluster.migrate(step, *arguments)
            assert done.exit_code == 0, done.output
            ends.append(picture(cluster))
        sent += 1
    assert total >= 2
    assert all(end == ends[0] for end in ends)


def test_external_dns_weighs_records_and_the_last_weight_is_the_step(cluster: Cluster) -> None:
    cluster.reach("compare")
    done = cluster.migrate("shift", "--weight", "10")
    assert "weights  90 old, 10 new: external-dns makes weighted records of 2 routes" in done.stdout
    said = cluster.ingress()["metadata"]["annotations"]
    assert said["external-dns.alpha.kubernetes.io/aws-weight"] == "90"
    assert said["external-dns.alpha.kubernetes.io/set-identifier"] == "nginx-ingress"
    route = cluster.registry.get(ROUTES, "shop", "web")["metadata"]["annotations"]
    assert route["external-dns.alpha.kubernetes.io/aws-weight"] == "10"
    assert "; 10 of 100 lookups lead there" in cluster.migrate("status").stdout
    assert "comes after Shifted" in cluster.migrate("retire").stderr
    assert cluster.migrate("shift", "--weight", "100").exit_code == 0
    assert cluster.state().step is migration.Step.SHIFTED


def test_a_shift_by_weight_is_taken_back_as_a_whole(cluster: Cluster) -> None:
    cluster.reach("compare")
    before = picture(cluster), cluster.registry.get(ROUTES, "shop", "web")["metadata"]["annotations"]
    assert cluster.migrate("shift", "--weight", "50").exit_code == 0
    assert "the shift is undone" in cluster.migrate("undo").stdout
    assert (picture(cluster), cluster.registry.get(ROUTES, "shop", "web")["metadata"]["annotations"]) == before


def test_what_an_earlier_conversion_made_goes_when_a_new_one_does_not(cluster: Cluster) -> None:
    assert cluster.migrate("apply").exit_code == 0
    cluster.registry.delete(INGRESSES, "shop", "api")
    assert cluster.migrate("apply").exit_code == 0
    assert cluster.names(ROUTES) == ["web"]


@pytest.mark.parametrize(
    ("log", "message"),
    [("", "holds no GET, HEAD or OPTIONS request in nginx's combined format"), (None, "cannot be read")],
)
def test_compare_names_a_log_that_it_cannot_use(cluster: Cluster, tmp_path: Path, log: str | None, message: str) -> None:
    cluster.reach("apply")
    file = tmp_path / "access.log"
    if log is not None:
        file.write_text(log)
    done = cluster.migrate("compare", "--old", "http://127.0.0.1:1", "--new", "http://127.0.0.1:1", "--samples", str(file))
    assert message in str(done.exception or done.stderr)


class Overloaded:
    """A server that takes a request at the third attempt."""

    def __init__(self) -> None:
        self.asked = 0
        self.paused: list[int] = []

    async def pause(self, delay_ms: int) -> None:
        self.paused.append(delay_ms)

    async def call(self, request: Request) -> Reply:
        self.asked += 1
        return Reply(request=request, code=429 if self.asked < 3 else 200)


def test_what_an_overloaded_server_does_not_take_is_sent_again() -> None:
    server = Overloaded()
    asyncio.run(_send(server, [Request(id=1, verb="list", resource=INGRESSES)]))
    assert (server.asked, len(server.paused)) == (3, 2)
