"""Provider Command keeps the contract, with an executable that keeps its machines in a file."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from machines_contract import KEY, Contract
from underway.machines.command import Command

EXECUTABLE = """\
import json, pathlib, sys
state = pathlib.Path(sys.argv[1])
world = json.loads(state.read_text())
request = json.load(sys.stdin)
codes = {"capacity": 75, "throttling": 75, "forbidden": 77, "overload": 75}
machines = world["machines"]
if world["trouble"] and request["action"] == "Provision" or world["trouble"] == "overload":
    sys.exit(print(world["trouble"], file=sys.stderr) or codes[world["trouble"]])
if request["action"] == "Provision":
    made = {"key": request["key"], "providerId": "file:///" + request["key"], "state": "Pending"}
    machines.setdefault(request["key"], made)
elif request["action"] == "Terminate":
    for machine in machines.values():
        meant = request.get("providerId") == machine["providerId"] or request.get("key", "-") == machine["key"]
        if meant and machine["state"] != "Gone":
            machine["state"] = "Terminating"
state.write_text(json.dumps(world))
print(json.dumps({"machines": list(machines.values())}))
"""


class Folder:
    """An executable, and the file that it keeps."""

    node, provider_id = "node-1", "file:///node-1"

    def __init__(self, folder: Path) -> None:
        script = folder / "machines.py"
        script.write_text(EXECUTABLE)
        self._state = folder / "state.json"
        first = {"key": "", "node": self.node, "providerId": self.provider_id, "state": "Running"}
        self._state.write_text(json.dumps({"machines": {"": first}, "trouble": ""}))
        self.provider: Any = Command([sys.executable, str(script), str(self._state)])

    def _change(self, wanted: str, state: str) -> None:
        world = json.loads(self._state.read_text())
        for machine in world["machines"].values():
            if machine["state"] == wanted:
                machine["state"] = state
        self._state.write_text(json.dumps(world))

    def boot(self) -> None:
        self._change("Pending", "Running")

    def slow(self) -> None:
        """It boots when `boot` says so."""

    def finish(self) -> None:
        self._change("Terminating", "Gone")

    def lose(self) -> None:
        self._change("Running", "Gone")

    def lose_successor(self) -> None:
        world = json.loads(self._state.read_text())
        world["machines"].pop(KEY)
        self._state.write_text(json.dumps(world))

    def drift(self) -> None:
        world = json.loads(self._state.read_text())
        world["machines"][""]["drifted"] = "image 1, wanted 2"
        self._state.write_text(json.dumps(world))

    def trouble(self, name: str) -> None:
        world = json.loads(self._state.read_text())
        self._state.write_text(json.dumps({**world, "trouble": name}))

    def count(self) -> int:
        return sum(1 for machine in json.loads(self._state.read_text())["machines"].values() if machine["state"] != "Gone")


@pytest.fixture
def stage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


class TestCommand(Contract):
    """Nothing of its own: the suite is inherited."""
