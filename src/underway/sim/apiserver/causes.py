"""The causes of a refusal with code 422, each a field and a sentence in the API server's words.

Owns their shape and wording; which fields are wrong is for those who check. Source: apimachinery
pkg/util/validation/field/errors.go.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

Cause = dict[str, str]


def _cause(reason: str, message: str, field: str) -> Cause:
    return {"reason": f"FieldValue{reason}", "message": message, "field": field}


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def required(field: str, why: str = "") -> Cause:
    """A field that must be there and is not."""
    return _cause("Required", f"Required value: {why}" if why else "Required value", field)


def invalid(field: str, value: Any, why: str) -> Cause:
    """A value that cannot be."""
    return _cause("Invalid", f"Invalid value: {_shown(value)}: {why}", field)


def unsupported(field: str, value: Any, known: Iterable[str]) -> Cause:
    """A value that is none of those there are."""
    listed = ", ".join(_shown(one) for one in known)
    return _cause("NotSupported", f"Unsupported value: {_shown(value)}: supported values: {listed}", field)


def duplicate(field: str, value: Any) -> Cause:
    """A value that stands twice."""
    return _cause("Duplicate", f"Duplicate value: {_shown(value)}", field)


def forbidden(field: str, why: str) -> Cause:
    """A field that may not be there, or may not change."""
    return _cause("Forbidden", f"Forbidden: {why}", field)
