"""Ctrl-C at any moment: nothing new is begun, and no node is left cordoned."""

from typing import Any

import msgspec
import pytest

from underway.cli.rotate import outcome
from underway.kube import resource as r
from underway.model import timestamp
from underway.rotate import machinery
from underway.rotate.record import lease_name
from underway.rotate.spec import Rotation
from underway.sim import swarm
from underway.sim.checkers.evidence import phase_of
from underway.sim.faults import Queued
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import DAEMONS, ZONES, App, NodeSpec, Scenario, random_scenario
from underway.sim.store import Change
from underway.sim.world.machines import Timing
from underway.sim.world.world import World

SEED = 3


@pytest.mark.parametrize("stop_s", range(40, 160, 4))
def test_no_node_is_left_cordoned(stop_s: int) -> None:
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(scenario, SEED)
    world.start()
    asked = swarm.rotation_of(scenario)
    run = Rehearsal(world, Rotation(asked.metadata, msgspec.structs.replace(asked.spec, health=())), time_limit_s=3_600)
    pump = run.begin()
    run.at(stop_s, pump.stop)
    outcome = run.run()
    assert outcome.broken == ("liveness: not finished: Stopped: stopped by the user",), (
        "it was stopped, and nothing else is wrong"
    )
    nodes = world.store.values(r.NODES)
    assert [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")] == []


def frozen_at_the_last_step(*, killed: bool = False) -> Rehearsal:
    """A rotation, frozen at the instant at which the first node is empty, before its machine is asked to end."""
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(scenario, SEED)
    world.start()
    run = Rehearsal(world, swarm.rotation_of(scenario), time_limit_s=3_600)
    run.begin()
    frozen: list[str] = []

    def look(change: Change) -> None:
        if phase_of(change.object) == "Terminating" and not frozen:
            frozen.append(change.object["metadata"]["name"])
            world.queue.after(0, lambda: run.freeze("drill"))
            if killed:
                world.queue.after(0, run.kill)

    world.store.subscribe(r.NODES, look)
    while not frozen:
        run.advance(world.queue.now_ms() + 1_000)
    return run


def cordoned(run: Rehearsal) -> list[str]:
    return [node["metadata"]["name"] for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")]


@pytest.mark.parametrize(("killed", "within_s"), [(False, 10), (True, 90)])
def test_a_freeze_opens_an_empty_node_whose_machine_was_not_asked_to_end(killed: bool, within_s: int) -> None:
    run = frozen_at_the_last_step(killed=killed)
    run.advance(run.world.queue.now_ms() + within_s * 1_000)
    assert cordoned(run) == []
    assert [fact for fact in run.trace.facts if fact.text == "Deleted"] == []
    run.resume()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_an_empty_node_that_is_left_cordoned_in_a_freeze_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machinery.Machinery, "is_kept", lambda *_: False)
    run = frozen_at_the_last_step()
    run.advance(run.world.queue.now_ms() + 150_000)
    assert any(sentence.startswith("stranded-cordon") for sentence in run.outcome().broken)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("after_s", [0.5, 2, 4])
def test_a_frozen_node_is_kept_until_the_evictions_that_wait_in_a_queue_are_answered(seed: int, after_s: float) -> None:
    """A budget that is used up on the way hides the pod whose eviction is under way from the next look at the drain."""
    apps = tuple(
        App(name=f"app-{index}", namespace="shop", replicas=4, cpu="200m", budget={"maxUnavailable": 1}) for index in range(3)
    )
    manifests = (*DAEMONS[0].daemon_set(), *(made for app in apps for made in app.deployment()))
    specs = tuple(NodeSpec(f"old-{index}", ZONES[index % 3]) for index in range(4))
    rotation = {"drain": {"deregistration": "3s"}, "pace": {"maxSurge": 2}}
    world = World(Scenario("queued", specs, manifests, timing=Timing(boot_s=20, terminate_s=5), rotation=rotation), seed)
    world.start()
    run = Rehearsal(world, swarm.rotation_of(world.scenario), time_limit_s=3_600)
    run.begin()
    frozen: list[str] = []

    def calm() -> None:
        world.api.faults = ()
        run.resume()

    def look(change: Change) -> None:
        if phase_of(change.object) == "Draining" and not frozen:
            frozen.append(change.object["metadata"]["name"])
            world.api.faults = (Queued(1.0),)
            world.queue.after(round(after_s * 1_000), lambda: run.freeze("drill"))
            run.at(60, calm)

    world.store.subscribe(r.NODES, look)
    outcome = run.run()
    assert frozen
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_who_has_lost_the_lease_waits_and_says_whose_hands_it_is_in_when_it_is_stopped() -> None:
    scenario = random_scenario(SEED)
    world = World(scenario, SEED)
    world.start()
    run = Rehearsal(world, swarm.rotation_of(scenario), time_limit_s=3_600)
    pump, name = run.begin(), run.rotation.metadata.name
    run.advance(world.queue.now_ms() + 60_000)

    def theirs(lease: dict[str, Any]) -> dict[str, Any]:
        renewed = timestamp.format_micro(world.queue.now_ms())
        return {**lease, "spec": {**lease["spec"], "holderIdentity": "laptop-2", "renewTime": renewed}}

    world.registry.mutate(r.LEASES, "kube-system", lease_name(name), theirs)
    run.advance(world.queue.now_ms() + 5_000)
    assert (pump.driver.status.state, pump.driver.finished) == ("Waiting", False)
    pump.stop()
    run.advance(world.queue.now_ms() + 3_000)
    status = pump.driver.status
    assert pump.driver.finished, "nothing is its to tidy, so there is nothing to wait for"
    assert (status.state, status.reason) == ("Stopped", f"rotation {name} is in the hands of laptop-2")
    assert outcome(status).startswith(f"Stopped ({status.reason}): ")
