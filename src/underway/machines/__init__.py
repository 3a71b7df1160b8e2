"""Shell: machine providers, one file each, one line in PROVIDERS."""

from collections.abc import Callable
from typing import Protocol

from underway.machines.auto_scaling_group import AutoScalingGroup
from underway.machines.cluster_api import ClusterApi
from underway.machines.command import Command
from underway.machines.eks_nodegroup import EksNodegroup
from underway.machines.karpenter import Karpenter
from underway.ports import Api, Machines
from underway.rotate.spec import Machines as MachinesSpec


class Provider(Machines, Protocol):
    """A provider of this package: ports.Machines, and an end."""

    async def close(self) -> None:
        """Give up what still waits, and end what was begun in this process."""


# api: of the cluster that holds the machines' objects, for those providers whose machines are objects.
PROVIDERS: dict[str, Callable[[MachinesSpec, Api], Provider]] = {
    "AutoScalingGroup": lambda spec, _: AutoScalingGroup(spec),
    "ClusterAPI": lambda _, api: ClusterApi(api),
    "Command": lambda spec, _: Command(spec.command),
    "EKSNodegroup": lambda spec, _: EksNodegroup(spec),
    "Karpenter": lambda _, api: Karpenter(api),
}
