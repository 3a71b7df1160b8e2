"""Retry, and list-then-watch."""

from itertools import count
from random import Random

from objects import node
from underway.kube.reflector import Reflector, Removed, Replaced, Upserted
from underway.kube.reply import NO_ANSWER, ObjectList, Reply, Status, StatusCause, StatusDetails
from underway.kube.request import Request
from underway.kube.resource import NODES, PODS
from underway.kube.retry import DELAY_MS_MAX, Again, Stop, retry
from underway.kube.watch import WatchEvent

RNG = Random(1)
ANY = Request(id=1, verb="list", resource=NODES)


def reply(request: Request, code: int, **fields: object) -> Reply:
    return Reply(request=request, code=code, **fields)  # type: ignore[arg-type]  # test shorthand


def test_paths() -> None:
    request = Request(id=1, verb="watch", resource=PODS, namespace="shop", name="a", subresource="eviction", query=(("x", "1"),))
    assert request.url == "/api/v1/namespaces/shop/pods/a/eviction?x=1&watch=true"
    assert request.method == "GET"


def test_what_may_pass_is_tried_again_with_a_growing_bounded_delay() -> None:
    for code in (NO_ANSWER, 429, 500, 503, 504):
        first, tenth = retry(reply(ANY, code), 1, RNG), retry(reply(ANY, code), 10, RNG)
        assert isinstance(first, Again)
        assert isinstance(tenth, Again)
        assert 500 <= first.delay_ms <= 1_000
        assert DELAY_MS_MAX // 2 <= tenth.delay_ms <= DELAY_MS_MAX


def test_the_servers_own_delay_is_kept() -> None:
    status = Status(details=StatusDetails(retry_after_seconds=30))
    assert retry(reply(ANY, 429, status=status), 1, RNG) == Again(30_000)


def test_what_will_not_pass_stops_with_the_servers_words() -> None:
    assert retry(reply(ANY, 403, status=Status(message="no")), 1, RNG) == Stop("no")


def test_a_namespace_that_ends_is_waited_for() -> None:
    status = Status(details=StatusDetails(causes=(StatusCause("NamespaceTerminating"),)))
    assert isinstance(retry(reply(ANY, 403, status=status), 1, RNG), Again)


def test_a_list_in_pages_then_a_watch() -> None:
    reflector = Reflector(NODES, count(1))
    first = reflector.poll(0, RNG)
    assert first is not None
    assert reflector.poll(0, RNG) is None
    assert reflector.receive(reply(first, 200, body=ObjectList("5", (node("a"),), "token")), 0, RNG) == []
    second = reflector.poll(0, RNG)
    assert second is not None
    assert ("continue", "token") in second.query
    assert reflector.receive(reply(second, 200, body=ObjectList("5", (node("b"),))), 0, RNG) == [
        Replaced((node("a"), node("b")), "5")
    ]
    assert reflector.synced
    watch = reflector.poll(0, RNG)
    assert watch is not None
    assert ("resourceVersion", "5") in watch.query
    assert reflector.receive(WatchEvent(watch, "MODIFIED", node("a"), "6"), 0, RNG) == [Upserted(node("a"))]
    assert reflector.receive(WatchEvent(watch, "DELETED", node("a"), "7"), 0, RNG) == [Removed(node("a"))]
    assert reflector.receive(WatchEvent(watch, "BOOKMARK", None, "9"), 0, RNG) == []
    reflector.receive(reply(watch, 200), 0, RNG)
    again = reflector.poll(0, RNG)
    assert again is not None
    assert ("resourceVersion", "9") in again.query


def test_410_begins_again_with_a_full_list() -> None:
    reflector = Reflector(NODES, count(1))
    listing = reflector.poll(0, RNG)
    assert listing is not None
    reflector.receive(reply(listing, 200, body=ObjectList("5", ())), 0, RNG)
    watch = reflector.poll(0, RNG)
    assert watch is not None
    reflector.receive(reply(watch, 410), 0, RNG)
    relist = reflector.poll(0, RNG)
    assert relist is not None
    assert relist.verb == "list"


def test_events_of_an_older_watch_are_ignored() -> None:
    reflector = Reflector(NODES, count(1))
    assert reflector.receive(WatchEvent(ANY, "ADDED", node("a"), "6"), 0, RNG) == []


def test_a_refusal_names_the_resource_and_a_loss_waits() -> None:
    reflector = Reflector(NODES, count(1))
    listing = reflector.poll(0, RNG)
    assert listing is not None
    reflector.receive(reply(listing, NO_ANSWER), 0, RNG)
    assert reflector.poll(0, RNG) is None
    assert reflector.due_ms is not None
    again = reflector.poll(reflector.due_ms, RNG)
    assert again is not None
    reflector.receive(reply(again, 403, status=Status(message="nodes is forbidden")), 0, RNG)
    assert reflector.failure == "cannot list nodes: nodes is forbidden"
