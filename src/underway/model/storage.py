"""VolumeAttachments: a node's machine may go only when none names it. Source: storage/v1 types.go."""

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
