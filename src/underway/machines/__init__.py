"""Shell: machine providers, one file each, one line in PROVIDERS."""

from collections.abc import Callable
from typing import Protocol

from underway.machines.auto_scaling_group import AutoScalingGroup
from underway.machines.command import Command
from underway.ports import Machines
from underway.rotate.spec import Machines as MachinesSpec


class Provider(Machines, Protocol):
    """A provider of this package: ports.Machines, and an end."""

    async def close(self) -> None:
        """Give up what still waits, and end what was begun in this process."""


PROVIDERS: dict[str, Callable[[MachinesSpec], Provider]] = {
    "AutoScalingGroup": AutoScalingGroup,
    "Command": lambda spec: Command(spec.command),
}
