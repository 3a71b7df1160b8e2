"""What a driver is told: that time has passed, what has come back, and how it is to end."""

from __future__ import annotations

import msgspec

from underway.kube.reply import Reply
from underway.kube.watch import WatchEvent
from underway.rotate.effects import Answer, Delivered, MachineReply


class Tick(msgspec.Struct, frozen=True):
    """Time has passed, or a batch of events is complete: decide."""


class Stop(msgspec.Struct, frozen=True):
    """Begin nothing, leave the cluster tidy, then finish. for_good: nobody will go on; bring what the cluster is owed too."""

    for_good: bool = False


class Retire(msgspec.Struct, frozen=True):
    """Another driver goes on from here: send nothing more, hear out what is under way, give the lock back, finish."""


DriverEvent = Tick | Stop | Retire | Reply | WatchEvent | MachineReply | Answer | Delivered
