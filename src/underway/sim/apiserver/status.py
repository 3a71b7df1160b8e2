"""Refusals of the embedded API server, in the real server's words.

Source: apimachinery pkg/api/errors/errors.go; the texts are what clients and scripts match on, and tests/parity compares
them with a real kube-apiserver.
"""

import json
from typing import Any

from underway.kube.resource import Resource

Json = dict[str, Any]


def qualified(resource: Resource) -> str:
    """The resource as error messages name it: "pods", "deployments.apps"."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def quoted(text: str) -> str:
    """A text as Go's %q shows it."""
    return json.dumps(text, ensure_ascii=False)


class StatusError(Exception):
    """A refusal. code: HTTP; status: the Status object as sent."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            **({"details": details} if details is not None else {}),
            "code": code,
        }


def _details(resource: Resource, name: str) -> Json:
    details = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return {**details, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> StatusError:
    """404 for an object."""
    return StatusError(404, "NotFound", f'{qualified(resource)} "{name}" not found', _details(resource, name))


def already_exists(resource: Resource, name: str) -> StatusError:
    """409 on create."""
    return StatusError(409, "AlreadyExists", f'{qualified(resource)} "{name}" already exists', _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> StatusError:
    """409 on update, patch or delete with a precondition."""
    message = f'Operation cannot be fulfilled on {qualified(resource)} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(resource, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def uid_conflict(resource: Resource, name: str, wanted: str, found: str) -> StatusError:
    """409 of an update: another object of the same name."""
    why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
    return conflict(resource, name, why)


def precondition_failed(resource: Resource, name: str, field: str, wanted: str, found: str) -> StatusError:
    """409 of a deletion. field: UID or ResourceVersion. Source: apiserver pkg/registry/rest/delete.go, BeforeDelete."""
    happened = "deleted and then recreated" if field == "UID" else "modified"
    message = (
        f'Operation cannot be fulfilled on {resource.kind} "{name}": the {field} in the precondition ({wanted}) does not '
        f"match the {field} in record ({found}). The object might have been {happened}"
    )
    details = {"name": name} | ({"group": resource.group} if resource.group else {})
    return StatusError(409, "Conflict", message, {**details, "kind": resource.kind})


def invalid(resource: Resource, name: str, causes: list[Json]) -> StatusError:
    """422. causes: {"reason", "message", "field"} each."""
    listed = [f"{cause['field']}: {cause['message']}" for cause in causes]
    # Causes that are said twice are told once.
    told = list(dict.fromkeys(listed))
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: Json = ({"name": name} if name else {}) | ({"group": resource.group} if resource.group else {})
    details |= {"kind": resource.kind} if resource.kind else {}
    details |= {"causes": causes}
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def gone(message: str = "The provided continue parameter is too old to display a consistent list result.") -> StatusError:
    """410: the history asked for is compacted."""
    return StatusError(410, "Expired", message)


def too_old(revision: int, oldest: int) -> StatusError:
    """410 of a watch."""
    return StatusError(410, "Expired", f"too old resource version: {revision} ({oldest})")


def over_budget(cause: str, retry_after_s: int = 0) -> StatusError:
    """429 of an eviction. cause: the budget's own sentence. Source: registry/core/pod/storage/eviction.go."""
    details: Json = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if retry_after_s:
        details["retryAfterSeconds"] = retry_after_s
    return StatusError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", details)


def overloaded(retry_after_s: int = 1) -> StatusError:
    """429 of the server itself. Source: apiserver util/flowcontrol."""
    message = "Too many requests, please try again later."
    return StatusError(429, "TooManyRequests", message, {"retryAfterSeconds": retry_after_s})


def several_budgets() -> StatusError:
    """500: more than one budget on a pod; no retry ever helps. The real server gives no reason either."""
    return StatusError(
        500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    )


def internal(message: str) -> StatusError:
    """500."""
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def forbidden(resource: Resource, name: str, why: str) -> StatusError:
    """403."""
    shown = f' "{name}"' if name else ""
    return StatusError(403, "Forbidden", f"{qualified(resource)}{shown} is forbidden: {why}", _details(resource, name))


def unsupported_media_type(accepted: list[str]) -> StatusError:
    """415: a patch type that the resource does not take."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def method_not_allowed() -> StatusError:
    """405."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def path_not_found() -> StatusError:
    """404 for a path that names no resource."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})
