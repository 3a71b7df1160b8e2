"""Patterns as Go's regexp understands them, compiled once, without what RE2 would write to standard error."""

from functools import lru_cache
from typing import Any

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False  # also of a pattern that outgrows its automaton and is matched in the slow way


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern. Raises re2.error."""
    return re2.compile(pattern, _QUIET)
