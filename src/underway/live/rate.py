"""Client-side rate limit: a token bucket, as client-go's flowcontrol. Watches do not wait in it."""

import asyncio

QPS = 20.0  # twice kubectl's and controller-runtime's usual; the server's own fairness is the real limit
BURST = 40


class RateLimit:
    """qps tokens a second, burst at most. Waiters go in the order in which they came."""

    def __init__(self, qps: float = QPS, burst: int = BURST) -> None:
        self._qps = qps
        self._burst = burst
        self._tokens = float(burst)
        self._last_s = 0.0
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when a request may be sent."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            now_s = loop.time()
            self._tokens = min(self._burst, self._tokens + (now_s - self._last_s) * self._qps)
            self._last_s = now_s
            if self._tokens < 1:
                missing_s = (1 - self._tokens) / self._qps
                await asyncio.sleep(missing_s)
                self._tokens, self._last_s = 1.0, loop.time()
            self._tokens -= 1

    async def pause(self, delay_ms: int) -> None:
        """Return when a request may be sent again: after the delay that `kube.retry` decided on."""
        await asyncio.sleep(delay_ms / 1_000)
