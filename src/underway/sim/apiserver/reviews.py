"""Questions about access: may I (SelfSubjectAccessReview), and who am I (SelfSubjectReview).

Owns two virtual resources, asked by `kubectl auth can-i` and `kubectl auth whoami`, answered for any known caller.
Source: authorization.k8s.io/v1 and authentication.k8s.io/v1 types.go.
"""

from collections.abc import Callable
from typing import Any

from underway.kube.resource import SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS, Resource
from underway.sim.apiserver import bodies
from underway.sim.apiserver.access import AUTHENTICATED, Attributes, Authorize, User
from underway.sim.apiserver.status import invalid

ACCESS, WHO = SELF_SUBJECT_ACCESS_REVIEWS.path(), SELF_SUBJECT_REVIEWS.path()


def _attributes(spec: dict[str, Any]) -> Attributes:
    asked = spec.get("resourceAttributes")
    if asked:
        subresource = asked.get("subresource", "")
        plural = asked.get("resource", "")
        return Attributes(
            verb=asked.get("verb", ""),
            group=asked.get("group", ""),
            resource=f"{plural}/{subresource}" if subresource else plural,
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
        )
    raw = spec["nonResourceAttributes"]
    return Attributes(verb=raw.get("verb", ""), path=raw.get("path", ""))


def _check(spec: dict[str, Any]) -> None:
    """Source: pkg/apis/authorization/validation/validation.go."""
    asked, raw = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if bool(asked) != bool(raw):
        return
    field, why = "spec.resourceAttributes", "null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    if asked:
        field, why = "spec.nonResourceAttributes", "<struct>: cannot be specified in combination with resourceAttributes"
    cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {why}", "field": field}
    nameless = Resource(SELF_SUBJECT_ACCESS_REVIEWS.group, "v1", "", "")
    raise invalid(nameless, "", [cause])


def answer(path: str, user: User, authorize: Authorize, body: bytes, content_type: str) -> dict[str, Any] | None:
    """The answer to a review, None if the path is not one. Raises StatusError 400."""
    if path not in (ACCESS, WHO) or AUTHENTICATED not in user.groups:
        return None
    resource = SELF_SUBJECT_ACCESS_REVIEWS if path == ACCESS else SELF_SUBJECT_REVIEWS
    review = bodies.object_of(body, content_type, resource)
    if path == WHO:
        made = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
        return {**made, "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}}}
    return reviewed(review, lambda asked: authorize(user, asked))


def reviewed(review: dict[str, Any], may: Callable[[Attributes], bool]) -> dict[str, Any]:
    """A SelfSubjectAccessReview with its answer. Raises StatusError 422."""
    given, resource = review.get("spec") or {}, SELF_SUBJECT_ACCESS_REVIEWS
    _check(given)
    # As Go encodes it: what is empty is left out.
    spec = {part: {key: value for key, value in asked.items() if value != ""} for part, asked in given.items() if asked}
    made = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    return {**made, "spec": spec, "status": {"allowed": may(_attributes(spec))}}
