"""Bytes to plain JSON values: the request bodies that the API takes, and its refusals of those it cannot read.

Source: apimachinery pkg/runtime/serializer/json; the sentences are those of kube-apiserver 1.36.
"""

from typing import Any

import msgspec

from underway.kube import request as q
from underway.kube.resource import Resource
from underway.sim.apiserver import protobuf
from underway.sim.apiserver.api_types import json_type
from underway.sim.apiserver.go_json import syntax_error
from underway.sim.apiserver.status import StatusError, bad_request, unsupported_media_type

YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
PATCH_TYPES = (q.JSON_PATCH, q.MERGE_PATCH, q.STRATEGIC_MERGE_PATCH, q.APPLY_PATCH)


def _yaml(body: bytes) -> Any:
    """YAML as the API reads it: dates stay text."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """JSON has no dates, so neither has a manifest."""

        yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        }

    return yaml.load(body, Loader=Loader)  # noqa: S506  # a subclass of the safe loader


def _parsed(body: bytes, content_type: str) -> Any:
    """The body as values. Raises ValueError."""
    # A message that begins with a brace is JSON, whatever it says of itself: kubectl sends apply patches so.
    if content_type in (q.APPLY_PATCH, YAML) and not body.lstrip().startswith(b"{"):
        import yaml

        try:
            return _yaml(body)
        except yaml.YAMLError as error:
            raise ValueError(f"yaml: {' '.join(str(error).split())}") from None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(syntax_error(body) or str(error)) from None


def patch_of(body: bytes, content_type: str) -> Any:
    """The body of a PATCH. Raises StatusError 400, 415."""
    if content_type not in PATCH_TYPES:
        raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    try:
        value = _parsed(body, content_type)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from None
    wanted = list if content_type == q.JSON_PATCH else dict
    if not isinstance(value, wanted):
        kind = "[]handlers.jsonPatchOp" if wanted is list else "map[string]interface {}"
        raise bad_request(f"error decoding patch: json: cannot unmarshal {json_type(value)} into Go value of type {kind}")
    return value


def object_of(body: bytes, content_type: str, resource: Resource) -> dict[str, Any]:
    """The body of a POST, PUT or DELETE: one object. resource: what it should be. Raises StatusError 400, 415."""
    if content_type == PROTOBUF:
        return _from_protobuf(body, resource)
    if content_type not in ("", q.JSON, YAML):
        raise unsupported_media_type([q.JSON, YAML, PROTOBUF])
    unread = f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind; json parse error"
    try:
        value = _parsed(body, content_type)
    except ValueError as error:
        raise bad_request(f"{unread}: {error} ({_summary(body)})") from None
    if not isinstance(value, dict):
        raise bad_request(
            f"{unread}: json: cannot unmarshal {json_type(value)} into Go value of type {HEADER} ({_summary(body)})"
        )
    return value


def _from_protobuf(body: bytes, resource: Resource) -> dict[str, Any]:
    named = ""
    try:
        version, kind, message = protobuf.opened(body)
        named = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}'
        return protobuf.object_of(version, kind, message)
    except protobuf.Malformed as error:
        unread = f"the object provided is unrecognized (must be of type {resource.kind})"
        raise bad_request(f"{named}: {error}" if named else f"{unread}: {error} ({_summary(body)})") from None


# What the decoder reads first of every object, as Go prints an anonymous struct.
HEADER = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
SUMMARY_BYTES_MAX = 30  # apiserver pkg/endpoints/handlers/rest.go, transformDecodeError


def _summary(body: bytes) -> str:
    """The beginning of a body, as the server shows it: an object as text, anything else in hexadecimal."""
    if not body:
        return "<empty>"
    head = body[:SUMMARY_BYTES_MAX]
    shown = head.decode(errors="replace") if body.startswith(b"{") else head.hex()
    return f"{shown} ..." if len(body) > SUMMARY_BYTES_MAX else shown


def check_kind(value: dict[str, Any], resource: Resource) -> None:
    """That an object is of the kind that its URL says. Raises StatusError 400."""
    kind, version = value.get("kind", resource.kind), value.get("apiVersion", resource.api_version)
    if not isinstance(kind, str) or not isinstance(version, str):
        raise bad_request(f"{resource.kind} cannot be read: apiVersion and kind must be strings")
    if (kind, version) == (resource.kind, resource.api_version):
        return
    shown = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}'
    if kind != resource.kind:
        raise bad_request(f"{shown}: converting ({kind}) to ({resource.kind}): unknown conversion")
    raise bad_request(f'{shown}: no kind "{kind}" is registered for version "{version}"')
