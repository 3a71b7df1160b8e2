"""The incidents that `underway demo --fault NAME` can play: what breaks, what mends it.

Each strikes while the rotation is under way; the driver must notice by itself, freeze with a reason, and go on when it is
mended and somebody resumes. One class an incident, one line in INCIDENTS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from underway.kube import resource as r
from underway.sim.faults import Refused

if TYPE_CHECKING:
    from underway.sim.store import Object
    from underway.sim.world.world import World


class Incident(Protocol):
    """One incident. name: as on the command line; story: one sentence for people."""

    name: str
    story: str

    def strike(self, world: World) -> None:
        """Break it."""

    def mend(self, world: World) -> None:
        """Mend it."""


class EtcdQuorumLoss:
    """Two of three etcd members are gone: reads still work, writes do not."""

    name = "etcd-quorum-loss"
    story = "two of three etcd members are lost: the API server refuses every write and says so on /readyz"

    def strike(self, world: World) -> None:
        """Fail writes and the check."""
        world.server.failing_checks = ["etcd", "etcd-readiness"]
        world.api.faults = (Refused(1.0, codes=(500,)),)

    def mend(self, world: World) -> None:
        """The members are back."""
        world.server.failing_checks = []
        world.api.faults = ()


class ApiServerOverload:
    """Somebody lists everything, all the time."""

    name = "api-server-overload"
    story = "a client lists every pod in a loop: each API call takes seconds"

    def strike(self, world: World) -> None:
        """Slow everything down."""
        world.api.latency = 150.0

    def mend(self, world: World) -> None:
        """The client is gone."""
        world.api.latency = 1.0


class IngressOverload:
    """The ingress cannot keep up: its pods fail their readiness probes, requests slow down."""

    name = "ingress-overload"
    story = "a traffic peak makes the ingress pods fail their readiness probes one after the other"

    def strike(self, world: World) -> None:
        """All but one stop being ready; latency rises."""
        world.traffic.slowdown = 4.0
        for pod in self._pods(world)[1:]:
            world.kubelets.set_ready(pod, ready=False)

    def mend(self, world: World) -> None:
        """The peak is over."""
        world.traffic.slowdown = 1.0
        for pod in self._pods(world):
            world.kubelets.set_ready(pod, ready=True)

    @staticmethod
    def _pods(world: World) -> list[Object]:
        running = (pod for pod in world.store.ordered(r.PODS, "platform") if pod["status"].get("phase") == "Running")
        return [pod for pod in running if pod["metadata"]["labels"].get("app") == "ingress"]


class Quota:
    """The account may have no more machines than it has."""

    name = "quota"
    story = "the cloud account's instance quota is used up: no surge machine can be had"

    def strike(self, world: World) -> None:
        """No machine beyond those that there are."""
        world.machines.trouble.quota = len(world.store.values(r.NODES))

    def mend(self, world: World) -> None:
        """The quota is raised."""
        world.machines.trouble.quota = None


class BootFailure:
    """A new machine stops during its boot."""

    name = "boot-failure"
    story = "the new machine image does not boot"

    def strike(self, world: World) -> None:
        """The next machine fails."""
        world.machines.trouble.failing_boots = 1

    def mend(self, world: World) -> None:
        """The image is corrected."""
        world.machines.trouble.failing_boots = 0


class StuckDrain:
    """Somebody tightens a budget until it never allows a disruption."""

    name = "stuck-drain"
    story = "a team sets maxUnavailable 0 on shop/storefront: its pods cannot be evicted any more"

    def _set(self, world: World, value: int | str) -> None:
        world.registry.mutate(
            r.POD_DISRUPTION_BUDGETS, "shop", "storefront", lambda now: {**now, "spec": {**now["spec"], "maxUnavailable": value}}
        )

    def strike(self, world: World) -> None:
        """No disruption any more."""
        self._set(world, 0)

    def mend(self, world: World) -> None:
        """As it was."""
        self._set(world, "10%")


INCIDENTS: tuple[Incident, ...] = (
    EtcdQuorumLoss(),
    ApiServerOverload(),
    IngressOverload(),
    Quota(),
    BootFailure(),
    StuckDrain(),
)
