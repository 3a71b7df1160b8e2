"""Label selectors as text, as kubectl shows them and Scale carries them.

Source: apimachinery pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector), pkg/labels/selector.go (Requirement.String).
"""

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
