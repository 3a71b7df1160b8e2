"""Gates that ask outside of the cluster, over whole rotations in virtual time."""

import msgspec

from underway.rotate.gate_spec import GateSpec
from underway.rotate.spec import Rotation
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SEED = 3
LATENCY = GateSpec(gate="ingress-latency", prometheus="http://prometheus:9090", on_breach="Freeze", for_="10s", interval="5s")


def rehearsal(*gates: GateSpec) -> Rehearsal:
    scenario = msgspec.structs.replace(random_scenario(SEED), rotation={"drain": {"deregistration": "3s"}})
    world = World(scenario, SEED)
    world.start()
    asked = swarm.rotation_of(scenario)
    spec = msgspec.structs.replace(asked.spec, health=gates)
    made = Rehearsal(world, Rotation(asked.metadata, spec), time_limit_s=3_600)
    world.probes.values = {"histogram_quantile(0.99": (0.2,), "histogram_quantile": (0.1,), "5..": (0.0,)}
    made.begin()
    return made


def phases(run: Rehearsal) -> list[str]:
    return [fact.text for fact in run.trace.facts if fact.kind == "phase"]


def test_a_prometheus_that_is_down_lets_nothing_begin() -> None:
    run = rehearsal(LATENCY)
    run.world.probes.down = True
    run.at(600, lambda: setattr(run.world.probes, "down", False))
    run.advance(run.trace.start_ms + 590_000)
    assert phases(run) == []
    assert run.run().state == "Finished"


def test_a_latency_that_doubles_freezes_within_five_seconds_of_the_breach_and_the_baseline_outlives_the_driver() -> None:
    run = rehearsal(LATENCY)
    run.at(40, run.kill)
    run.at(60, lambda: run.world.probes.values.update({"histogram_quantile(0.99": (0.9,)}))
    run.advance(run.trace.start_ms + 90_000)
    frozen = [fact for fact in run.trace.facts if fact.kind == "freeze"]
    assert frozen[0].text == "gate ingress-latency: p99 is 900 ms, 200 ms before; limit is 2 times"
    assert frozen[0].at_ms <= 60_000 + 5_000 + 10_000 + 5_000, "one interval, for, and the five seconds"
    run.at(200, lambda: run.world.probes.values.update({"histogram_quantile(0.99": (0.2,)}))
    run.at(230, run.resume)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_kubelets_newer_than_the_api_server_are_not_brought() -> None:
    run = rehearsal(GateSpec(gate="version-skew"))
    run.world.server.release = "v1.36.4"
    run.advance(run.trace.start_ms + 300_000)
    assert phases(run).count("Surging") == 1, "the first successor tells"
    assert "is newer than the API server v1.36.4+underway: upgrade the control plane first" in run.outcome().reason


def test_every_gate_that_needs_nobody_outside_lets_a_healthy_cluster_go() -> None:
    names = ("pending-pods", "etcd-quorum", "version-skew", "volume-detach", "quota")
    outcome = rehearsal(*(GateSpec(gate=name) for name in names)).run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
