"""Where the embedded server is known to answer otherwise than kube-apiserver, and how: each is expected to fail, strictly.

A line leaves this file together with the difference: a conversation that begins to agree fails until it does.
"""

DIFFERENCES: dict[str, str] = {}
