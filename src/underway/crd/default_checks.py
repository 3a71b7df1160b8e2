"""Whether the defaults of a schema are good values of it: pruned, well-formed and valid.

Source: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go.
"""

from collections.abc import Iterator
from typing import Any

from underway.crd import object_meta
from underway.crd.defaults import copied
from underway.crd.node import INT_OR_STRING, META_FIELDS, Node, as_root
from underway.crd.problem import Problem, child, invalid
from underway.crd.prune import prune
from underway.crd.validate import validate

Json = dict[str, Any]


def problems(schema: Json, path: str) -> list[Problem]:
    """What is wrong with the defaults of a structural schema. path: of the schema within its definition."""
    return list(_walk(as_root(Node(schema)), path, in_metadata=False))


def _walk(node: Node, path: str, *, in_metadata: bool) -> Iterator[Problem]:
    inside = in_metadata and not node.embedded
    if node.default is not None and not inside:
        yield from _default(node, child(path, "default"))
    elif node.default is not None:
        # Within metadata of an embedded resource: the value alone is checked, as the rest of the metadata is not known.
        yield from _against(node, child(path, "default"), node.default)
    if node.items is not None:
        yield from _walk(node.items, child(path, "items"), in_metadata=inside)
    for name, part in node.properties.items():
        within = inside or (node.embedded and name in META_FIELDS)
        yield from _walk(part, f"{path}.properties[{name}]", in_metadata=within)


def _default(node: Node, path: str) -> Iterator[Problem]:
    value = copied(node.default)
    prune(value, node)
    if value != node.default:
        yield invalid(path, node.default, "must not have unknown fields")
    value = copied(node.default)
    malformed = object_meta.coerce(value, node, drop=False, path=path)
    if malformed is not None:
        yield malformed
        return
    embedded = list(object_meta.problems(value, node, path))
    if embedded:
        yield from embedded
        return
    yield from _against(node, path, value)


def _against(node: Node, path: str, value: Any) -> Iterator[Problem]:
    for problem in validate(value, _untyped(node.raw)).problems.values():
        at = path if problem.path == "<nil>" else child(path, problem.path)
        yield Problem(at, problem.type, problem.message)


def _untyped(schema: Any) -> Any:
    """The schema as defaults are held against it: x-kubernetes-int-or-string stands for no type there, unlike for objects."""
    if isinstance(schema, dict):
        return {key: _untyped(part) for key, part in schema.items() if key != INT_OR_STRING}
    return [_untyped(part) for part in schema] if isinstance(schema, list) else schema
