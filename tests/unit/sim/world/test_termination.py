"""The end of a pod takes what its hook and its process take, and never more than the kubelet allows."""

from random import Random
from typing import Any

import pytest

from underway.kube import resource as r
from underway.sim.scenario import App
from underway.sim.store import Object
from underway.sim.world.termination import HOOK_S, ending
from unit.sim.world.test_world import pods, run, started


def pod(*hooks: dict[str, Any] | None, **behaviour: str) -> Object:
    containers = [{"name": str(n), **({"lifecycle": {"preStop": hook}} if hook else {})} for n, hook in enumerate(hooks)]
    annotations = {f"sim.underway.dev/{name.replace('_', '-')}": value for name, value in behaviour.items()}
    return {"metadata": {"annotations": annotations}, "spec": {"containers": containers}}


def sleeps(*command: str) -> dict[str, Any]:
    return {"exec": {"command": list(command)}}


@pytest.mark.parametrize(
    ("hook", "term_ms"),
    [
        (None, 0),
        ({"sleep": {"seconds": 15}}, 15_000),
        (sleeps("sleep", "7"), 7_000),
        (sleeps("/bin/sh", "-c", "sleep 2.5"), 2_500),
        (sleeps("/usr/bin/sleep", "3s"), 3_000),
        ({"sleep": {"seconds": 90}}, 30_000),
    ],
)
def test_a_hook_that_sleeps_takes_what_it_says_within_the_grace(hook: dict[str, Any] | None, term_ms: int) -> None:
    assert ending(pod(hook), 30_000, Random(1)).term_ms == term_ms


@pytest.mark.parametrize(
    "hook",
    [sleeps("/app/drain"), sleeps("sh", "-c", "flush && sleep 5"), sleeps("sleep", "forever"), {"httpGet": {"path": "/drain"}}],
)
def test_how_long_any_other_hook_takes_is_drawn(hook: dict[str, Any]) -> None:
    drawn = {ending(pod(hook), 30_000, Random(seed)).term_ms for seed in range(20)}
    assert len(drawn) == 20
    assert all(HOOK_S[0] * 1_000 <= term_ms <= HOOK_S[1] * 1_000 for term_ms in drawn)


def test_the_scenario_may_say_how_long_a_hook_takes() -> None:
    assert 7_500 <= ending(pod(sleeps("/app/drain"), pre_stop_s="10"), 30_000, Random(1)).term_ms <= 12_500


def test_the_hook_counts_against_the_grace_period() -> None:
    end = ending(pod({"sleep": {"seconds": 20}}, stop_s="never"), 30_000, Random(1))
    assert (end.term_ms, end.exit_ms) == (20_000, 30_000)


def test_a_hook_that_never_ends_is_left_two_seconds_after_its_grace() -> None:
    end = ending(pod(sleeps("/app/drain"), pre_stop_s="never", stop_s="never"), 30_000, Random(1))
    assert (end.term_ms, end.exit_ms) == (30_000, 32_000)


def test_no_hook_runs_without_grace() -> None:
    end = ending(pod({"sleep": {"seconds": 20}}, stop_s="never"), 0, Random(1))
    assert (end.term_ms, end.exit_ms) == (0, 2_000)


def test_containers_end_side_by_side_and_the_first_is_the_one_that_serves() -> None:
    end = ending(pod(None, {"sleep": {"seconds": 12}}, stop_s="0"), 30_000, Random(1))
    assert (end.term_ms, end.exit_ms) == (0, 12_000)


def test_a_pod_with_an_exec_hook_goes_when_its_grace_is_over() -> None:
    world = started(App(name="web", namespace="shop", hook="program", pre_stop_s="never", grace_s=20).deployment())
    name = pods(world, "web")[0]["metadata"]["name"]
    world.registry.delete(r.PODS, "shop", name)
    run(world, 20)
    assert world.store.get(r.PODS, "shop", name) is not None
    run(world, 2.5)
    assert world.store.get(r.PODS, "shop", name) is None


def test_a_second_deletion_with_less_grace_cuts_the_hook_short() -> None:
    world = started(App(name="web", namespace="shop", pre_stop_s=60, grace_s=90).deployment())
    name = pods(world, "web")[0]["metadata"]["name"]
    world.registry.delete(r.PODS, "shop", name)
    run(world, 5)
    world.registry.delete(r.PODS, "shop", name, grace_s=1)
    run(world, 3.5)
    assert world.store.get(r.PODS, "shop", name) is None


def test_a_short_hook_loses_requests_that_a_longer_one_keeps() -> None:
    lost = {}
    for pre_stop_s in (1, 8):
        app = App(name="web", namespace="shop", replicas=3, rps=60, hook="program", pre_stop_s=pre_stop_s, stop_s=0)
        world = started(app.deployment())
        run(world, 5)
        world.traffic.start()
        for one in pods(world, "web"):
            world.registry.delete(r.PODS, "shop", one["metadata"]["name"])
            run(world, 30)
        lost[pre_stop_s] = sum(1 for sample in world.traffic.samples if sample.cause)
    assert lost[1] > 0
    assert lost[8] == 0
