"""Asks what health gates want to know: `ports.Probes` over HTTP, Prometheus' query API and commands.

Owns times and sizes. An answer that cannot be had is an Answer with an error: whoever asked decides what that means. Commands
run without a shell; where `commands` is given, only those named there. Source: Prometheus "HTTP API" (instant queries).
"""

import asyncio
import math
import time
from collections.abc import Callable, Collection
from typing import Any

import aiohttp
import msgspec

from underway.background import Background
from underway.rotate.effects import Answer, Ask, Question

Deliver = Callable[[Answer], None]
BODY_BYTES_MAX = 1024 * 1024
TEXT_MAX = 200
AT_ONCE = 8


class _Sample(msgspec.Struct):
    value: tuple[float, str]


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Response(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error: str = ""


class Probing:
    """commands: the executables that may be run, None for any."""

    def __init__(self, commands: Collection[str] | None = None) -> None:
        self._commands = commands
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(AT_ONCE)
        self._background = Background()

    def send(self, ask: Ask, deliver: Deliver) -> None:
        """Ask in the background and deliver exactly one answer."""
        self._background.start(self._ask(ask, deliver))

    async def close(self) -> None:
        """End what is still under way."""
        await self._background.close()
        if self._session is not None:
            await self._session.close()

    async def _ask(self, ask: Ask, deliver: Deliver) -> None:
        question = ask.question
        async with self._free:
            begun_s = time.monotonic()
            try:
                async with asyncio.timeout(question.timeout_s):
                    found = await self._answer(question)
            except TimeoutError:
                found = {"error": f"{_name(question)} does not answer within {question.timeout_s:g} s"}
            except (aiohttp.ClientError, OSError) as error:
                found = {"error": f"{_name(question)} cannot be asked: {error or type(error).__name__}"}
            except (msgspec.DecodeError, ValueError) as error:
                found = {"error": f"{_name(question)} answers what is no answer of Prometheus: {error}"}
        deliver(Answer(request=ask, elapsed_ms=round((time.monotonic() - begun_s) * 1_000), **found))

    async def _answer(self, question: Question) -> dict[str, Any]:
        match question.kind:
            case "http":
                code, _ = await self._get(question.url, {})
                return {"code": code}
            case "prometheus":
                return _values(*await self._get(f"{question.url.rstrip('/')}/api/v1/query", {"query": question.query}))
            case _:
                return await self._run(question)

    async def _get(self, url: str, query: dict[str, str]) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=True)
        async with self._session.get(url, params=query) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise ValueError(f"more than {BODY_BYTES_MAX} bytes")
            return response.status, bytes(body)

    async def _run(self, question: Question) -> dict[str, Any]:
        name = question.command[0]
        if self._commands is not None and name not in self._commands:
            return {"error": f"command {name!r} may not be run here; start the operator with --allow-command {name}"}
        process = await asyncio.create_subprocess_exec(
            *question.command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            stdout = process.stdout
            said = await stdout.read(64 * 1024) if stdout is not None else b""
            while stdout is not None and await stdout.read(64 * 1024):
                pass
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        lines = said.decode(errors="replace").splitlines()
        return {"code": code, "text": lines[0][:TEXT_MAX] if lines else ""}


def _name(question: Question) -> str:
    return f"command {question.command[0]}" if question.kind == "command" else question.url


def _values(code: int, body: bytes) -> dict[str, Any]:
    """The samples of an instant query; NaN is none."""
    response = msgspec.json.decode(body, type=_Response)
    if response.status != "success" or response.data is None:
        return {"error": f"Prometheus answers HTTP {code}: {response.error[:TEXT_MAX] or response.status}"}
    match response.data.result_type:
        case "vector":
            texts = [sample.value[1] for sample in msgspec.json.decode(response.data.result, type=list[_Sample])]
        case "scalar":
            texts = [msgspec.json.decode(response.data.result, type=tuple[float, str])[1]]
        case other:
            return {"error": f"the query yields a {other}; write one that yields an instant vector or a scalar"}
    values = (float(text) for text in texts)
    return {"code": code, "values": tuple(value for value in values if not math.isnan(value))}
