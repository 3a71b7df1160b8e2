"""All objects of a custom resource, page by page, as plain JSON."""

import itertools
from typing import Any

from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.live.http import HttpApi
from underway.live.replies import checked

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
        objects += checked(reply, f"list {plain.plural}.{plain.group} as {plain.version}", "the verb list").body.items
        token = reply.body.continue_
        if not token:
            return objects
