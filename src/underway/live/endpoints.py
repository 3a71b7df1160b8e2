"""The operator's own HTTP server: /healthz and /readyz for the kubelet, /metrics for Prometheus.

Owns the socket. Healthy is a loop that still turns; ready is a complete picture, so that a standby is ready too.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from underway.errors import UsageError

STUCK_S = 30.0  # three times what the loop may take to turn when the API server does not answer


class Endpoints:
    """host and port: where to listen; ready: why the replica is not, or ""; metrics: the exposition."""

    def __init__(self, host: str, port: int, ready: Callable[[], str], metrics: Callable[[], bytes]) -> None:
        self._host, self._port = host, port
        self._ready, self._metrics = ready, metrics
        self._turned_s = time.monotonic()
        self._runner: web.AppRunner | None = None

    def turned(self) -> None:
        """The loop has turned once more."""
        self._turned_s = time.monotonic()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        addresses = self._runner.addresses if self._runner is not None else []
        return int(addresses[0][1]) if addresses else self._port

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._exposed)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host or None, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UsageError(f"--listen {self._host}:{self._port}: {error.strerror}; choose another port") from None
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        still_s = time.monotonic() - self._turned_s
        if still_s > STUCK_S:
            return web.Response(status=500, text=f"the loop has not turned for {still_s:.0f} s\n")
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        why = self._ready()
        return web.Response(status=503, text=f"{why}\n") if why else web.Response(text="ok\n")

    async def _exposed(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
