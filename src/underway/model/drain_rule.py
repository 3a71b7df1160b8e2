"""What Cluster API's MachineDrainRules say of a machine: how each of its pods is drained, and in which order.

Source: Cluster API v1beta2, MachineDrainRule; its book, "Machine deletion process".
"""

from typing import Literal

import msgspec

from underway.model.meta import LabelSelector

Behavior = Literal["Drain", "Skip", "WaitCompleted"]


class PodSelector(msgspec.Struct, frozen=True, rename="camel"):
    """Pods by their labels and their namespace's; an absent selector is no condition."""

    selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None


class DrainRule(msgspec.Struct, frozen=True):
    """One rule that applies to a machine. pods: any of these, all where there is none; order: the lowest goes first."""

    name: str
    behavior: Behavior = "Drain"
    order: int = 0
    pods: tuple[PodSelector, ...] = ()
