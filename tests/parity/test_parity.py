"""The embedded API server and a real kube-apiserver answer alike, conversation by conversation."""

import difflib
import json

import pytest

from parity.conversation import Conversation
from parity.conversations import access, custom, evictions, lists, logs, namespaces, network, objects, patches, read, strictness
from parity.differences import DIFFERENCES
from parity.speaker import Speaker
from parity.transcript import comparable

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CONVERSATIONS = (
    *objects.CONVERSATIONS,
    *patches.CONVERSATIONS,
    *lists.CONVERSATIONS,
    *network.CONVERSATIONS,
    *evictions.CONVERSATIONS,
    *namespaces.CONVERSATIONS,
    *access.CONVERSATIONS,
    *custom.CONVERSATIONS,
    *strictness.CONVERSATIONS,
    *read.CONVERSATIONS,
    *logs.CONVERSATIONS,
)


def lines(transcript: list[object]) -> list[str]:
    return json.dumps(transcript, indent=1).splitlines()


def known_difference(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=DIFFERENCES[name], raises=AssertionError)] if name in DIFFERENCES else []


@pytest.mark.parametrize(
    "conversation", [pytest.param(talk, id=talk.name, marks=known_difference(talk.name)) for talk in CONVERSATIONS]
)
def test_same_answers(conversation: Conversation, embedded: Speaker, real: Speaker) -> None:
    wanted, found = (lines(comparable(speaker.hold(conversation))) for speaker in (real, embedded))
    difference = "\n".join(difflib.unified_diff(wanted, found, "kube-apiserver", "embedded", lineterm="", n=4))
    assert not difference, f"{conversation.name}:\n{difference}"


def test_conversations_are_many_and_named_once() -> None:
    names = [talk.name for talk in CONVERSATIONS]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert set(DIFFERENCES) <= set(names)
