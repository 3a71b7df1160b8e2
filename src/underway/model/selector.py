"""Which labels a selector matches. Source: apimachinery labels/selector.go; "Labels and Selectors"."""

from collections.abc import Mapping

from underway.model.meta import LabelSelector, LabelSelectorRequirement


def requirement_matches(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    """Whether one matchExpressions entry holds; NotIn and DoesNotExist hold where the key is absent."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            return value is not None and _compares(requirement.operator, value, requirement.values[0])
        case operator:
            raise ValueError(f"{operator!r} is not a selector operator; use In, NotIn, Exists, DoesNotExist, Gt or Lt")


def _compares(operator: str, value: str, bound: str) -> bool:
    """Whether both are integers and stand so; a label that is none never does."""
    try:
        return int(value) > int(bound) if operator == "Gt" else int(value) < int(bound)
    except ValueError:
        return False


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether all of the selector's requirements hold; an empty selector matches everything."""
    for key, value in selector.match_labels.items():
        if labels.get(key) != value:
            return False
    return not selector.match_expressions or all(requirement_matches(one, labels) for one in selector.match_expressions)
