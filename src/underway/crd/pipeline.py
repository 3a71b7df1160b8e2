"""What the API server does to a custom resource, one function for each of its events.

    request      prune, drop nulls, coerce, default         of the body, in the request's version
    storage      prune, drop nulls, coerce, default         of what is read, in the version it was stored in
    patch        default                                    after an admission webhook's patch: no pruning there
    conversion   prune, drop nulls, coerce                  with the target's schema: no defaults
    create, update, update_status                           the checks, in the request's version

All take a value of their own to change. Sources: apiextensions-apiserver pkg/apiserver customresource_handler.go
(schemaCoercingDecoder, schemaCoercingConverter), pkg/registry/customresource {strategy,status_strategy,validator}.go.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from underway.crd import list_types, object_meta, ruling, scale_paths
from underway.crd.correlation import Correlated
from underway.crd.defaults import default
from underway.crd.definition import Version
from underway.crd.node import Node
from underway.crd.problem import NO_PATH, Problem, invalid
from underway.crd.validate import Outcome, validate
from underway.crd.walk import paths

Json = dict[str, Any]
# With one of these, rules in CEL are not even asked. Source: strategy.go, hasBlockingErr.
BLOCKING = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
UNCHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
)


class Read(msgspec.Struct, frozen=True):
    """An object as the server would hold it. unknown: the paths that were dropped; problem: why it cannot be read at all."""

    value: Json
    unknown: tuple[str, ...] = ()
    problem: Problem | None = None


class Checked(msgspec.Struct, frozen=True):
    """What is wrong with an object; warnings: what an update leaves as it was although it would not be allowed anew."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def request(value: Json, version: Version) -> Read:
    """Take the body of a request."""
    return _read(value, version, drop=False, defaults=True)


def storage(value: Json, version: Version) -> Read:
    """Take what stands in storage, in the version that it was stored in; malformed metadata goes."""
    found = _read(value, version, drop=True, defaults=True)
    metadata = found.value.get("metadata")
    if isinstance(metadata, dict) and not metadata.get("generation"):
        metadata["generation"] = 1
    return found


def patch(value: Json, version: Version) -> Read:
    """Take what an admission webhook has patched."""
    default(value, version.node)
    return Read(value)


def conversion(value: Json, version: Version) -> Read:
    """Take what a conversion has made. version: the target."""
    return _read(value, version, drop=False, defaults=False)


def _read(value: Json, version: Version, *, drop: bool, defaults: bool) -> Read:
    node, walk = version.node, version.pruned if version.embeds or not defaults else version.filled
    if node is None or walk is None:
        return Read(value)
    dropped: list[str] = []
    walk(value, dropped)
    unknown = list(paths(dropped)) if dropped else []
    if not version.embeds:
        problem = object_meta.coerce_root(value, drop=drop, unknown=unknown)
    else:
        problem = object_meta.coerce(value, node, drop=drop, unknown=unknown)
        if problem is None and defaults:
            default(value, node)  # what was malformed in embedded metadata is gone by now, and has its default
    return Read(value, tuple(sorted(unknown)), problem)


def create(value: Json, version: Version) -> Checked:
    """Check a new object."""
    node = version.node
    if node is None:
        return Checked()
    outcome = validate(value, node.raw)
    problems = [
        *outcome.problems.values(),
        *scale_paths.problems(value, version.subresources),
        *_embedded(value, node),
        *list_types.problems(value, node),
    ]
    return _ruled(problems, outcome, node, value, None)


def update(value: Json, old: Json, version: Version) -> Checked:
    """Check what is to replace an object. old: in the same version."""
    node = version.node
    if node is None:
        return Checked()
    outcome = validate(value, node.raw, pair=Correlated(value, old, node.raw))
    problems = [*outcome.problems.values(), *scale_paths.problems(value, version.subresources), *_embedded(value, node)]
    if not any(list_types.problems(old, node)):
        problems += list_types.problems(value, node)
    return _ruled(problems, outcome, node, value, old)


def update_status(value: Json, old: Json, version: Version) -> Checked:
    """Check a new status. value: the old object with it.

    The schema's part is checked as a value of its own: its messages do not know that they speak of a status.
    """
    node = version.node
    if node is None:
        return Checked()
    status = node.properties.get("status")
    outcome = Outcome()
    if "status" in value and status is not None:
        pair = Correlated(value["status"], old.get("status"), status.raw)
        outcome = validate(value["status"], status.raw, pair=pair)
    problems = [_below_status(one) for one in outcome.problems.values()]
    problems += scale_paths.problems(value, version.subresources, scale_paths.STATUS)
    repeated = list(list_types.problems(value, node))
    if repeated and not any(list_types.problems(old, node)):
        problems += repeated
    return _ruled(problems, outcome, node, value, old)


def _below_status(one: Problem) -> Problem:
    path = "status" if one.path == NO_PATH else f"status.{one.path}"
    return msgspec.structs.replace(one, path=path)


def _embedded(value: Json, node: Node) -> Iterator[Problem]:
    """Embedded resources below the root; the root's own metadata is checked with every other object's."""
    for key, one in value.items():
        if key in node.properties:
            yield from object_meta.problems(one, node.properties[key], key)
        elif node.others is not None:
            yield from object_meta.problems(one, node.others, f"[{key}]")


def _ruled(problems: list[Problem], outcome: Outcome, node: Node, value: Json, old: Json | None) -> Checked:
    """The problems, and what the schema's rules in CEL have to say if nothing forbids asking them."""
    unchanged: tuple[Problem, ...] = ()
    if ruling.has_rules(node):
        if any(problem.type in BLOCKING for problem in problems):
            problems.append(invalid("", None, UNCHECKED))
        else:
            found, unchanged = ruling.judged(node, value, old)
            problems += found
    return Checked(tuple(problems), (*outcome.warnings.values(), *unchanged))
