"""Provider Command: real processes."""

import asyncio
import sys
from pathlib import Path

import pytest

from underway.errors import UsageError
from underway.machines.command import Command
from underway.rotate.effects import ListMachines, Machine, MachineReply, MachineRequest, Provision, Quota, ReadQuotas

PROVISION = Provision(id=1, key="k", replaces="n", zone="a", kubelet_version="v1.37.2")


def ask(tmp_path: Path, script: str, request: MachineRequest = PROVISION) -> MachineReply:
    path = tmp_path / "machines.py"
    path.write_text(script)

    async def go() -> MachineReply:
        inbox: asyncio.Queue[MachineReply] = asyncio.Queue()
        provider = Command([sys.executable, str(path)])
        provider.send(request, inbox.put_nowait)
        reply = await asyncio.wait_for(inbox.get(), 20)
        await provider.close()
        return reply

    return asyncio.run(go())


def test_request_in_reply_out(tmp_path: Path) -> None:
    script = """\
import json, sys
request = json.load(sys.stdin)
assert request["action"] == "Provision" and request["kubeletVersion"] == "v1.37.2"
json.dump({"machines": [{"key": request["key"], "state": "Running", "node": "n9"}]}, sys.stdout)
"""
    reply = ask(tmp_path, script)
    assert reply.error == ""
    assert reply.machines == (Machine(key="k", node="n9", state="Running"),)


@pytest.mark.parametrize(
    ("script", "error", "retryable"),
    [
        ("import sys; sys.exit('quota is used up')", "exit code 1: quota is used up", True),
        ("import sys; print('no such zone', file=sys.stderr); sys.exit(65)", "exit code 65: no such zone", False),
        ("print('hello')", "did not print a JSON reply", False),
        ('print(\'{"error": "later"}\')', "later", True),
    ],
)
def test_what_goes_wrong_is_told(tmp_path: Path, script: str, error: str, retryable: bool) -> None:
    reply = ask(tmp_path, script)
    assert error in reply.error
    assert reply.retryable is retryable


def test_an_executable_that_knows_no_quotas_has_none(tmp_path: Path) -> None:
    reply = ask(tmp_path, "import sys; sys.exit(64)", ReadQuotas(id=1))
    assert (reply.error, reply.quotas) == ("", ())


def test_quotas_are_passed_on(tmp_path: Path) -> None:
    script = 'print(\'{"quotas": [{"name": "hosts", "used": 3, "limit": 4}]}\')'
    assert ask(tmp_path, script, ReadQuotas(id=1)).quotas == (Quota("hosts", 3, 4, 1),)


def test_a_missing_executable_is_final() -> None:
    async def go() -> MachineReply:
        inbox: asyncio.Queue[MachineReply] = asyncio.Queue()
        Command(["/nonexistent/machines"]).send(ListMachines(id=1), inbox.put_nowait)
        return await asyncio.wait_for(inbox.get(), 20)

    reply = asyncio.run(go())
    assert reply.error == "machine command /nonexistent/machines: cannot be run: No such file or directory"
    assert not reply.retryable


def test_no_executable_is_refused() -> None:
    with pytest.raises(UsageError, match=r"spec\.machines\.command"):
        Command(())
