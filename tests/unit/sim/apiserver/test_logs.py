"""The log of a container: which one, of which run, how much of it, and what a kubelet refuses."""

from typing import Any

import pytest

from underway.kube.resource import NODES, PODS
from underway.sim.apiserver.logs import Line
from unit.sim.apiserver.caller import DEFAULT, NOW_MS, Caller, pod

LOG = f"{DEFAULT}/pods/web/log"
EARLIER, STARTED = "2026-01-05T08:59:00Z", "2026-01-05T08:59:30Z"
RUNNING = {"name": "app", "image": "web:1", "state": {"running": {"startedAt": STARTED}}}
ENDED = {"terminated": {"startedAt": EARLIER, "finishedAt": STARTED, "exitCode": 137, "reason": "OOMKilled"}}


def placed(api: Caller, **container: Any) -> None:
    """A pod on a node whose kubelet answers, with a container in this state."""
    api.registry.create(NODES, {"metadata": {"name": "n1"}})
    api.registry.create(PODS, pod("web", "n1") | {"metadata": {"name": "web", "namespace": "default"}})
    api.registry.mutate(
        PODS, "default", "web", lambda now: {**now, "status": {"containerStatuses": [container] if container else []}}, "status"
    )
    api.server.reaches = lambda _node: True


def speaking(api: Caller, *lines: str) -> None:
    """Have the container say a line a second, the last one now."""

    def said(_pod: object, _container: str, previous: bool) -> list[Line]:
        shown = lines if not previous else ("from before",)
        return [(NOW_MS - (len(shown) - 1 - at) * 1_000, line) for at, line in enumerate(shown)]

    api.server.console = said


def test_a_container_of_the_embedded_cluster_says_when_it_started_and_how_it_is(api: Caller) -> None:
    placed(api, **RUNNING)
    assert api.call("GET", LOG) == (200, "app: started web:1\n")
    assert api.call("GET", f"{LOG}?timestamps=true")[1].startswith("2026-01-05T08:59:30")


def test_the_run_before_is_kept_apart(api: Caller) -> None:
    placed(api, **RUNNING, lastState=ENDED)
    assert api.call("GET", f"{LOG}?previous=true") == (200, "app: started web:1\napp: ended with exit code 137\n")
    assert api.call("GET", LOG) == (200, "app: started web:1\n")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "one\ntwo\nthree\n"),
        ("tailLines=2", "two\nthree\n"),
        ("tailLines=0", ""),
        ("tailLines=9", "one\ntwo\nthree\n"),
        ("limitBytes=5", "one\nt"),
        ("tailLines=1&limitBytes=3", "thr"),
        ("sinceSeconds=1", "two\nthree\n"),
        ("sinceTime=2026-01-05T09:00:00Z", "three\n"),
        ("previous=true", "from before\n"),
        ("follow=true", "one\ntwo\nthree\n"),
    ],
)
def test_as_much_is_shown_as_was_asked_for(api: Caller, query: str, said: str) -> None:
    placed(api, **RUNNING, lastState=ENDED)
    speaking(api, "one", "two", "three")
    assert api.call("GET", f"{LOG}?{query}") == (200, said)


# The sentences are the kubelet's: pkg/kubelet/kubelet_pods.go, validateContainerLogStatus.
@pytest.mark.parametrize(
    ("state", "query", "message"),
    [
        ({}, "", 'container "app" in pod "web" is not available'),
        ({"name": "app"}, "", 'container "app" in pod "web" is waiting to start - no logs yet'),
        (RUNNING, "previous=true", 'previous terminated container "app" in pod "web" not found'),
        (
            {"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}},
            "",
            'container "app" in pod "web" is waiting to start: ContainerCreating',
        ),
        (
            {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff"}}},
            "",
            'container "app" in pod "web" is waiting to start: trying and failing to pull image',
        ),
        (RUNNING, "container=other", "container other is not valid for pod web"),
        (RUNNING, "tailLines=many", 'strconv.ParseInt: parsing "many": invalid syntax'),
    ],
)
def test_a_run_without_a_log_is_refused(api: Caller, state: dict[str, Any], query: str, message: str) -> None:
    placed(api, **state)
    code, refused = api.call("GET", f"{LOG}?{query}")
    assert (code, refused["reason"], refused["message"]) == (400, "BadRequest", message)


def test_a_kubelet_that_does_not_answer_is_said_with_its_address(api: Caller) -> None:
    placed(api, **RUNNING)
    address = {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}
    api.registry.mutate(NODES, "", "n1", lambda now: {**now, "status": address}, "status")
    api.server.reaches = lambda _node: False
    code, refused = api.call("GET", f"{LOG}?tailLines=5")
    url = "https://10.0.0.1:10250/containerLogs/default/web/app?tailLines=5"
    assert (code, refused["message"]) == (500, f'Get "{url}": dial tcp 10.0.0.1:10250: connect: connection refused')


def test_a_pod_without_a_node_has_no_log(api: Caller) -> None:
    api.registry.create(PODS, pod("web") | {"metadata": {"name": "web", "namespace": "default"}})
    assert api.call("GET", LOG) == (204, "")
