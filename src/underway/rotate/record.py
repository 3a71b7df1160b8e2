"""The state of a rotation, as it is kept in the cluster: annotations on each Node in hand, and on one Lease.

A driver that starts from nothing reads these back and goes on; nothing else is remembered. Each phase is written down
before its acts begin.
"""

import re
from enum import StrEnum
from typing import TypeVar

import msgspec

from underway.model import timestamp
from underway.model.lease import Lease
from underway.model.node import Node

T = TypeVar("T")
LABEL_MAX = 63  # apimachinery util/validation, LabelValueMaxLength
_NO_LABEL = re.compile(r"[^-A-Za-z0-9_.]")

PREFIX = "rotation.underway.dev/"
NAME = PREFIX + "name"
PHASE = PREFIX + "phase"
SINCE = PREFIX + "since"
SLOT = PREFIX + "slot"
REPLACEMENT = PREFIX + "replacement"
REASON = PREFIX + "reason"
CORDONED = PREFIX + "cordoned"
PROTECTED = PREFIX + "protected"
DRAINING = PREFIX + "draining-since"
FORCED = PREFIX + "deadline-deleted"
ADMITTED = PREFIX + "admitted"
SUCCESSOR = PREFIX + "successor"
ALL = (NAME, PHASE, SINCE, SLOT, REPLACEMENT, REASON, CORDONED, PROTECTED, DRAINING, FORCED, ADMITTED, SUCCESSOR)

HANDS_OFF = ("cluster-autoscaler.kubernetes.io/scale-down-disabled", "karpenter.sh/do-not-disrupt")
"""Annotations that keep others from removing a node in hand, or its successor.

Sources: Cluster Autoscaler FAQ; Karpenter, "Disruption"."""

OUTDATED_TAINT = PREFIX + "outdated"
"""The PreferNoSchedule taint of every old node: evicted pods should not land where they would have to move again."""

LEASE_NAMESPACE = "kube-system"
LEASE_LABELS = {"app.kubernetes.io/managed-by": "underway"}
MODE = PREFIX + "mode"
FROZEN_REASON = PREFIX + "frozen-reason"
FROZEN_SINCE = PREFIX + "frozen-since"
FROZEN_BY = PREFIX + "frozen-by"
RESUMED = PREFIX + "resumed"
OWED = PREFIX + "owed"
RAISED = PREFIX + "raised"
STARTED = PREFIX + "started"
ZONES = PREFIX + "zones"
OUTDATED = PREFIX + "outdated-at-start"
CANARIED = PREFIX + "canaried"
BASELINES = PREFIX + "baselines"
ALERTED = PREFIX + "alerted"
BEGINNING = (STARTED, ZONES, OUTDATED, CANARIED, BASELINES, ALERTED)
"""What is written when a rotation begins, and taken away when it has finished."""
STATUS = PREFIX + "status"


class Phase(StrEnum):
    """Where a node stands; `rotate.machine` holds every way from one to another."""

    OUTDATED = "Outdated"
    SURGING = "Surging"
    CORDONED = "Cordoned"
    DRAINING = "Draining"
    DETACHING = "Detaching"
    TERMINATING = "Terminating"
    DELETED = "Deleted"
    QUARANTINED = "Quarantined"
    UP_TO_DATE = "UpToDate"


class Slot(StrEnum):
    """Which budget a node in hand takes from: an extra machine beside it, or its own absence."""

    SURGE = "Surge"
    UNAVAILABLE = "Unavailable"


def lease_name(rotation: str) -> str:
    """The name of the Lease that holds a rotation's state."""
    return f"underway-{rotation}"


def as_label(version: str) -> str:
    """A version in the form of a label's value, which a taint's value has to have: "v1.36.4+k3s1" has a character too many."""
    return _NO_LABEL.sub("_", version)[:LABEL_MAX]


def marked_version(node: Node) -> str:
    """The kubelet version that a node had when it was marked as old, "" for a node that is not marked."""
    return next((taint.value for taint in node.spec.taints if taint.key == OUTDATED_TAINT), "")


def machine_key(rotation: str, uid: str, now_ms: int) -> str:
    """The key of a replacement: unique to this attempt, and written down before it is used, so that asking twice is safe."""
    return f"{rotation}-{uid[:8]}-{now_ms // timestamp.MILLISECONDS % 0x1000000:06x}"


class Record(msgspec.Struct, frozen=True):
    """What is written on one Node in hand.

    since_ms: when the phase began. replacement: the key of its successor. cordoned: whether we cordoned it (a cordon of
    somebody else's is not ours to lift). protected: which of HANDS_OFF we set (others' are not ours to remove either).
    draining_ms: when it first began to drain, 0 before; a quarantine does not end that. forced_ms, forced: when which pod (by
    UID) was last chosen to be deleted past its deadline. admitted_ms: the node's place in the order in which budgets were
    promised, the time of its admission, 0 where an older Underway wrote the record.
    """

    rotation: str
    phase: Phase
    since_ms: int
    slot: Slot
    replacement: str
    reason: str = ""
    cordoned: bool = False
    protected: tuple[str, ...] = ()
    draining_ms: int = 0
    forced_ms: int = 0
    forced: str = ""
    admitted_ms: int = 0

    @property
    def place(self) -> tuple[int, str]:
        """What sorts it among the nodes in hand."""
        return self.admitted_ms or self.since_ms, self.replacement


def record_of(node: Node) -> Record | None:
    """The record on a Node, None where there is none or it cannot be read (then the node is not in hand)."""
    annotations = node.metadata.annotations
    if NAME not in annotations:
        return None  # most nodes of a cluster, several times a round
    forced_at, _, forced = annotations.get(FORCED, "").partition(" ")
    try:
        return Record(
            rotation=annotations[NAME],
            phase=Phase(annotations[PHASE]),
            since_ms=timestamp.parse(annotations[SINCE]),
            slot=Slot(annotations[SLOT]),
            replacement=annotations[REPLACEMENT],
            reason=annotations.get(REASON, ""),
            cordoned=annotations.get(CORDONED) == "true",
            protected=tuple(key for key in HANDS_OFF if key in annotations.get(PROTECTED, "").split(",")),
            draining_ms=parsed_ms(annotations.get(DRAINING, "")) or 0,
            forced_ms=parsed_ms(forced_at) or 0,
            forced=forced,
            admitted_ms=parsed_ms(annotations.get(ADMITTED, "")) or 0,
        )
    except (KeyError, ValueError):
        return None


def annotations_of(record: Record) -> dict[str, str | None]:
    """The annotations that write a record down; None removes one (JSON merge patch, RFC 7396)."""
    return {
        NAME: record.rotation,
        PHASE: record.phase.value,
        SINCE: timestamp.format_micro(record.since_ms),
        SLOT: record.slot.value,
        REPLACEMENT: record.replacement,
        REASON: record.reason or None,
        CORDONED: "true" if record.cordoned else None,
        PROTECTED: ",".join(record.protected) or None,
        DRAINING: timestamp.format_micro(record.draining_ms) if record.draining_ms else None,
        FORCED: f"{timestamp.format_micro(record.forced_ms)} {record.forced}" if record.forced_ms else None,
        ADMITTED: timestamp.format_micro(record.admitted_ms) if record.admitted_ms else None,
        SUCCESSOR: None,  # whose it was does not matter once it has to go itself
        **dict.fromkeys(record.protected, "true"),
    }


def ours_of_hands_off(node: Node) -> tuple[str, ...]:
    """Which of HANDS_OFF are ours on a node, or will be: those that are not there, and those that we set before."""
    annotations = node.metadata.annotations
    before = annotations.get(PROTECTED, "").split(",")
    return tuple(key for key in HANDS_OFF if key not in annotations or key in before)


class Succession(msgspec.Struct, frozen=True):
    """What is written on a new machine's Node while its predecessor is there. key: its machine's; protected: as in a Record."""

    key: str
    protected: tuple[str, ...]

    @property
    def rotation(self) -> str:
        """The name of its rotation."""
        return self.key.rsplit("-", 2)[0]


def succession_of(node: Node) -> Succession | None:
    """The succession written on a Node, None where there is none."""
    annotations = node.metadata.annotations
    if SUCCESSOR not in annotations:
        return None
    return Succession(annotations[SUCCESSOR], tuple(key for key in HANDS_OFF if key in annotations.get(PROTECTED, "").split(",")))


class Owed(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A machine that the cluster still has coming because a node went without a successor beside it.

    taints: those of its pool, as key:effect; a new node that carries them is not closed by them.
    """

    key: str
    replaces: str
    zone: str = ""
    labels: dict[str, str] = {}
    provider_id: str = ""
    taints: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A Deployment that has, or is about to have, one replica more than it is owed, while one of its pods leaves a node.

    uid: of the Deployment; pod: the UID of the pod; replicas: how many the Deployment had. autoscaler: the name of the
    HorizontalPodAutoscaler that scales it, "" for none: then uid is the autoscaler's, and replicas its minReplicas.
    """

    namespace: str
    name: str
    uid: str
    node: str
    pod: str
    replicas: int
    autoscaler: str = ""

    @property
    def raised(self) -> int:
        """What the number is raised to."""
        return max(self.replicas + 1, 2)


class Journal(msgspec.Struct, frozen=True):
    """What is written on the Lease, read back.

    frozen: the reason while the rotation is frozen, "" while it rotates. started_ms: when it first began. zones: how many
    nodes each zone had then; outdated: how many nodes were out of date; baselines: what gates measured before, by their place
    in spec.health. canaried_ms: when the last canary was found finished. resumed_ms: when a freeze last ended: no deadline
    runs while everything stands still. raised: Deployments with a replica too many.
    """

    frozen: str = ""
    frozen_by: str = ""
    frozen_since_ms: int = 0
    owed: tuple[Owed, ...] = ()
    started_ms: int | None = None
    zones: dict[str, int] = {}
    resumed_ms: int = 0
    outdated: int = 0
    canaried_ms: int | None = None
    baselines: dict[str, tuple[float, ...]] = {}
    raised: tuple[Raised, ...] = ()


def journal_of(lease: Lease | None) -> Journal:
    """The journal on a Lease; an annotation that cannot be read counts as absent, except that a freeze is a freeze."""
    annotations = lease.metadata.annotations if lease else {}
    frozen = annotations.get(MODE) == "Freeze"
    return Journal(
        frozen=(annotations.get(FROZEN_REASON) or "frozen by request") if frozen else "",
        frozen_by=annotations.get(FROZEN_BY, "") if frozen else "",
        frozen_since_ms=parsed_ms(annotations.get(FROZEN_SINCE, "")) or 0,
        owed=_decoded(annotations.get(OWED, ""), tuple[Owed, ...], ()),
        raised=_decoded(annotations.get(RAISED, ""), tuple[Raised, ...], ()),
        started_ms=parsed_ms(annotations.get(STARTED, "")),
        zones=_decoded(annotations.get(ZONES, ""), dict[str, int], {}),
        resumed_ms=parsed_ms(annotations.get(RESUMED, "")) or 0,
        outdated=int(outdated) if (outdated := annotations.get(OUTDATED, "")).isdigit() else 0,
        canaried_ms=parsed_ms(annotations.get(CANARIED, "")),
        baselines=msgspec.json.decode(annotations[BASELINES], type=dict[str, tuple[float, ...]])
        if annotations.get(BASELINES)
        else {},
    )


def _decoded(text: str, type_: type[T], absent: T) -> T:
    try:
        return msgspec.json.decode(text, type=type_) if text else absent
    except msgspec.DecodeError:
        return absent


def parsed_ms(text: str) -> int | None:
    """Milliseconds of a timestamp, None where there is none."""
    try:
        return timestamp.parse(text)
    except ValueError:
        return None


def freeze_annotations(reason: str, by: str, now_ms: int) -> dict[str, str | None]:
    """The Lease annotations of a freeze."""
    return {MODE: "Freeze", FROZEN_REASON: reason, FROZEN_BY: by, FROZEN_SINCE: timestamp.format_ms(now_ms)}


def resume_annotations(now_ms: int) -> dict[str, str | None]:
    """The Lease annotations that end a freeze."""
    resumed = timestamp.format_micro(now_ms)
    return {MODE: "Rotate", FROZEN_REASON: None, FROZEN_BY: None, FROZEN_SINCE: None, RESUMED: resumed}
