"""The webhooks over TLS: sockets, worker processes, certificates that change while requests are served.

Owns the life of the server. What is answered is `web.webhooks`'; what is served is named, not passed: every worker imports
the user's module itself. Workers share the port by SO_REUSEPORT, each with its own socket that its successor inherits, so that
a worker that dies loses only what it had in hand. A worker whose event loop stands still is replaced.
"""

import asyncio
import contextlib
import multiprocessing
import os
import queue
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import connection
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from underway.crd.review import Bad
from underway.errors import Unreachable, UsageError
from underway.web import declared
from underway.web.metrics import MULTIPROCESS
from underway.web.orphans import end_with_parent
from underway.web.tls import Files, Own
from underway.web.webhooks import Webhooks

LOOK_S = 2.0  # how often workers look for a new certificate, and beat
STANDSTILL_S = 60.0  # twice what the API server waits: a worker that does not beat for so long will not answer any more
GRACE_S = 10  # how long open requests are waited for at the end
KILL_S = GRACE_S + 2  # after this a worker that was asked to end is killed
HEADERS_S = 10.0  # from a connection, or its first byte after an answer, to the end of the headers
CONNECTIONS_MAX = 1_000  # of one worker; the API server holds a few
FAILED_STARTS_MAX = 3
FAILURES_MAX = 100  # objects reported between two ticks; the answers name them all the same
START_S = 5.0  # a worker that ends sooner has failed to start


class Served(msgspec.Struct, frozen=True):
    """What is served, by name. conversions, validate, mutate: MODULE:NAME or ""; certificate, key: paths."""

    conversions: str = ""
    validate: str = ""
    mutate: str = ""
    certificate: str = ""
    key: str = ""

    def application(self, failed: Callable[[list[Bad]], None] = lambda _: None) -> Webhooks:
        """Import it. failed: told of objects that could not be converted. Raises UsageError."""
        return Webhooks(
            declared.conversions(self.conversions) if self.conversions else (),
            validate=declared.judge(self.validate) if self.validate else None,
            mutate=declared.judge(self.mutate) if self.mutate else None,
            failed=failed,
        )


class _Patient(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 that waits for headers, but not for ever: a slow client does not hold a connection."""

    _headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        if self._headers_due is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._relax()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_S, self.transport.abort)

    def _relax(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None


class Server(uvicorn.Server):
    """uvicorn's server that beats, and takes a new certificate when there is one."""

    def __init__(self, config: uvicorn.Config, files: Files, beat: Callable[[], None], warn: Callable[[str], None]) -> None:
        super().__init__(config)
        self._files, self._beat, self._warn = files, beat, warn
        self._ended = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and begin to look."""
        await super().startup(sockets)
        self._watching = asyncio.get_running_loop().create_task(self._look())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop looking, then stop."""
        self._ended.set()
        if self._watching is not None:
            await self._watching
        await super().shutdown(sockets)

    async def _look(self) -> None:
        warned = ""
        while not self._ended.is_set():
            self._beat()
            now = datetime.now(UTC)
            if self._files.changed(now) and self.config.ssl is not None:
                problem = self._files.load(self.config.ssl, now)
                if problem and problem != warned:
                    self._warn(f"{problem}; the old one stays in use")
                warned = problem
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._ended.wait()
            except TimeoutError:
                continue


def configured(application: Any, files: Files) -> uvicorn.Config:
    """uvicorn's configuration for one worker."""
    return uvicorn.Config(
        application,
        http=_Patient,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        ssl_certfile=str(files.certificate),
        ssl_keyfile=str(files.key),
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=75,  # longer than the API server keeps idle connections would be a race with it; Go's is 90 s
        timeout_graceful_shutdown=GRACE_S,
    )


def _work(served: Served, listener: socket.socket, beat: Any, failures: Any, warn: Callable[[str], None]) -> None:
    """One worker's whole life."""
    end_with_parent(KILL_S)
    files = Files(Path(served.certificate), Path(served.key))
    files.check(datetime.now(UTC))

    def beating() -> None:
        beat.value = time.monotonic()

    def failed(bad: list[Bad]) -> None:
        # Nobody waits for whoever reports: what does not fit is in the answer and in the metrics all the same.
        with contextlib.suppress(queue.Full):
            for one in bad[:FAILURES_MAX]:
                failures.put_nowait(one)

    Server(configured(served.application(failed), files), files, beating, warn).run([listener])


class _Worker:
    """A worker process and its socket."""

    def __init__(self, served: Served, listener: socket.socket, failures: Any, warn: Callable[[str], None]) -> None:
        self._served, self._listener, self._failures, self._warn = served, listener, failures, warn
        self._context = multiprocessing.get_context("spawn")
        self.failed_starts = 0
        self.start()

    def start(self) -> None:
        self._beat = self._context.Value("d", time.monotonic())
        self._begun_s = time.monotonic()
        arguments = (self._served, self._listener, self._beat, self._failures, self._warn)
        self.process = self._context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()

    def revive(self) -> bool:
        """Start it again if it has ended, end it if it stands still. False if it cannot be started."""
        if self.process.is_alive():
            if time.monotonic() - self._beat.value > STANDSTILL_S:
                self._warn(f"worker {self.process.pid} stands still; it is replaced")
                self.process.kill()
            return True
        self.failed_starts = self.failed_starts + 1 if time.monotonic() - self._begun_s < START_S else 0
        if self.failed_starts >= FAILED_STARTS_MAX:
            return False
        self._warn(f"worker {self.process.pid} ended with {self.process.exitcode}; another takes its place")
        self.start()
        return True


def listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets that share a port, one for each worker. port: 0 for any free one. Raises Unreachable if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            made.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind((host, port))
            one.listen(1024)
            port = one.getsockname()[1]
    except OSError as error:
        for one in made:
            one.close()
        raise Unreachable(f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from None
    return made


def serve(
    served: Served,
    sockets: list[socket.socket],
    *,
    own: Own | None,
    warn: Callable[[str], None],
    started: Callable[[], None] = lambda: None,
    tick: Callable[[datetime, list[Bad]], None] = lambda _now, _bad: None,
) -> None:
    """Serve until SIGINT or SIGTERM, with one worker process for each socket.

    own: whose certificate must be renewed, None if the files are others'. started: called once the workers run. tick: called
    about every two seconds, with the objects that could not be converted since, for what else must be kept up. Raises
    UsageError if workers cannot start.
    """
    served.application()
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    previous = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.set_wakeup_fd(wake_write)
    with tempfile.TemporaryDirectory(prefix="underway-metrics-") as directory:
        os.environ.setdefault(MULTIPROCESS, directory)
        failures: Any = multiprocessing.get_context("spawn").Queue(FAILURES_MAX)
        workers = [_Worker(served, listener, failures, warn) for listener in sockets]
        try:
            started()
            while True:
                ready = connection.wait([wake_read, *(worker.process.sentinel for worker in workers)], timeout=LOOK_S)
                if wake_read in ready:
                    return
                now = datetime.now(UTC)
                if own is not None:
                    own.renew(now)
                tick(now, _drained(failures))
                if not all(worker.revive() for worker in workers):
                    raise UsageError(
                        f"workers end as soon as they start; try: python -c 'import {served.conversions.rpartition(':')[0]}'"
                    )
        finally:
            _end(workers)
            signal.set_wakeup_fd(-1)
            for number, handler in previous.items():
                signal.signal(number, handler)
            os.close(wake_read)
            os.close(wake_write)
            if os.environ.get(MULTIPROCESS) == directory:
                del os.environ[MULTIPROCESS]


def _drained(failures: Any) -> list[Bad]:
    """What the workers have reported."""
    found: list[Bad] = []
    with contextlib.suppress(queue.Empty):
        while len(found) < FAILURES_MAX:
            found.append(failures.get_nowait())
    return found


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    until_s = time.monotonic() + KILL_S
    for worker in workers:
        worker.process.join(max(0.0, until_s - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
