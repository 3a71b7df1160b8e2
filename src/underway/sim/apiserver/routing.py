"""From method, path and query to what is asked for; from an Accept header to the form of the answer.

Owns URLs and media types. It does not know which resources are served. Source: "API concepts", "Resource URIs" and
"Receiving resources as Tables"; apiserver pkg/endpoints/request/requestinfo.go.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from underway.sim.apiserver.access import Attributes
from underway.sim.apiserver.status import StatusError

METHODS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
TRUE = frozenset({"true", "1", "True", "t", "T", "TRUE"})  # Go's strconv.ParseBool
# A namespace is an object and a folder of objects at once; these two segments belong to the object.
OF_NAMESPACE = frozenset({"status", "finalize"})


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a URL names. verb: as authorization knows it; plural: "" if the path is no resource's."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def attributes(self) -> Attributes:
        """What the caller must be allowed to do."""
        if not self.plural:
            return Attributes(verb=self.verb, path=self.path)
        resource = f"{self.plural}/{self.subresource}" if self.subresource else self.plural
        return Attributes(verb=self.verb, group=self.group, resource=resource, namespace=self.namespace, name=self.name)


def target(method: str, path: str, query: dict[str, str]) -> Target:
    """What a request asks for."""
    verb = METHODS.get(method, method.lower())
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Target(verb=verb, path=path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in OF_NAMESPACE:
            rest = rest[2:]
    plural, name = rest[0], rest[1] if len(rest) > 1 else ""
    if not name:
        watching = query.get("watch") in TRUE
        verb = {"get": "watch" if watching else "list", "delete": "deletecollection"}.get(verb, verb)
    elif method == "GET" and query.get("watch") in TRUE:
        verb = "watch"
    return Target(
        verb=verb,
        path=path,
        group=group,
        version=version,
        plural=plural,
        namespace=namespace,
        name=name,
        subresource="/".join(rest[2:]),
    )


Form = Literal["", "Table", "PartialObjectMetadata", "APIGroupDiscoveryList"]
FORMS: dict[str, Form] = {
    "Table": "Table",
    "PartialObjectMetadata": "PartialObjectMetadata",
    "PartialObjectMetadataList": "PartialObjectMetadata",
    "APIGroupDiscoveryList": "APIGroupDiscoveryList",
}
JSON_RANGES = frozenset({"application/json", "application/*", "*/*"})


def clauses(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The media ranges of an Accept header, each with its parameters."""
    for clause in accept.split(","):
        media, *pairs = (part.strip() for part in clause.split(";"))
        if media:
            yield media, {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def form(accept: str, offered: Sequence[Form]) -> Form:
    """The form that the client likes best of those that this path offers. Raises StatusError 406."""
    found = list(clauses(accept or "application/json"))
    for media, parameters in found:
        wanted = FORMS.get(parameters["as"]) if "as" in parameters else ""
        # Tables of v1beta1 and discovery of v2beta1 are asked for as a fall-back only.
        stable = "beta" not in parameters.get("v", "")
        if media in JSON_RANGES and stable and wanted is not None and (wanted == "" or wanted in offered):
            return wanted
    available = "Available representations: application/json"
    raise StatusError(406, "NotAcceptable", f"406: Not Acceptable\n\n{available}", {})
