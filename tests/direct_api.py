"""ports.Api over an embedded API server in this process: answered at once, without sockets or virtual time."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.resource import NODES, Resource
from underway.kube.watch import WatchEvent
from underway.live import http
from underway.sim.apiserver.access import MASTERS, User
from underway.sim.apiserver.front import Answer, Front, HttpRequest
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

NOW_MS = 1_767_603_600_000  # 2026-01-05T09:00:00Z
ADMIN = User("admin", (MASTERS, "system:authenticated"))
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


class DirectApi:
    """A server, and the way to it.

    refusals: a reply to give instead, for the verbs and plurals named; asked: verbs and plurals of what was asked; body: of the
    last of it. now_ms: what its clock shows.
    """

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.registry = Registry(Store(), lambda: self.now_ms, Random(1))
        self.front = Front(ApiServer(self.registry))
        self.asked: list[tuple[str, str]] = []
        self.body: Any = None
        self.refusals: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}

    def send(self, request: Request, deliver: Callable[[Reply | WatchEvent], None]) -> None:
        deliver(self.answer(request))

    def cancel(self, request: Request) -> None:
        """Nothing is ever under way."""

    def answer(self, request: Request) -> Reply:
        what = (request.verb, request.resource.plural if request.resource else "")
        self.asked.append(what)
        self.body = request.body
        refused = self.refusals.get(what)
        if refused is not None:
            code, status = refused
            return http._reply(request, code, msgspec.json.encode({"kind": "Status", "code": code, **status}), 0)
        body = b"" if request.body is None else msgspec.json.encode(request.body)
        asked = HttpRequest(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={"content-type": request.content_type},
            body=body,
            certified=ADMIN,
        )
        answer = self.front.answer(asked)
        assert isinstance(answer, Answer)
        return http._reply(request, answer.code, answer.body, 0)

    # What tests set up

    def define(self, resource: Resource) -> None:
        """Serve a custom kind whose objects may hold anything."""
        names = {
            "plural": resource.plural,
            "kind": resource.kind,
            "singular": resource.kind.lower(),
            "listKind": f"{resource.kind}List",
        }
        version = {"name": resource.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": OPEN}}
        scope = "Namespaced" if resource.namespaced else "Cluster"
        spec = {"group": resource.group, "scope": scope, "names": names, "versions": [version]}
        self.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{resource.plural}.{resource.group}"}, "spec": spec,
        })  # fmt: skip

    def create(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        """Create an object as an administrator."""
        headers = {"content-type": "application/json"}
        answer = self.front.answer(
            HttpRequest(method="POST", path=path, headers=headers, body=msgspec.json.encode(value), certified=ADMIN)
        )
        assert isinstance(answer, Answer)
        assert answer.code == 201, answer.body
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found

    def change(self, resource: Resource, namespace: str, name: str, **parts: Any) -> None:
        """Merge parts into an object, as its controllers would."""
        self.registry.mutate(resource, namespace, name, lambda value: {**value, **parts})

    def node(self, name: str, **metadata: Any) -> None:
        """A Node."""
        self.create(NODES.path(), {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, **metadata}})


class LateApi(DirectApi):
    """The same, but requests arrive late, in an order that is drawn, and others act in between.

    between: called before each request arrives; most: how many were under way at once.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = Random(seed)
        self.between: Callable[[], None] = lambda: None
        self.under_way = self.most = 0

    def send(self, request: Request, deliver: Callable[[Reply | WatchEvent], None]) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self._later(self.rng.randint(1, 8), lambda: self._arrive(request, deliver))

    def _later(self, turns: int, act: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(*((act,) if turns == 1 else (self._later, turns - 1, act)))

    def _arrive(self, request: Request, deliver: Callable[[Reply | WatchEvent], None]) -> None:
        self.between()
        reply = self.answer(request)
        self.under_way -= 1
        deliver(reply)
