"""Provider Command: any executable that takes one JSON request on stdin and prints one JSON reply. docs/providers/command.md.

Owns the process: its time, its output, its end. An exit code of 75 (EX_TEMPFAIL) or any other but 64 to 74, 76 to 78 means
that asking again may help; those in between are the BSD sysexits for mistakes that will not pass by themselves.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence

import msgspec

from underway.background import Background
from underway.errors import UsageError
from underway.rotate.effects import Machine, MachineReply, MachineRequest, Quota, ReadQuotas

Deliver = Callable[[MachineReply], None]

ANSWER_S_MAX = 120.0  # a cloud call with its own retries; a boot is awaited by listing, not by one call
ANSWER_BYTES_MAX = 16 * 1024 * 1024
AT_ONCE = 8
EX_USAGE = 64
FINAL = frozenset({*range(64, 75), 76, 77, 78})  # sysexits.h


class _Answer(msgspec.Struct):
    """What the executable prints."""

    machines: tuple[Machine, ...] = ()
    quotas: tuple[Quota, ...] = ()
    error: str = ""
    retryable: bool = True


class Command:
    """One executable. command: its path or name, and arguments that come before nothing else."""

    def __init__(self, command: Sequence[str]) -> None:
        if not command:
            raise UsageError("spec.machines.command: provider Command needs the executable to run, such as [./machines]")
        self._command = tuple(command)
        self._free = asyncio.Semaphore(AT_ONCE)
        self._background = Background()

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Run the executable in the background; see ports.Machines."""
        self._background.start(self._run(request, deliver))

    async def close(self) -> None:
        """End what still runs."""
        await self._background.close()

    async def _run(self, request: MachineRequest, deliver: Deliver) -> None:
        async with self._free:
            deliver(await self._ask(request))

    def _failed(self, request: MachineRequest, why: str, *, retryable: bool = True) -> MachineReply:
        return MachineReply(request=request, error=f"machine command {self._command[0]}: {why}", retryable=retryable)

    async def _ask(self, request: MachineRequest) -> MachineReply:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            return self._failed(request, f"cannot be run: {error.strerror}", retryable=False)
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                output, errors = await process.communicate(msgspec.json.encode(request))
        except TimeoutError:
            await _end(process)
            return self._failed(request, f"gave no answer within {ANSWER_S_MAX:.0f} s")
        except asyncio.CancelledError:
            await _end(process)
            raise
        code = process.returncode or 0
        if code == EX_USAGE and isinstance(request, ReadQuotas):
            return MachineReply(request=request)  # it knows of no quotas
        if code != 0:
            first = next((line for line in errors.decode(errors="replace").splitlines() if line.strip()), "it said nothing")
            return self._failed(request, f"exit code {code}: {first[:500]}", retryable=code not in FINAL)
        return self._parsed(request, output)

    def _parsed(self, request: MachineRequest, output: bytes) -> MachineReply:
        if len(output) > ANSWER_BYTES_MAX:
            return self._failed(request, f"printed more than {ANSWER_BYTES_MAX} bytes", retryable=False)
        try:
            answer = msgspec.json.decode(output or b"{}", type=_Answer)
        except msgspec.DecodeError as error:
            return self._failed(request, f"did not print a JSON reply: {error}", retryable=False)
        return MachineReply(
            request=request, machines=answer.machines, quotas=answer.quotas, error=answer.error, retryable=answer.retryable
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and its children: it leads a group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    await process.wait()
