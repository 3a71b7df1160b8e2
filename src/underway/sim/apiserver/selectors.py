"""Label selectors: as text, as kubectl shows them and Scale carries them; and what is wrong with them.

Source: apimachinery pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector), pkg/labels/selector.go (Requirement.String).
"""

from collections.abc import Iterator

from underway.sim.apiserver.causes import Cause, forbidden, invalid, required
from underway.sim.store import Object


def selector_text(selector: Object) -> str:
    """The selector's requirements in the order of their keys; "" for one that has none."""
    parts = [(key, f"{key}={wanted}") for key, wanted in (selector.get("matchLabels") or {}).items()]
    for one in selector.get("matchExpressions") or ():
        key, listed = one["key"], ",".join(sorted(one.get("values") or ()))
        words = {
            "In": f"{key} in ({listed})",
            "NotIn": f"{key} notin ({listed})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts.append((key, words[one["operator"]]))
    return ",".join(text for _, text in sorted(parts, key=lambda part: part[0]))


def requirement_problems(selector: Object, field: str) -> Iterator[Cause]:
    """What is wrong with the matchExpressions of a label selector. Source: apimachinery pkg/apis/meta/v1/validation."""
    for index, one in enumerate(selector.get("matchExpressions") or ()):
        path, operator, values = f"{field}.matchExpressions[{index}]", one.get("operator", ""), one.get("values")
        if operator in ("In", "NotIn"):
            if not values:
                yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator not in ("Exists", "DoesNotExist"):
            yield invalid(f"{path}.operator", operator, "not a valid selector operator")
        elif values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
