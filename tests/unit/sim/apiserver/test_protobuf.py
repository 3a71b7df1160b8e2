"""Bodies in protobuf, as Go clients send them, are read; what is none is refused."""

import pytest

from underway.sim.apiserver import protobuf


def part(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | 2, len(content))) + content


def number(field: int, value: int) -> bytes:
    return bytes((field << 3, value))


def varint(value: int) -> bytes:
    return bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80,)) + varint(value >> 7)


def around(field: int, message: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(message)) + message


PORT = number(3, 80) + part(4, b"TCP")
MEMORY = part(1, b"memory") + part(2, part(1, b"1Gi"))
PROBE = part(1, part(2, part(1, b"/ready") + part(2, number(1, 0) + number(2, 80)))) + number(2, 3)
CONTAINER = part(1, b"app") + part(6, PORT) + part(8, part(1, MEMORY)) + part(11, PROBE)


def test_lists_maps_amounts_and_inlined_structs() -> None:
    pod = part(1, part(1, b"web") + part(8, number(1, 5))) + part(2, part(2, CONTAINER))
    assert protobuf.object_of("v1", "Pod", pod) == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "web", "creationTimestamp": "1970-01-01T00:00:05Z"},
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "resources": {"limits": {"memory": "1Gi"}},
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 80}, "initialDelaySeconds": 3},
                }
            ]
        },
    }


def test_bytes_stay_base64_and_negative_numbers_negative() -> None:
    secret = part(2, part(1, b"key") + part(2, b"\x00\xff"))
    assert protobuf.object_of("v1", "Secret", secret)["data"] == {"key": "AP8="}
    priority = bytes((2 << 3,)) + b"\xff" * 9 + b"\x01"
    assert protobuf.object_of("scheduling.k8s.io/v1", "PriorityClass", priority)["value"] == -1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty data"),
        (b"{}", "does not appear to be a protobuf message"),
        (b"k8s\x00\xff", "unexpected EOF"),
        (b"k8s\x00" + part(1, part(1, b"\xff")), "not UTF-8"),
        (b"k8s\x00\x0b", "illegal wireType 3"),
    ],
)
def test_what_is_no_message_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(protobuf.Malformed, match=sentence):
        protobuf.opened(body)


def test_messages_are_not_nested_without_end() -> None:
    # A schema may hold another: field 28 of JSONSchemaProps is "not".
    schema = b""
    for _ in range(protobuf.DEPTH_MAX + 1):
        schema = varint(28 << 3 | 2) + varint(len(schema)) + schema
    crd = part(2, b"")  # a CustomResourceDefinition without a specification is well-formed
    assert protobuf.object_of("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd)["spec"] == {}
    versions = varint(7 << 3 | 2) + varint(len(wrapped := around(4, around(1, schema)))) + wrapped
    with pytest.raises(protobuf.Malformed, match="nested too deeply"):
        protobuf.object_of("apiextensions.k8s.io/v1", "CustomResourceDefinition", around(2, versions))
