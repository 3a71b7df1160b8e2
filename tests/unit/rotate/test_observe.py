"""What the driver knows is never older than what it knew: a list may come from a replica that lags behind."""

from itertools import count
from random import Random

import msgspec
import pytest

from objects import node
from underway.kube import resource as r
from underway.kube.reply import ObjectList, Reply
from underway.kube.request import Request
from underway.model.node import Node
from underway.rotate.observe import Observed

RNG = Random(0)


def at(version: int, name: str = "n1", **labels: str) -> Node:
    """A node as of a resource version."""
    found = node(name)
    return msgspec.structs.replace(
        found, metadata=msgspec.structs.replace(found.metadata, resource_version=str(version), labels=labels)
    )


def asked(observed: Observed) -> Request:
    """The next request about nodes."""
    return next(request for request in observed.poll(0, RNG) if request.resource == r.NODES)


def listed(observed: Observed, version: int, *nodes: Node) -> None:
    """Answer the next list of nodes, after a watch that was cut off where one is under way."""
    request = asked(observed)
    if request.verb == "watch":
        observed.receive(Reply(request=request, code=410), 0, RNG)
        request = asked(observed)
    observed.receive(Reply(request=request, code=200, body=ObjectList(str(version), nodes)), 0, RNG)


@pytest.fixture
def observed() -> Observed:
    """A picture with one node, to which we have written since it was listed."""
    picture = Observed(count(1))
    listed(picture, 5, at(5))
    picture.wrote("Node", at(8, mine="yes"))
    return picture


def test_a_list_that_lags_behind_does_not_undo_what_we_have_written(observed: Observed) -> None:
    listed(observed, 6, at(5))
    assert observed.snapshot().nodes["n1"].metadata.labels == {"mine": "yes"}


def test_a_list_from_before_a_node_does_not_take_it_away(observed: Observed) -> None:
    listed(observed, 6)
    assert set(observed.snapshot().nodes) == {"n1"}


def test_a_list_that_is_newer_is_believed(observed: Observed) -> None:
    listed(observed, 9, at(9, "n2"))
    assert set(observed.snapshot().nodes) == {"n2"}
