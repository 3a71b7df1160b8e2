"""Volumes: a node's machine may go only when no VolumeAttachment names it; a local volume never leaves its node.

Source: storage/v1 types.go (VolumeAttachment), core/v1 types.go (PersistentVolume).
"""

from typing import Any

from underway.model.meta import Model, ObjectMeta


class VolumeAttachmentSource(Model, frozen=True):
    """What is attached."""

    persistent_volume_name: str = ""


class VolumeAttachmentSpec(Model, frozen=True):
    """Which volume to which node."""

    attacher: str = ""
    node_name: str = ""
    source: VolumeAttachmentSource = VolumeAttachmentSource()


class VolumeAttachment(Model, frozen=True):
    """One attachment; it exists until the detach is done."""

    metadata: ObjectMeta
    spec: VolumeAttachmentSpec = VolumeAttachmentSpec()


class ClaimReference(Model, frozen=True):
    """The claim that a volume is bound to."""

    namespace: str = ""
    name: str = ""


class PersistentVolumeSpec(Model, frozen=True):
    """Only what tells whether a pod can leave its node."""

    claim_ref: ClaimReference | None = None
    local: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None


class PersistentVolume(Model, frozen=True):
    """One volume."""

    metadata: ObjectMeta
    spec: PersistentVolumeSpec = PersistentVolumeSpec()

    @property
    def pinned_to_node(self) -> bool:
        """Whether its data lives on one node's disk."""
        return self.spec.local is not None or self.spec.host_path is not None
