"""An embedded API server without a world, called as HTTP calls it."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from underway.kube import request as q
from underway.kube.resource import NAMESPACES
from underway.sim.apiserver.access import MASTERS, User
from underway.sim.apiserver.front import Answer, Front, HttpRequest, Watching
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

NOW_MS = 1_767_603_600_000  # 2026-01-05T09:00:00Z
ADMIN = User("admin", (MASTERS, "system:authenticated"))
DEFAULT = "/api/v1/namespaces/default"


class Caller:
    """A server with the namespace "default", and the ways to call it."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.registry = Registry(Store(), lambda: self.now_ms, Random(1))
        self.server = ApiServer(self.registry)
        self.front = Front(self.server, {"secret": User("robot", ("system:authenticated",))})
        self.registry.create(NAMESPACES, {"metadata": {"name": "default"}})

    def raw(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer | Watching:
        """Send bytes as an administrator; headers with "_" for "-"."""
        path, _, query = url.partition("?")
        pairs = dict(part.split("=", 1) for part in query.split("&") if part)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.front.answer(HttpRequest(method=method, path=path, query=pairs, headers=named, body=body, certified=ADMIN))

    def call(self, method: str, url: str, value: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a value, and read the JSON, or the text, that comes back."""
        body = b"" if value is None else json.dumps(value).encode()
        answer = self.raw(method, url, body, **{"content_type": q.JSON, **headers})
        assert isinstance(answer, Answer), f"{method} {url} answered with a watch"
        return answer.code, json.loads(answer.body) if answer.content_type.startswith(q.JSON) else answer.body.decode()

    def patch(self, url: str, value: Any, type_: str = q.MERGE_PATCH) -> tuple[int, Any]:
        """Send a patch."""
        return self.call("PATCH", url, value, content_type=type_)

    def watch(self, url: str, accept: str = "") -> tuple[list[Any], Callable[[], None]]:
        """Begin a watch; the events as they come, and the way to end it."""
        answer = self.raw("GET", url, accept=accept)
        assert isinstance(answer, Watching), f"{url} is not watched"
        events: list[Any] = []
        stop = answer.begin(lambda kind, found: events.append(json.loads(answer.encode(kind, found))))
        return events, stop


def config(name: str, **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod(name: str, node: str = "", **labels: str) -> dict[str, Any]:
    """A pod, bound if a node is given."""
    spec = {"containers": [{"name": "app", "image": "registry.example/app:1"}], **({"nodeName": node} if node else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
