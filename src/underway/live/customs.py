"""Reading a definition and its objects from a cluster, page by page. It does not know what they mean."""

import itertools
from typing import Any

from underway.crd.migration import DEFINITIONS
from underway.errors import UsageError
from underway.kube.reflector import PAGE
from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.live.http import HttpApi
from underway.live.replies import checked

Object = dict[str, Any]
NOT_FOUND, GONE = 404, 410


async def definition(api: HttpApi, name: str) -> Object:
    """The CustomResourceDefinition of a name. Raises UsageError, Refused or Unreachable."""
    reply = await api.call(Request(id=0, verb="get", resource=DEFINITIONS, name=name))
    if reply.code == NOT_FOUND:
        raise UsageError(f"there is no CustomResourceDefinition {name}; its name is PLURAL.GROUP")
    crd: Object = checked(reply, f"read CustomResourceDefinition {name}", "get and list").body
    return crd


async def objects(api: HttpApi, crd: Object, version: str, namespace: str) -> list[Object]:
    """All objects of a definition, or those of a namespace. version: that is asked for. Raises Refused or Unreachable."""
    spec = crd["spec"]
    names, namespaced = spec["names"], spec.get("scope") == "Namespaced"
    # The kind is left out: what comes back is wanted as plain JSON, whatever built-in kind has the same name.
    resource = Resource(spec["group"], version, names["plural"], "", namespaced=namespaced)
    ids = itertools.count(1)
    found: list[Object] = []
    token = ""
    while True:
        query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
        reply = await api.call(Request(id=next(ids), verb="list", resource=resource, namespace=namespace, query=query))
        if reply.code == GONE and token:
            found, token = [], ""
            continue
        if reply.code == NOT_FOUND:
            raise UsageError(f"the cluster does not serve {names['plural']} in {spec['group']}/{version}")
        page = checked(reply, f"list {names['plural']}", "get and list").body
        # A list's items do not say what they are; each single object does.
        typed = {"apiVersion": resource.api_version, "kind": names["kind"]}
        found.extend({**typed, **item} for item in page.items)
        token = page.continue_
        if not token:
            return found
