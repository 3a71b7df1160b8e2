"""From bytes or plain JSON values to the Structs of this package, by kind.

Owns the table of modelled kinds. A kind that is not in it stays plain JSON: nobody decides on it. `live` decodes bytes,
`sim` converts the dicts of its store: both end in the same Structs.
"""

from typing import Any

import msgspec

from underway.model.disruption import PodDisruptionBudget
from underway.model.lease import Lease
from underway.model.meta import AnyObject, Model, ObjectMeta
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.storage import PersistentVolume, VolumeAttachment
from underway.model.workload import Workload, with_kind

TYPES: dict[str, type[Model]] = {
    "Node": Node,
    "Pod": Pod,
    "PodDisruptionBudget": PodDisruptionBudget,
    "Deployment": Workload,
    "ReplicaSet": Workload,
    "StatefulSet": Workload,
    "DaemonSet": Workload,
    "Job": Workload,
    "PersistentVolume": PersistentVolume,
    "VolumeAttachment": VolumeAttachment,
    "Lease": Lease,
    "Namespace": AnyObject,
    "Rotation": AnyObject,
    "Fleet": AnyObject,
}


class ListMeta(Model, frozen=True):
    """Metadata of a list."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class ListPage(Model, frozen=True):
    """A list whose items are still undecoded JSON."""

    metadata: ListMeta = ListMeta()
    items: tuple[msgspec.Raw, ...] = ()


class RawEvent(Model, frozen=True):
    """A line of a watch whose object is still undecoded JSON."""

    type: str
    object: msgspec.Raw


class BookmarkObject(Model, frozen=True):
    """The object of a BOOKMARK event: only its resourceVersion means something."""

    metadata: ObjectMeta = ObjectMeta()


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(type_) for kind, type_ in TYPES.items()}
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def from_json(kind: str, data: bytes | msgspec.Raw) -> Any:
    """Decode one object of `kind` from JSON bytes. Raises msgspec.DecodeError or msgspec.ValidationError."""
    try:
        decoded = _DECODERS.get(kind, _ANY).decode(data)
    except msgspec.ValidationError:
        return from_values(kind, without_nulls(msgspec.json.decode(data)))
    return with_kind(decoded, kind) if isinstance(decoded, Workload) else decoded


def without_nulls(value: Any) -> Any:
    """The same plain JSON without fields that are null, which are as good as absent: Go writes a time that was never set as null.

    One such condition, which any client may write, must not keep a whole kind from being read. Source: API conventions,
    "Optional vs. Required"; apimachinery meta/v1 time.go (MarshalJSON).
    """
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    return [without_nulls(child) for child in value] if isinstance(value, list) else value


def from_values(kind: str, values: dict[str, Any]) -> Any:
    """Convert one object of `kind` from plain JSON values. Raises msgspec.ValidationError."""
    type_ = TYPES.get(kind)
    if type_ is None:
        return values
    converted = msgspec.convert(values, type_)
    return with_kind(converted, kind) if isinstance(converted, Workload) else converted
