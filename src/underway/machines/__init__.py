"""Shell: machine providers, one file each, one line in PROVIDERS."""

from collections.abc import Callable

from underway.machines.command import Command
from underway.ports import Machines
from underway.rotate.spec import Machines as MachinesSpec

PROVIDERS: dict[str, Callable[[MachinesSpec], Machines]] = {
    "Command": lambda spec: Command(spec.command),
}
