"""Volumes, claims, classes, snapshots. Source: core/v1 and storage/v1 types.go; kubernetes-csi/external-snapshotter."""

from typing import Any

from underway.lint.objects.meta import Metadata, Object, ObjectReference
from underway.model.meta import Model
from underway.model.storage import VolumeAttachmentSpec

BETA_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"


class PersistentVolumeSpec(Model, frozen=True):
    """Where its data lies, and whose it is."""

    claim_ref: ObjectReference | None = None
    storage_class_name: str = ""
    local: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None
    node_affinity: dict[str, Any] | None = None


class PersistentVolumeStatus(Model, frozen=True):
    """phase: Pending, Available, Bound, Released or Failed."""

    phase: str = ""


class PersistentVolume(Object, frozen=True):
    """A PersistentVolume."""

    kind: str = "PersistentVolume"
    metadata: Metadata = Metadata()
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: PersistentVolumeStatus = PersistentVolumeStatus()


class PersistentVolumeClaimSpec(Model, frozen=True):
    """What is asked for. storage_class_name: None asks for the default class, "" for none."""

    storage_class_name: str | None = None
    volume_name: str = ""
    access_modes: tuple[str, ...] = ()


class PersistentVolumeClaimStatus(Model, frozen=True):
    """phase: Pending, Bound or Lost."""

    phase: str = ""


class PersistentVolumeClaim(Object, frozen=True):
    """A PersistentVolumeClaim."""

    kind: str = "PersistentVolumeClaim"
    metadata: Metadata = Metadata()
    spec: PersistentVolumeClaimSpec = PersistentVolumeClaimSpec()
    status: PersistentVolumeClaimStatus = PersistentVolumeClaimStatus()


class StorageClass(Object, frozen=True):
    """A StorageClass."""

    kind: str = "StorageClass"
    metadata: Metadata = Metadata()
    provisioner: str = ""


class VolumeAttachment(Object, frozen=True):
    """A VolumeAttachment."""

    kind: str = "VolumeAttachment"
    metadata: Metadata = Metadata()
    spec: VolumeAttachmentSpec = VolumeAttachmentSpec()


class VolumeSnapshot(Object, frozen=True):
    """A VolumeSnapshot: what matters of it stands in its labels."""

    kind: str = "VolumeSnapshot"
    metadata: Metadata = Metadata()


class VolumeSnapshotContent(Object, frozen=True):
    """A VolumeSnapshotContent: what matters of it stands in its labels."""

    kind: str = "VolumeSnapshotContent"
    metadata: Metadata = Metadata()
