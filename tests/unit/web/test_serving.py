"""The TLS server: certificates that change under load, slow clients, processes, ports."""

import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from underway.certificates import Authority
from underway.errors import Unreachable, UsageError
from underway.web import serving
from underway.web.tls import Files, Own
from underway.web.webhooks import BODY_BYTES_MAX, Webhooks
from unit.crd.test_review import THINGS, review
from unit.crd.versions import thing
from waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
REVIEW = review(thing("v1alpha1", {"size": 1}))


def put(path: Path, data: bytes) -> None:
    """Put a file in place in one step, as the kubelet does: nobody ever reads half of it."""
    written = path.with_suffix(".new")
    written.write_bytes(data)
    written.replace(path)


class Running:
    """A server in a thread, with files of an authority of its own."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority("test")
        self.folder = folder
        self.warnings: list[str] = []
        self.write(self.authority)
        self.files = Files(folder / "tls.crt", folder / "tls.key")
        self.files.check(datetime.now(UTC))
        (listener,) = serving.listeners("127.0.0.1", 0, 1)
        self.port = listener.getsockname()[1]
        self.beats = 0
        self.server = serving.Server(
            serving.configured(
                Webhooks((THINGS,)),
                self.files,
            ),
            self.files,
            self._beat,
            self.warnings.append,
        )
        self.thread = threading.Thread(target=self.server.run, args=([listener],))
        self.thread.start()

    def _beat(self) -> None:
        self.beats += 1

    def write(self, authority: Authority) -> None:
        authority.serving(("localhost",)).write(self.folder, "tls")

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cadata=self.authority.certificate.decode())
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)

    def serial(self) -> str:
        connection = self.connect()
        connection.connect()
        certificate = connection.sock.getpeercert()
        connection.close()
        return str((certificate or {}).get("serialNumber"))

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(serving, "LOOK_S", 0.02)
    monkeypatch.setattr(serving, "HEADERS_S", 0.2)
    server = Running(tmp_path)
    yield server
    server.stop()


def asked(connection: http.client.HTTPSConnection) -> str:
    connection.request("POST", "/convert", REVIEW)
    status: str = json.loads(connection.getresponse().read())["response"]["result"]["status"]
    return status


def test_a_certificate_changes_and_no_request_is_lost(running: Running) -> None:
    old = running.serial()
    kept = running.connect()
    assert asked(kept) == "Success"
    answers: list[str] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            connection = running.connect()
            answers.append(asked(connection))
            connection.close()

    loading = threading.Thread(target=load)
    loading.start()
    running.write(running.authority)
    wait_until(lambda: running.serial() != old, "the new certificate", 10)
    stop.set()
    loading.join(10)
    assert asked(kept) == "Success"
    assert set(answers) == {"Success"}
    kept.close()


def test_half_a_change_is_not_taken(running: Running) -> None:
    old = running.serial()
    fresh = running.authority.serving(("localhost",))
    put(running.folder / "tls.crt", fresh.certificate)
    wait_until(lambda: running.warnings, "a warning", 10)
    assert "no certificate and key of one pair, in PEM: KEY_VALUES_MISMATCH; the old one stays in use" in running.warnings[0]
    assert running.serial() == old
    put(running.folder / "tls.key", fresh.key)
    wait_until(lambda: running.serial() != old, "the new certificate", 10)
    assert len(running.warnings) == 1


def test_a_client_that_does_not_finish_its_headers_is_let_go(running: Running) -> None:
    connection = running.connect()
    connection.connect()
    connection.sock.sendall(b"POST /convert HTTP/1.1\r\nHost: lo")
    assert connection.sock.recv(100) == b""
    patient = running.connect()
    assert asked(patient) == "Success"
    patient.close()
    connection.close()


def test_whoever_sends_too_much_reads_why(running: Running) -> None:
    connection = running.connect()
    connection.request("POST", "/convert", b"x" * (BODY_BYTES_MAX + 1_000_000))
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (413, f"the review is larger than {BODY_BYTES_MAX} bytes\n".encode())
    connection.close()
    another = running.connect()
    assert asked(another) == "Success"
    another.close()


def test_the_server_beats(running: Running) -> None:
    wait_until(lambda: running.beats > 2, "three beats", 10)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match=f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another port"):
            serving.listeners("127.0.0.1", port, 2)


def test_our_own_certificate_is_made_anew_after_two_thirds_of_its_life(tmp_path: Path) -> None:
    own = Own(tmp_path, ("webhook.things.svc", "localhost"), timedelta(days=90))
    now = datetime.now(UTC)
    assert own.renew(now)
    first = (tmp_path / "tls.crt").read_bytes()
    assert not own.renew(now + timedelta(days=59))
    assert own.renew(now + timedelta(days=60))
    assert (tmp_path / "tls.crt").read_bytes() != first
    assert (tmp_path / "tls.key").stat().st_mode & 0o077 == 0
    own.files.check(now)


@pytest.mark.parametrize("case", ["missing", "no PEM", "other key", "expired"])
def test_files_that_cannot_serve_are_refused_at_the_start(tmp_path: Path, case: str) -> None:
    pair = Authority("test").serving(("localhost",), life=timedelta(minutes=-5) if case == "expired" else timedelta(days=1))
    pair.write(tmp_path, "tls")
    if case == "missing":
        (tmp_path / "tls.key").unlink()
    if case == "no PEM":
        (tmp_path / "tls.crt").write_text("hello")
    if case == "other key":
        (tmp_path / "tls.key").write_bytes(Authority("test").serving().key)
    message = {
        "missing": "No such file or directory",
        "no PEM": "no certificate and key of one pair, in PEM",
        "other key": "KEY_VALUES_MISMATCH",
        "expired": "the certificate expired on",
    }[case]
    with pytest.raises(UsageError, match=message):
        Files(tmp_path / "tls.crt", tmp_path / "tls.key").check(datetime.now(UTC))


@pytest.fixture
def processes() -> Iterator["subprocess.Popen[str]"]:
    module = ROOT / "examples" / "kot" / "conversions.py"
    command = [sys.executable, "-m", "underway", "crd", "serve", f"{module}:CONVERSIONS", "--port", "0", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server
        server.terminate()


def test_two_processes_serve_until_they_are_told_to_stop(processes: "subprocess.Popen[str]") -> None:
    assert processes.stdout is not None
    ready = json.loads(processes.stdout.readline())
    context = ssl.create_default_context(cafile=ready["authority"])
    # The service's name in the definition is in the certificate: the API server asks by it.
    with socket.create_connection(("127.0.0.1", ready["port"])) as plain:
        context.wrap_socket(plain, server_hostname="devices-conversion.things.svc").close()
    connection = http.client.HTTPSConnection("localhost", ready["port"], context=context, timeout=20)
    connection.request("POST", "/convert", b"{")
    answer = connection.getresponse()
    assert (answer.status, answer.read()[:30]) == (400, b"the body is no ConversionReview"[:30])
    connection.request("GET", "/metrics")
    assert b'underway_webhook_reviews_total{result="unreadable",review="convert"} 1.0' in connection.getresponse().read()
    connection.close()
    processes.send_signal(signal.SIGTERM)
    assert processes.wait(15) == 0


def test_workers_end_with_a_parent_that_was_killed(processes: "subprocess.Popen[str]") -> None:
    assert processes.stdout is not None
    ready = json.loads(processes.stdout.readline())
    context = ssl.create_default_context(cafile=ready["authority"])
    connection = http.client.HTTPSConnection("localhost", ready["port"], context=context, timeout=20)
    connection.request("GET", "/metrics")
    assert connection.getresponse().status == 200
    connection.close()
    processes.kill()
    # The workers have its standard output too: this comes to an end when the last of them does.
    processes.communicate(timeout=20)
