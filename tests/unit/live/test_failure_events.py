"""Events about objects that cannot be converted: what they say, how often, and that they arrive."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from underway.crd.conversion import Unconvertible
from underway.crd.review import Bad
from underway.kube.resource import EVENTS, NAMESPACES
from underway.live.failure_events import AGAIN, AT_ONCE_MAX, Events, write
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def bad(name: str, reason: str = "7 is odd") -> Bad:
    involved = {"apiVersion": "g/v1", "kind": "Thing", "namespace": "here", "name": name, "uid": f"uid-{name}"}
    return Bad(0, f"here/{name}", Unconvertible(reason, "spec.n"), involved)


def test_each_object_and_reason_is_said_once_in_a_while() -> None:
    events = Events("webhook-1")
    assert len(events.due([bad("a"), bad("a"), bad("b")], NOW)) == 2
    assert events.due([bad("a")], NOW + timedelta(minutes=9)) == []
    assert len(events.due([bad("a", "another reason")], NOW)) == 1
    assert len(events.due([bad("a")], NOW + AGAIN)) == 1


def test_many_at_once_are_cut_and_what_has_no_name_is_left_out() -> None:
    events = Events("webhook-1")
    assert len(events.due([bad(str(number)) for number in range(100)], NOW)) == AT_ONCE_MAX
    assert events.due([Bad(0, "(without a name)", Unconvertible("no kind"), {})], NOW) == []


def test_an_event_arrives_and_what_does_not_is_told(tmp_path: Path) -> None:
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    registry.create(NAMESPACES, {"metadata": {"name": "here"}})
    due = Events("webhook-1").due([bad("a")], NOW)
    lost = [{**due[0], "metadata": {"generateName": "x-", "namespace": "nowhere"}}]

    async def run(running: HttpsCluster) -> list[str]:
        async with HttpApi(connection(str(running.kubeconfig), "")) as api:
            assert await write(api, due) == []
            return await write(api, lost)

    with HttpsCluster(ApiServer(registry), directory=tmp_path) as running:
        problems = asyncio.run(run(running))
    (event,) = registry.store.values(EVENTS)
    assert (event["reason"], event["type"], event["message"]) == ("ConversionFailed", "Warning", "spec.n: 7 is odd")
    assert event["involvedObject"]["uid"] == "uid-a"
    assert problems == ['an Event could not be written: namespaces "nowhere" not found']
