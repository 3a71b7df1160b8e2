"""Rotation objects as `underway status` reads them."""

import asyncio
from typing import Any, cast

import pytest

from underway.errors import Unreachable
from underway.kube.reply import ObjectList, Reply, Status
from underway.kube.request import Request
from underway.live.declared import Declared, declared
from underway.live.http import HttpApi
from underway.model.meta import AnyObject, ObjectMeta


class Answering:
    """An API that answers the same to everything."""

    def __init__(self, code: int, body: Any = None) -> None:
        self._code, self._body = code, body

    async def call(self, request: Request) -> Reply:
        status = Status(message="rotations.underway.dev is forbidden") if self._code >= 400 else None
        return Reply(request=request, code=self._code, body=self._body, status=status)


def read(code: int, *objects: AnyObject) -> tuple[tuple[Declared, ...], str]:
    return asyncio.run(declared(cast("HttpApi", Answering(code, ObjectList("1", objects)))))


def test_a_cluster_without_the_definition_has_none() -> None:
    assert read(404) == ((), "")


def test_who_may_not_read_them_is_told_so_and_sees_the_rest() -> None:
    assert read(403) == ((), "cannot list rotations: rotations.underway.dev is forbidden")


def test_a_server_that_does_not_answer_is_no_answer() -> None:
    with pytest.raises(Unreachable):
        read(500)


def test_a_status_of_another_hand_is_not_shown_as_ours() -> None:
    found, _ = read(200, AnyObject(metadata=ObjectMeta(name="b", generation=2), status={"conditions": "many"}))
    assert found[0].status.reason == "its status cannot be read"
    assert found[0].unseen
