"""Holds conversations with an API server over HTTPS and writes down what was said.

Owns sockets and credentials. It knows neither the real server nor the embedded one: a kubeconfig is all it takes.
"""

import base64
import http.client
import json
import ssl
import string
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from parity.conversation import JSON, Conversation, Json, Step, Watch
from waiting import wait_until

ANSWER_S_MAX = 15.0
SILENCE_S_MAX = 5.0  # how long a watch waits for its next event: both servers send one within milliseconds


class Speaker:
    """A client of one server, with an administrator's kubeconfig of client-certificate data."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._host = urlsplit(cluster["server"]).netloc
        self._anonymous = ssl.create_default_context(cadata=authority)
        self._admin = ssl.create_default_context(cadata=authority)
        with tempfile.TemporaryDirectory() as folder:
            pair = Path(folder) / "pair.pem"
            pair.write_bytes(
                base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"])
            )
            self._admin.load_cert_chain(pair)

    def hold(self, conversation: Conversation) -> list[Json]:
        """Say all steps in a fresh namespace; one entry {"code", "body"} or {"code", "events"} a step."""
        namespace = conversation.name
        variables = {"ns": namespace}
        self._must("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
        self._must(f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
        return [
            self._watch(step, variables) if isinstance(step, Watch) else self._say(step, variables) for step in conversation.steps
        ]

    def say(self, step: Step) -> Json:
        """One question and its answer, outside of any conversation."""
        return self._say(step, {})

    def open(self) -> http.client.HTTPSConnection:
        """A connection of the administrator that its user keeps and closes."""
        return http.client.HTTPSConnection(self._host, timeout=ANSWER_S_MAX, context=self._admin)

    def _must(self, path: str, body: Json) -> None:
        said = self._say(Step("POST", path, body), {})
        assert said["code"] == 201, f"the stage could not be set: {said}"

    def _say(self, step: Step, variables: dict[str, str]) -> Json:
        said = self._say_once(step, variables)
        if step.awaited and said["code"] != step.awaited:
            wait_until(lambda: self._say_once(step, variables)["code"] == step.awaited, f"{step.path} to be served")
            said = self._say_once(step, variables)
        return {"code": said["code"]} if step.quiet else said

    def _say_once(self, step: Step, variables: dict[str, str]) -> Json:
        context = self._anonymous if step.anonymous else self._admin
        connection = http.client.HTTPSConnection(self._host, timeout=ANSWER_S_MAX, context=context)
        try:
            answer = self._ask(connection, step, variables)
            text = answer.read().decode()
        finally:
            connection.close()
        said: Json = {"code": answer.status, "body": _value(text)}
        retry_after = answer.headers.get("Retry-After")
        if retry_after:
            said["retryAfter"] = retry_after
        warnings = answer.headers.get_all("Warning") or []
        if warnings:
            said["warnings"] = warnings
        for variable, dotted in step.keep.items():
            variables[variable] = str(_at(said["body"], dotted))
        return said

    def _ask(self, connection: http.client.HTTPSConnection, step: Step, variables: dict[str, str]) -> http.client.HTTPResponse:
        path = _filled(step.path, variables)
        if step.query:
            path += "?" + urlencode(_filled(step.query, variables))
        body = step.raw if step.body is None else json.dumps(_filled(step.body, variables)).encode()
        headers = {"Accept": JSON, "Connection": "close", **_filled(step.headers, variables)}
        if body is not None:
            headers.setdefault("Content-Type", step.content_type)
        connection.request(step.method, path, body, headers)
        return connection.getresponse()

    def _watch(self, watch: Watch, variables: dict[str, str]) -> Json:
        connection = http.client.HTTPSConnection(self._host, timeout=SILENCE_S_MAX, context=self._admin)
        query = {"watch": "true", **watch.query}
        try:
            answer = self._ask(connection, Step("GET", watch.path, query=query, headers=watch.headers), variables)
            if answer.status != http.HTTPStatus.OK:
                return {"code": answer.status, "body": _value(answer.read().decode())}
            during = [self._say(step, variables) for step in watch.during]
            events = list(_events(answer, watch.events))
        finally:
            connection.close()
        return {"code": answer.status, "during": during, "events": events}


def _events(answer: http.client.HTTPResponse, wanted: int) -> Iterator[Any]:
    """The events of a watch; the last is "silence" if fewer came than were wanted."""
    count = 0
    while not wanted or count < wanted:
        try:
            line = answer.readline()
        except TimeoutError:
            yield "silence"
            return
        if not line:
            return
        count += 1
        yield json.loads(line)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _at(value: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _filled(value: Any, variables: dict[str, str]) -> Any:
    """The value with variables in its texts replaced."""
    if isinstance(value, str):
        return string.Template(value).safe_substitute(variables)
    if isinstance(value, dict):
        return {key: _filled(child, variables) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, variables) for child in value]
    return value
