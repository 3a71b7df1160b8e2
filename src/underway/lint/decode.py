"""From the bytes of a list, or from plain values, to the Structs of `objects`. Owns what is thrown away on the way.

Thrown away: data of Secrets and ConfigMaps with all but a few of their annotations (kubectl apply keeps a copy of the whole
manifest, data included, in one), and of every last-applied annotation all but apiVersion and kind.
"""

from typing import Any

import msgspec

from underway.lint.objects.kinds import KINDS, Kind
from underway.lint.objects.meta import LAST_APPLIED, Metadata, Named, Object
from underway.lint.objects.pod import Pod, sharing
from underway.lint.objects.workload import ReplicaSet, WorkloadSpec
from underway.model.decode import ListMeta
from underway.model.meta import Model

IGNORE = "lint.underway.dev/ignore"
CLUSTERLINT_DISABLED = "clusterlint.digitalocean.com/disabled-checks"


class Written(Model, frozen=True):
    """What is kept of a last-applied manifest."""

    api_version: str = ""
    kind: str = ""


class KeptAnnotations(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The annotations of Secrets and ConfigMaps that are decoded; the parser skips all others."""

    ignore: str = msgspec.field(name=IGNORE, default="")
    disabled: str = msgspec.field(name=CLUSTERLINT_DISABLED, default="")


class GuardedMeta(Metadata, frozen=True):
    """Metadata whose annotations may hold data."""

    annotations: KeptAnnotations = KeptAnnotations()  # type: ignore[assignment]  # decoded, then turned into a dict


class Guarded(Model, frozen=True):
    """A Secret or ConfigMap on the wire."""

    api_version: str = ""
    kind: str = ""
    metadata: GuardedMeta = GuardedMeta()
    type: str = ""


class _Items(Model, frozen=True):
    metadata: ListMeta = ListMeta()
    items: tuple[msgspec.Raw, ...] | None = ()


class Page(msgspec.Struct, frozen=True):
    """One page of a list. unreadable: one sentence for each item that could not be decoded."""

    objects: tuple[Object, ...]
    continue_: str = ""
    remaining: int = 0
    unreadable: tuple[str, ...] = ()


def _wire(kind: Kind) -> type[Any]:
    return Guarded if kind.metadata_only else kind.type


_PAGES: dict[str, msgspec.json.Decoder[Any]] = {}
_RAW_PAGES = msgspec.json.Decoder(_Items)


def _page_decoder(kind: Kind) -> msgspec.json.Decoder[Any]:
    """A decoder of a list of the kind; made when first needed, since few runs need all."""
    if kind.name not in _PAGES:
        type_ = msgspec.defstruct(
            f"{kind.name}List",
            [("metadata", ListMeta, ListMeta()), ("items", tuple[_wire(kind), ...] | None, ())],  # type: ignore[misc]
            frozen=True,
            gc=False,
        )
        _PAGES[kind.name] = msgspec.json.Decoder(type_)
    return _PAGES[kind.name]


def page(name: str, data: bytes, api_version: str) -> Page:
    """A page of objects of a kind. Raises msgspec.DecodeError if it is not JSON (cut off, say) or not a list."""
    kind = KINDS[name]
    unreadable: list[str] = []
    try:
        decoded = _page_decoder(kind).decode(data)
        items = decoded.items or ()
    except msgspec.ValidationError:
        decoded = _RAW_PAGES.decode(data)
        items = _one_by_one(kind, decoded.items or (), unreadable)
    objects = tuple(lean(item, name, api_version) for item in items)
    return Page(objects, decoded.metadata.continue_, 0, tuple(unreadable))


def _one_by_one(kind: Kind, items: tuple[msgspec.Raw, ...], unreadable: list[str]) -> list[Any]:
    """Decode a page in which something is not as the API describes it; nulls count as absent."""
    found = []
    for item in items:
        values = msgspec.json.decode(item)
        try:
            found.append(msgspec.convert(without_nulls(values), _wire(kind)))
        except msgspec.ValidationError as error:
            unreadable.append(f"{_named(kind.name, values)} cannot be read: {error}")
    return found


def _named(kind: str, values: Any) -> str:
    metadata = values.get("metadata") if isinstance(values, dict) else None
    if not isinstance(metadata, dict):
        return f"a {kind} without metadata"
    return f"{kind} {'/'.join(str(metadata[key]) for key in ('namespace', 'name') if metadata.get(key))}"


def without_nulls(value: Any) -> Any:
    """The value without null fields, which mean absent in the API."""
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def from_values(values: dict[str, Any]) -> Object:
    """The object in plain values with kind and apiVersion. Raises msgspec.ValidationError, which names the field."""
    name = values.get("kind", "")
    kind = KINDS.get(name)
    clean = without_nulls({key: values[key] for key in values if key not in ("data", "stringData", "binaryData")})
    if kind is None:
        return lean(msgspec.convert(clean, Named), name, "")
    return lean(msgspec.convert(clean, _wire(kind)), name, "")


def lean(item: Any, kind: str, api_version: str) -> Object:
    """The object as it is kept: kind and apiVersion filled in, copies of manifests cut down."""
    if isinstance(item, Guarded):
        kept: dict[str, str] = msgspec.to_builtins(item.metadata.annotations)
        plain = {field: getattr(item.metadata, field) for field in Metadata.__struct_fields__}
        metadata = Metadata(**{**plain, "annotations": kept})
        extra = {"type": item.type} if kind == "Secret" else {}
        return KINDS[kind].type(api_version=item.api_version or api_version, kind=kind, metadata=metadata, **extra)
    thing: Object = item
    if not thing.api_version and api_version:
        msgspec.structs.force_setattr(thing, "api_version", api_version)  # nobody has seen it yet
    annotations = thing.metadata.annotations
    if LAST_APPLIED in annotations:
        annotations[LAST_APPLIED] = _written(annotations[LAST_APPLIED])
    if isinstance(thing, ReplicaSet) and thing.metadata.controller is not None:
        # A Deployment's ReplicaSets lead from its pods to it; their templates say nothing new.
        spec = WorkloadSpec(replicas=thing.spec.replicas)
        return msgspec.structs.replace(thing, spec=spec)
    return thing


def _written(manifest: str) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(manifest, type=Written)).decode()
    except msgspec.DecodeError:
        return "{}"


def last_applied(thing: Object) -> Written | None:
    """What kubectl apply last wrote the object as, or None if it did not."""
    text = thing.metadata.annotations.get(LAST_APPLIED)
    return msgspec.json.decode(text, type=Written) if text else None


class Replicas:
    """Lets the replicas of one controller share their equal parts: a tenth of the memory, the same values."""

    def __init__(self) -> None:
        self._first: dict[str, Pod] = {}

    def shared(self, pod: Pod) -> Pod:
        """The pod, sharing what it can with the one seen before it."""
        controller = pod.metadata.controller
        if controller is None:
            return pod
        other = self._first.setdefault(controller.uid or f"{pod.namespace}/{controller.name}", pod)
        return pod if other is pod else sharing(pod, other)
