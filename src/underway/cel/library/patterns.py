"""Regular expressions as the API server understands them: Go's RE2, not Python's. Compiled once, kept while in use."""

from functools import lru_cache
from math import ceil
from typing import Any

import re2

from underway.cel.values import EvalError, size

# re2 reports a bad expression in its own words; Go's text after "error parsing regexp: " differs.
_QUIET = re2.Options()
_QUIET.log_errors = False


@lru_cache(maxsize=1024)
def pattern(expression: str) -> Any:
    """The compiled expression. Raises EvalError where it is none."""
    try:
        return re2.compile(expression, _QUIET)
    except re2.error as refused:
        reason = refused.args[0] if refused.args else ""
        raise EvalError(f"error parsing regexp: {reason.decode() if isinstance(reason, bytes) else reason}") from None


def regex_cost(args: tuple[Any, ...], _: Any) -> int:
    """What a match costs: the text once for every four signs of the expression (runtimecost.go)."""
    return pattern_cost(size(args[0]), size(args[1]))


def pattern_cost(text_size: int, pattern_size: int) -> int:
    """The same, of sizes."""
    return ceil((1 + text_size) * 0.1) * ceil(pattern_size * 0.25)
