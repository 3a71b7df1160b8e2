"""Validation of a value against a schema, as the API server's copy of go-openapi does it.

Owns types, bounds, patterns, formats, clauses, and the ratcheting of what an update leaves as it was. Lists as sets and maps are
`crd.list_types`', rules in CEL are `crd.rules`'. Sources: kube-openapi pkg/validation/validate; apiextensions-apiserver
pkg/apiserver/validation/{validation,ratcheting}.go; KEP-4008.
"""

from functools import lru_cache
from math import isinf
from typing import Any

import msgspec
import re2

from underway.crd import formats
from underway.crd.correlate import Pair
from underway.crd.node import INT_OR_STRING
from underway.crd.problem import (
    Problem,
    invalid,
    not_supported,
    quoted,
    required,
    shown,
    too_long,
    too_many,
    type_invalid,
)

Json = dict[str, Any]
INT64_MAX, INT64_MIN = (1 << 63) - 1, -(1 << 63)
INT32_MAX, INT32_MIN = (1 << 31) - 1, -(1 << 31)
FLOAT32_MAX = 3.4028234663852886e38
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


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


def validate(value: Any, schema: Json, path: str = "", pair: Pair | None = None) -> Outcome:
    """Check a value. pair: the value beside the one that it replaces; then what is as it was only warns."""
    outcome = Outcome()
    if value is None:
        _check_type(None, schema, path, outcome)
        _check_enum(None, schema, path, outcome)
        return _ratcheted(outcome, pair)
    _check_type(value, schema, path, outcome)
    outcome.matched += 1
    if any(name in schema for name in ("allOf", "anyOf", "oneOf", "not")):
        _check_clauses(value, schema, path, pair, outcome)
    outcome.matched += 3
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
    _check_enum(value, schema, path, outcome)
    outcome.matched += 1
    return _ratcheted(outcome, pair)


def _ratcheted(outcome: Outcome, pair: Pair | None) -> Outcome:
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
    format_ = formats.known(types[0] if len(types) == 1 else "", schema.get("format") or "") if len(types) < 2 else ""
    if not types and not format_:
        return
    outcome.matched += 1
    if value is None:
        if types and not schema.get("nullable"):
            outcome.add(_mistyped(path, ",".join(types), "null"))
        return
    found = TYPES[type(value)]
    wide = (found == "number" and "integer" in types and value.is_integer() and not isinf(value)) or (
        found == "integer" and "number" in types
    )
    if not isinstance(value, str | list) and format_ and not (found in types or wide):
        own = {"integer": "int64", "number": "float64"}.get(found, "")
        outcome.add(_mistyped(path, format_, own))
        return
    if not ({"number", "integer"} & set(types)) and format_ and isinstance(value, str | list):
        return  # the format decides alone
    if found not in types and not wide:
        outcome.add(_mistyped(path, ",".join(types), found))


def _in_body(path: str) -> str:
    return f"{path} in body"


def _path(path: str) -> str:
    return path.removeprefix(".")


def _mistyped(path: str, wanted: str, found: str) -> Problem:
    return type_invalid(_path(path), found, f"{_in_body(path)} must be of type {wanted}: {quoted(found)}")


def _check_enum(value: Any, schema: Json, path: str, outcome: Outcome) -> None:
    values = schema.get("enum")
    if values and not any(_same(value, one) for one in values):
        texts = [one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in values]
        outcome.add(not_supported(_path(path), value, texts))


def _same(value: Any, wanted: Any) -> bool:
    """Whether two values are one, where Go would convert one kind of number into another but not a flag into a number."""
    if value is None or wanted is None:
        return False
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def _check_text(value: str, schema: Json, path: str, outcome: Outcome) -> None:
    outcome.matched += 1
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        outcome.add(too_long(_path(path), int(longest)))
    elif shortest is not None and len(value) < shortest:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should be at least {shortest} chars long"))
    elif pattern and _compiled(pattern).search(value) is None:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should match '{pattern}'"))
    types = types_of(schema)
    format_ = formats.known(types[0] if types else "", schema.get("format") or "") if len(types) < 2 else ""
    check = formats.FORMATS.get(format_.replace("-", "")) if format_ else None
    if check is not None and not check(value):
        outcome.add(type_invalid(_path(path), value, f"{_in_body(path)} must be of type {format_}: {quoted(value)}"))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def _check_number(value: float, schema: Json, path: str, outcome: Outcome) -> None:
    outcome.matched += 1
    types = types_of(schema)
    type_ = types[0] if len(types) == 1 else ""
    format_ = formats.known(type_, schema.get("format") or "") if type_ in formats.NUMERIC else ""
    why = _out_of_range(value, type_, format_)
    if why:
        outcome.add(invalid("", "", f"Checked value must be of type {why} in {path}"))
    _check_multiple(value, schema, path, outcome)
    _check_bound(value, schema, path, ("maximum", "exclusiveMaximum"), ("less than or equal to", "less than"), outcome)
    _check_bound(value, schema, path, ("minimum", "exclusiveMinimum"), ("greater than or equal to", "greater than"), outcome)


def _check_bound(value: float, schema: Json, path: str, names: tuple[str, str], words: tuple[str, str], outcome: Outcome) -> None:
    """One of the two bounds; that of an integer is cut to one, as Go does."""
    bound, excluded = schema.get(names[0]), schema.get(names[1]) is True
    if bound is None:
        return
    bound = int(bound) if isinstance(value, int) else float(bound)
    beyond = value > bound if names[0] == "maximum" else value < bound
    if beyond or (excluded and value == bound):
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should be {words[excluded]} {shown(bound)}"))


def _out_of_range(value: float, type_: str, format_: str) -> str:
    """How the type is described that a number does not fit into, or ""."""
    shown_type = f"{type_} with format {format_}" if format_ else f"{type_} (default format)"
    if type_ == "integer":
        low, high = (INT32_MIN, INT32_MAX) if format_ == "int32" else (INT64_MIN, INT64_MAX)
        whole = isinstance(value, int) or (value.is_integer() and abs(value) < 1e21)
        return "" if whole and low <= value <= high else shown_type
    return shown_type if format_ == "float" and abs(value) > FLOAT32_MAX else ""


def _check_multiple(value: float, schema: Json, path: str, outcome: Outcome) -> None:
    factor = schema.get("multipleOf")
    if factor is None:
        return
    if isinstance(value, int):
        factor = int(factor)
        bad = factor > 0 and value % factor != 0
    else:
        quotient = 1 / factor * value if 0 < factor < 1 else value / factor if factor > 0 else 0.0
        bad = factor > 0 and not _is_integral(quotient)
    if factor <= 0:
        outcome.add(invalid(_path(path), factor, f"factor MultipleOf declared for {path} must be positive: {shown(factor)}"))
    elif bad:
        outcome.add(invalid(_path(path), value, f"{_in_body(path)} should be a multiple of {shown(factor)}"))


def _is_integral(value: float) -> bool:
    """swag.IsFloat64AJSONInteger: an integer, give or take a billionth."""
    if isinf(value) or abs(value) >= 1 << 53:
        return False
    nearest = float(int(value))
    difference = abs(value - nearest)
    return difference == 0 or difference < 1e-9 or abs(difference - 1) < 1e-9


def _check_list(value: list[Any], schema: Json, path: str, pair: Pair | None, outcome: Outcome) -> None:
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


def _check_object(value: Json, schema: Json, path: str, pair: Pair | None, outcome: Outcome) -> None:
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


def _check_clauses(value: Any, schema: Json, path: str, pair: Pair | None, outcome: Outcome) -> None:
    outcome.matched += 1
    _check_any(value, schema.get("anyOf") or (), path, pair, outcome)
    _check_one(value, schema.get("oneOf") or (), path, pair, outcome)
    everything = schema.get("allOf") or ()
    results = [validate(value, one, path, pair) for one in everything]
    for result in results:
        outcome.merge(result)
    good = sum(1 for result in results if not result.problems)
    if good != len(everything):
        rest = ". None validated" if good == 0 else ""
        outcome.add(invalid("", "", f"{quoted(path)} must validate all the schemas (allOf){rest}"))
    if schema.get("not") is not None and not validate(value, schema["not"], path, pair).problems:
        outcome.add(invalid("", "", f"{quoted(path)} must not validate the schema (not)"))


def _check_any(value: Any, clauses: "list[Json] | tuple[()]", path: str, pair: Pair | None, outcome: Outcome) -> None:
    best: Outcome | None = None
    for clause in clauses:
        result = validate(value, clause, path, pair)
        if not result.problems:
            outcome.merge(result)
            return
        if best is None or result.matched > best.matched:
            best = result
    if best is not None:
        outcome.add(invalid("", "", f"{quoted(path)} must validate at least one schema (anyOf)"))
        outcome.merge(best)


def _check_one(value: Any, clauses: "list[Json] | tuple[()]", path: str, pair: Pair | None, outcome: Outcome) -> None:
    if not clauses:
        return
    results = [validate(value, clause, path, pair) for clause in clauses]
    good = [result for result in results if not result.problems]
    if len(good) == 1:
        outcome.merge(good[0])
        return
    found = f"Found {len(good)} valid alternatives" if good else "Found none valid"
    outcome.add(invalid("", "", f"{quoted(path)} must validate one and only one schema (oneOf). {found}"))
    if not good:
        outcome.merge(max(results, key=lambda result: result.matched))
