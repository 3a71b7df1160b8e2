"""What may be done from this terminal: asked before anything is, for `plan` and `rotate`.

Owns the words. What a Rotation needs is `rotate.grants`'s.
"""

import asyncio

import click
import msgspec

from underway.errors import Refused
from underway.live.granting import ask
from underway.live.http import HttpApi
from underway.live.reading import read
from underway.model.snapshot import Snapshot, snapshot_of
from underway.rotate import grants
from underway.rotate.driver import Driver
from underway.rotate.plan import rules_of
from underway.rotate.record import LEASE_NAMESPACE
from underway.rotate.spec import RotationSpec

AGAIN_S = 30.0  # as the operator does (rotate.operator.permits)
WHAT_TO_DO = "apply deploy/rbac.yaml, which holds what every rotation needs, or these rules, in a ClusterRole bound to you:"


class Rights(msgspec.Struct, frozen=True):
    """What a Rotation may do here.

    refused: what it needs and may not; namespaces: the only ones in which pods may be evicted, None for all; closed: what is
    refused in the others.
    """

    refused: tuple[grants.Need, ...] = ()
    namespaces: frozenset[str] | None = None
    closed: tuple[grants.Need, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for what is refused in some namespaces only."""
        return (f"you may not {grants.listed(self.closed)}: nodes with pods there are left alone",) if self.closed else ()


async def seen(api: HttpApi, home: HttpApi, spec: RotationSpec) -> tuple[Snapshot, Rights]:
    """The cluster, and what a Rotation may do there. home: where the machines are.

    Raises Refused where it may not even be looked at, with all that is missing; Unreachable.
    """
    needs = grants.needs_of(spec, "terminal")
    here = await ask(api, (*needs.reads, *needs.acts, *needs.moves, *(needs.machines if home is api else ())))
    there = here if home is api else await ask(home, needs.machines)
    for unknown in dict.fromkeys((here.unknown, there.unknown)):
        if unknown:
            click.echo(f"not known what you may do: {unknown}", err=True)
    missing = (*grants.refused((*needs.reads, *needs.acts), here.answers), *grants.refused(needs.machines, there.answers))
    closed = grants.refused(needs.moves, here.answers)
    if grants.refused((one for one in needs.reads if one.verb == "list"), here.answers):
        raise Refused(forbidden((*missing, *closed)))
    snapshot = snapshot_of(await read(api))
    if not closed:
        return snapshot, Rights(missing)
    places = grants.namespaces_to_leave(snapshot, spec, rules_of(spec))
    moves = grants.within(needs.moves, places)
    asked = await ask(api, moves)
    allowed = grants.open_namespaces(needs.moves, places, asked.answers)
    if places and not allowed:  # not a namespace is missing, but the right
        return snapshot, Rights((*missing, *closed), allowed)
    return snapshot, Rights(missing, allowed, grants.refused(moves, asked.answers))


async def watched(api: HttpApi, driver: Driver, stop: asyncio.Event) -> None:
    """Ask again where pods may be moved, and let the driver know, until they may be moved everywhere or it is stopped."""
    spec = driver.rotation.spec
    needs = grants.needs_of(spec, "terminal").moves
    stopping = asyncio.create_task(stop.wait())
    while not (await asyncio.wait({stopping}, timeout=AGAIN_S))[0]:
        everywhere = await ask(api, needs)
        if not everywhere.unknown and not grants.refused(needs, everywhere.answers):
            driver.permit(None)
            break
        places = grants.namespaces_to_leave(driver.snapshot, spec, rules_of(spec))
        asked = await ask(api, grants.within(needs, places))
        if not asked.unknown:
            driver.permit(grants.open_namespaces(needs, places, asked.answers))
    stopping.cancel()


async def may_begin(api: HttpApi) -> None:
    """Raises Refused where the operator may not even lead and see what every Rotation has to see, with all that is missing."""
    leads = set(grants.granted(grants.LEASE_RULES, LEASE_NAMESPACE))
    found = await ask(api, (one for one in grants.always("operator") if one.verb in grants.LOOKING or one in leads))
    if found.unknown:
        click.echo(f"not known what the operator may do: {found.unknown}", err=True)
    missing = grants.refused(found.answers, found.answers)
    if missing:
        raise Refused(f"the operator may not {grants.listed(missing)}; apply `underway manifests`")


def forbidden(missing: tuple[grants.Need, ...]) -> str:
    """What is missing, all of it, and what to apply."""
    return f"you may not {grants.listed(missing)}\n{WHAT_TO_DO}\n{grants.rules_for(missing)}"
