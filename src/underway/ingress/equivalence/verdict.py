"""The verdict and how it is shown: as data for scripts, as words for people."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

from underway.ingress.matchers.answer import Answer, Backend
from underway.ingress.matchers.request import Request


class Verdict(Enum):
    """PROVED: every request is answered alike; REFUTED: one is not; TESTED: all that were tried are, but they do not stand for
    all; UNKNOWN: something decides that the judge cannot know."""

    PROVED = "PROVED"
    TESTED = "TESTED"
    UNKNOWN = "UNKNOWN"
    REFUTED = "REFUTED"


_ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on all of them together."""
    return max(verdicts, key=_ORDER.index, default=Verdict.PROVED)


class Difference(msgspec.Struct, frozen=True):
    """A request and its two unequal answers."""

    request: Request
    left: Answer
    right: Answer
    reason: str


class HostVerdict(msgspec.Struct, frozen=True):
    """The verdict on one host or pattern. cases: requests that were compared; more: further differences, by other rules."""

    host: str
    verdict: Verdict
    cases: int
    difference: Difference | None = None
    more: tuple[Difference, ...] = ()
    reason: str = ""


class Proof(msgspec.Struct, frozen=True):
    """The verdict on two sides."""

    verdict: Verdict
    hosts: tuple[HostVerdict, ...]
    cases: int


def shown_proof(proof: Proof, left: str, right: str) -> dict[str, Any]:
    """The proof as data: the shape that scripts rely on. left, right: the semantics of the two sides."""
    return {
        "verdict": proof.verdict.value,
        "cases": proof.cases,
        "semantics": {"from": left, "to": right},
        "hosts": [_shown_host(one) for one in proof.hosts],
    }


def _shown_host(one: HostVerdict) -> dict[str, Any]:
    difference = _shown_difference(one.difference) if one.difference else {"witness": None, "from": None, "to": None}
    shown = {"host": one.host, "verdict": one.verdict.value, **difference, "cases": one.cases, "reason": one.reason}
    return {**shown, "more": [_shown_difference(other) for other in one.more]} if one.more else shown


def _shown_difference(one: Difference) -> dict[str, Any]:
    request = one.request
    witness = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    return {"witness": witness, "from": shown_answer(one.left), "to": shown_answer(one.right)}


def shown_answer(answer: Answer) -> dict[str, Any]:
    """An answer as data. backend: one object, or a list where the answer is shared by weight; null without any."""
    backends = [shown_backend(one) for one in answer.backends if one.weight > 0]
    sees = {"path": answer.path, "host": answer.host, "headers": [" ".join(change) for change in answer.headers]}
    return {
        "answer": answer.answer,
        "status": answer.status or None,
        "backend": backends[0] if len(backends) == 1 else backends or None,
        "rule": answer.rule,
        "location": answer.location or None,
        "sees": {key: value for key, value in sees.items() if value},
        "attributes": [f"{name}: {value}" for name, value in (*answer.attributes, *answer.opaque)],
    }


def shown_backend(backend: Backend) -> dict[str, Any]:
    """A backend as data."""
    if backend.status:
        return {"status": backend.status, "weight": backend.weight}
    return {"namespace": backend.namespace, "name": backend.name, "port": backend.port, "weight": backend.weight}


def in_words(shown: dict[str, Any]) -> str:
    """A shown answer as one line."""
    if shown["answer"] == "redirect":
        return f"redirect {shown['status']} to {shown['location']}"
    if shown["answer"] == "none":
        return f"no backend: status {shown['status']}" if shown["status"] else str(shown["rule"])
    backends = shown["backend"] if isinstance(shown["backend"], list) else [shown["backend"]]
    named = [
        (f"status {one['status']}" if "status" in one else f"{one['namespace']}/{one['name']}:{one['port']}")
        + (f" weight {one['weight']}" if len(backends) > 1 else "")
        for one in backends
    ]
    seen = [f"{key} {value if isinstance(value, str) else ', '.join(value)}" for key, value in shown["sees"].items()]
    noted = f" ({'; '.join(shown['attributes'])})" if shown["attributes"] else ""
    return " + ".join(named) + (f", which sees {'; '.join(seen)}" if seen else "") + noted
