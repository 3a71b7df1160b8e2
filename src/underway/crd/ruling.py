"""Where rules in CEL meet the pipeline: whether a schema has any.

Owns the seam alone; the rules themselves are `crd.rules`'.
"""

from underway.crd.node import Node


def has_rules(node: Node) -> bool:
    """Whether any place of the schema has rules."""
    parts = [*node.properties.values(), node.items, node.others]
    return bool(node.rules) or any(has_rules(part) for part in parts if part is not None)
