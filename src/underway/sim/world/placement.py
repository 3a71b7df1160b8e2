"""Selectors: which objects a label selector matches, and which nodes a pod's node selector and node affinity name.

It holds no state. Sources: apimachinery pkg/labels; component-helpers scheduling/corev1/nodeaffinity.
"""

from collections.abc import Mapping

from underway.model.meta import LabelSelectorRequirement
from underway.model.selector import requirement_matches
from underway.sim.store import Change, Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def selects(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; none matches nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if not wanted.items() <= labels.items():
        return False
    return all(_holds(requirement, labels) for requirement in selector.get("matchExpressions") or ())


def concerns(selector: Object | None, change: Change) -> bool:
    """Whether a selector matches an object as it is or as it was before the change."""
    states = (change.object, change.previous) if change.previous is not None else (change.object,)
    return any(selects(selector, state["metadata"].get("labels") or {}) for state in states)


def _holds(requirement: Object, labels: Mapping[str, str]) -> bool:
    values = tuple(requirement.get("values") or ())
    return requirement_matches(LabelSelectorRequirement(requirement["key"], requirement["operator"], values), labels)


def node_fits(spec: Object, node: Object) -> bool:
    """Whether the node is one that the pod's node selector and required node affinity name."""
    labels = node["metadata"].get("labels") or {}
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED)
    return required is None or any(_term_fits(term, node) for term in required.get("nodeSelectorTerms") or ())


def _term_fits(term: Object, node: Object) -> bool:
    """One term of a node affinity; an empty one matches no node."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    name = {"metadata.name": node["metadata"]["name"]}
    labels = node["metadata"].get("labels") or {}
    return (
        bool(expressions or fields)
        and all(_holds(one, name) for one in fields)
        and all(_holds(one, labels) for one in expressions)
    )
