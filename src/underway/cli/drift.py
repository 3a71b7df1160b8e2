"""What the machine provider says of machines, for a plan: what has drifted, what may not be replaced, how pods are drained."""

import asyncio
from typing import Any

from underway.model.enumeration import some_of

NAMES_MAX = 3
LOST = "spec.target.drifted: a snapshot does not hold what the machine provider says, so no node counts as drifted"


async def with_machines(snapshot: Any, machines: Any, rotation: Any) -> Any:
    """The snapshot with what the rotation's provider says of each node's machine. Raises Refused if it says nothing."""
    from underway.errors import Refused
    from underway.rotate.effects import ListMachines, MachineReply
    from underway.rotate.machinery import Machinery

    answered: asyncio.Future[MachineReply] = asyncio.get_running_loop().create_future()
    machines.send(ListMachines(id=1, drift=True), answered.set_result)
    reply = await answered
    if reply.error:
        raise Refused(f"machine provider {rotation.spec.machines.provider}: {reply.error}")
    machinery = Machinery()
    machinery.answered(reply, 0, {node.spec.provider_id: node.name for node in snapshot.nodes.values() if node.spec.provider_id})
    return machinery.seen_on(snapshot, (), honour=rotation.spec.drain.do_not_disrupt == "Honour")


def unknown(snapshot: Any, rotation: Any) -> tuple[str, ...]:
    """A note about selected nodes of which the provider knows nothing."""
    from underway.rotate.target import selected_nodes

    names = [node.name for node in selected_nodes(snapshot, rotation.spec) if node.name not in snapshot.drift]
    if not names:
        return ()
    provider = rotation.spec.machines.provider
    return (f"provider {provider} knows no machine of {some_of(names, NAMES_MAX)}: whether these have drifted is not known",)
