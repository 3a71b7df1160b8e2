"""Training that is asked to save its work, over whole rotations in virtual time."""

from typing import Any

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim import swarm
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, App, NodeSpec, Scenario
from underway.sim.world.world import World

SEED = 5
REQUESTED, DONE = "underway.dev/checkpoint-requested", "underway.dev/checkpoint-done"


class Course:
    """One rotation of two nodes with a Job that runs for hours. questions and evictions: with their times, in seconds."""

    def __init__(self, save_s: float | None, limit: str = "30m") -> None:
        app = App(name="training", namespace="shop", replicas=2, cpu="200m")
        there = tuple(NodeSpec(f"old-{index}", ZONES[0], {}) for index in range(2))
        wait = {"selector": {"matchLabels": {"app": "training"}}, "until": "Checkpointed", "limit": limit}
        rotation = {"pace": {"maxSurge": 1}, "drain": {"deregistration": "3s", "wait": [wait]}, "health": []}
        drawn = Scenario("training", there, tuple(app.job(run_s=40_000, save_s=save_s)), rotation=rotation)
        world = World(drawn, SEED)
        world.start()
        self.run = Rehearsal(world, swarm.rotation_of(drawn), time_limit_s=6 * 3_600)
        self.questions: list[float] = []
        self.evictions: list[tuple[float, dict[str, Any]]] = []
        self.run.begin()
        watched = world.api.on_send

        def sent(request: Request) -> None:
            watched(request)
            at_s = (world.queue.now_ms() - self.run.trace.start_ms) / 1_000
            if request.resource == r.PODS and request.verb == "patch":
                self.questions.append(at_s)
            elif request.subresource == "eviction":
                pod = world.store.get(r.PODS, request.namespace, request.name)
                self.evictions.append((at_s, pod["metadata"].get("annotations") or {} if pod else {}))

        world.api.on_send = sent


def test_training_is_asked_once_and_goes_as_soon_as_it_has_saved() -> None:
    course = Course(save_s=40)
    outcome = course.run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    saved = [annotations for _, annotations in course.evictions if REQUESTED in annotations]
    assert len(saved) >= 2
    assert all(annotations[DONE] == annotations[REQUESTED] for annotations in saved)
    assert outcome.makespan_s < 30 * 60, "it did not wait for the limit"


def test_training_that_never_answers_goes_after_the_limit() -> None:
    course = Course(save_s=None, limit="10m")
    outcome = course.run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    unanswered = [at_s for at_s, annotations in course.evictions if REQUESTED in annotations]
    assert unanswered
    assert min(unanswered) >= min(course.questions) + 600 - 5


def test_a_killed_driver_does_not_ask_again() -> None:
    course = Course(save_s=120)
    course.run.at(60, course.run.kill)
    course.run.at(100, course.run.kill)
    assert course.run.run().state == "Finished"
    assert len(course.questions) == len(
        {annotations[REQUESTED] for _, annotations in course.evictions if REQUESTED in annotations}
    )
