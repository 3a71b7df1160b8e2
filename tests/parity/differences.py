"""Where the embedded server is known to answer otherwise than kube-apiserver, and how: each is expected to fail, strictly.

A line leaves this file together with the difference: a conversation that begins to agree fails until it does.
"""

_SCHEMA = "the schema of a definition neither prunes, defaults nor validates"

DIFFERENCES: dict[str, str] = {
    "custom-unknown-fields-are-pruned": _SCHEMA,
    "custom-defaults": _SCHEMA,
    "custom-below-the-minimum": _SCHEMA,
    "custom-without-what-is-required": _SCHEMA,
    "custom-of-a-wrong-type": _SCHEMA,
}
