"""Where rules in CEL meet the pipeline: a schema's rules are compiled once, and their verdicts become problems.

Owns the seam alone; the rules themselves are `crd.rules`'.
"""

from typing import Any

from underway.crd.node import Node
from underway.crd.problem import Problem
from underway.crd.rule_set import rule_set
from underway.crd.rules import validate_rules


def has_rules(node: Node) -> bool:
    """Whether any place of the schema has rules."""
    return _compiled(node) is not None


def judged(node: Node, new: Any, old: Any) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """What the rules of a schema say of an object, and what they say of it that it was before as well (a warning)."""
    verdict = validate_rules(_compiled(node), new, old)
    return verdict.errors, verdict.warnings


def _compiled(node: Node) -> Any:
    if not node.compiled:
        node.compiled = (rule_set(node.raw),)
    return node.compiled[0]
