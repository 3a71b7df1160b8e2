"""docs/tutorial without a cluster: each command prints what the page shows, and the steps follow from each other."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pages import printed
from tutorial import KOT, Reader, commands

STEPS = KOT / "steps"
URL = {"url": "https://localhost:8443/convert"}


def definition(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("tutorial"))


@pytest.mark.parametrize(("command", "shown"), commands(cluster=False))
def test_every_command_prints_what_the_page_shows(command: str, shown: str, reader: Reader) -> None:
    reader.sees(command, shown)


def test_each_step_begins_where_the_last_one_ended() -> None:
    for earlier, later in (("1-schema", "2-defaults"), ("2-defaults", "3-rules"), ("7-migration", "8-retirement")):
        solution, start = (STEPS / earlier / "solution" / "devices.yaml", STEPS / later / "start" / "devices.yaml")
        assert solution.read_text() == start.read_text()


def test_the_second_version_keeps_the_rules_of_the_first() -> None:
    def inputs(crd: Any, place: int) -> Any:
        return crd["spec"]["versions"][place]["schema"]["openAPIV3Schema"]["properties"]["spec"]

    assert inputs(definition(STEPS / "3-rules/solution/devices.yaml"), 0) == inputs(definition(KOT / "devices.yaml"), 1)


def test_the_last_steps_are_the_definition_stored_otherwise() -> None:
    whole = definition(KOT / "devices.yaml")
    whole["spec"]["conversion"]["webhook"]["clientConfig"] = URL
    assert definition(STEPS / "7-migration/solution/devices.yaml") == whole
    older = copy.deepcopy(whole)
    for version in older["spec"]["versions"]:
        version["storage"] = not version["storage"]
    assert definition(STEPS / "7-migration/start/devices.yaml") == older
    alone = copy.deepcopy(whole)
    del alone["spec"]["conversion"], alone["spec"]["versions"][1]
    assert definition(STEPS / "8-retirement/solution/devices.yaml") == alone


def test_every_step_has_a_start_and_a_solution() -> None:
    for step in STEPS.iterdir():
        assert {path.name for path in step.iterdir()} >= {"start", "solution"}, step


def test_the_controller_is_the_readers_to_write() -> None:
    started = printed("python steps/5-controller/start/controller.py 9", KOT)
    assert "NotImplementedError: what does a pressure of 9.0 need?" in started
