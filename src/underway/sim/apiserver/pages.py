"""Pages of long lists: the token that says where the next one begins.

Owns the token's encoding, which is opaque to clients, and the refusals of one that cannot be read. Source: apiserver
pkg/storage/continue.go.
"""

import base64
import json
import re
from typing import Any

from underway.kube.resource import Resource
from underway.sim.apiserver import status
from underway.sim.apiserver.api_types import json_type
from underway.sim.apiserver.go_json import syntax_error
from underway.sim.apiserver.registry import Registry
from underway.sim.store import Object


def position(value: Object) -> tuple[str, str]:
    """Where an object stands in a list: by namespace, then by name."""
    return value["metadata"].get("namespace", ""), value["metadata"]["name"]


CONTINUE_VERSION = "meta.k8s.io/v1"


def token(revision: str, last: Object) -> str:
    """Where the next page begins, in the real server's own encoding. Source: apiserver pkg/storage/continue.go."""
    start = "/".join(filter(None, position(last))) + "\0"
    value = {"v": CONTINUE_VERSION, "rv": int(revision), "start": start}
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def continued(text: str, registry: Registry, resource: Resource) -> tuple[str, tuple[str, str]]:
    """The revision and the last object of the page before. Raises StatusError 400, 410."""
    value, why = _decoded(text)
    if why:
        raise status.bad_request(f"invalid continue token: continue key is not valid: {why}")
    if registry.store.changes_since(resource, value["rv"]) is None:
        raise status.gone()
    namespace, _, name = value["start"].rstrip("\0").rpartition("/")
    return str(value["rv"]), (namespace, name)


def _decoded(token: str) -> tuple[dict[str, Any], str]:
    """What a continue token holds, and why it is none, or ""."""
    bad = re.search(r"[^A-Za-z0-9_-]", token)
    if bad or len(token) % 4 == 1:
        return {}, f"illegal base64 data at input byte {bad.start() if bad else len(token) - 1}"
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    why = syntax_error(data)
    if why:
        return {}, why
    value = json.loads(data)
    if not isinstance(value, dict):
        return {}, f"json: cannot unmarshal {json_type(value)} into Go value of type storage.continueToken"
    if value.get("v") != CONTINUE_VERSION:
        return {}, f"server does not recognize this encoded version {value.get('v', '')}"
    if not isinstance(value.get("rv"), int) or value["rv"] <= 0:
        return {}, f"incorrect encoded start resourceVersion (version {CONTINUE_VERSION})"
    if not value.get("start"):
        return {}, f"missing start key (version {CONTINUE_VERSION})"
    return value, ""
