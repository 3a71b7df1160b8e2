"""One thing wrong with a definition or an object, in the API server's own terms: where, of which type, and its sentence.

Source: apimachinery pkg/util/validation/field errors.go and path.go.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from underway.crd.go_values import compact, printed, quoted

NO_PATH = "<nil>"  # how the API server writes the path of the whole object


class Problem(msgspec.Struct, frozen=True):
    """path: "spec.ports[0].name"; type: "FieldValueInvalid" and its like; message: as the server words it, without the path."""

    path: str
    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def child(path: str, name: str) -> str:
    """The path of a field. path: "" for the whole object."""
    return f"{path}.{name}" if path else name


def shown(value: Any) -> str:
    """A value as the server's messages show it: scalars as Go prints them, anything else as JSON."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return printed(value)
    return compact(value)


def required(path: str, detail: str = "") -> Problem:
    """A value that has to be there."""
    return Problem(path or NO_PATH, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def invalid(path: str, value: Any, detail: str) -> Problem:
    """A value that cannot stand."""
    return Problem(path or NO_PATH, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def type_invalid(path: str, value: Any, detail: str) -> Problem:
    """A value of another type."""
    return Problem(path or NO_PATH, "FieldValueTypeInvalid", f"Invalid value: {shown(value)}: {detail}")


def not_supported(path: str, value: Any, supported: Iterable[str]) -> Problem:
    """A value that is none of those there are."""
    listed = ", ".join(quoted(one) for one in supported)
    return Problem(path or NO_PATH, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}")


def forbidden(path: str, detail: str) -> Problem:
    """A value that may not be there."""
    return Problem(path or NO_PATH, "FieldValueForbidden", f"Forbidden: {detail}")


def duplicate(path: str, value: Any) -> Problem:
    """A value that stands twice."""
    return Problem(path or NO_PATH, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def too_long(path: str, most: int) -> Problem:
    """A text with too many bytes or characters."""
    detail = "may not be more than 1 byte" if most == 1 else f"may not be more than {most} bytes"
    return Problem(path or NO_PATH, "FieldValueTooLong", f"Too long: {detail}")


def too_many(path: str, actual: int, most: int) -> Problem:
    """Too many items or properties."""
    return Problem(
        path or NO_PATH, "FieldValueTooMany", f"Too many: {actual}: must have at most {most} item{'s' if most != 1 else ''}"
    )
