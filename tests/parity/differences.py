"""Where the embedded server is known to answer otherwise than kube-apiserver, and how: each is expected to fail, strictly.

A line leaves this file together with the difference: a conversation that begins to agree fails until it does.
"""

_MESSAGE = "the message is worded otherwise; code and reason agree"
_SCHEMA = "the schema of a definition neither prunes, defaults nor validates"

DIFFERENCES: dict[str, str] = {
    "merge-a-wrong-type": "a patch that yields a wrong type is 400 BadRequest; the real server says 422 Invalid, field patch",
    "select-by-a-bad-label": _MESSAGE,
    "a-page-token-that-is-none": _MESSAGE,
    "a-body-that-is-no-json": _MESSAGE,
    "a-body-of-unknown-type": "protobuf is not among the accepted types, nor is it accepted",
    "custom-unknown-fields-are-pruned": _SCHEMA,
    "custom-defaults": _SCHEMA,
    "custom-below-the-minimum": _SCHEMA,
    "custom-without-what-is-required": _SCHEMA,
    "custom-of-a-wrong-type": _SCHEMA,
}
