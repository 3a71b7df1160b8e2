"""Which labels a selector matches. Source: apimachinery labels/selector.go; "Labels and Selectors"."""

import re
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
        case operator:
            raise ValueError(f"{operator!r} is not a selector operator; use In, NotIn, Exists or DoesNotExist")


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether all of the selector's requirements hold; an empty selector matches everything."""
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        requirement_matches(requirement, labels) for requirement in selector.match_expressions
    )


def is_empty(selector: LabelSelector) -> bool:
    """Whether the selector has no requirement at all."""
    return not selector.match_labels and not selector.match_expressions


_SET_BASED = re.compile(r"(?P<key>[^\s!=(),]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALITY = re.compile(r"(?P<key>[^\s!=(),]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=(),]*)")
_EXISTS = re.compile(r"(?P<no>!?)\s*(?P<key>[^\s!=(),]+)")
_SEPARATOR = re.compile(r",(?![^(]*\))")


def parse(text: str) -> LabelSelector:
    """The selector in its textual form, such as "app=web,tier in (a, b),!canary". Raises ValueError if it is none."""
    return LabelSelector(match_expressions=tuple(_requirement(part.strip()) for part in _SEPARATOR.split(text) if part.strip()))


def _requirement(part: str) -> LabelSelectorRequirement:
    if match := _SET_BASED.fullmatch(part):
        values = tuple(value.strip() for value in match["values"].split(","))
        return LabelSelectorRequirement(match["key"], "In" if match["operator"] == "in" else "NotIn", values)
    if match := _EQUALITY.fullmatch(part):
        return LabelSelectorRequirement(match["key"], "NotIn" if match["operator"] == "!=" else "In", (match["value"],))
    if match := _EXISTS.fullmatch(part):
        return LabelSelectorRequirement(match["key"], "DoesNotExist" if match["no"] else "Exists")
    raise ValueError(f"{part!r} is not a label selector; write app=web, tier in (a,b), !canary")
