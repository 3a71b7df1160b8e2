"""Scalar values worth trying: the edges of every type and format, and texts that look like other types.

A schema's own bounds, enums and patterns come first: what it would refuse is not drawn where something else is left.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from underway.crd.patterns import compiled

if TYPE_CHECKING:
    from random import Random

Draw = Callable[["Random"], Any]

INT32, INT64 = 2**31, 2**63
# Texts that a conversion may take for something else: numbers out of range, with fractions, leading zeros, units, other truths.
TEXTS = (
    *("", "a", "0", "1", "2", "-1", "-0", "007", "1.5", "1e3", "1000m", "1k", "0.5Gi", "3000000000", "9223372036854775808"),
    *("true", "false", "True", "yes", "null", "None", "{}", "[]", ",", ":", "a:b", "a:b:c", "a,b", " a ", "a/b", "%", "10%"),
    *("90s", "1h30m", "1.5h", "2026-01-01T00:00:00Z", "10.0.0.1", "ü", "日本", "\u0000", "🚢", "x" * 64),
)
FORMATS: dict[str, tuple[str, ...]] = {
    "date-time": ("2026-01-01T00:00:00Z", "1999-12-31T23:59:59.999+09:00"),
    "datetime": ("2026-01-01T00:00:00Z",),
    "date": ("2026-01-01", "2024-02-29"),
    "duration": ("0s", "90s", "1h30m", "1ms", "-5s"),
    "byte": ("", "YQ==", "AAEC"),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "ipv4": ("0.0.0.0", "255.255.255.255"),  # noqa: S104  an edge of the format
    "ipv6": ("::", "fe80::1"),
    "cidr": ("0.0.0.0/0", "10.0.0.0/8"),
    "uri": ("http://a/b?c=d#e", "urn:a"),
    "email": ("a@b.example",),
    "hostname": ("a", "a.b"),
    "mac": ("00:00:5e:00:53:01",),
}
INTEGERS = (0, 1, -1, 2, 7, 60, 61, 100, 999, 1000, 1001, 3600, 86_400, -1000)
WIDE = (INT32 - 1, -INT32)
WIDER = (INT32, -INT32 - 1, 2**53, 2**53 + 1, INT64 - 1, -INT64)
NUMBERS = (0.0, 1.0, -1.0, 0.5, -0.5, 1e-7, 1.5, 1e21, float(INT32), 0.1)
EDGES = {"string": TEXTS, "integer": (*INTEGERS, *WIDE, *WIDER), "number": NUMBERS, "boolean": (True, False)}


def scalar(schema: Mapping[str, Any]) -> Draw:
    """What draws values of a scalar schema: from a pool that is chosen once."""
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return _one_of(tuple(schema["enum"]))
    match schema.get("type"):
        case "string":
            return _one_of(_texts(schema))
        case "integer":
            wider = () if schema.get("format") == "int32" else WIDER
            return _one_of(_bounded((*INTEGERS, *WIDE, *wider), schema, 1))
        case "number":
            return _one_of(_bounded((*NUMBERS, *INTEGERS), schema, 0.5))
        case "boolean":
            return _one_of((True, False))
    return _one_of((0, 1, "a", True, "1"))


def int_or_string() -> Draw:
    """What draws for x-kubernetes-int-or-string."""
    return _one_of((0, 1, -1, 80, INT32 - 1, "80", "10%", "http", "", "0"))


def _one_of(values: tuple[Any, ...]) -> Draw:
    count = len(values)

    def draw(rng: "Random") -> Any:
        return values[int(rng.random() * count)]

    return draw


def _texts(schema: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = int(schema.get("minLength") or 0), schema.get("maxLength")
    candidates = [*FORMATS.get(str(schema.get("format")), TEXTS)]
    candidates += [value for value in (schema.get("default"), schema.get("example")) if isinstance(value, str)]
    candidates += ["x" * max(low, 1)] + (["x" * int(high)] if high is not None and int(high) <= 1000 else [])
    fitting = [text for text in candidates if len(text) >= low and (high is None or len(text) <= int(high))]
    if schema.get("pattern"):
        matches = compiled(schema["pattern"]).search
        matching = [text for text in fitting if "\u0000" not in text and matches(text)]
        # A pattern that none of our texts has: nothing valid can be drawn, and conversion is total anyhow.
        fitting = matching or fitting
    return tuple(dict.fromkeys(fitting)) or ("x" * low,)


def _bounded(values: tuple[Any, ...], schema: Mapping[str, Any], step: float) -> tuple[Any, ...]:
    low, high, multiple = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    edges = [bound + (step if schema.get(f"exclusive{name}") else 0) * sign for name, bound, sign in _bounds(low, high)]
    inside = [
        value
        for value in (*values, *edges)
        if (low is None or value >= low) and (high is None or value <= high) and (not multiple or value % multiple == 0)
    ]
    return tuple(dict.fromkeys(inside)) or tuple(edges) or values


def _bounds(low: Any, high: Any) -> list[tuple[str, Any, int]]:
    return [(name, bound, sign) for name, bound, sign in (("Minimum", low, 1), ("Maximum", high, -1)) if bound is not None]
