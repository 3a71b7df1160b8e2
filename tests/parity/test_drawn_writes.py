"""Writes to custom resources drawn from seeds: PUT, merge and JSON patches, and status, answered by both servers alike."""

import difflib
import json
import os
import re
from typing import Any

import pytest

from parity.conversation import Json
from parity.drawn_writes import conversation
from parity.speaker import Speaker
from parity.transcript import comparable
from underway.crd.go_values import held

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SEEDS = range(int(os.environ.get("UNDERWAY_DRAWN_WRITES", "12")))
# Of several malformed parts the server tells of the first that it comes across, in the order of a Go map.
UNREADABLE = re.compile(r"(cannot be handled as a Thing: |Invalid value: <struct>: )(spec|status|metadata)\b.*", re.DOTALL)


def plain(said: Json) -> Any:
    """An answer whose causes are in order, each once.

    The server lists them as a Go map has them, joins them into its message, and says of metadata the same in each of its layers.
    """
    body = said["body"] if isinstance(said.get("body"), dict) else {}
    answer = {"code": said["code"], "warnings": sorted(said.get("warnings", ()))}
    if body.get("kind") != "Status":
        # A write that changes nothing but who owns a field has a version of its own, and owners are not modelled.
        metadata = {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}
        return {**answer, "body": {**body, "metadata": metadata}}
    causes = (body.get("details") or {}).get("causes")
    if not causes:
        return {**answer, "body": {**body, "message": UNREADABLE.sub(r"\1<a part>", body.get("message", ""))}}
    told = {(cause.get("field"), cause["reason"], UNREADABLE.sub(r"\1<a part>", cause["message"])) for cause in causes}
    return {**answer, "causes": sorted(told)}


def lines(said: list[Any]) -> list[str]:
    """The answers as text; a number is what it is, however it was written (100000000000000000000 and 1e+20)."""
    return json.dumps(held([plain(one) if "body" in one else one for one in said]), indent=1, ensure_ascii=False).splitlines()


@pytest.mark.parametrize("seed", SEEDS)
def test_writes_are_answered_alike(seed: int, embedded: Speaker, real: Speaker) -> None:
    drawn = conversation(seed)
    wanted, found = (lines(comparable(speaker.hold(drawn))) for speaker in (real, embedded))
    difference = "\n".join(difflib.unified_diff(wanted, found, "kube-apiserver", "embedded", lineterm="", n=12))
    assert not difference, difference[:6000]
