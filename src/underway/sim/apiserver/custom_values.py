"""Custom resources as their definition has them: pruned, with defaults, checked, by the code of `underway.crd`.

Owns how the pipeline's answers become the server's refusals. Source: apiextensions-apiserver pkg/apiserver
customresource_handler.go.
"""

from typing import Any

from underway.crd import pipeline
from underway.crd.definition import Version
from underway.crd.go_values import held
from underway.crd.problem import Problem
from underway.kube.resource import Resource
from underway.sim.apiserver import status
from underway.sim.apiserver.catalogue import Entry

Object = dict[str, Any]
Cause = dict[str, str]


def received(resource: Resource, version: Version | None, value: Object) -> Object:
    """What the server takes from a body. Raises StatusError 400."""
    if version is None or version.node is None:
        return value
    read = pipeline.request(held(value), version)
    if read.problem is not None:
        shown = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise status.bad_request(f"{shown}: {read.problem}")
    return read.value


def unreadable(version: Version | None, value: Object) -> str:
    """Why the server cannot take an object, "" if it can."""
    if version is None or version.node is None:
        return ""
    problem = pipeline.request(held(value), version).problem
    return "" if problem is None else str(problem)


def whole(entry: Entry, current: Object, value: Object, *, of_status: bool) -> Object:
    """What an update makes of an object: where status has its own subresource, either that or all the rest is the old one's.

    Source: apiextensions-apiserver pkg/registry/customresource strategy.go and status_strategy.go, PrepareForUpdate.
    """
    if of_status:
        kept = {key: part for key, part in current.items() if key != "status"}
        named = {key: value["metadata"][key] for key in ("resourceVersion", "uid") if value.get("metadata", {}).get(key)}
        kept["metadata"] = current["metadata"] | named
        return kept | ({"status": value["status"]} if "status" in value else {})
    if "status" not in entry.subresources:
        return value
    kept = {key: part for key, part in value.items() if key != "status"}
    return kept | ({"status": current["status"]} if "status" in current else {})


def unknown_fields(version: Version | None, value: Object) -> list[str]:
    """The paths in a body that the definition does not name."""
    if version is None or version.node is None:
        return []
    read = pipeline.request(held(value), version)
    return [] if read.problem is not None else list(read.unknown)


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
