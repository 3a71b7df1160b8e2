"""Custom resources as their definition has them: pruned, with defaults, checked, by the code of `underway.crd`.

Owns how the pipeline's answers become the server's refusals. Source: apiextensions-apiserver pkg/apiserver
customresource_handler.go.
"""

from typing import Any

from underway.crd import pipeline
from underway.crd.defaults import copied
from underway.crd.definition import Version
from underway.crd.problem import Problem
from underway.kube.resource import Resource
from underway.sim.apiserver import status

Object = dict[str, Any]
Cause = dict[str, str]


def received(resource: Resource, version: Version | None, value: Object) -> Object:
    """What the server takes from a body. Raises StatusError 400."""
    if version is None or version.node is None:
        return value
    read = pipeline.request(copied(value), version)
    if read.problem is not None:
        shown = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise status.bad_request(f"{shown}: {read.problem}")
    return read.value


def unknown_fields(version: Version | None, value: Object) -> list[str]:
    """The paths in a body that the definition does not name."""
    if version is None or version.node is None:
        return []
    return list(pipeline.request(copied(value), version).unknown)


def causes(version: Version | None, value: Object, current: Object | None, *, of_status: bool = False) -> list[Cause]:
    """What the definition has against an object. current: what it replaces."""
    if version is None:
        return []
    if current is None:
        checked = pipeline.create(value, version)
    elif of_status:
        checked = pipeline.update_status(value, current, version)
    else:
        checked = pipeline.update(value, current, version)
    return [cause_of(problem) for problem in checked.problems]


def cause_of(problem: Problem) -> Cause:
    """A problem as a cause of a Status."""
    return {"reason": problem.type, "message": problem.message, "field": problem.path}
