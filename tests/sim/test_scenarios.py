"""Named scenarios: what others have met must hold with us, and their scripts must really do what they say."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from underway.cli.main import underway
from underway.kube.request import Request
from underway.rotate import acts
from underway.sim.scenarios import SCENARIOS, Named, begin, play


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.name for one in SCENARIOS])
def test_a_scenario_holds(scenario: Named) -> None:
    played = play(scenario)
    assert played.problems == ()
    assert played.state == "Finished"


def test_a_namesake_would_be_evicted_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl's retry did (kubectl#1767): without the UID the eviction hits the pod that has moved."""
    evict = acts.evict

    def nameless(request_id: int, pod: Any, grace_s: int | None) -> Request:
        request = evict(request_id, pod, grace_s)
        return msgspec.structs.replace(request, body={**request.body, "deleteOptions": {}})

    monkeypatch.setattr(acts, "evict", nameless)
    scenario = next(one for one in SCENARIOS if one.name == "namesake-moved")
    assert any("astray-eviction" in problem for seed in range(1, 6) for problem in play(scenario, seed).problems)


def test_a_scenario_that_does_not_hold_says_so() -> None:
    calm = next(one for one in SCENARIOS if one.name == "global-freeze")
    played = play(msgspec.structs.replace(calm, script=lambda _: None))
    assert played.problems == (f"nobody was told 'black friday'; told was: {'; '.join(played.reasons)}",)


def test_every_scenario_has_a_name_of_its_own_and_its_evidence() -> None:
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)
    assert all(one.evidence and one.story for one in SCENARIOS)


def test_scenarios_are_listed_and_played_by_name() -> None:
    listed = CliRunner().invoke(underway, ["rehearse", "--list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == [one.name for one in SCENARIOS]
    played = CliRunner().invoke(underway, ["rehearse", "half-drained-nodes", "-o", "json"])
    assert played.exit_code == 0
    assert json.loads(played.output)[0]["problems"] == []


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(underway, ["rehearse", "storm"])
    assert "no scenario 'storm'; there are stuck-drain, " in str(result.exception)


def test_nothing_happens_before_it_is_asked_for() -> None:
    run = begin(SCENARIOS[0])
    assert run.rehearsal.trace.evictions == 0
    assert run.said == []


def test_the_page_names_every_scenario_and_no_other() -> None:
    page = Path("docs/rehearsal.md").read_text()
    cells = [line.rpartition(" | ")[2] for line in page.splitlines() if line.startswith("| ")]
    named = set(re.findall(r"`([a-z0-9-]+)`", " ".join([*cells, page[page.index("Beside them") :]])))
    assert named == {one.name for one in SCENARIOS}
