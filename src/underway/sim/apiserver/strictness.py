"""Fields that a built-in kind does not have: dropped, warned of or refused, as the request wishes.

Owns the query parameter fieldValidation (Ignore, Warn, Strict) for what clients send over HTTP; the world's own writes and the
driver's hold no such fields. Custom resources are pruned by their schema instead. Source: KEP-2885; apiserver
pkg/endpoints/handlers/{create,patch}.go.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube import request as q
from underway.kube.resource import Resource
from underway.sim.apiserver import api_types, custom_values, status
from underway.sim.apiserver.server import Call

NO_KIND = Resource("", "", "", "")
LEVELS = ("", "Ignore", "Strict", "Warn")
OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder", "$deleteFromPrimitiveList")


def applied(call: Call, patched: Callable[[Call], Any]) -> tuple[Call, tuple[str, ...]]:
    """The call without unknown fields, and the warnings that its answer carries, whatever it is. Raises StatusError 400, 422.

    patched: the object that a patch would leave.
    """
    if call.verb in OPTIONS:
        _check_level(call)
    if call.entry.version is not None and call.subresource in ("", "status"):
        return _custom(call, patched)
    struct = "" if call.entry.custom or call.subresource not in ("", "status") else api_types.struct_for(call.resource)
    if not struct or not isinstance(call.body, dict) or call.verb not in ("create", "update", "patch"):
        return call, ()
    unknown = [path for path in api_types.unknown_fields(struct, call.body) if not _is_directive(path, call)]
    if not unknown or (call.verb == "patch" and call.content_type == q.APPLY_PATCH):
        return call, ()
    sentences = [f'unknown field "{path}"' for path in unknown]
    if call.query.get("fieldValidation") == "Strict":
        raise _refusal(call, f"strict decoding error: {', '.join(sentences)}")
    body = call.body if call.verb == "patch" else api_types.known_part(struct, call.body)
    if call.verb == "patch":
        body = _without(body, unknown)
    warned = () if call.query.get("fieldValidation") == "Ignore" else tuple(sentences)
    return msgspec.structs.replace(call, body=body), warned


def _custom(call: Call, patched: Callable[[Call], Any]) -> tuple[Call, tuple[str, ...]]:
    """Of custom resources the server prunes itself; here it is only told."""
    level = call.query.get("fieldValidation") or "Warn"
    if call.verb not in OPTIONS or level == "Ignore":
        return call, ()
    body = patched(call) if call.verb == "patch" and call.content_type != q.APPLY_PATCH else call.body
    if not isinstance(body, dict):
        return call, ()
    sentences = [f'unknown field "{path}"' for path in custom_values.unknown_fields(call.entry.version, body)]
    if not sentences:
        return call, ()
    if level == "Strict":
        raise _refusal(call, f"strict decoding error: {', '.join(sentences)}")
    return call, tuple(sentences)


def _check_level(call: Call) -> None:
    level = call.query.get("fieldValidation", "")
    if level not in LEVELS:
        supported = ", ".join(status.quoted(known) for known in LEVELS)
        message = f"Unsupported value: {status.quoted(level)}: supported values: {supported}"
        cause = {"reason": "FieldValueNotSupported", "message": message, "field": "fieldValidation"}
        raise status.invalid(Resource("meta.k8s.io", "v1", "", OPTIONS[call.verb]), "", [cause])


def _is_directive(path: str, call: Call) -> bool:
    """Whether a strategic merge patch speaks to the merge there, and not of a field."""
    return call.content_type == q.STRATEGIC_MERGE_PATCH and path.rpartition(".")[2].startswith(DIRECTIVES)


def _refusal(call: Call, why: str) -> status.StatusError:
    kind = call.resource.kind
    if call.verb == "patch":
        cause = {"reason": "FieldValueInvalid", "message": f'Invalid value: "{{}}": {why}', "field": "patch"}
        return status.invalid(NO_KIND, "", [cause])
    return status.bad_request(f'{kind} in version "{call.resource.version}" cannot be handled as a {kind}: {why}')


def _without(body: Any, unknown: list[str], path: str = "") -> Any:
    """A merge patch without the paths named, directives kept."""
    if isinstance(body, dict):
        kept = {}
        for key, child in body.items():
            at = f"{path}.{key}" if path else key
            if at not in unknown:
                kept[key] = _without(child, unknown, at)
        return kept
    if isinstance(body, list):
        return [_without(child, unknown, f"{path}[{index}]") for index, child in enumerate(body)]
    return body
