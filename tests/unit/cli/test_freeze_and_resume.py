"""`underway freeze`, `resume` and `status` against an embedded cluster over HTTPS: the levels, and the look before going on."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import msgspec
import pytest

from underway.cli.main import main
from underway.kube import resource as r
from underway.rotate.blockers import Blocker
from underway.rotate.freezes import ordered
from underway.rotate.health import Breach
from underway.rotate.kinds.definitions import FLEETS, ROTATIONS, fleet_definition, rotation_definition
from underway.rotate.record import LEASE_LABELS, STATUS
from underway.rotate.status import Status
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.scenario import Scenario
from underway.sim.world.world import World

WELL = Status("workers", "Progressing")
SICK = msgspec.structs.replace(
    WELL,
    breaches=(Breach("api-server", "readyz answers 500", 0),),
    blockers=(Blocker("n2", "needs 3 healthy pods and has 3 currently", "shop/web", "shop/pdb"),),
)


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Cluster:
    """One API server without nodes, and the command line."""

    def __init__(self, world: World, served: HttpsCluster) -> None:
        self.world, self.served = world, served

    def lease(self, status: Status) -> None:
        annotations = {STATUS: msgspec.json.encode(status).decode()}
        metadata = {"name": "underway-workers", "namespace": "kube-system", "labels": LEASE_LABELS, "annotations": annotations}
        with self.served.lock:
            if self.world.store.get(r.LEASES, "kube-system", "underway-workers"):
                self.world.registry.delete(r.LEASES, "kube-system", "underway-workers")
            self.world.registry.create(r.LEASES, {"metadata": metadata, "spec": {"holderIdentity": "me"}})

    def __call__(self, *arguments: str) -> Done:
        """Run the command line in this process: a new one would take longer than all that it does."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([*arguments, "--kubeconfig", str(self.served.kubeconfig)])
        return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    world = World(Scenario("empty", (), ()), seed=1)
    world.registry.create(r.NAMESPACES, {"metadata": {"name": "kube-system"}})
    world.registry.create(CUSTOM_RESOURCE_DEFINITIONS, rotation_definition(["api-server"], ["Command"]))
    with HttpsCluster(world.server) as served:
        yield Cluster(world, served)


def test_the_cluster_and_a_pool_are_frozen_and_go_on(cluster: Cluster) -> None:
    cluster.lease(WELL)
    assert cluster("freeze", "--reason", "sale").stdout == "the whole cluster is frozen: sale\n"
    assert cluster("freeze", "--pool", "pool=gpu", "--reason", "incident").stdout == "pool pool=gpu is frozen: incident\n"
    shown = json.loads(cluster("status", "-o", "json").stdout)
    assert (shown[0]["frozen"]["reason"], shown[0]["frozen"]["level"]) == ("sale", "cluster")
    assert [pool["pool"] for pool in shown[0]["frozenPools"]] == ["pool=gpu"]
    assert "the whole cluster is frozen since" in cluster("status").stdout
    done = cluster("resume")
    assert done.returncode == 0, done.stderr
    assert "the cluster goes on" in done.stdout
    assert json.loads(cluster("status", "-o", "json").stdout)[0]["frozen"] is None
    assert cluster("resume", "--pool", "pool=cpu").stderr == "underway: pool 'pool=cpu' is not frozen; frozen pools: pool=gpu\n"
    assert cluster("resume", "--pool", "pool=gpu").stdout == "pool pool=gpu goes on\n"
    assert "nothing is frozen" in cluster("resume").stdout


def test_bare_resume_ends_the_clusters_freeze_and_leaves_rotations_to_their_own(cluster: Cluster) -> None:
    cluster.lease(WELL)
    assert cluster("freeze", "workers", "--reason", "incident").returncode == 0
    assert cluster("freeze", "--reason", "sale").returncode == 0
    done = cluster("resume", "workers")
    assert done.returncode == 1
    assert done.stdout == "rotation workers stays frozen by kubernetes-admin (cluster): sale\n"
    assert done.stderr.endswith("next: underway resume\n")
    assert cluster("freeze", "workers", "--reason", "incident").returncode == 0
    done = cluster("resume")
    assert done.returncode == 0
    assert done.stdout == "the cluster goes on\nrotation workers stays frozen by kubernetes-admin: incident\n"
    assert done.stderr.endswith("next: underway resume workers\n")
    assert cluster("resume").stdout == "rotation workers goes on\n"


def test_who_froze_is_the_name_by_which_the_server_knows_them(cluster: Cluster) -> None:
    cluster.lease(WELL)
    assert cluster("freeze", "workers", "--reason", "look").returncode == 0
    assert json.loads(cluster("status", "workers", "-o", "json").stdout)[0]["frozen"]["by"] == "kubernetes-admin"
    assert "by kubernetes-admin: look" in cluster("status", "workers").stdout


def test_what_is_wrong_is_shown_and_nothing_changes_without_a_yes(cluster: Cluster) -> None:
    cluster.lease(SICK)
    assert cluster("freeze", "workers", "--reason", "look").returncode == 0
    done = cluster("resume", "workers")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "gate api-server: readyz answers 500" in said
    assert "node n2: needs 3 healthy pods and has 3 currently" in said
    assert "nothing was changed; cure what is wrong, or go on all the same with --yes" in said
    assert cluster("resume", "workers", "--yes").stdout == "rotation workers goes on\n"


def test_what_crashing_pods_said_is_shown_on_the_terminal_and_written_nowhere(cluster: Cluster) -> None:
    server, registry = cluster.world.server, cluster.world.registry
    server.console = lambda _pod, _container, _previous: [(1, "\x1b[31mpassword=hunter2\x07 refused")]
    spec = {"nodeName": "n2", "containers": [{"name": "app", "image": "web:1"}]}
    running = {"name": "app", "state": {"running": {"startedAt": "2026-01-05T08:59:00Z"}}}
    with cluster.served.lock:
        registry.create(r.NAMESPACES, {"metadata": {"name": "shop"}})
        registry.create(r.NODES, {"metadata": {"name": "n2"}, "spec": {}, "status": {}})
        registry.create(r.PODS, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
        state = {"phase": "Running", "containerStatuses": [running]}
        registry.mutate(r.PODS, "shop", "web", lambda now: {**now, "status": state}, "status")
    server.reaches = lambda _node: True
    cluster.lease(SICK)
    assert cluster("freeze", "workers", "--reason", "look").returncode == 0
    done = cluster("resume", "workers", "--yes")
    assert "pod      pod shop/web: container app runs but is not Ready" in done.stderr
    assert "| \N{REPLACEMENT CHARACTER}[31mpassword=hunter2\N{REPLACEMENT CHARACTER} refused" in done.stderr
    assert done.stdout == "rotation workers goes on\n"
    with cluster.served.lock:
        stored = repr([server.registry.store.values(entry.resource) for entry in server.entries.values()])
    assert "underway-workers" in stored
    assert "hunter2" not in stored


SINCE = "2026-03-01T10:00:00Z"


def test_a_fleet_is_shown_frozen_and_resumed(cluster: Cluster) -> None:
    done = cluster("status", "--fleet")
    assert done.returncode == 2
    assert "this cluster serves no Fleets" in done.stderr
    names = ["api-server"], ["Command"]
    spec = {
        "clusters": [{"name": "eu", "kubeconfig": {"name": "eu"}}],
        "waves": [{"name": "all", "clusters": ["eu"]}],
        "rotation": {"spec": {"target": {"kubeletVersion": "v1.37.2"}}},
    }
    status = {
        "state": "Frozen",
        "reason": "wave all: cluster eu is Frozen: drill",
        "frozen": {"reason": "wave all: cluster eu is Frozen: drill", "since": SINCE, "by": "cluster eu", "level": "wave"},
        "waves": [{"name": "all", "state": "Frozen", "clusters": 1}],
        "clusters": [{"name": "eu", "wave": "all", "state": "Frozen", "reason": "drill", "total": 9, "upToDate": 4}],
    }
    with cluster.served.lock:
        cluster.world.registry.create(CUSTOM_RESOURCE_DEFINITIONS, fleet_definition(*names))
        cluster.world.registry.create(FLEETS, {"metadata": {"name": "prod"}, "spec": spec})
        cluster.world.registry.mutate(FLEETS, "", "prod", lambda now: {**now, "status": status}, "status")
    shown = " ".join(cluster("status", "--fleet").stdout.split())
    assert "prod Frozen: wave all: cluster eu is Frozen: drill" in shown
    assert "eu Frozen 4/9 drill" in shown
    assert json.loads(cluster("status", "--fleet", "-o", "json").stdout)[0]["status"]["state"] == "Frozen"
    assert f"frozen since {SINCE} by cluster eu next:" in shown
    assert "next: in cluster eu: underway resume prod" in shown
    done = cluster("freeze", "--fleet", "prod", "--reason", "sale")
    assert (done.stdout, done.stderr) == ("fleet prod is frozen: sale\n", "next: underway resume --fleet prod\n")
    fleet = cluster.world.registry.get(FLEETS, "", "prod")
    held = ordered(fleet["spec"]["mode"], fleet["metadata"]["annotations"])
    assert held is not None
    assert (held.reason, held.level, held.fleet) == ("sale", "fleet", "prod")
    assert held.by
    assert held.since_ms
    assert cluster("resume", "--fleet", "prod").stdout.startswith("fleet prod goes on; ")
    assert not cluster.world.registry.get(FLEETS, "", "prod")["metadata"].get("annotations")
    assert cluster("freeze", "--fleet", "test").stderr == "underway: no fleet 'test' in this cluster; there are: prod\n"


def test_rotations_are_shown_with_their_conditions_also_those_that_nobody_drives(cluster: Cluster) -> None:
    cluster.lease(WELL)
    spec = {"target": {"kubeletVersion": "v1.37.2"}}
    why = "Rotation night: spec.machines.kubeconfig: is not allowed here"
    condition = {
        "type": "Progressing",
        "status": "False",
        "reason": "Failed",
        "message": why,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    refused = {"observedGeneration": 1, "state": "Failed", "reason": why, "conditions": [condition]}
    with cluster.served.lock:
        cluster.world.registry.create(ROTATIONS, {"metadata": {"name": "night"}, "spec": spec})
        cluster.world.registry.mutate(ROTATIONS, "", "night", lambda now: {**now, "status": refused}, "status")
        cluster.world.registry.create(ROTATIONS, {"metadata": {"name": "fresh"}, "spec": spec})
    done = cluster("status")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert f"night, held by nobody refused or failed: {why}" in said
    assert "Progressing False 2026-01-01T00:00:00Z" in said
    assert "fresh, held by nobody no operator has taken up generation 1 of its specification" in said
    assert "workers, held by me" in said
    by_name = {one["rotation"]: one for one in json.loads(cluster("status", "-o", "json").stdout)}
    assert by_name["night"]["declared"]["reason"] == why
    assert by_name["night"]["declared"]["conditions"][0]["status"] == "False"
    assert by_name["night"]["status"] is None
    assert by_name["workers"]["declared"] is None
    assert [one["rotation"] for one in json.loads(cluster("status", "night", "-o", "json").stdout)] == ["night"]
    assert by_name["workers"]["frozen"] is None
    assert cluster("status", "dawn").returncode == 2


def test_a_rotation_that_its_specification_freezes_is_not_said_to_go_on(cluster: Cluster) -> None:
    cluster.lease(WELL)
    spec = {"target": {"kubeletVersion": "v1.37.2"}, "mode": "Freeze"}
    with cluster.served.lock:
        cluster.world.registry.create(ROTATIONS, {"metadata": {"name": "workers"}, "spec": spec})
    done = cluster("resume", "workers")
    assert done.returncode == 1
    assert done.stdout == "rotation workers stays frozen by the specification: spec.mode is Freeze\n"
    assert """next: kubectl patch rotation workers --type=merge -p '{"spec":{"mode":"Rotate"}}'""" in done.stderr
    assert "frozen by the specification: spec.mode is Freeze" in cluster("status", "workers").stdout
    with cluster.served.lock:
        cluster.world.registry.delete(ROTATIONS, "", "workers")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("freeze", "workers", "--pool", "a=b"), "give either a rotation (workers) or --pool a=b, not both"),
        (("freeze", "--pool", "a in"), "--pool a in: "),
        (("resume", "nobody"), "no rotation 'nobody' in this cluster; there are: workers"),
    ],
)
def test_what_is_refused(cluster: Cluster, arguments: tuple[str, ...], message: str) -> None:
    cluster.lease(WELL)
    done = cluster(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
