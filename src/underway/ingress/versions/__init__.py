"""Ingress and IngressClass between their API versions, as edits: nothing that is not about the version is touched.

Owns which objects of a document are converted, lists included, the class field on request, and kubectl's last-applied copy. The
fields of an Ingress are in `ingress`; text with comments is the shell's.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from underway.ingress.losses import Loss, Path, named
from underway.ingress.versions.edits import Edit, applied
from underway.ingress.versions.ingress import Ways, to_v1, to_v1beta1

OLD_GROUPS = {"Ingress": ("networking.k8s.io/v1beta1", "extensions/v1beta1"), "IngressClass": ("networking.k8s.io/v1beta1",)}
NEW = "networking.k8s.io/v1"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LIST_DEPTH_MAX = 4  # lists inside lists: kubectl writes one level


class Outcome(msgspec.Struct, frozen=True):
    """What is to be done to a document. objects: how many of it are converted."""

    edits: tuple[Edit, ...]
    losses: tuple[Loss, ...]
    objects: int


def converted(values: Any, source: int, to: str, class_to: str = "") -> Outcome:
    """The edits that bring a document to a version.

    values: plain JSON values, of any kind; source: the document's index; to: v1 or v1beta1; class_to: "field" moves the class
    annotation into spec.ingressClassName, "annotation" the other way, "" leaves both, as the API server does.
    """
    edits: list[Edit] = []
    losses: list[Loss] = []
    count = 0
    for base, one, typed in _objects(values, (), 0):
        ways = Ways(one, source, base)
        _convert(ways, to, class_to)
        if typed:  # there is no apiVersion of its own to change
            ways.edits = [edit for edit in ways.edits if edit.path != (*base, "apiVersion")]
        edits += ways.edits
        losses += ways.losses
        count += bool(ways.edits)
    return Outcome(tuple(edits), tuple(losses), count)


def _objects(values: Any, base: Path, depth: int) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    """The Ingresses and IngressClasses of a document, and lists of them, with where each stands.

    The last is true for an item of a typed list: it carries neither kind nor apiVersion, which are the list's.
    """
    if not isinstance(values, dict) or not isinstance(values.get("kind"), str):
        return
    kind, items = values["kind"], values.get("items")
    if isinstance(items, list) and kind.endswith("List") and depth < LIST_DEPTH_MAX:
        item_kind = kind.removesuffix("List")
        if item_kind in OLD_GROUPS:
            yield base, values, False
        for index, item in enumerate(items):
            if isinstance(item, dict) and item_kind in OLD_GROUPS and "kind" not in item:
                yield (*base, "items", index), {"kind": item_kind, "apiVersion": values.get("apiVersion"), **item}, True
            else:
                yield from _objects(item, (*base, "items", index), depth + 1)
    elif kind in OLD_GROUPS:
        yield base, values, False


def _convert(ways: Ways, to: str, class_to: str) -> None:
    kind, version = ways.values["kind"], ways.values.get("apiVersion")
    old = OLD_GROUPS[kind.removesuffix("List")]
    if version != NEW and version not in old:
        return
    foreign_group = version == "extensions/v1beta1" and to == "v1beta1"
    if kind.endswith("List"):
        if version != _wanted(to):
            ways.set(("apiVersion",), _wanted(to))
        return
    before = len(ways.edits)
    if to == "v1" and version in old:
        to_v1(ways) if kind == "Ingress" else _class_to_v1(ways)
    elif to == "v1beta1" and version == NEW:
        to_v1beta1(ways) if kind == "Ingress" else ways.set(("apiVersion",), _wanted(to))
    elif foreign_group:
        ways.set(("apiVersion",), _wanted(to))
    if kind == "Ingress" and class_to:
        _move_class(ways, class_to)
    if len(ways.edits) > before:
        _rewrite_last_applied(ways, to, class_to)


def _wanted(to: str) -> str:
    return f"networking.k8s.io/{to}"


def _class_to_v1(ways: Ways) -> None:
    """IngressClass: the same fields; v1 makes the scope of the parameters explicit (pkg/apis/networking/v1/defaults.go)."""
    ways.set(("apiVersion",), NEW)
    spec = ways.values.get("spec")
    parameters = spec.get("parameters") if isinstance(spec, dict) else None
    if isinstance(parameters, dict) and parameters.get("scope") is None:
        ways.set(("spec", "parameters", "scope"), "Cluster")


def _move_class(ways: Ways, class_to: str) -> None:
    metadata, spec = ways.values.get("metadata"), ways.values.get("spec")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    annotation = annotations.get(CLASS_ANNOTATION) if isinstance(annotations, dict) else None
    field = spec.get("ingressClassName") if isinstance(spec, dict) else None
    where: Path = ("metadata", "annotations", CLASS_ANNOTATION)
    if annotation is not None and field is not None and annotation != field:
        reason = f"is {annotation!r} and spec.ingressClassName is {field!r}: the API server refuses a new object with both"
        ways.lose("invalid", where, reason, "keep the one that is meant; nothing was moved")
    elif class_to == "field" and annotation:
        ways.move(where, ("spec", "ingressClassName")) if field is None else ways.remove(where)
    elif class_to == "field" and annotation == "":
        ways.lose("lost", where, "is empty: it keeps the default class away, which the field cannot say", "name a class")
    elif class_to == "annotation" and field is not None:
        if annotation is None:
            ways.set(where, field)
        ways.remove(("spec", "ingressClassName"))


def _rewrite_last_applied(ways: Ways, to: str, class_to: str) -> None:
    """kubectl's copy of what was applied names the old version; the next apply would compare with it."""
    metadata = ways.values.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(LAST_APPLIED) if isinstance(annotations, dict) else None
    if text is None:
        return
    where: Path = ("metadata", "annotations", LAST_APPLIED)
    try:
        copy = json.loads(text)
        inner = converted(copy, ways.source, to, class_to)
    except (ValueError, TypeError, RecursionError):
        ways.lose("lost", where, "is not JSON and stays as it is", "take it away, or run kubectl apply view-last-applied")
        return
    if not isinstance(copy, dict) or copy.get("kind") != ways.values["kind"]:
        ways.lose(
            "lost", where, f"holds {named(copy) if isinstance(copy, dict) else 'no object'} and stays as it is", "take it away"
        )
        return
    ways.set(where, json.dumps(applied(copy, inner.edits), separators=(",", ":"), ensure_ascii=False) + "\n")
