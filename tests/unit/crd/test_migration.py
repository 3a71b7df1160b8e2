"""The migration against a scripted API server: pages, conflicts, lost answers, expired tokens, races, resumption."""

import itertools
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from underway.crd.migration import PROGRESS, Batch, Migration, Pause, migrate
from underway.kube.reply import ObjectList, Reply, Status, StatusMeta
from underway.kube.request import Request
from unit.crd.test_storage import definition
from unit.crd.versions import thing

NAME = "things.tests.underway.dev"


class Server:
    """Objects, and a definition; each write may be answered otherwise once."""

    def __init__(self, count: int, stored: tuple[str, ...] = ("v1alpha1", "v1")) -> None:
        self.crd = definition(list(stored))
        self.objects = {f"o{number:03}": self.made(f"o{number:03}") for number in range(count)}
        self.answers: dict[tuple[str, str], list[Reply | Callable[[], object]]] = {}
        self.written: list[str] = []
        self.lists = 0
        self.page = 100
        self.pauses: list[int] = []

    def made(self, name: str, version: str = "1") -> dict[str, Any]:
        return thing("v1", {"a": 1}, name=name, resourceVersion=version)

    def refuse(self, verb: str, name: str, code: int, message: str = "", after: str = "") -> None:
        """Answer the next request of that verb and name with a refusal."""
        status = Status(message=message, code=code, metadata=StatusMeta(after))
        self.answers.setdefault((verb, name), []).append(Reply(request=Request(id=0, verb="get"), code=code, status=status))

    def before(self, verb: str, name: str, act: Callable[[], object]) -> None:
        """Do something just before the next request of that verb and name is answered."""
        self.answers.setdefault((verb, name), []).append(act)

    def answer(self, request: Request) -> Reply:
        assert request.resource is not None
        key = (request.verb, request.name or request.resource.plural)
        while self.answers.get(key):
            scripted = self.answers[key].pop(0)
            if isinstance(scripted, Reply):
                return Reply(request=request, code=scripted.code, status=scripted.status)
            scripted()
        if request.resource.plural == "customresourcedefinitions":
            return self._definition(request)
        if request.verb == "list":
            return self._list(request)
        found = self.objects.get(request.name)
        if found is None:
            return Reply(request=request, code=404)
        if request.verb == "update":
            if request.body["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
                return Reply(request=request, code=409)
            assert request.body == found
            self.written.append(request.name)
        return Reply(request=request, code=200, body=found)

    def _list(self, request: Request) -> Reply:
        assert request.resource is not None
        assert request.resource.api_version == "tests.underway.dev/v1"
        self.lists += 1
        start = dict(request.query).get("continue", "")
        names = sorted(name for name in self.objects if name > start)
        page, rest = names[: self.page], names[self.page :]
        items = tuple(self.objects[name] for name in page)
        return Reply(request=request, code=200, body=ObjectList("9", items, page[-1] if rest else ""))

    def _definition(self, request: Request) -> Reply:
        if request.verb == "patch":
            metadata = dict(request.body.get("metadata", {}))
            version = metadata.pop("resourceVersion", self.crd["metadata"]["resourceVersion"])
            if version != self.crd["metadata"]["resourceVersion"]:
                return Reply(request=request, code=409)
            for key, text in metadata.get("annotations", {}).items():
                self.crd["metadata"].setdefault("annotations", {})[key] = text
                if text is None:
                    del self.crd["metadata"]["annotations"][key]
            if request.subresource == "status":
                self.crd["status"] |= request.body["status"]
            self.crd["metadata"]["resourceVersion"] = str(int(self.crd["metadata"]["resourceVersion"]) + 1)
        return Reply(request=request, code=200, body=json.loads(json.dumps(self.crd)))

    def run(self, name: str = NAME, stop_after: int = 10_000) -> Migration:
        """Drive a migration to its end, or give up in the middle after so many batches."""
        talk = migrate(name, itertools.count(1), Random(1))
        effect = next(talk)
        for _ in range(stop_after):
            try:
                if isinstance(effect, Pause):
                    self.pauses.append(effect.delay_ms)
                    effect = talk.send(())
                else:
                    assert isinstance(effect, Batch)
                    assert len(effect.requests) <= 8
                    effect = talk.send(tuple(map(self.answer, effect.requests)))
            except StopIteration as ended:
                outcome: Migration = ended.value
                return outcome
        return Migration(name, "", stopped="given up by the test")


def test_every_object_is_written_once_and_the_list_is_trimmed() -> None:
    server = Server(250)
    outcome = server.run()
    assert outcome == Migration(NAME, "v1", written=250, trimmed=True)
    assert sorted(server.written) == sorted(server.objects)
    assert server.crd["status"]["storedVersions"] == ["v1"]
    assert server.crd["metadata"].get("annotations", {}) == {}
    assert server.lists == 3


def test_nothing_to_do_writes_nothing() -> None:
    server = Server(3, stored=("v1",))
    assert server.run() == Migration(NAME, "v1", trimmed=True)
    assert server.written == []


def test_conflicts_are_read_again_and_what_is_gone_is_left_out() -> None:
    server = Server(4)
    server.before("update", "o000", lambda: server.objects.update(o000=server.made("o000", "2")))
    server.before("update", "o001", lambda: server.objects.pop("o001"))
    server.refuse("update", "o002", 409)
    server.before("get", "o002", lambda: server.objects.pop("o002"))
    outcome = server.run()
    assert (outcome.written, outcome.gone, outcome.trimmed) == (2, 2, True)
    assert sorted(server.written) == ["o000", "o003"]


def test_an_overloaded_server_is_waited_for() -> None:
    server = Server(3)
    server.refuse("list", "things", 429)
    server.refuse("update", "o001", 503)
    server.refuse("update", "o001", 0)
    assert server.run() == Migration(NAME, "v1", written=3, trimmed=True)
    assert len(server.pauses) == 3


def test_an_expired_token_goes_on_where_the_server_says() -> None:
    server = Server(250)
    server.before("update", "o050", lambda: server.refuse("list", "things", 410, after="o099"))
    assert server.run() == Migration(NAME, "v1", written=250, trimmed=True)


def test_a_run_that_was_stopped_goes_on_where_it_stood() -> None:
    server = Server(250)
    server.run(stop_after=18)
    assert json.loads(server.crd["metadata"]["annotations"][PROGRESS]) == {
        "uid": "u",
        "storage": "v1",
        "continue": "o099",
        "written": 100,
    }
    server.written.clear()
    outcome = server.run()
    assert (outcome.written, outcome.resumed, outcome.trimmed) == (250, True, True)
    assert min(server.written) == "o100"
    assert PROGRESS not in server.crd["metadata"]["annotations"]


@pytest.mark.parametrize(
    "text",
    [
        "{broken",
        '{"uid":"other","storage":"v1","continue":"o099"}',
        '{"uid":"u","storage":"v2","continue":"x"}',
    ],
)
def test_what_another_run_left_is_not_taken_for_ones_own(text: str) -> None:
    server = Server(3)
    server.crd["metadata"]["annotations"] = {PROGRESS: text}
    outcome = server.run()
    assert (outcome.written, outcome.resumed, outcome.trimmed) == (3, False, True)


def test_a_definition_that_changed_meanwhile_is_not_trimmed() -> None:
    server = Server(3)
    server.before("update", "o001", lambda: server.crd["metadata"].update(generation=4))
    outcome = server.run()
    assert not outcome.trimmed
    assert outcome.stopped == "the definition was changed while its objects were written; run it again"
    assert server.crd["status"]["storedVersions"] == ["v1alpha1", "v1"]


def test_a_version_that_became_stored_meanwhile_is_not_trimmed_away() -> None:
    server = Server(3)
    server.before("update", "o001", lambda: server.crd["status"].update(storedVersions=["v1alpha1", "v1", "v2"]))
    assert server.run().stopped == "v2 became a stored version meanwhile; run it again"


def test_a_conflict_at_the_trimming_looks_again_first() -> None:
    server = Server(1)
    server.before("patch", NAME, lambda: server.crd["metadata"].update(resourceVersion="8", generation=4))
    assert server.run().stopped == "the definition was changed while its objects were written; run it again"
    server = Server(1)
    server.refuse("patch", NAME, 409)
    assert server.run().trimmed


def test_objects_that_are_refused_are_named_and_nothing_is_trimmed() -> None:
    server = Server(3)
    server.refuse("update", "o001", 422, 'Thing "o001" is invalid: spec.a: Required value')
    outcome = server.run()
    assert (outcome.written, outcome.refusals, outcome.trimmed) == (2, 1, False)
    assert [(one.name, one.message) for one in outcome.refused] == [
        ("here/o001", 'Thing "o001" is invalid: spec.a: Required value')
    ]
    assert outcome.stopped == "1 objects could not be written again; storedVersions stays as it is"


@pytest.mark.parametrize(
    ("verb", "name", "code", "stopped"),
    [
        ("get", NAME, 404, f"there is no CustomResourceDefinition {NAME}; its name is PLURAL.GROUP"),
        ("get", NAME, 403, f"cannot read CustomResourceDefinition {NAME}: no"),
        ("list", "things", 403, "cannot list things as v1: no"),
        ("update", "o000", 403, "cannot write here/o000: no"),
    ],
)
def test_what_stops_a_migration_is_told(verb: str, name: str, code: int, stopped: str) -> None:
    server = Server(1)
    server.refuse(verb, name, code, "no")
    assert server.run() == Migration(NAME, "v1" if verb != "get" else "", stopped=stopped)
