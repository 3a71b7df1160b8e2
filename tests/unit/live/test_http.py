"""The HTTP client against real TLS servers on loopback: the embedded API server, and servers that misbehave."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from authority import Authority
from underway.errors import Refused, Unreachable, UsageError
from underway.kube.reply import NO_ANSWER, Reply
from underway.kube.request import Request
from underway.kube.resource import NODES
from underway.kube.watch import WatchEvent
from underway.live.connect import connect
from underway.live.credentials import exec_credential
from underway.live.http import HttpApi
from underway.live.kubeconfig import Cluster, Connection, Exec, User, connection
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

AUTHORITY = Authority("test")
GET = Request(id=1, verb="get", raw_path="/version", timeout_s=5)


def answering(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@asynccontextmanager
async def server(
    reply: bytes, tmp_path: Path, *, authority: Authority = AUTHORITY, valid: timedelta = timedelta(days=1)
) -> AsyncIterator[str]:
    """A TLS server that gives one answer to everything."""
    certificate, key = authority.issue("server", server=True, valid=valid)
    (tmp_path / "s.crt").write_bytes(certificate)
    (tmp_path / "s.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "s.crt", tmp_path / "s.key")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def to(url: str, **user: Any) -> Connection:
    return Connection("here", Cluster(url, AUTHORITY.pem), User(**user))


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


async def failing(made: Connection) -> str:
    async with HttpApi(made) as api:
        with pytest.raises((Refused, Unreachable)) as caught:
            await connect(api)
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            answering("401 Unauthorized", b"{}"),
            "Refused: https://127.0.0.1:{port} (context 'here') does not know us (401 Unauthorized)",
        ),
        (answering("403 Forbidden", b"{}"), "Refused: https://127.0.0.1:{port} (context 'here') forbids GET /version (403)"),
        (answering("502 Bad Gateway", b"x"), "answers GET /version with HTTP 502; is it a Kubernetes API server?"),
        (answering("200 OK", b"<html>"), "is not a Kubernetes API server"),
    ],
)
def test_first_contact_with_a_server_that_is_none(reply: bytes, message: str, tmp_path: Path) -> None:
    async def go() -> None:
        async with server(reply, tmp_path) as url:
            assert message.format(port=url.rpartition(":")[2]) in await failing(to(url))

    run(go())


def test_certificates_that_cannot_be_trusted(tmp_path: Path) -> None:
    async def go() -> None:
        async with server(b"", tmp_path, authority=Authority("stranger")) as url:
            assert "the server's certificate is not trusted" in await failing(to(url))
        async with server(b"", tmp_path, valid=timedelta(seconds=-5)) as url:
            assert "the server's certificate has expired" in await failing(to(url))
        async with server(b"", tmp_path) as url:
            made = Connection("here", Cluster(url, AUTHORITY.pem, tls_server_name="elsewhere"), User())
            assert "the server's certificate is for another name" in await failing(made)

    run(go())


def test_an_expired_client_certificate_is_named_before_anything_is_sent() -> None:
    certificate, key = AUTHORITY.issue("jane", ("ops",), valid=timedelta(days=-1))
    message = run(failing(to("https://127.0.0.1:1", certificate=certificate, key=key)))
    assert "Refused: context 'here': the client certificate of CN=jane,O=ops expired on" in message


def test_a_dead_server() -> None:
    message = run(failing(to("https://127.0.0.1:1")))
    assert message.startswith("Unreachable: https://127.0.0.1:1 (context 'here') does not answer:")


def test_lost_answers_and_strange_bodies_are_replies(tmp_path: Path) -> None:
    async def go() -> None:
        async with server(b"", tmp_path) as url, HttpApi(to(url)) as api:
            assert (await api.call(GET)).code == NO_ANSWER
        async with server(answering("500 Oops", b"proxy says no"), tmp_path) as url, HttpApi(to(url)) as api:
            reply = await api.call(GET)
            assert (reply.code, reply.message) == (500, "proxy says no")
        async with server(answering("200 OK", b"{broken"), tmp_path) as url, HttpApi(to(url)) as api:
            reply = await api.call(Request(id=1, verb="list", resource=NODES))
            assert reply.code == NO_ANSWER
            assert "cannot be read" in reply.message

    run(go())


def on_embedded(act: Callable[[HttpApi, Registry], Coroutine[Any, Any, None]]) -> None:
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    with HttpsCluster(ApiServer(registry)) as cluster:

        async def go() -> None:
            async with HttpApi(connection(str(cluster.kubeconfig))) as api:
                await connect(api)
                await act(api, registry)

        run(go())


def test_lists_arrive_typed_and_refusals_with_their_status() -> None:
    async def act(api: HttpApi, registry: Registry) -> None:
        registry.create(NODES, {"metadata": {"name": "n1"}, "spec": {}, "status": {}})
        listed = await api.call(Request(id=1, verb="list", resource=NODES))
        assert [node.name for node in listed.body.items] == ["n1"]
        missing = await api.call(Request(id=2, verb="get", resource=NODES, name="gone"))
        assert (missing.code, missing.reason, missing.message) == (404, "NotFound", 'nodes "gone" not found')

    on_embedded(act)


def test_a_watch_delivers_events_and_can_be_cancelled() -> None:
    async def act(api: HttpApi, registry: Registry) -> None:
        inbox: asyncio.Queue[Reply | WatchEvent] = asyncio.Queue()
        request = Request(id=3, verb="watch", resource=NODES, query=(("resourceVersion", "1"),), timeout_s=None)
        api.send(request, inbox.put_nowait)
        registry.create(NODES, {"metadata": {"name": "n1"}, "spec": {}, "status": {}})
        event = await asyncio.wait_for(inbox.get(), 10)
        assert isinstance(event, WatchEvent)
        assert (event.type, event.object.name) == ("ADDED", "n1")
        api.cancel(request)

    on_embedded(act)


def plugin(tmp_path: Path, script: str, **fields: Any) -> Exec:
    path = tmp_path / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Exec(str(path), **fields)


GOOD = """echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t0k"}}'"""


def test_a_credential_plugin_is_run(tmp_path: Path) -> None:
    credential = run(exec_credential(plugin(tmp_path, GOOD), to("https://x")))
    assert credential.token == "t0k"  # noqa: S105 - not a secret


@pytest.mark.parametrize(
    ("script", "fields", "message"),
    [
        ("echo 'log in first' >&2; exit 3", {}, "failed with exit code 3: log in first"),
        ("echo hello", {}, "did not print an ExecCredential"),
        (
            GOOD,
            {"api_version": "client.authentication.k8s.io/v1alpha1"},
            "apiVersion client.authentication.k8s.io/v1alpha1 is not one of",
        ),
    ],
)
def test_a_plugin_that_fails_says_why(tmp_path: Path, script: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises((Refused, UsageError)) as caught:
        run(exec_credential(plugin(tmp_path, script, **fields), to("https://x")))
    assert message in str(caught.value)


def test_a_missing_plugin_shows_its_hint() -> None:
    missing = Exec("no-such-plugin", install_hint="get it from your platform team")
    with pytest.raises(
        UsageError, match="no-such-plugin cannot be run: No such file or directory; get it from your platform team"
    ):
        run(exec_credential(missing, to("https://x")))
