"""Broken JSON is refused in the words of Go's decoder."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underway.sim.apiserver.go_json import syntax_error


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{", "unexpected end of JSON input"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b"[1]]", "invalid character ']' after top-level value"),
        (b"\x9e", "invalid character '\\u009e' looking for beginning of value"),
        (b"nul", "unexpected end of JSON input"),
        (b"nulL", "invalid character 'L' in literal null (expecting 'l')"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b'"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'"a\nb"', "invalid character '\\n' in string literal"),
        (b"-a", "invalid character 'a' in numeric literal"),
        (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        (b"1e+x", "invalid character 'x' in exponent of numeric literal"),
        (b"[" * 100_000, "exceeded max depth"),
    ],
)
def test_the_sentence_names_the_byte(text: bytes, sentence: str) -> None:
    assert syntax_error(text) == sentence


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists, max_leaves=20
    )
)
def test_json_has_no_syntax_error(value: object) -> None:
    assert syntax_error(json.dumps({"value": value}).encode()) == ""


@given(st.binary(max_size=12))
def test_what_python_refuses_is_refused(data: bytes) -> None:
    try:
        json.loads(data.decode("latin-1"), parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))
    except ValueError:
        assert syntax_error(data)
    else:
        assert syntax_error(data) == ""
