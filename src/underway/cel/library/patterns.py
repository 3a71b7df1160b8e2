"""Regular expressions as the API server understands them: Go's RE2, not Python's. Compiled once, kept while in use."""

from functools import lru_cache
from math import ceil
from typing import Any

import re2

from underway.cel.values import EvalError, size

_QUIET = re2.Options()
_QUIET.log_errors = False


@lru_cache(maxsize=1024)
def pattern(expression: str) -> Any:
    """The compiled expression. Raises EvalError where it is none."""
    try:
        return re2.compile(expression, _QUIET)
    except re2.error as refused:
        reason = refused.args[0] if refused.args else ""
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise EvalError(f"error parsing regexp: {_in_go(text, expression)}") from None


# What RE2 says, and what Go says of the same fault.
_FAULTS = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid repetition size": "invalid repeat count",
}
# Of these Go shows the whole expression, not the part at fault.
_WHOLE = frozenset(("missing closing )", "unexpected )"))


def _in_go(reason: str, expression: str) -> str:
    fault, _, part = reason.partition(": ")
    said = _FAULTS.get(fault, fault)
    return f"{said}: `{expression if said in _WHOLE else part}`"


def regex_cost(args: tuple[Any, ...], _: Any) -> int:
    """What a match costs: the text once for every four signs of the expression (runtimecost.go)."""
    return pattern_cost(size(args[0]), size(args[1]))


def pattern_cost(text_size: int, pattern_size: int) -> int:
    """The same, of sizes."""
    return ceil((1 + text_size) * 0.1) * ceil(pattern_size * 0.25)
