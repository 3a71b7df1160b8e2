"""Questions of gates, asked for real: at a server in this process, and by commands."""

import asyncio
import sys
from collections.abc import Callable

import pytest
from aiohttp import web

from underway.live.probing import Probing
from underway.rotate.effects import Answer, Ask, Question


async def answered(probing: Probing, question: Question) -> Answer:
    got: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    probing.send(Ask(id=1, gate=0, part=0, question=question), got.set_result)
    return await got


async def prometheus(request: web.Request) -> web.Response:
    query = request.query["query"]
    if query == "bad(":
        return web.json_response({"status": "error", "errorType": "bad_data", "error": "parse error"}, status=400)
    if query == "text":
        return web.Response(text="<html>")
    results = {
        "many": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "0.5"]}, {"metric": {}, "value": [1, "NaN"]}]},
        "one": {"resultType": "scalar", "result": [1, "3"]},
        "range": {"resultType": "matrix", "result": []},
    }
    return web.json_response({"status": "success", "data": results[query]})


async def slow(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


def run(question: Callable[[str], Question], commands: tuple[str, ...] | None = None) -> Answer:
    async def whole() -> Answer:
        app = web.Application()
        app.router.add_get("/api/v1/query", prometheus)
        app.router.add_get("/slow", slow)
        runner = web.AppRunner(app, shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        probing = Probing(commands)
        try:
            return await answered(probing, question(f"http://127.0.0.1:{port}"))
        finally:
            await probing.close()
            await runner.cleanup()

    return asyncio.run(whole())


@pytest.mark.parametrize(
    ("query", "values", "error"),
    [
        ("many", (0.5,), ""),
        ("one", (3.0,), ""),
        ("range", (), "the query yields a matrix; write one that yields an instant vector or a scalar"),
        ("bad(", (), "Prometheus answers HTTP 400: parse error"),
        ("text", (), "answers what is no answer of Prometheus"),
    ],
)
def test_an_instant_query(query: str, values: tuple[float, ...], error: str) -> None:
    found = run(lambda url: Question("prometheus", url=url, query=query))
    assert found.values == values
    assert error in found.error
    assert bool(found.error) == bool(error)


def test_a_url_answers_with_its_status() -> None:
    assert run(lambda url: Question("http", url=f"{url}/nowhere")).code == 404


def test_nobody_there_is_an_error_and_so_is_too_slow() -> None:
    assert "cannot be asked" in run(lambda _: Question("http", url="http://127.0.0.1:1/")).error
    assert "does not answer within 0.05 s" in run(lambda url: Question("http", url=f"{url}/slow", timeout_s=0.05)).error


def test_a_command_gives_its_code_and_first_line() -> None:
    script = "print('queue is long'); print('more'); raise SystemExit(3)"
    found = run(lambda _: Question("command", command=(sys.executable, "-c", script), timeout_s=30))
    assert (found.code, found.text, found.error) == (3, "queue is long", "")


def test_a_command_that_cannot_run_or_does_not_end_is_no_answer() -> None:
    assert "cannot be asked" in run(lambda _: Question("command", command=("./no-such-file",))).error
    endless = (sys.executable, "-c", "import threading; threading.Event().wait()")
    assert "does not answer within 0.3 s" in run(lambda _: Question("command", command=endless, timeout_s=0.3)).error


def test_the_operator_runs_only_what_it_was_started_with() -> None:
    found = run(lambda _: Question("command", command=("/bin/true",)), commands=())
    assert found.error == "command '/bin/true' may not be run here; start the operator with --allow-command /bin/true"
