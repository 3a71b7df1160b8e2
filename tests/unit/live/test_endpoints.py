"""The operator's own endpoints, on a real socket."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from underway.errors import UsageError
from underway.live import endpoints
from underway.live.crier import Crier
from underway.live.endpoints import Endpoints
from underway.live.measures import Measures
from underway.rotate.alerts.routes import Alert
from underway.rotate.effects import Delivered, Notice
from underway.rotate.kinds.fleet import FleetStatus
from underway.rotate.operator.hand import Hand
from underway.rotate.operator.operator import Operator
from underway.rotate.status import NodeCounts, Status


async def got(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


def operator() -> Operator:
    made = Operator("me", ["nodes-ready"], ["Command"])
    hand = made.hands["workers"] = Hand("workers", "uid", "me")
    hand.status = Status("workers", "Frozen", "drill", nodes=NodeCounts(9, 4, 1, 4))
    return made


def test_ready_healthy_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        why = ["still reading the cluster"]
        async with Endpoints("127.0.0.1", 0, lambda: why[0], Measures(operator()).text) as served:
            assert await got(served.port, "/readyz") == (503, "still reading the cluster\n")
            why[0] = ""
            assert await got(served.port, "/readyz") == (200, "ok\n")
            assert (await got(served.port, "/healthz"))[0] == 200
            monkeypatch.setattr(endpoints, "STUCK_S", -1.0)
            code, text = await got(served.port, "/healthz")
            assert code == 500
            assert "the loop has not turned" in text
            _, exposed = await got(served.port, "/metrics")
            assert 'underway_rotation_nodes{rotation="workers",where="up_to_date"} 4.0' in exposed
            assert 'underway_rotation_state{rotation="workers",state="Frozen"} 1.0' in exposed
            assert "underway_leader 0.0" in exposed

    asyncio.run(run())


def test_a_hub_counts_what_it_tells_and_what_does_not_arrive() -> None:
    answers = ["", "nobody is there"]

    class Post:
        def send(self, notice: Notice, deliver: Callable[[Delivered], None]) -> None:
            deliver(Delivered(request=notice, error=answers.pop(0)))

        async def close(self) -> None:
            """Nothing."""

    measures, crier = Measures(operator()), Crier(Post())
    assert b"underway_fleet_alerts" not in measures.text()
    measures.fleets = crier
    failed = FleetStatus(state="Failed", reason="no such Secret")
    for fleet in ("prod", "stage"):
        _, due = crier.round(fleet, [Alert("admins", "ops")], FleetStatus(), failed, 60_000)
        crier.send(fleet, due, 60_000)
    exposed = measures.text().decode()
    assert 'underway_fleet_alerts_total{fleet="prod",result="delivered"} 1.0' in exposed
    assert 'underway_fleet_alerts_total{fleet="stage",result="failed"} 1.0' in exposed


def test_a_port_that_is_taken_is_named() -> None:
    async def run() -> None:
        async with Endpoints("127.0.0.1", 0, str, bytes) as first:
            with pytest.raises(UsageError, match=r"(?i)address already in use"):
                async with Endpoints("127.0.0.1", first.port, str, bytes):
                    pass

    asyncio.run(run())
