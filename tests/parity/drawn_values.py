"""Objects drawn from a schema and a seed: mostly what it allows, at times anything at all.

Owns the edges of every type and format. It knows nothing of Underway's own checks.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Json = dict[str, Any]
NAMES = ("a", "b", "c", "name", "port", "spec")
KEYS = (*NAMES, "x.y/z", "é")
# Of each format: texts that have it, and texts that almost do.
FORMATS: dict[str, tuple[str, ...]] = {
    "bsonobjectid": ("507f1f77bcf86cd799439011", "507f1f77bcf86cd79943901"),
    "uri": ("https://a.example/b?c#d", "a b", "/path", "relative", "http://", "urn:x:y", "http://[::1]:80/", "ht tp://a", "%zz"),
    "email": ("a@b.example", "A <a@b.example>", "a@", "@b", "a b@c.d", "a@localhost", '"a b"@c.d', "a@b..c", "a@[1.2.3.4]",
              "<a@b>", "a@b (c)"),
    "hostname": ("a.example", "a", "-a", "a_b", "a.b.c.example", "1.2.3.4", "a." + "b" * 64, "ü.example", "a.", ".a"),
    "ipv4": ("10.0.0.1", "10.0.0", "010.0.0.1", "::1", "::ffff:1.2.3.4", "256.1.1.1", "1.2.3.4 "),
    "ipv6": ("::1", "fe80::1%eth0", "10.0.0.1", "2001:db8::", "1::2::3", "::ffff:1.2.3.4", "12345::"),
    "cidr": ("10.0.0.0/8", "10.0.0.0/33", "::/0", "10.0.0.0", "::1/129", "10.0.0.1/08", "010.0.0.0/8"),
    "mac": ("01:23:45:67:89:ab", "01-23-45-67-89-ab", "0123.4567.89ab", "01:23:45:67:89", "01:23:45-67:89:ab", "1:2:3:4:5:6"),
    "uuid": ("3b241101-e2bb-4255-8caf-4136c566a962", "3b241101e2bb42558caf4136c566a962", "3b241101-e2bb-4255-8caf-4136c566a96"),
    "uuid3": ("bcbe0d3e-2b3d-3a5b-9c9a-0a1b2c3d4e5f", "3b241101-e2bb-4255-8caf-4136c566a962"),
    "uuid4": ("3b241101-e2bb-4255-8caf-4136c566a962", "3B241101-E2BB-4255-8CAF-4136C566A962",
              "3b241101-e2bb-4255-7caf-4136c566a962"),
    "uuid5": ("21f7f8de-8051-5b89-8680-0195ef798b6a", "3b241101-e2bb-4255-8caf-4136c566a962"),
    "isbn": ("978-3-16-148410-0", "0-306-40615-2", "0-306-40615-3", "080442957X", "x"),
    "isbn10": ("0-306-40615-2", "080442957X", "978-3-16-148410-0"),
    "isbn13": ("978-3-16-148410-0", "978-3-16-148410-1", "0-306-40615-2"),
    "creditcard": ("4111 1111 1111 1111", "4111-1111-1111-1112", "378282246310005", "1234"),
    "ssn": ("111-22-3333", "111 22 3333", "111223333", "11-22-3333"),
    "hexcolor": ("#fff", "FFFFFF", "#ffff", "red"),
    "rgbcolor": ("rgb(0,0,0)", "rgb( 255, 1, 20 )", "rgb(256,0,0)", "rgb(0,0)"),
    "byte": ("YQ==", "YQ", "", "a b", "YWI=\n", "_-8="),
    "password": ("", "secret"),
    "date": ("2026-02-28", "2026-02-29", "2026-2-1", "26-02-01", "2026-02-28T00:00:00Z"),
    "duration": ("1h30m", "5 minutes", "3 d", "1.5h", "-1s", "0", "", "1w", "2 fortnights", "1 day 2 hours", "+5ms", "h"),
    "date-time": ("2026-02-28T10:00:00Z", "2026-02-28T10:00:00.5+01:00", "2026-02-28T24:00:00Z", "2026-02-28 10:00:00Z",
                  "2026-02-28T10:00:00", "2026-02-30T10:00:00Z", "2026-02-28t10:00:00z", "2026-02-28T10:00Z",
                  "2026-02-28T10:00:60Z", "0000-02-29T00:00:00Z"),
    "datetime": ("2026-02-28T10:00:00Z", "x"),
    "k8s-short-name": ("a-1", "A", "-a", "a" * 64, "a.b", ""),
    "k8s-long-name": ("a.b-c", "a..b", "A.b", "a" * 254),
}  # fmt: skip
TEXTS = (
    "",
    "a",
    "ab",
    "abc",
    "auto",
    "b",
    "1",
    "12.5",
    "50%",
    "Éa",
    "ABC",
    "日本語",
    "a<b>&c",
    "line\nbreak",
    "aa aa",
    "\u2028",
    'q"\\',
)
INTEGERS = (0, 1, -1, 2, 3, 5, 10, 11, 80, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1)
NUMBERS = (0, 1, 2, 0.0, 1.0, 1.5, -1.5, 0.1, 0.3, 2.0, 1e10, 1e20, 1e21, 1.5e-7, 3.5e38, 1e300, 123456789.125, -0.0, 2**31, 1e6)
ODD: tuple[Any, ...] = (
    None, None, None, True, False, 0, 1, -1, 1.0, 1.5, 1e20, "", "a", "1", [], {}, [None], {"a": None}, {"unknown": {"b": 1}},
    [1, "a", None], ["a", "a"], {"a": 1, "b": [{"c": None}]}, [[1], {"a": 1}], 2**63 - 1, {"name": "a"}, [{"name": "a"}, None],
)  # fmt: skip
METADATA: tuple[Any, ...] = (
    {}, {"name": "inner"}, {"name": "inner", "labels": {"a": "b"}}, {"labels": {"a/b/c": "d"}}, {"labels": {"a": "-"}}, None,
    {"labels": {"a": 1}}, {"unknown": 1, "name": "x"}, "text", [], {"name": 1}, {"annotations": {"a b": "c"}}, {"name": "a/b"},
    {"finalizers": ["a", "x/y"]}, {"ownerReferences": [{"kind": "Pod"}]}, {"generation": -1}, {"generation": "1"},
    {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "u", "odd": 1}]}, {"generateName": "a-"},
    {"creationTimestamp": "2026-01-01T00:00:00Z"}, {"creationTimestamp": None}, {"creationTimestamp": "never"},
    {"labels": None, "name": ""}, {"namespace": "A"}, {"deletionGracePeriodSeconds": 5}, {"labels": {"": "a"}},
    {"labels": {"a": "b" * 64}}, {"name": "..", "labels": {"A/b": "c"}},
)  # fmt: skip


def value(rng: Random, schema: Json, wild: float) -> Any:
    """A value. wild: how often, at each place, it may be anything."""
    if rng.random() < wild:
        return copy.deepcopy(rng.choice(ODD))
    if schema.get("nullable") and rng.random() < 0.15:
        return None
    if schema.get("x-kubernetes-int-or-string"):
        return rng.choice([*TEXTS, *INTEGERS])
    draw: Callable[[Random, Json, float], Any] | None = DRAWS.get(schema.get("type", ""))
    return copy.deepcopy(rng.choice(ODD)) if draw is None else draw(rng, schema, wild)


def _text(rng: Random, schema: Json, wild: float) -> str:
    if schema.get("enum") and rng.random() > wild:
        return str(rng.choice(schema["enum"]))
    if schema.get("format") in FORMATS and rng.random() > wild:
        return rng.choice(FORMATS[schema["format"]])
    return rng.choice(TEXTS)


def _integer(rng: Random, schema: Json, wild: float) -> Any:
    if schema.get("enum") and rng.random() > wild:
        return rng.choice(schema["enum"])
    return rng.choice(NUMBERS) if rng.random() < wild else rng.choice(INTEGERS[:9] if rng.random() < 0.8 else INTEGERS)


def _number(rng: Random, schema: Json, wild: float) -> Any:
    return rng.choice(schema["enum"] if schema.get("enum") and rng.random() > wild else NUMBERS)


def _flag(rng: Random, schema: Json, wild: float) -> bool:
    return rng.random() < 0.7


def _array(rng: Random, schema: Json, wild: float) -> list[Any]:
    count = rng.choice([0, 1, 1, 2, 2, 3])
    made = [value(rng, schema.get("items", {}), wild) for _ in range(count)]
    if made and rng.random() < 0.15:
        made.append(copy.deepcopy(rng.choice(made)))
    return made


def _object(rng: Random, schema: Json, wild: float) -> Json:
    made: Json = {}
    for name, part in schema.get("properties", {}).items():
        if rng.random() < (0.92 if name in schema.get("required", ()) else 0.6):
            made[name] = value(rng, part, wild)
    others = schema.get("additionalProperties")
    if others is not None:
        for key in rng.sample(KEYS, rng.randrange(3)):
            made[key] = value(rng, others, wild) if isinstance(others, dict) else copy.deepcopy(rng.choice(ODD))
    if schema.get("x-kubernetes-embedded-resource"):
        _embed(rng, made)
    if rng.random() < wild:
        made[rng.choice(KEYS)] = copy.deepcopy(rng.choice(ODD))
    if schema.get("x-kubernetes-preserve-unknown-fields") and rng.random() < 0.5:
        made[rng.choice(("free", *NAMES))] = copy.deepcopy(rng.choice(ODD))
    return made


def _embed(rng: Random, made: Json) -> None:
    if rng.random() < 0.9:
        made["apiVersion"] = rng.choice(["v1", "apps/v1", "a/b/c", "", "v1"]) if rng.random() < 0.97 else 1
    if rng.random() < 0.9:
        made["kind"] = rng.choice(["Pod", "pod-x", "", "P_", "Pod"]) if rng.random() < 0.97 else None
    if rng.random() < 0.7:
        made["metadata"] = copy.deepcopy(rng.choice(METADATA))


DRAWS: dict[str, Callable[[Random, Json, float], Any]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _flag,
    "array": _array,
    "object": _object,
}


def changed(rng: Random, one: Json, schema: Json) -> Json:
    """An object with some of its fields drawn anew, and perhaps one place anywhere within it changed."""
    made = copy.deepcopy(one)
    for name, part in schema["properties"].items():
        if rng.random() < 0.12:
            made[name] = value(rng, part, 0.05)
    places = list(_places(made))
    for _ in range(rng.randrange(3)):
        place, key = rng.choice(places) if places else (made, "a")
        if isinstance(place, dict) and rng.random() < 0.3:
            place.pop(key, None)
        elif isinstance(place, list) and rng.random() < 0.4:
            rng.shuffle(place)
        elif isinstance(place, dict) or int(key) < len(place):
            place[key] = copy.deepcopy(rng.choice(ODD))
    return made


def _places(one: Any) -> Iterator[tuple[Any, Any]]:
    """Everything within a value, as the container and the key or index in it."""
    if isinstance(one, dict | list):
        for key, child in one.items() if isinstance(one, dict) else enumerate(one):
            yield one, key
            yield from _places(child)
