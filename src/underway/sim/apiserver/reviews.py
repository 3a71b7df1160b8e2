"""Questions about access: may I (SelfSubjectAccessReview), and who am I (SelfSubjectReview).

Owns two virtual resources, asked by `kubectl auth can-i` and `kubectl auth whoami`, answered for any known caller.
Source: authorization.k8s.io/v1 and authentication.k8s.io/v1 types.go.
"""

from typing import Any

from underway.kube.resource import Resource
from underway.sim.apiserver import bodies
from underway.sim.apiserver.access import AUTHENTICATED, Attributes, Authorize, User
from underway.sim.apiserver.status import bad_request

ACCESS_REVIEW = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False)
WHO_REVIEW = Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)
ACCESS, WHO = ACCESS_REVIEW.path(), WHO_REVIEW.path()


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
    raw = spec.get("nonResourceAttributes")
    if not raw:
        raise bad_request("spec: exactly one of nonResourceAttributes or resourceAttributes must be specified")
    return Attributes(verb=raw.get("verb", ""), path=raw.get("path", ""))


def answer(path: str, user: User, authorize: Authorize, body: bytes, content_type: str) -> dict[str, Any] | None:
    """The answer to a review, None if the path is not one. Raises StatusError 400."""
    if path not in (ACCESS, WHO) or AUTHENTICATED not in user.groups:
        return None
    resource = ACCESS_REVIEW if path == ACCESS else WHO_REVIEW
    review = bodies.object_of(body, content_type, resource)
    made = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if path == WHO:
        return {**made, "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}}}
    spec = review.get("spec") or {}
    return {**made, "spec": spec, "status": {"allowed": authorize(user, _attributes(spec))}}
