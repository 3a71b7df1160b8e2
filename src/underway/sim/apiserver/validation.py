"""What an object must have to be stored, as far as the embedded world and its controllers depend on it.

Owns shapes (400) and required fields (422) of what clients send; the world's own writes are not asked. It is no copy of
the real server's validation: tests/parity lists what is compared. Source: kubernetes pkg/apis/*/validation.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from underway.kube.resource import Resource
from underway.model import decode
from underway.sim.apiserver import status

Object = dict[str, Any]
Cause = dict[str, str]

SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_SUBDOMAIN = re.compile(SUBDOMAIN)
NAME_LENGTH_MAX = 253  # RFC 1123 subdomain
WITH_TEMPLATE = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"})


class _Metadata(msgspec.Struct, frozen=True):
    """The shape that every ObjectMeta has."""

    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    ownerReferences: list[dict[str, Any]] | None = None  # noqa: N815  # the API's own word
    managedFields: list[dict[str, Any]] | None = None  # noqa: N815  # the API's own word


class _Port(msgspec.Struct, frozen=True):
    """A Service's port."""

    port: int


class _ServiceSpec(msgspec.Struct, frozen=True):
    """The part of a Service that the world reads."""

    ports: list[_Port] | None = None
    selector: dict[str, str] | None = None


class _Service(msgspec.Struct, frozen=True):
    """A Service's shape."""

    spec: _ServiceSpec = _ServiceSpec()


class _ConfigMap(msgspec.Struct, frozen=True):
    """A ConfigMap's shape."""

    data: dict[str, str] | None = None


SHAPES: dict[str, type[msgspec.Struct]] = {"Service": _Service, "ConfigMap": _ConfigMap}


def check_shape(resource: Resource, value: Object) -> None:
    """That the fields have the types of the API. Raises StatusError 400."""
    try:
        msgspec.convert(value.get("metadata") or {}, _Metadata)
        for part in ("spec", "status"):
            msgspec.convert(value.get(part) or {}, dict[str, Any])
        if resource.kind in SHAPES:
            msgspec.convert(value, SHAPES[resource.kind])
        decode.from_values(resource.kind, {**value, "metadata": value.get("metadata") or {}})
    except msgspec.ValidationError as error:
        shown = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise status.bad_request(f"{shown}: {str(error)[:1].lower()}{str(error)[1:]}") from None


def _required(field: str, why: str = "") -> Cause:
    return {"reason": "FieldValueRequired", "message": f"Required value: {why}" if why else "Required value", "field": field}


def _invalid(field: str, value: Any, why: str) -> Cause:
    shown = msgspec.json.encode(value).decode()
    return {"reason": "FieldValueInvalid", "message": f"Invalid value: {shown}: {why}", "field": field}


def _name(value: Object) -> Iterator[Cause]:
    name = value["metadata"].get("name", "")
    if name and not _SUBDOMAIN.fullmatch(name):
        yield _invalid(
            "metadata.name",
            name,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
            f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')",
        )
    if len(name) > NAME_LENGTH_MAX:
        yield _invalid("metadata.name", name, f"must be no more than {NAME_LENGTH_MAX} bytes")


def _pod_spec(spec: Object, field: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield _required(f"{field}.containers")
    for index, container in enumerate(spec.get("containers") or ()):
        at = f"{field}.containers[{index}]"
        if not container.get("name"):
            yield _required(f"{at}.name")
        if not container.get("image"):
            yield _required(f"{at}.image")
    grace = spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0:
        yield _invalid(f"{field}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0")


def _pod(value: Object) -> Iterator[Cause]:
    yield from _pod_spec(value.get("spec") or {}, "spec")


def _workload(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        yield _invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    template = spec.get("template") or {}
    if value.get("kind") != "Job":
        wanted = (spec.get("selector") or {}).get("matchLabels") or {}
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not spec.get("selector"):
            yield _required("spec.selector")
        elif not wanted.items() <= labels.items():
            yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _pod_spec(template.get("spec") or {}, "spec.template.spec")


def _service(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    if not spec.get("ports") and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield _required("spec.ports")


def _budget(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        both = {key: spec[key] for key in ("maxUnavailable", "minAvailable")}
        yield _invalid("spec", both, "minAvailable and maxUnavailable cannot be both set")


RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "Pod": _pod,
    "Service": _service,
    "PodDisruptionBudget": _budget,
    **dict.fromkeys(WITH_TEMPLATE, _workload),
}


def check(resource: Resource, value: Object) -> None:
    """That an object a client sent can be stored. Raises StatusError 400, 422."""
    check_shape(resource, value)
    whole = {**value, "kind": resource.kind, "metadata": value.get("metadata") or {}}
    causes = list(_name(whole))
    if resource.kind in RULES:
        causes += RULES[resource.kind](whole)
    if causes:
        raise status.invalid(resource, whole["metadata"].get("name", ""), causes)
