"""Request bodies in protobuf, as Go clients send them, to plain JSON values.

Owns the envelope ("k8s" and a zero byte, then runtime.Unknown) and the wire format; the fields of each kind are those of
`sim.apiserver.api_types`. Answers are JSON: every client that sends protobuf accepts it. Sources: apimachinery
pkg/runtime/serializer/protobuf; "Protocol Buffers encoding".
"""

import base64
import struct as binary
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from underway.sim.apiserver import api_types

PREFIX = b"k8s\x00"
DEPTH_MAX = 100  # messages within messages, as in the decoders that clients use
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """The bytes are no message of this kind."""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("unexpected EOF")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _parts(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The (field number, value) pairs of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise Malformed(f"illegal wireType {wire}")
        if at + size > len(data):
            raise Malformed("unexpected EOF")
        yield number, data[at : at + size]
        at += size


def opened(body: bytes) -> tuple[str, str, bytes]:
    """The apiVersion, the kind and the message in a body's envelope. Raises Malformed."""
    if not body:
        raise Malformed("empty data")
    if not body.startswith(PREFIX):
        raise Malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    unknown: dict[int, Any] = dict(_parts(body[len(PREFIX) :]))
    type_meta: dict[int, Any] = dict(_parts(_bytes(unknown.get(1, b""))))
    return _text(type_meta.get(1, b"")), _text(type_meta.get(2, b"")), _bytes(unknown.get(2, b""))


def object_of(version: str, kind: str, message: bytes) -> dict[str, Any]:
    """The object in a message. Raises Malformed."""
    struct = api_types.struct_of(version.rpartition("/")[0], kind)
    if not struct:
        raise Malformed(f'no kind "{kind}" is registered for version "{version}"')
    return {"kind": kind, "apiVersion": version, **_message(struct, message, 0)}


def _text(data: Any) -> str:
    if not isinstance(data, bytes):
        raise Malformed("wrong wireType for a string")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("string is not UTF-8") from None


def _message(struct: str, data: bytes, depth: int) -> dict[str, Any]:
    """A message as the JSON object that its struct would be written as."""
    if depth > DEPTH_MAX:
        raise Malformed("message is nested too deeply")
    known = {number: (name, type_) for name, number, type_ in api_types.table()[struct] if number}
    value: dict[str, Any] = {}
    for number, part in _parts(data):
        if number not in known:
            continue
        name, type_ = known[number]
        kind, element = api_types.elements(type_)
        if not name:
            value |= _message(element, _bytes(part), depth + 1)
        elif kind == "list":
            value.setdefault(name, []).append(_value(element, part, depth))
        elif kind == "map":
            pair: dict[int, Any] = dict(_parts(_bytes(part)))
            value.setdefault(name, {})[_text(pair.get(1, b""))] = _value(element, pair.get(2, b""), depth)
        else:
            value[name] = _value(element, part, depth)
    return value


def _bytes(part: int | bytes) -> bytes:
    if isinstance(part, int):
        raise Malformed("wrong wireType for a message")
    return part


def _value(type_: str, part: int | bytes, depth: int) -> Any:
    """One value; numbers are two's complement of 64 bits."""
    if isinstance(part, int):
        if type_ == "bool":
            return bool(part)
        return part - (1 << 64) if part >= 1 << 63 else part
    if type_ in api_types.table():
        return _message(type_, part, depth + 1)
    if type_ == "[]byte":
        return base64.b64encode(part).decode()
    if type_ == "float64":
        return binary.unpack("<d", part)[0]
    return _leaf(type_, part) if "." in type_ else _text(part)


def _leaf(type_: str, part: bytes) -> Any:
    """A type that writes itself to JSON. Sources: apimachinery generated.proto of resource, intstr, runtime and meta."""
    fields: dict[int, Any] = dict(_parts(part))
    match type_:
        case "meta.Time" | "meta.MicroTime":
            moment = datetime.fromtimestamp(fields.get(1, 0), tz=UTC)
            whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
            return f"{whole}.{fields.get(2, 0) // 1000:06d}Z" if type_ == "meta.MicroTime" else f"{whole}Z"
        case "intstr.IntOrString":
            return _text(fields.get(3, b"")) if fields.get(1) else _value("int32", fields.get(2, 0), 0)
        case "resource.Quantity":
            return _text(fields.get(1, b""))
        case "meta.Duration":
            return f"{fields.get(1, 0) / 1e9:g}s"
        case _:  # JSON kept as bytes: FieldsV1, RawExtension, JSON
            import msgspec

            return msgspec.json.decode(fields.get(1, b"null"))
