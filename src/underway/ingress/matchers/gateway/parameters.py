"""The points that the Gateway API leaves to implementations."""

from typing import Literal

import msgspec


class Parameters(msgspec.Struct, frozen=True):
    """listener_isolation: a request belongs to the most specific listener alone (Extended feature GatewayHTTPListenerIsolation).

    hostname_fallback: what has no match under its most specific hostname is looked for under the next (Envoy does not).
    expressions: where RegularExpression stands between Exact and PathPrefix (Envoy Gateway: before prefixes). services_complete:
    a Service that the files lack does not exist, so that its share of requests gets 500.
    """

    listener_isolation: bool = True
    hostname_fallback: bool = False
    expressions: Literal["before-prefixes", "after-prefixes"] = "before-prefixes"
    services_complete: bool = False
