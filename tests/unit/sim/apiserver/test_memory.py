"""The connection of a driver in virtual time: what becomes of it when its driver is killed."""

from random import Random
from typing import NamedTuple

from underway.kube import resource as r
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.watch import WatchEvent
from underway.sim.apiserver.memory import MemoryApi
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.faults import Interference
from underway.sim.queue import Queue
from underway.sim.store import Store


class Always(NamedTuple):
    """What happens to every request."""

    interference: Interference

    def on_request(self, _request: Request, _rng: Random, /) -> Interference:
        """That."""
        return self.interference


def connected() -> tuple[Queue, Registry, MemoryApi]:
    queue = Queue(0)
    registry = Registry(Store(), queue.now_ms, Random(1))
    return queue, registry, MemoryApi(ApiServer(registry), queue, Random(1))


def test_a_watch_that_its_client_did_not_live_to_see_takes_nothing_from_the_next_one() -> None:
    """Each driver counts its requests from 1: what the dead one had sent must not end a watch of the same number."""
    queue, registry, api = connected()
    watch = Request(id=1, verb="watch", resource=r.NAMESPACES)
    dead: list[Reply | WatchEvent] = []
    heard: list[Reply | WatchEvent] = []
    api.faults = (Always(Interference(cut_ms=1_000)),)
    api.send(watch, dead.append)
    api.drop_client()
    api.faults = ()
    api.send(watch, heard.append)
    queue.run_until(5_000)
    registry.create(r.NAMESPACES, {"metadata": {"name": "shop"}})
    queue.run_until(6_000)
    assert dead == []
    assert [event.object.metadata.name for event in heard if isinstance(event, WatchEvent)] == ["shop"]


def test_a_client_that_hangs_up_before_the_answer_comes_knows_nothing_though_the_server_acted() -> None:
    queue, registry, api = connected()
    api.faults = (Always(Interference(delay_ms=8_000)),)
    heard: list[tuple[int, Reply | WatchEvent]] = []
    shop = Request(id=1, verb="create", resource=r.NAMESPACES, body={"metadata": {"name": "shop"}}, timeout_s=4.0)
    api.send(shop, lambda reply: heard.append((queue.now_ms(), reply)))
    queue.run_until(20_000)
    assert [(at_ms, reply.code, reply.elapsed_ms) for at_ms, reply in heard if isinstance(reply, Reply)] == [(4_000, 0, 4_000)]
    assert registry.store.get(r.NAMESPACES, "", "shop") is not None
