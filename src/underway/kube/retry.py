"""Whether and when to send a request again. The only retry policy: `live` and `sim` run this same code.

Sources: API conventions, "HTTP Status codes"; client-go util/retry and rest/request.go (429 and 5xx with Retry-After);
"API-initiated eviction" (a 429 from a budget clears when the budget does); apiserver admission plugin NamespaceLifecycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from underway.kube.reply import NO_ANSWER, Reply

if TYPE_CHECKING:
    from random import Random

DELAY_MS_MIN = 1_000
DELAY_MS_MAX = 10_000
# A lost answer, an overload or an internal error of the server may pass; the rest of the codes will not by themselves.
PASSING = frozenset({NO_ANSWER, 408, 429, 500, 502, 503, 504})
# 403 of everything that would be created in a namespace that ends, an eviction too: it passes with the namespace.
ENDING = "NamespaceTerminating"


class Again(msgspec.Struct, frozen=True):
    """Send it again after delay_ms."""

    delay_ms: int


class Stop(msgspec.Struct, frozen=True):
    """Sending it again cannot help. reason: the server's own sentence."""

    reason: str


def retry(reply: Reply, attempt: int, rng: Random) -> Again | Stop:
    """Decide on a reply that was not ok.

    attempt: how often it was sent so far, >= 1. rng: for the jitter, full within the upper half so that clients spread
    out. The delay doubles from DELAY_MS_MIN to DELAY_MS_MAX and is never shorter than the server's Retry-After.
    """
    if reply.code not in PASSING and not any(cause.reason == ENDING for cause in reply.causes):
        return Stop(reply.message)
    ceiling_ms = min(DELAY_MS_MAX, DELAY_MS_MIN << min(attempt - 1, 10))
    jittered_ms = rng.randint(ceiling_ms // 2, ceiling_ms)
    return Again(max(jittered_ms, reply.retry_after_s * 1_000))
