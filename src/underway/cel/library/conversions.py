"""int(), uint(), double(), string(), bytes(), bool(), duration(), timestamp(), dyn() and type().

Source: cel-go common/types (ConvertToType of each type).
"""

import math
import re
from math import ceil
from typing import Any

from underway.cel.arithmetic import INT_MAX, INT_MIN, SECOND_NS, UINT_MAX, checked_int, checked_timestamp, checked_uint
from underway.cel.go_text import format_duration, format_general, format_time, parse_duration, parse_float, parse_time
from underway.cel.overload import Function, free
from underway.cel.types import BOOL, BYTES, CIDR, DOUBLE, DURATION, DYN, INT, IP, STRING, TIMESTAMP, UINT, param, type_of
from underway.cel.values import Duration, EvalError, Timestamp, TypeValue, Uint, size, type_name

_A = param("A")
_SIGNED = re.compile(r"[+-]?[0-9]+")
# strconv.ParseBool.
_BOOLS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def _refused(value: Any, to: str) -> EvalError:
    return EvalError(f"type conversion error from '{type_name(value)}' to '{to}'")


def _same(value: Any) -> Any:
    return value


def _traversed(args: tuple[Any, ...], _: Any) -> int:
    return ceil(size(args[0]) * 0.1)


def _double_to_int(value: float) -> int:
    if not math.isfinite(value) or value <= float(INT_MIN) or value >= float(INT_MAX):
        raise EvalError("integer overflow")
    return int(value)


def _double_to_uint(value: float) -> Uint:
    if not math.isfinite(value) or value < 0 or value >= float(UINT_MAX):
        raise EvalError("unsigned integer overflow")
    return Uint(value)


def _string_to_int(text: str) -> int:
    if _SIGNED.fullmatch(text) and text.isascii() and INT_MIN <= int(text) <= INT_MAX:
        return int(text)
    raise _refused(text, "int")


def _string_to_uint(text: str) -> Uint:
    if text.isascii() and text.isdigit() and int(text) <= UINT_MAX:
        return Uint(text)
    raise _refused(text, "uint")


def _string_to_double(text: str) -> float:
    value = parse_float(text)
    if value is None:
        raise _refused(text, "double")
    return value


def _string_to_bool(text: str) -> bool:
    value = _BOOLS.get(text)
    if value is None:
        raise _refused(text, "bool")
    return value


def string_to_duration(text: str) -> Duration:
    """duration('1h30m')."""
    ns = parse_duration(text)
    if ns is None:
        raise _refused(text, Duration.cel_name)
    return Duration(ns)


def string_to_timestamp(text: str) -> Timestamp:
    """timestamp('2026-11-24T00:00:00Z')."""
    read = parse_time(text)
    if read is None:
        raise _refused(text, Timestamp.cel_name)
    return checked_timestamp(*read)


def _int_to_duration(value: int) -> Duration:
    # Declared by the standard library, implemented by no value: cel-go refuses it at evaluation.
    raise _refused(value, Duration.cel_name)


def _bytes_to_string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EvalError("invalid UTF-8 in bytes, cannot convert to string") from None


def _bool_to_string(value: bool) -> str:
    return "true" if value else "false"


def to_string(value: Any) -> str:
    """What string() makes of a value, and what %s writes."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return _bool_to_string(value)
    if kind in (int, Uint):
        return str(int(value))
    if kind is float:
        return format_general(value)
    if kind is bytes:
        return _bytes_to_string(value)
    if kind is Duration:
        return format_duration(value.ns)
    if kind is Timestamp:
        return format_time(value.ns, value.offset_s)
    if kind is TypeValue:
        return str(value.name)
    raise _refused(value, "string")


def _type(value: Any) -> TypeValue:
    return TypeValue(type_name(value))


FUNCTIONS: tuple[Function, ...] = (
    Function("type", (free("type", (_A,), type_of(_A), _type),), _type),
    Function("dyn", (free("to_dyn", (_A,), DYN, _same),), _same),
    Function("bool", (free("bool_to_bool", (BOOL,), BOOL, _same), free("string_to_bool", (STRING,), BOOL, _string_to_bool))),
    Function(
        "bytes",
        (
            free("bytes_to_bytes", (BYTES,), BYTES, _same),
            free("string_to_bytes", (STRING,), BYTES, lambda text: text.encode(), _traversed),
        ),
    ),
    Function(
        "double",
        (
            free("double_to_double", (DOUBLE,), DOUBLE, _same),
            free("int64_to_double", (INT,), DOUBLE, float),
            free("string_to_double", (STRING,), DOUBLE, _string_to_double),
            free("uint64_to_double", (UINT,), DOUBLE, float),
        ),
    ),
    Function(
        "duration",
        (
            free("duration_to_duration", (DURATION,), DURATION, _same),
            free("int64_to_duration", (INT,), DURATION, _int_to_duration),
            free("string_to_duration", (STRING,), DURATION, string_to_duration),
        ),
    ),
    Function(
        "int",
        (
            free("int64_to_int64", (INT,), INT, _same),
            free("double_to_int64", (DOUBLE,), INT, _double_to_int),
            free("duration_to_int64", (DURATION,), INT, lambda value: value.ns),
            free("string_to_int64", (STRING,), INT, _string_to_int),
            free("timestamp_to_int64", (TIMESTAMP,), INT, lambda value: value.ns // SECOND_NS),
            free("uint64_to_int64", (UINT,), INT, lambda value: checked_int(int(value))),
        ),
    ),
    Function(
        "string",
        (
            free("string_to_string", (STRING,), STRING, _same),
            free("bool_to_string", (BOOL,), STRING, _bool_to_string),
            free("bytes_to_string", (BYTES,), STRING, _bytes_to_string, _traversed),
            free("double_to_string", (DOUBLE,), STRING, format_general),
            free("duration_to_string", (DURATION,), STRING, to_string),
            free("int64_to_string", (INT,), STRING, str),
            free("timestamp_to_string", (TIMESTAMP,), STRING, to_string),
            free("uint64_to_string", (UINT,), STRING, to_string),
            free("ip_to_string", (IP,), STRING, str),
            free("cidr_to_string", (CIDR,), STRING, str),
        ),
    ),
    Function(
        "timestamp",
        (
            free("timestamp_to_timestamp", (TIMESTAMP,), TIMESTAMP, _same),
            free("int64_to_timestamp", (INT,), TIMESTAMP, lambda value: checked_timestamp(value * SECOND_NS)),
            free("string_to_timestamp", (STRING,), TIMESTAMP, string_to_timestamp),
        ),
    ),
    Function(
        "uint",
        (
            free("uint64_to_uint64", (UINT,), UINT, _same),
            free("double_to_uint64", (DOUBLE,), UINT, _double_to_uint),
            free("int64_to_uint64", (INT,), UINT, checked_uint),
            free("string_to_uint64", (STRING,), UINT, _string_to_uint),
        ),
    ),
)
