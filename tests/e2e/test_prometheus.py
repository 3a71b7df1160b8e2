"""Gates against a real Prometheus that scrapes an exporter which the test drives."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from binaries import require_program
from controlplane import free_port
from objects import cluster
from underway.live.probing import Probing
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence
from underway.rotate.health import Health, Verdict
from waiting import wait_until

pytestmark = pytest.mark.e2e
CLOCK = count(0, 60_000)
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


def is_ready(url: str) -> bool:
    try:
        return bool(urlopen(f"{url}/-/ready", timeout=1).status == 200)  # noqa: S310 - the test's own URL
    except OSError:
        return False


class Exporter:
    """What the shop's ingress measures."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.queue = Gauge("queue_length", "jobs that wait", registry=registry)
        self.times = Histogram("shop_request_duration_seconds", "requests", registry=registry, buckets=(0.05, 0.1, 0.5, 1, 5))
        self.requests = Counter("shop_requests", "requests", ["status"], registry=registry)
        self.answered = Counter("apiserver_request", "requests", ["code"], registry=registry)
        levels = ("current_executing_seats", "current_limit_seats")
        self.executing, self.limit = (
            Gauge(f"apiserver_flowcontrol_{name}", "seats", ["priority_level", "flow_schema"], registry=registry)
            for name in levels
        )
        self.server, self.thread = start_http_server(0, "127.0.0.1", registry)
        self.port = self.server.server_port


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    made = Exporter()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


@pytest.fixture(scope="module")
def prometheus(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = require_program("prometheus", "prometheus")
    place: Path = tmp_path_factory.mktemp("prometheus")
    (place / "prometheus.yml").write_text(CONFIG.format(port=exporter.port))
    url = f"http://127.0.0.1:{free_port()}"
    arguments = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={url.removeprefix('http://')}",
    ]
    with (place / "log").open("w") as log, subprocess.Popen([binary, *arguments], cwd=place, stderr=log) as process:
        try:
            wait_until(lambda: is_ready(url), "Prometheus is ready", 30)
            yield url
        finally:
            process.terminate()


def judge(health: Health, now_ms: int) -> Verdict:
    """Ask what is due for real, then judge at a virtual instant."""

    async def ask() -> None:
        probing, done = Probing(), asyncio.Event()
        asks = health.asks(count(1), now_ms)
        left = len(asks)

        def deliver(answer: object) -> None:
            nonlocal left
            health.answered(answer, now_ms)  # type: ignore[arg-type]
            left -= 1
            if not left:
                done.set()

        for one in asks:
            probing.send(one, deliver)
        await done.wait()
        await probing.close()

    asyncio.run(ask())
    return health.judge(Evidence(cluster()), now_ms)


def all_well(verdict: Verdict) -> bool:
    return not verdict.wait and not verdict.freeze


def eventually(health: Health, found: Callable[[Verdict], bool]) -> Verdict:
    """The first verdict that is as expected, asked a minute of virtual time apart each."""
    verdicts: list[Verdict] = []

    def look() -> bool:
        verdicts.append(judge(health, next(CLOCK)))
        return found(verdicts[-1])

    wait_until(look, "the verdict is as expected")
    return verdicts[-1]


def test_a_query_breaches_and_recovers(prometheus: str, exporter: Exporter) -> None:
    gate = GateSpec(gate="prometheus", prometheus=prometheus, query="queue_length", threshold=10.0, for_="0s", on_breach="Freeze")
    exporter.queue.set(3)
    health = Health((gate,))
    eventually(health, all_well)
    exporter.queue.set(42)
    verdict = eventually(health, lambda verdict: bool(verdict.freeze))
    assert verdict.freeze[0].reason == "queue_length is 42, limit 10"
    exporter.queue.set(1)
    eventually(health, all_well)


def test_a_query_that_prometheus_refuses_is_unknown(prometheus: str) -> None:
    health = Health((GateSpec(gate="prometheus", prometheus=prometheus, query="queue_length(", for_="0s"),))
    assert "Prometheus answers HTTP 400" in judge(health, 0).wait[0].reason


def test_latency_is_compared_with_the_baseline(prometheus: str, exporter: Exporter) -> None:
    gate = GateSpec(
        gate="ingress-latency",
        prometheus=prometheus,
        histogram="shop_request_duration_seconds",
        requests="shop_requests_total",
        for_="0s",
        on_breach="Freeze",
    )

    def traffic(seconds: float) -> None:
        for _ in range(50):
            exporter.times.observe(seconds)
            exporter.requests.labels("200").inc()

    health = Health((gate,))

    def well(verdict: Verdict) -> bool:
        traffic(0.03)
        return all_well(verdict) and bool(health.baselines)

    eventually(health, well)

    def slow(verdict: Verdict) -> bool:
        traffic(3.0)
        return bool(verdict.freeze)

    assert "before; limit is 2 times" in eventually(health, slow).freeze[0].reason


def test_an_api_server_that_turns_clients_away_is_in_breach(prometheus: str, exporter: Exporter) -> None:
    health = Health((GateSpec(gate="api-server", prometheus=prometheus, for_="0s", on_breach="Freeze"),))

    def serve(code: str, seats: float) -> None:
        exporter.answered.labels(code).inc(20)
        exporter.executing.labels("exempt", "exempt").set(9)
        exporter.executing.labels("workload-low", "service-accounts").set(seats)
        exporter.limit.labels("workload-low", "service-accounts").set(100)

    def well(verdict: Verdict) -> bool:
        serve("200", 30)
        return all_well(verdict)

    def busy(verdict: Verdict) -> bool:
        serve("200", 95)
        return bool(verdict.freeze)

    def turning_away(verdict: Verdict) -> bool:
        serve("429", 30)
        return any("turns away" in breach.reason for breach in verdict.freeze)

    eventually(health, well)
    said = eventually(health, busy).freeze[0].reason
    assert said == "API server has 95% of a priority level's seats in flight, limit 90%"
    assert "of all requests (429), limit 1%" in eventually(health, turning_away).freeze[0].reason
