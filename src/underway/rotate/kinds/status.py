"""The status of a Rotation as Kubernetes shows it: conditions, counts, nodes in hand, blockers, the bound.

Owns the shape. `rotate.kinds.conditions` fills it from what a driver reports. Source of the conditions' shape: API
conventions, "Typical status properties" (metav1.Condition).
"""

from typing import Annotated

import msgspec

from underway.rotate.status import NodeCounts, Quarantine, Statistics

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    """One condition: True, False or Unknown, since when, and why."""

    type: str
    status: str
    reason: str
    message: str
    last_transition_time: Time
    observed_generation: int = 0


Conditions = Annotated[
    tuple[Condition, ...],
    msgspec.Meta(extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]


class InHand(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One node in hand, since when it is in its phase, what it waits for, and how far up the ladder a drain has come
    that has been stuck since when.
    """

    node: str
    phase: str
    since: Time
    zone: str = ""
    replacement: str = ""
    pods: int = 0
    waiting: tuple[str, ...] = ()
    rung: str = ""
    stuck_since: Time = ""


class BlockedBy(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What keeps a node from being emptied; the reason of a PodDisruptionBudget is the server's own text."""

    node: str
    reason: str
    since: Time
    pod: str = ""
    budget: str = ""
    owner: str = ""
    rung: str = ""


class Freezing(msgspec.Struct, frozen=True, rename="camel"):
    """Why nothing is begun, who said so, since when, and how far it reaches.

    level: rotation, pool, cluster or fleet; of a Fleet fleet, or wave where a cluster has stopped by itself.
    """

    reason: str
    since: Time
    by: str = ""
    level: str = ""


class HeldNodes(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Nodes that are kept back while the others go on: how many, why, since when, by whom, and which pool's freeze it is."""

    nodes: int
    reason: str
    since: Time = ""
    by: str = ""
    pool: str = ""


class Least(msgspec.Struct, frozen=True, rename="camel"):
    """The lower bound of the whole, in seconds, and what sets it."""

    seconds: int
    because: str = ""


class RotationStatus(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How a Rotation stands. observedGeneration: of the spec that this speaks of."""

    observed_generation: int = 0
    state: str = ""
    reason: str = ""
    conditions: Conditions = ()
    nodes: NodeCounts | None = None
    in_flight: tuple[InHand, ...] = ()
    blockers: tuple[BlockedBy, ...] = ()
    frozen: Freezing | None = None
    bound: Least | None = None
    predicted_finish: Time = ""
    started_at: Time = ""
    finished_at: Time = ""
    statistics: Statistics | None = None
    quarantine: Quarantine | None = None
    held: tuple[HeldNodes, ...] = ()
