"""Members of etcd in the embedded world: who votes, who is lost, and what the API answers without a quorum."""

from typing import Any

import pytest

from underway.kube import resource as r
from underway.kube.request import Request
from underway.model.node import CONTROL_PLANE_LABEL
from underway.rotate.effects import Provision
from underway.sim.scenario import DAEMONS, NodeSpec, Scenario
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

ROLE = {CONTROL_PLANE_LABEL: ""}


@pytest.fixture
def world() -> World:
    nodes = (NodeSpec("worker", "a"), *(NodeSpec(f"control-{i}", "a", ROLE) for i in range(3)))
    world = World(Scenario("etcd", nodes, tuple(DAEMONS[0].daemon_set()), timing=Timing(boot_s=10)), seed=1)
    world.start()
    return world


def later(world: World, seconds: int) -> None:
    world.queue.run_until(world.queue.now_ms() + seconds * 1_000)


def answer(world: World) -> int:
    replies: list[Any] = []
    world.api.send(Request(id=1, verb="get", resource=r.NODES, name="worker"), replies.append)
    later(world, 10)
    code: int = replies[0].code
    return code


def test_every_node_of_the_control_plane_runs_a_member_that_votes(world: World) -> None:
    assert world.etcd.voters() == ["control-0", "control-1", "control-2"]
    pod = world.registry.get(r.PODS, "kube-system", "etcd-control-0")
    assert pod["metadata"]["labels"]["component"] == "etcd"
    assert pod["metadata"]["annotations"]["kubernetes.io/config.mirror"]


def test_one_of_three_may_be_lost_and_two_may_not(world: World) -> None:
    world.etcd.lose("control-0")
    assert answer(world) == 200
    world.machines.die("control-1")
    assert world.server.readyz()[0] == 500
    assert answer(world) == 500
    world.etcd.mend("control-0")
    assert answer(world) == 200


def test_a_new_node_learns_before_it_votes(world: World) -> None:
    world.machines.send(Provision(id=1, key="k", replaces="control-0", zone="a", labels=ROLE), lambda _reply: None)
    later(world, 25)
    assert len(world.etcd.voters()) == 3
    later(world, 60)
    assert len(world.etcd.voters()) == 4


def test_one_learner_at_a_time_is_let_in(world: World) -> None:
    for key in ("k", "l"):
        world.machines.send(Provision(id=1, key=key, replaces="control-0", zone="a", labels=ROLE), lambda _reply: None)
    later(world, 25)
    members = [pod for pod in world.store.ordered(r.PODS, "kube-system") if pod["metadata"]["name"].startswith("etcd-")]
    assert len(members) == 4
    later(world, 120)
    assert len(world.etcd.voters()) == 5


def test_a_member_is_removed_with_its_node(world: World) -> None:
    world.registry.delete(r.NODES, "", "control-0")
    later(world, 5)
    assert world.etcd.voters() == ["control-1", "control-2"]
