"""The server on a real socket: TLS, users, streams, limits, an end."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underway.certificates import Pair
from underway.errors import Unreachable
from underway.sim.apiserver.access import User
from underway.sim.apiserver.catalogue import CONFIG_MAPS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.pace import Pace
from underway.sim.queue import Queue
from unit.sim.apiserver.caller import DEFAULT, Caller, config

CONFIGS = f"{DEFAULT}/configmaps"


@pytest.fixture
def cluster(api: Caller, tmp_path: Path) -> Iterator[HttpsCluster]:
    with HttpsCluster(api.server, directory=tmp_path, tokens={"secret": User("robot", ("system:authenticated",))}) as running:
        yield running


class Dial:
    """Opens connections, and closes them all at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[http.client.HTTPSConnection] = []

    def __call__(self, cluster: HttpsCluster, pair: Pair | None = None) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cadata=cluster.authority.certificate.decode())
        if pair is not None:
            context.load_cert_chain(*pair.write(self.folder, "client"))
        host, _, port = cluster.url.removeprefix("https://").partition(":")
        self.opened.append(http.client.HTTPSConnection(host, int(port), context=context, timeout=10))
        return self.opened[-1]

    def admin(self, cluster: HttpsCluster) -> http.client.HTTPSConnection:
        return self(cluster, cluster.authority.client("admin", ("system:masters",)))


@pytest.fixture
def dial(tmp_path: Path) -> Iterator[Dial]:
    dialled = Dial(tmp_path)
    yield dialled
    for connection in dialled.opened:
        connection.close()


def ask(connection: http.client.HTTPSConnection, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, url, data, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text.startswith(b"{") else text


def test_a_certificate_names_user_and_groups(cluster: HttpsCluster, dial: Dial) -> None:
    connection = dial.admin(cluster)
    assert ask(connection, "POST", CONFIGS, config("a"))[0] == 201
    assert ask(connection, "GET", f"{CONFIGS}/a")[1]["metadata"]["name"] == "a"
    review = ask(connection, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})[1]
    assert review["status"]["userInfo"] == {"username": "admin", "groups": ["system:masters", "system:authenticated"]}


def test_a_token_names_a_user_and_a_wrong_one_nobody(cluster: HttpsCluster, dial: Dial) -> None:
    connection = dial(cluster)
    assert "robot" in ask(connection, "GET", CONFIGS, Authorization="Bearer secret")[1]["message"]
    assert ask(connection, "GET", CONFIGS, Authorization="Bearer wrong")[0] == 401
    assert ask(connection, "GET", "/readyz") == (200, b"ok")


def test_an_expired_certificate_is_refused(cluster: HttpsCluster, dial: Dial) -> None:
    connection = dial(cluster, cluster.authority.client("admin", ("system:masters",), expired=True))
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.BadStatusLine)):
        ask(connection, "GET", "/version")


def test_a_watch_is_streamed(cluster: HttpsCluster, dial: Dial) -> None:
    watching, writing = dial.admin(cluster), dial.admin(cluster)
    watching.request("GET", f"{CONFIGS}?watch=true")
    answer = watching.getresponse()
    ask(writing, "POST", CONFIGS, config("a"))
    assert json.loads(answer.readline())["type"] == "ADDED"
    ask(writing, "DELETE", f"{CONFIGS}/a")
    assert json.loads(answer.readline())["type"] == "DELETED"
    answer.close()


def test_a_watch_ends_when_it_asked_to(cluster: HttpsCluster, dial: Dial) -> None:
    connection = dial.admin(cluster)
    connection.request("GET", f"{CONFIGS}?watch=true&timeoutSeconds=1")
    assert connection.getresponse().read() == b""


def test_a_watch_whose_revision_is_gone_is_told_so(api: Caller, cluster: HttpsCluster, dial: Dial) -> None:
    api.call("POST", CONFIGS, config("a"))
    api.registry.store.compact(CONFIG_MAPS)
    status, event = ask(dial.admin(cluster), "GET", f"{CONFIGS}?watch=true&resourceVersion=1")
    assert (status, event["type"], event["object"]["code"], event["object"]["reason"]) == (200, "ERROR", 410, "Expired")


def test_a_body_has_a_limit(cluster: HttpsCluster, dial: Dial) -> None:
    status, refused = ask(dial.admin(cluster), "POST", CONFIGS, b"x" * (3 * 1024 * 1024 + 1))
    assert (status, refused["message"]) == (413, "Request entity too large: limit is 3145728")


def test_an_address_that_cannot_be_read_is_a_bad_request(cluster: HttpsCluster, dial: Dial) -> None:
    assert ask(dial.admin(cluster), "GET", f"{CONFIGS}/%ff")[0] == 400


def test_an_answer_does_not_wait_for_an_acknowledgement(cluster: HttpsCluster, dial: Dial) -> None:
    # Without TCP_NODELAY each of these takes 40 ms; with it, less than one.
    connection = dial.admin(cluster)
    ask(connection, "GET", "/version")
    sockets = [connection.sock]
    started_s = time.monotonic()
    for _ in range(50):
        ask(connection, "GET", "/version")
    assert time.monotonic() - started_s < 50 * 0.040
    assert sockets == [connection.sock], "the connection was kept"


def test_the_kubeconfig_is_its_owners_alone(cluster: HttpsCluster) -> None:
    assert cluster.kubeconfig.stat().st_mode & 0o077 == 0
    assert (cluster.directory / "apiserver.key").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_named(api: Caller, cluster: HttpsCluster, tmp_path: Path) -> None:
    port = int(cluster.url.rpartition(":")[2])
    with pytest.raises(Unreachable, match=f"cannot listen on 127.0.0.1:{port}"):
        HttpsCluster(api.server, directory=tmp_path / "other", port=port).start()


def test_stopping_ends_the_watches(api: Caller, tmp_path: Path, dial: Dial) -> None:
    cluster = HttpsCluster(api.server, directory=tmp_path)
    cluster.start()
    connection = dial.admin(cluster)
    connection.request("GET", f"{CONFIGS}?watch=true")
    answer = connection.getresponse()
    cluster.stop()
    assert answer.read() == b""


class TestPace:
    """Scaled real time."""

    def test_a_world_runs_as_fast_as_it_is_told(self) -> None:
        queue, reached = Queue(0), threading.Event()
        queue.after(60_000, reached.set)
        with Pace(queue.now_ms, queue.run_until, threading.RLock(), speed=1_000):
            assert reached.wait(5), "a minute at a thousand times the speed of life takes 60 ms"

    def test_a_failure_of_the_world_reaches_whoever_waits(self) -> None:
        queue, failed = Queue(0), threading.Event()

        def fail() -> None:
            failed.set()
            raise RuntimeError("the world ended")

        queue.after(1, fail)
        with pytest.raises(RuntimeError, match="the world ended"), Pace(queue.now_ms, queue.run_until, threading.RLock()):
            assert failed.wait(5)
