"""Alerts that really go out: to a web server and a mail server on loopback. And that no URL ever comes back."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from underway.live.alerting import ENTRY_BYTES_MAX, Alerting, Destinations, NoDestination, variable_of
from underway.rotate.effects import Delivered, Notice

SECRET = "s3cr3t-t0ken"  # noqa: S105 - it opens nothing
NOTICE = Notice(id=7, destination="ops", title="[workers] Frozen: rotation workers", body="why  gate x", severity="warning")


class Hook:
    """A webhook. answers: the status it gives; received: what was posted."""

    def __init__(self) -> None:
        self.answers = 200
        self.received: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.answers)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


async def delivered(destinations: Destinations, cluster: str = "") -> Delivered:
    """Send it and wait for the answer."""
    answer: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
    alerting = Alerting(destinations, cluster)
    alerting.send(NOTICE, answer.set_result)
    found = await asyncio.wait_for(answer, 30)
    await alerting.close()
    return found


def told(destinations: Destinations, cluster: str = "") -> Delivered:
    return asyncio.run(delivered(destinations, cluster))


def kept_in(folder: Path, text: str, name: str = "ops") -> Destinations:
    (folder / name).write_text(text)
    return Destinations(str(folder), {})


def test_a_webhook_is_told(hook: Hook, tmp_path: Path) -> None:
    answer = told(kept_in(tmp_path, f"# our chat\n{hook.url}\n"), cluster="prod-eu")
    assert answer == Delivered(request=NOTICE)
    (posted,) = hook.received
    assert posted["title"] == "prod-eu [workers] Frozen: rotation workers"
    assert posted["message"] == "why  gate x"
    assert posted["type"] == "warning"


def test_mail_is_sent(tmp_path: Path) -> None:
    received: list[Any] = []

    async def take(_server: Any, _session: Any, envelope: Any) -> str:
        received.append(envelope)
        return "250 OK"

    box = type("Box", (), {"handle_DATA": staticmethod(take)})()

    async def send() -> Delivered:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"mailto://127.0.0.1:{port}?from=underway@example.com&to=ops@example.com&mode=insecure"
        async with server:
            return await delivered(kept_in(tmp_path, url))

    assert asyncio.run(send()).error == ""
    (envelope,) = received
    assert envelope.rcpt_tos == ["ops@example.com"]
    assert b"Subject: [workers] Frozen: rotation workers" in envelope.content


def test_an_entry_is_read_anew_for_each_message(hook: Hook, tmp_path: Path) -> None:
    destinations = kept_in(tmp_path, "json://127.0.0.1:1/?cto=1")
    assert told(destinations).error != ""
    kept_in(tmp_path, hook.url)
    assert told(destinations).error == "", "the kubelet writes a changed Secret into the volume"


def test_the_environment_holds_what_no_file_does(hook: Hook, tmp_path: Path) -> None:
    assert variable_of("ops-chat.eu") == "UNDERWAY_ALERT_OPS_CHAT_EU"
    assert told(Destinations(str(tmp_path), {"UNDERWAY_ALERT_OPS": hook.url})).error == ""
    assert len(hook.received) == 1


@pytest.mark.parametrize(
    ("answers", "text", "error"),
    [
        (404, "{url}", "JSON did not take it (HTTP 404)"),
        (500, "{url}", "JSON did not take it (HTTP 500)"),
        (200, "json://127.0.0.1:1/{secret}?cto=1", "JSON did not take it"),
        (200, "{url}\nslack://{secret}", "URL 2 of entry ops is none that apprise"),
        (200, "{secret}", "URL 1 of entry ops is none that apprise"),
        (200, "https://hooks.slack.com/services/{secret}", "URL 1 of entry ops is none that apprise"),
    ],
)
def test_a_failure_is_told_in_words_that_hold_nothing_of_the_entry(
    hook: Hook, tmp_path: Path, answers: int, text: str, error: str
) -> None:
    hook.answers = answers
    written = io.StringIO()
    root, everything = logging.getLogger(), logging.StreamHandler(written)
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(everything)
    try:
        with redirect_stderr(written):
            answer = told(kept_in(tmp_path, text.format(url=hook.url, secret=SECRET)))
    finally:
        root.removeHandler(everything)
        root.setLevel(level)
    assert error in answer.error
    for seen in (answer.error, repr(answer), written.getvalue()):
        assert SECRET not in seen
        assert "127.0.0.1" not in seen


def test_one_deaf_service_does_not_keep_another_from_hearing(hook: Hook, tmp_path: Path) -> None:
    answer = told(kept_in(tmp_path, f"json://127.0.0.1:1/?cto=1\n{hook.url}"))
    assert answer.error == "JSON did not take it"
    assert len(hook.received) == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "entry ops is empty; it holds the URLs of services, one a line"),
        ("# nothing yet\n", "entry ops is empty; it holds the URLs of services, one a line"),
        ("json://a\n" * 17, "entry ops has 17 URLs, 16 are the most"),
        ("x" * (ENTRY_BYTES_MAX + 1), f"entry ops is larger than {ENTRY_BYTES_MAX} bytes"),
    ],
)
def test_what_an_entry_may_not_be(tmp_path: Path, text: str, error: str) -> None:
    assert told(kept_in(tmp_path, text)).error == error


def test_what_is_not_there_is_said_with_where_it_belongs(tmp_path: Path) -> None:
    assert Destinations("", {}).missing(["ops"]) == ["there is no entry ops in the environment (UNDERWAY_ALERT_OPS)"]
    assert Destinations(str(tmp_path), {}).missing(["ops"]) == ["there is no entry ops in the Secret with alerts"]
    (tmp_path / "ops").mkdir()
    with pytest.raises(NoDestination, match="entry ops cannot be read: Is a directory"):
        Destinations(str(tmp_path), {}).urls("ops")


def test_without_apprise_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "apprise", None)
    assert told(kept_in(tmp_path, "json://a")).error == "apprise is not installed; install underway[alerts]"
