"""A request to the API server, as a value.

Owns the verb, the path, the query and the body. It does not know how it travels: `underway.live` sends it over HTTPS,
`underway.sim` answers it in memory. Every request that `underway.rotate` makes is safe to send twice.
"""

from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from underway.kube.resource import Resource

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete"]

JSON = "application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

METHODS: dict[Verb, str] = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    id: chosen by the sender, unique in its process; the reply carries the request back.
    resource: None for a path outside the resources, such as /readyz; then `raw_path` holds it.
    query: pairs, in the order in which they are sent. body: plain JSON values, or None.
    timeout_s: after this long without an answer the shell replies with code 0. None: no limit (a watch).
    accept: the media type that is asked for; METADATA_LIST asks for the metadata of objects alone.
    """

    id: int
    verb: Verb
    resource: Resource | None = None
    raw_path: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content_type: str = JSON
    timeout_s: float | None = 30.0
    accept: str = JSON

    @property
    def method(self) -> str:
        """The HTTP method."""
        return METHODS[self.verb]

    @property
    def path(self) -> str:
        """The URL path, without the query."""
        if self.resource is None:
            return self.raw_path
        return self.resource.path(self.namespace, self.name, self.subresource)

    @property
    def url(self) -> str:
        """Path and query, as sent."""
        query = (*self.query, ("watch", "true")) if self.verb == "watch" else self.query
        return f"{self.path}?{urlencode(query)}" if query else self.path
