"""Why nothing may be begun: a freeze of the rotation, of a pool, of the whole cluster, or a reason of the driver's own.

Owns how the levels meet. A freeze of one rotation stands on its Lease (`rotate.record`); those of pools and of the cluster
stand together on one more, so that whoever may write Leases can stop everything, with or without an operator (docs/adr).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from underway.model import timestamp
from underway.model.lease import Lease
from underway.model.meta import LabelSelector
from underway.model.node import Node
from underway.model.selector import matches
from underway.rotate.record import PREFIX, RESUMED, Journal, parsed_ms

FREEZE_LEASE = "underway.freeze"
"""No rotation's Lease has this name: those begin with "underway-"."""
FREEZES = PREFIX + "freezes"
ORDER = "underway.dev/freeze"
"""On a Rotation or a Fleet whose spec.mode is Freeze: a Frozen, for who ordered it, why, and since when."""
MODE_IS_FREEZE = "spec.mode is Freeze"
BY_SPECIFICATION = "the specification"


class Freeze(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One freeze of the cluster (selector None) or of the nodes that a selector chooses. pool: the selector as it was typed."""

    reason: str
    by: str
    since_ms: int
    pool: str = ""
    selector: LabelSelector | None = None


class Frozen(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why a rotation begins nothing.

    level: rotation, pool, cluster or fleet; by: whose word it is; since_ms: 0 if not known; pool: the selector as it was typed;
    fleet: the name of the Fleet on the hub.
    """

    reason: str
    by: str = ""
    since_ms: int = 0
    level: str = "rotation"
    pool: str = ""
    fleet: str = ""


class Held(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Nodes that are kept back while the others go on. nodes: how many; the rest as in Freeze."""

    nodes: int
    reason: str
    by: str = ""
    since_ms: int = 0
    pool: str = ""

    @property
    def sentence(self) -> str:
        """What holds how many, by whom and since when."""
        count = f"{self.nodes} node{'s' if self.nodes != 1 else ''}"
        if not self.pool:
            return f"{count} held: {self.reason}"
        return f"{count} of pool {self.pool} frozen since {timestamp.format_ms(self.since_ms)} by {self.by}: {self.reason}"


def freezes_of(lease: Lease | None) -> tuple[Freeze, ...]:
    """The freezes on the Lease; what cannot be read freezes the cluster: somebody wanted to stop something."""
    text = lease.metadata.annotations.get(FREEZES, "") if lease else ""
    if not text:
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[Freeze, ...])
    except msgspec.DecodeError as error:
        return (Freeze(f"annotation {FREEZES} of Lease {FREEZE_LEASE} cannot be read: {error}", "underway", 0),)


def resumed_ms(lease: Lease | None) -> int:
    """When a freeze of a pool or the cluster last ended."""
    return (parsed_ms(lease.metadata.annotations.get(RESUMED, "")) or 0) if lease else 0


def annotations_of(freezes: Iterable[Freeze], now_ms: int, *, ended: bool) -> dict[str, str | None]:
    """The annotations that hold these freezes. ended: whether one has just been lifted."""
    held = tuple(freezes)
    written: dict[str, str | None] = {FREEZES: msgspec.json.encode(held).decode() if held else None}
    if ended:
        written[RESUMED] = timestamp.format_micro(now_ms)
    return written


def held_nodes(freezes: Iterable[Freeze], nodes: Iterable[Node]) -> dict[str, Freeze]:
    """The nodes that a pool's freeze holds."""
    pools = [(freeze, freeze.selector) for freeze in freezes if freeze.selector is not None]
    held: dict[str, Freeze] = {}
    for node in nodes if pools else ():
        for freeze, selector in pools:
            if matches(selector, node.metadata.labels):
                held.setdefault(node.name, freeze)
    return held


def standing(journal: Journal, freezes: Iterable[Freeze]) -> Frozen | None:
    """The freeze that people, gates and earlier drivers have written down, the widest first."""
    whole = next((freeze for freeze in freezes if freeze.selector is None), None)
    if whole is not None:
        return Frozen(whole.reason, whole.by, whole.since_ms, "cluster")
    if journal.frozen:
        return Frozen(journal.frozen, journal.frozen_by, journal.frozen_since_ms)
    return None


def holding(held: Mapping[str, Freeze], old: Iterable[Node]) -> Frozen | None:
    """The freeze of pools, if it holds every node that is left to do; None if some may still go."""
    names = [node.name for node in old]
    if not names or any(name not in held for name in names):
        return None
    first = held[names[0]]
    reason = f"{first.reason} ({len(names)} of pool {first.pool})" if first.pool else first.reason
    return Frozen(reason, first.by, first.since_ms, "pool", first.pool)


def held_back(held: Mapping[str, Freeze], old: Iterable[Node]) -> tuple[Held, ...]:
    """What holds which part of the nodes that are left to do."""
    keeping = (held[node.name] for node in old if node.name in held)
    counts = Counter((one.reason, one.by, one.since_ms, one.pool) for one in keeping)
    return tuple(Held(count, *one) for one, count in counts.items())


def ordered(mode: str, annotations: Mapping[str, str]) -> Frozen | None:
    """The freeze that a specification of this mode orders, by what is written beside it; None if it orders none."""
    if mode != "Freeze":
        return None
    try:
        return msgspec.json.decode(annotations[ORDER], type=Frozen)
    except (KeyError, msgspec.DecodeError):  # by another hand than ours: all that is known is the mode
        return Frozen(MODE_IS_FREEZE, BY_SPECIFICATION)


def order_annotation(frozen: Frozen | None) -> dict[str, str | None]:
    """What is written beside a specification that orders a freeze, or orders none any more."""
    return {ORDER: msgspec.json.encode(frozen).decode() if frozen else None}


def by_a_fleet(frozen: Frozen, fleet: str) -> Frozen:
    """The freeze of a Rotation that belongs to a Fleet, from the Fleet's own freeze or that of one of its waves."""
    by = f"the specification of fleet {fleet}" if frozen.by == BY_SPECIFICATION else frozen.by or f"fleet {fleet}"
    return msgspec.structs.replace(frozen, by=by, level="fleet", fleet=fleet)


def next_command(frozen: Frozen, rotation: str) -> str:
    """What lets a frozen rotation go on."""
    if frozen.level == "fleet":
        return f"on the hub: underway {'status' if frozen.by == f'fleet {frozen.fleet}' else 'resume'} --fleet {frozen.fleet}"
    if frozen.by == BY_SPECIFICATION:
        return f'kubectl patch rotation {rotation} --type=merge -p \'{{"spec":{{"mode":"Rotate"}}}}\''
    if frozen.level == "cluster":
        return "underway resume"
    if frozen.level == "pool":
        return f"underway resume --pool {frozen.pool}" if frozen.pool else f"underway status {rotation}"
    return f"underway resume {rotation}"
