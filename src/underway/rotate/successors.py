"""New machines of a rotation, kept from autoscalers while they are still empty: until their predecessors are gone.

Owns what is written on a successor's Node, and when it is taken off. Which machine is whose successor is told by its key, which
stands on the predecessor's record or among the debts; the Node itself names it, so that whoever comes later takes it off again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from underway.rotate import acts
from underway.rotate.record import record_of, succession_of

if TYPE_CHECKING:
    from underway.rotate.machinery import Machinery
    from underway.rotate.outbox import Outbox
    from underway.rotate.situation import Situation


class Successors:
    """rotation: its name. left: how many nodes are kept from autoscalers for it, as of its last round."""

    def __init__(self, rotation: str, machinery: Machinery, outbox: Outbox) -> None:
        self._rotation = rotation
        self._machinery = machinery
        self._outbox = outbox
        self.left = 0

    def round(self, situation: Situation) -> None:
        """Keep the nodes of machines that have come, and let go of those whose predecessors are gone.

        It does not wait for a freeze to end: that is when a node stays empty for longest.
        """
        awaited = {record.replacement for record in situation.records.values()} | {debt.key for debt in situation.journal.owed}
        nodes, self.left = situation.snapshot.nodes, 0
        for key in sorted(awaited):
            machine = self._machinery.by_key.get(key)
            node = nodes.get(machine.node) if machine is not None and machine.node else None
            if node is not None and succession_of(node) is None and record_of(node) is None:
                self._outbox.send(("keep", node.metadata.uid), partial(acts.keep_successor, node=node, key=key))
        for node in nodes.values():
            succession = succession_of(node)
            if succession is not None and succession.rotation == self._rotation:
                self.left += 1
                if succession.key not in awaited:
                    self._outbox.send(("keep", node.metadata.uid), partial(acts.let_go_of_successor, node=node))
