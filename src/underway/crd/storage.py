"""Which versions of a custom resource are in etcd, and the safe order to get rid of the old ones, as a plan.

A version may not leave spec.versions while status.storedVersions names it, and nothing takes it out of there by itself: all
objects must be written again in the storage version first, and the list be trimmed by hand. This module says what is done,
what is next and what blocks it; `crd.migration` does what is next. Source: "Versions in CustomResourceDefinitions", Upgrade
existing objects to a new stored version; apiextensions-apiserver pkg/apis/apiextensions/validation.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from underway.errors import UsageError

State = Literal["done", "next", "later", "blocked"]


class Step(msgspec.Struct, frozen=True):
    """One step of the order. why: what blocks it, or ""."""

    text: str
    state: State
    why: str = ""


class Stored(msgspec.Struct, frozen=True, rename="camel"):
    """What a definition says about its versions. generation, uid: of the definition when it was read."""

    name: str
    group: str
    plural: str
    kind: str
    namespaced: bool
    versions: tuple[str, ...]
    served: tuple[str, ...]
    storage: str
    stored: tuple[str, ...]
    webhook: bool
    review_versions: tuple[str, ...]
    established: bool
    uid: str
    generation: int

    @property
    def old(self) -> tuple[str, ...]:
        """Versions other than the storage version that may be in etcd."""
        return tuple(version for version in self.stored if version != self.storage)

    @property
    def through(self) -> str:
        """The version to read and write objects in: the storage version, which needs no conversion, if it is served."""
        return self.storage if self.storage in self.served else next(iter(self.served), "")


class Plan(msgspec.Struct, frozen=True, rename="camel"):
    """The order. needed: whether objects must be written again; blocked: why they cannot be, or ""."""

    name: str
    storage: str
    stored: tuple[str, ...]
    needed: bool
    blocked: str
    steps: tuple[Step, ...]


def stored_of(crd: Mapping[str, Any]) -> Stored:
    """Read a definition. Raises UsageError if it is none."""
    try:
        spec, status, metadata = crd["spec"], crd.get("status") or {}, crd["metadata"]
        conversion = spec.get("conversion") or {}
        conditions = {one["type"]: one["status"] for one in status.get("conditions") or ()}
        return Stored(
            name=metadata["name"],
            group=spec["group"],
            plural=spec["names"]["plural"],
            kind=spec["names"]["kind"],
            namespaced=spec.get("scope") == "Namespaced",
            versions=tuple(version["name"] for version in spec["versions"]),
            served=tuple(version["name"] for version in spec["versions"] if version.get("served")),
            storage=next((version["name"] for version in spec["versions"] if version.get("storage")), ""),
            stored=tuple(status.get("storedVersions") or ()),
            webhook=conversion.get("strategy") == "Webhook",
            review_versions=tuple((conversion.get("webhook") or {}).get("conversionReviewVersions") or ()),
            established=conditions.get("Established") == "True",
            uid=metadata.get("uid", ""),
            generation=int(metadata.get("generation") or 0),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"the CustomResourceDefinition cannot be read: {error!r} is missing or of another type") from None


def plan_of(stored: Stored) -> Plan:
    """The safe order for a definition, and where in it things stand."""
    blocked = _blocked(stored)
    old = ", ".join(stored.old)
    needed = bool(stored.old)
    state: State = "blocked" if needed and blocked else "next" if needed else "done"
    how = "a conversion webhook" if stored.webhook else "strategy None: only apiVersion is written"
    steps = [
        Step(f"{stored.storage} is among the versions, with {how}", "done"),
        Step(f"{stored.storage} is the storage version", "done"),
        Step(f"write every {stored.kind} again, so that etcd holds {stored.storage} alone", state, blocked if needed else ""),
        Step(f"trim status.storedVersions to [{stored.storage}]", "later" if needed else "done"),
    ]
    others = [version for version in stored.versions if version != stored.storage]
    for version in others:
        serves = version in stored.served
        steps.append(Step(f"set served: false on {version}, once no client asks for it", "later" if serves else "done"))
        later: State = "later" if needed or serves else "next"
        steps.append(Step(f"take {version} out of spec.versions", later, f"storedVersions still has {old}" if needed else ""))
    return Plan(stored.name, stored.storage, stored.stored, needed, blocked, tuple(steps))


def _blocked(stored: Stored) -> str:
    """Why objects cannot be written again now, "" if they can."""
    if not stored.established:
        return "the definition is not Established: look at its conditions"
    if not stored.storage:
        return "no version has storage: true"
    if not stored.through:
        return "no version is served: set served: true on one while the migration runs"
    lost = [version for version in stored.old if version not in stored.versions]
    if lost:
        return f"status.storedVersions has {', '.join(lost)}, which spec.versions no longer has: put it back, with its schema"
    if stored.webhook and not set(stored.review_versions) & {"v1", "v1beta1"}:
        return (
            f"conversionReviewVersions has {', '.join(stored.review_versions) or 'nothing'}; the API server speaks v1 and v1beta1"
        )
    return ""
