"""Events about objects that a conversion webhook could not convert: one for each object and reason, seldom.

A list is read again and again by every client that watches, and fails each time: without a memory there would be an Event a
second. What an Event says is `crd.review`'s.
"""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from underway.crd.review import Bad, event_of
from underway.kube.request import Request
from underway.kube.resource import EVENTS
from underway.live.http import HttpApi

AGAIN = timedelta(minutes=10)
REMEMBERED_MAX = 5_000
AT_ONCE_MAX = 20  # of one tick; the answers and the metrics have the rest
TIMEOUT_S = 5.0


class Events:
    """Remembers what was said. reporter: the process that says it."""

    def __init__(self, reporter: str) -> None:
        self._reporter = reporter
        self._said: dict[tuple[str, str], datetime] = {}

    def due(self, bad: Sequence[Bad], now: datetime) -> list[dict[str, Any]]:
        """The Events to write now."""
        found: list[dict[str, Any]] = []
        for one in bad:
            key = (one.involved.get("uid") or one.name, one.outcome.reason)
            last = self._said.get(key)
            if (last is not None and now - last < AGAIN) or not one.involved.get("name") or len(found) >= AT_ONCE_MAX:
                continue
            if len(self._said) >= REMEMBERED_MAX:
                del self._said[next(iter(self._said))]
            self._said[key] = now
            found.append(event_of(one, now.strftime("%Y-%m-%dT%H:%M:%SZ"), self._reporter))
        return found


async def write(api: HttpApi, events: Sequence[dict[str, Any]]) -> list[str]:
    """Write them; sentences about those that could not be, each once."""
    ids = itertools.count(1)
    requests = [
        Request(
            id=next(ids), verb="create", resource=EVENTS, namespace=one["metadata"]["namespace"], body=one, timeout_s=TIMEOUT_S
        )
        for one in events
    ]
    replies = await asyncio.gather(*map(api.call, requests))
    return list(dict.fromkeys(f"an Event could not be written: {reply.message}" for reply in replies if not reply.ok))
