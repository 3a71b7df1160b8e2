"""All objects of a custom resource, page by page, as plain JSON."""

import itertools
from typing import Any

from underway.errors import Refused, Unreachable
from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.live.http import HttpApi

PAGE = 500  # client-go's pager
GONE = 410
RESTARTS_MAX = 3


async def every(api: HttpApi, resource: Resource) -> list[dict[str, Any]]:
    """The objects in a version, in all namespaces. Raises Refused, Unreachable."""
    # Without its kind nothing is decoded: a custom kind may have the name of a built-in one.
    plain = Resource(resource.group, resource.version, resource.plural, "", namespaced=resource.namespaced)
    ids, objects, token, restarts = itertools.count(1), list[dict[str, Any]](), "", 0
    while True:
        query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
        reply = await api.call(Request(id=next(ids), verb="list", resource=plain, query=query))
        if reply.code == GONE and restarts < RESTARTS_MAX:
            objects, token, restarts = [], "", restarts + 1
            continue
        if reply.code in (401, 403):
            raise Refused(f"cannot list {plain.plural}.{plain.group}: {reply.message}; grant the verb list on it")
        if not reply.ok:
            raise Unreachable(f"cannot list {plain.plural}.{plain.group} as {plain.version}: {reply.message}")
        objects += reply.body.items
        token = reply.body.continue_
        if not token:
            return objects
