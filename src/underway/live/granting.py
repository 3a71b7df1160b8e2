"""Asking a cluster what we are allowed there, before anything is begun from a terminal.

Owns how many questions travel at once, and when asking is given up. What is asked for is `rotate.grants`'s.
"""

import asyncio
import itertools
from collections.abc import Iterable

import msgspec

from underway.kube.resource import SELF_SUBJECT_ACCESS_REVIEWS
from underway.live.http import HttpApi
from underway.rotate.grants import Need, review, verdict

AT_ONCE = 8  # of some fifteen questions: two round trips, and no burst that priority and fairness would queue


class Granted(msgspec.Struct, frozen=True):
    """What a cluster has answered. unknown: why nothing more could be found out, "" if all could."""

    answers: dict[Need, bool | None]
    unknown: str = ""


async def ask(api: HttpApi, needs: Iterable[Need]) -> Granted:
    """Whether each need is granted to us there. A server that does not say is not asked the rest."""
    ids, answers, turn = itertools.count(1), dict.fromkeys(needs), asyncio.Semaphore(AT_ONCE)
    silent: list[str] = []

    async def one(need: Need) -> None:
        async with turn:
            if silent:
                return
            reply = await api.call(review(next(ids), need))
            answers[need] = verdict(reply)
            if answers[need] is None:
                silent.append(f"cannot ask for {SELF_SUBJECT_ACCESS_REVIEWS.plural}: {reply.message}")

    await asyncio.gather(*map(one, list(answers)))
    return Granted(answers, silent[0] if silent else "")
