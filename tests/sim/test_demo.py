"""The demo, as a newcomer runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from underway.cli.demo import FAULT_NAMES
from underway.sim.checkers import CHECKERS
from underway.sim.demo import play
from underway.sim.incidents import INCIDENTS


def demo(*arguments: str, hash_seed: str = "0") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "demo", "--fast", "--report", "", *arguments]
    return subprocess.run(command, env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=False)


def test_the_same_seed_prints_the_same_bytes() -> None:
    first, second = demo("-o", "json"), demo("-o", "json", hash_seed="99")
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert found["nodes"] == {"total": 24, "upToDate": 24}
    assert found["evictions"] == found["podsMoved"]
    assert found["requests"]["failed"] == 0
    assert set(found["requests"]["p99_ms"]) == {"before", "during", "after"}
    assert found["invariants"] == {"checked": len(CHECKERS), "broken": 0}
    assert found["bound_s"] <= found["makespan_s"]
    assert len(found["trace"]) == 64


def test_the_readme_shows_what_the_demo_prints() -> None:
    shown = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    printed = [line.rstrip() for line in demo().stdout.splitlines()]
    assert "\n".join(printed) in shown, "python tools/pictures.py draws the pictures anew"


REASONS = {
    "etcd-quorum-loss": "etcd failed",
    "api-server-overload": "answers /readyz in",
    "ingress-overload": "Deployment platform/ingress has",
    "quota": "VcpuLimitExceeded",
    "boot-failure": "the instance stopped during boot",
    "stuck-drain": "PodDisruptionBudget shop/storefront needs 36 healthy pods",
}


def test_each_incident_is_offered() -> None:
    assert tuple(incident.name for incident in INCIDENTS) == FAULT_NAMES


@pytest.mark.parametrize("fault", FAULT_NAMES)
def test_an_incident_freezes_with_its_reason_and_the_rotation_goes_on(fault: str) -> None:
    _, result = play(5, fault)
    assert [freeze for freeze in result.freezes if REASONS[fault] in freeze["reason"] and freeze["resumed_s"]], result.freezes
    assert result.state == "Finished"
    assert result.violations == ()
    assert result.nodes.up_to_date == 24


def test_a_workload_that_stops_at_once_loses_requests() -> None:
    """The world does not flatter: without a preStop delay, proxies still send to pods that are gone."""
    import msgspec

    from underway.sim import scenario

    careless = tuple(msgspec.structs.replace(app, pre_stop_s=0) for app in scenario.DEMO_APPS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("underway.sim.scenario.DEMO_APPS", careless)
        _, result = play(5)
    assert result.requests is not None
    assert result.requests.failed > 20
    assert all("connection refused" in cause for cause in result.requests.causes)


def test_the_report_is_one_file_that_shows_the_run(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    command = [sys.executable, "-m", "underway", "demo", "--fast", "--fault", "boot-failure", "--report", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "24 of 24" in done.stdout
    html = path.read_text()
    assert "node-zone-a-01" in html
    assert "the instance stopped during boot" in html
    assert "http://" not in html
    assert "https://" not in html
