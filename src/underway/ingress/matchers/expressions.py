"""Regular expressions of paths and headers, matched in linear time: RE2, or not at all.

PCRE (nginx) and RE2 (Envoy, Go) agree on what both accept, save for rarities that are refused here. What only PCRE knows, such as
lookaround and back references, can take exponential time: it is not run, and the answer is left open with that reason.
"""

import re
from functools import lru_cache
from typing import Any

CHARACTERS_MAX = 4096  # the API's limit of a header's value; paths are limited to 1024
PROGRAM_BYTES_MAX = 8 << 20
_DISAGREE = re.compile(
    r"\\[CzZpPQEvhHRKGX]|\(\?[^:imsP)]|\[\[[.=]"
)  # escapes and groups that the two read differently, or one only


class NotDecidable(Exception):
    """Why an expression is not run."""


@lru_cache(maxsize=4096)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The expression, ready to match. Raises NotDecidable with the reason."""
    import re2

    if len(pattern) > CHARACTERS_MAX:
        raise NotDecidable(f"the expression has {len(pattern)} characters; {CHARACTERS_MAX} are tried")
    found = _DISAGREE.search(pattern)
    if found:
        raise NotDecidable(f"expression {pattern!r}: PCRE and RE2 do not agree on {found[0]!r}")
    options = re2.Options()
    options.max_mem = PROGRAM_BYTES_MAX
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise NotDecidable(f"expression {pattern!r}: {_text(error)}") from None


def _text(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def anchored(pattern: str) -> str:
    """The expression that is found exactly where this one matches as a whole."""
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    return f"{flags}^(?:{pattern.removeprefix(flags)})$"


def found_in(pattern: str, text: str) -> bool:
    """Whether the expression is found anywhere in the text. Raises NotDecidable."""
    return compiled(pattern).search(text) is not None


def full(pattern: str, text: str) -> bool:
    """Whether the whole text is in the expression's language. Raises NotDecidable."""
    return compiled(pattern).fullmatch(text) is not None
