"""Validation of a value against a schema, as the API server's copy of go-openapi does it.

Owns types, bounds, patterns, formats, clauses, and the ratcheting of what an update leaves as it was. Lists as sets and maps are
`crd.list_types`', rules in CEL are `crd.rules`'. Sources: kube-openapi pkg/validation/validate; apiextensions-apiserver
pkg/apiserver/validation/{validation,ratcheting}.go; KEP-4008.
"""

from decimal import Decimal
from math import isinf
from typing import Any

import msgspec

from underway.crd import formats
from underway.crd.correlation import Correlated, equal
from underway.crd.go_values import INT64_MAX, INT64_MIN, compact, quoted
from underway.crd.node import INT_OR_STRING
from underway.crd.patterns import compiled
from underway.crd.problem import (
    Problem,
    invalid,
    not_supported,
    required,
    shown,
    too_long,
    too_many,
    type_invalid,
)

Json = dict[str, Any]
INT32_MAX, INT32_MIN = (1 << 31) - 1, -(1 << 31)
JSON_INTEGER_MAX = (1 << 53) - 1  # swag v0.23 convert.go, as is the tolerance
INTEGER_TOLERANCE = 1e-9
FLOAT32_MAX = 3.4028234663852886e38
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


class Bound(msgspec.Struct, frozen=True):
    """One of the two bounds of numbers, and how it is spoken of."""

    name: str
    exclusive: str
    words: str
    exclusive_words: str


MINIMUM = Bound("minimum", "exclusiveMinimum", "greater than or equal to", "greater than")
MAXIMUM = Bound("maximum", "exclusiveMaximum", "less than or equal to", "less than")


class Outcome:
    """What was found at one place. matched: how much of the schema was looked at, which picks the clause to tell of."""

    __slots__ = ("matched", "problems", "warnings")

    def __init__(self) -> None:
        self.problems: dict[str, Problem] = {}
        self.warnings: dict[str, Problem] = {}
        self.matched = 0

    def add(self, *found: Problem) -> None:
        """Problems that are said alike are told once."""
        for one in found:
            self.problems.setdefault(str(one), one)

    def merge(self, other: "Outcome") -> None:
        """Take over what another place has found."""
        self.problems = {**self.problems, **other.problems} if other.problems else self.problems
        self.warnings = {**self.warnings, **other.warnings} if other.warnings else self.warnings
        self.matched += other.matched


def validate(value: Any, schema: Json, path: str = "", pair: Correlated | None = None) -> Outcome:
    """Check a value. pair: the value beside the one that it replaces; then what is as it was only warns."""
    outcome = Outcome()
    # What is counted is how many of go-openapi's checks were made and came out well (Result.MatchCount).
    outcome.matched = 0 if value is None else 4
    _check_type(value, schema, path, outcome)
    _check_enum(value, schema, path, outcome)
    if value is None:
        return _ratcheted(outcome, pair)
    if any(name in schema for name in ("allOf", "anyOf", "oneOf", "not")):
        _check_clauses(value, schema, path, outcome)
    if isinstance(value, str):
        _check_text(value, schema, path, outcome)
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int | float):
        _check_number(value, schema, path, outcome)
    elif isinstance(value, list):
        _check_list(value, schema, path, pair, outcome)
    else:
        _check_object(value, schema, path, pair, outcome)
    return _ratcheted(outcome, pair)


def _ratcheted(outcome: Outcome, pair: Correlated | None) -> Outcome:
    """What an update leaves as it was may stay as it is."""
    if not outcome.problems or pair is None or not pair.unchanged:
        return outcome
    settled = Outcome()
    settled.warnings = {**outcome.warnings, **outcome.problems}
    settled.matched = outcome.matched
    return settled


def types_of(schema: Json) -> tuple[str, ...]:
    """The types that a schema allows."""
    if schema.get(INT_OR_STRING):
        return ("integer", "string")
    return (schema["type"],) if schema.get("type") else ()


def _check_type(value: Any, schema: Json, path: str, outcome: Outcome) -> None:
    types = types_of(schema)
    format_ = _format_of(schema, types)
    if value is not None and (types or format_):
        outcome.matched += 1
    wrong = _mistyped(value, schema, types, format_) if types or format_ else None
    if wrong is None:
        outcome.matched += 1 if types or format_ or value is None else 0
    else:
        wanted, found = wrong
        outcome.add(type_invalid(_path(path), found, f"{_in_body(path)} must be of type {wanted}: {quoted(found)}"))


def _format_of(schema: Json, types: tuple[str, ...]) -> str:
    """The format, which counts where there is one type at most. Those that the server does not know are gone by then."""
    return (schema.get("format") or "") if len(types) < 2 else ""


def _mistyped(value: Any, schema: Json, types: tuple[str, ...], format_: str) -> tuple[str, str] | None:
    """The type that is wanted and the one that a value has, if it is another."""
    if value is None:
        return (",".join(types), "null") if types and not schema.get("nullable") else None
    found = TYPES[type(value)]
    wide = (found == "number" and "integer" in types and _is_integral(value)) or (found == "integer" and "number" in types)
    if not isinstance(value, str | list) and format_ and not (found in types or wide):
        return format_, {"integer": "int64", "number": "float64"}.get(found, "")
    if not ({"number", "integer"} & set(types)) and format_ and isinstance(value, str | list):
        return None  # the format decides alone
    return None if found in types or wide else (",".join(types), found)


def _in_body(path: str) -> str:
    return f"{path} in body"


def _path(path: str) -> str:
    return path.removeprefix(".")


def _check_enum(value: Any, schema: Json, path: str, outcome: Outcome) -> None:
    values = schema.get("enum")
    if values and not any(_same(value, one) for one in values):
        texts = [one if isinstance(one, str) else compact(one) for one in values]
        outcome.add(not_supported(_path(path), value, texts))


def _same(value: Any, wanted: Any) -> bool:
    """Whether a value is one of an enum's, as Go finds it: after the conversion of its type into the other's, if there is one.

    A float64 is cut to an integer so, and an integer becomes the character of that number.
    """
    if value is None or wanted is None:
        return False
    if type(value) is int and type(wanted) is float:
        return float(value) == wanted
    if type(value) is float and type(wanted) is int:
        return wanted == (int(value) if INT64_MIN <= value < INT64_MAX + 1 else INT64_MIN)
    if type(value) is int and type(wanted) is str:
        return wanted == (chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else "\ufffd")
    return equal(value, wanted)


def _check_text(value: str, schema: Json, path: str, outcome: Outcome) -> None:
    outcome.matched += 1
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        outcome.add(too_long(_path(path), int(longest)))
    elif shortest is not None and len(value) < shortest:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should be at least {shortest} chars long"))
    elif pattern and compiled(pattern).search(value) is None:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should match '{pattern}'"))
    format_ = _format_of(schema, types_of(schema))
    check = formats.FORMATS.get(format_.replace("-", "")) if format_ else None
    outcome.matched += 1 if check is not None else 0
    if check is not None and not check(value):
        outcome.add(type_invalid(_path(path), value, f"{_in_body(path)} must be of type {format_}: {quoted(value)}"))


def _check_number(value: float, schema: Json, path: str, outcome: Outcome) -> None:
    outcome.matched += 2
    _held(value, schema, path, "Checked", outcome)
    _check_multiple(value, schema, path, outcome)
    for bound in (MINIMUM, MAXIMUM):
        _check_bound(value, schema, path, bound, outcome)


def _check_bound(value: float, schema: Json, path: str, bound: Bound, outcome: Outcome) -> None:
    """One of the two bounds; that of an integer is cut to one, as Go does, unless the type could not hold it."""
    limit, excluded = schema.get(bound.name), schema.get(bound.exclusive) is True
    if limit is None:
        return
    if _held(limit, schema, path, f"{bound.name.capitalize()} boundary", outcome) and isinstance(value, int):
        limit = int(limit)
    else:
        value, limit = float(value), float(limit)
    beyond = value > limit if bound is MAXIMUM else value < limit
    if beyond or (excluded and value == limit):
        why = f"{_in_body(path)} should be {bound.exclusive_words if excluded else bound.words} {shown(limit)}"
        outcome.add(invalid(_path(path), value, why))


def _held(value: float, schema: Json, path: str, what: str, outcome: Outcome) -> bool:
    """Whether the schema's type can hold a number; told if not."""
    types = types_of(schema)
    type_ = types[0] if len(types) == 1 else ""
    format_ = formats.known(type_, schema.get("format") or "") if type_ in formats.NUMERIC else ""
    if _in_range(value, type_, format_):
        return True
    shown_type = f"{type_} with format {format_}" if format_ else f"{type_} (default format)"
    outcome.add(invalid("", "", f"{what} value must be of type {shown_type} in {path}"))
    return False


def _in_range(value: float, type_: str, format_: str) -> bool:
    """Go asks the number's text without an exponent, which is not always the number itself."""
    if type_ == "integer":
        low, high = (INT32_MIN, INT32_MAX) if format_ == "int32" else (INT64_MIN, INT64_MAX)
        text = f"{Decimal(repr(value)):f}".removesuffix(".0")
        return "." not in text and low <= int(text) <= high
    return format_ != "float" or abs(value) <= FLOAT32_MAX


def _check_multiple(value: float, schema: Json, path: str, outcome: Outcome) -> None:
    factor = schema.get("multipleOf")
    if factor is None:
        return
    if _held(factor, schema, path, "MultipleOf", outcome) and isinstance(value, int):
        factor = int(factor)
        bad = factor > 0 and value % factor != 0
    else:
        value, factor = float(value), float(factor)
        quotient = 1 / factor * value if 0 < factor < 1 else value / factor if factor > 0 else 0.0
        bad = factor > 0 and not _is_integral(quotient)
    if factor <= 0:
        outcome.add(invalid(_path(path), factor, f"factor MultipleOf declared for {path} must be positive: {shown(factor)}"))
    elif bad:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should be a multiple of {shown(factor)}"))


def _is_integral(value: float) -> bool:
    """swag.IsFloat64AJSONInteger: an integer that JavaScript could hold, give or take a billionth of it.

    Go's conversion of a negative number to uint64 makes the tolerance one of positive numbers alone.
    """
    if isinf(value) or abs(value) > JSON_INTEGER_MAX:
        return False
    whole = float(int(value))
    return value == whole or (whole > 0 and (value - whole) / (value + whole) < INTEGER_TOLERANCE)


def _check_list(value: list[Any], schema: Json, path: str, pair: Correlated | None, outcome: Outcome) -> None:
    outcome.matched += 2
    items, size = schema.get("items"), len(value)
    if isinstance(items, dict):
        for index, one in enumerate(value):
            outcome.merge(validate(one, items, f"{path}[{index}]", pair.index(index) if pair else None))
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and size < fewest:
        outcome.add(invalid(_path(path), size, f"{_in_body(path)} should have at least {fewest} items"))
    if most is not None and size > most:
        outcome.add(too_many(_path(path), size, int(most)))
    if schema.get("uniqueItems") and any(one in value[:index] for index, one in enumerate(value)):
        outcome.add(invalid(_path(path), "", f"{_in_body(path)} shouldn't contain duplicates"))


def _check_object(value: Json, schema: Json, path: str, pair: Correlated | None, outcome: Outcome) -> None:
    outcome.matched += 1
    size, fewest, most = len(value), schema.get("minProperties"), schema.get("maxProperties")
    if fewest is not None and size < fewest:
        outcome.add(invalid(_path(path), size, f"{_in_body(path)} should have at least {fewest} properties"))
    if most is not None and size > most:
        outcome.add(too_many(_path(path), size, int(most)))
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, one in value.items():
        known = properties.get(key)
        if known is not None:
            below = pair.key(key) if pair and not (path == "" and key in ("apiVersion", "kind")) else None
            outcome.merge(validate(one, known, f"{path}.{key}" if path else key, below))
        elif additional is False:
            outcome.add(invalid(_path(path), key, f"{path}.{key} in body is a forbidden property"))
        elif isinstance(additional, dict):
            outcome.merge(validate(one, additional, f"{path}.{key}", pair.key(key) if pair else None))
    for key in schema.get("required") or ():
        if key not in value:
            outcome.add(required(_path(f"{path}.{key}")))


def _check_clauses(value: Any, schema: Json, path: str, outcome: Outcome) -> None:
    """Nothing is ratcheted within clauses: go-openapi gives them none of its options."""
    _check_any(value, schema.get("anyOf") or (), path, outcome)
    _check_one(value, schema.get("oneOf") or (), path, outcome)
    everything = schema.get("allOf") or ()
    results = [validate(value, one, path) for one in everything]
    for result in results:
        outcome.merge(result)
    good = sum(1 for result in results if not result.problems)
    if good != len(everything):
        rest = ". None validated" if good == 0 else ""
        outcome.add(invalid("", "", f"{quoted(path)} must validate all the schemas (allOf){rest}"))
    if schema.get("not") is not None and not validate(value, schema["not"], path).problems:
        outcome.add(invalid("", "", f"{quoted(path)} must not validate the schema (not)"))


def _check_any(value: Any, clauses: "list[Json] | tuple[()]", path: str, outcome: Outcome) -> None:
    best: Outcome | None = None
    for clause in clauses:
        result = validate(value, clause, path)
        if not result.problems:
            outcome.merge(result)
            return
        if best is None or result.matched > best.matched:
            best = result
    if best is not None:
        outcome.add(invalid("", "", f"{quoted(path)} must validate at least one schema (anyOf)"))
        outcome.merge(best)


def _check_one(value: Any, clauses: "list[Json] | tuple[()]", path: str, outcome: Outcome) -> None:
    if not clauses:
        return
    results = [validate(value, clause, path) for clause in clauses]
    good = [result for result in results if not result.problems]
    if len(good) == 1:
        outcome.merge(good[0])
        return
    found = f"Found {len(good)} valid alternatives" if good else "Found none valid"
    outcome.add(invalid("", "", f"{quoted(path)} must validate one and only one schema (oneOf). {found}"))
    if not good:
        outcome.merge(max(results, key=lambda result: result.matched))
