"""What every object has. Source: apimachinery meta/v1 types.go."""

from underway.model.meta import Model, ObjectMeta

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class ManagedFieldsEntry(Model, frozen=True):
    """Who wrote some fields last, in which version of the API; the fields themselves are left out."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: str = ""
    subresource: str = ""


class Metadata(ObjectMeta, frozen=True):
    """Metadata with its managers, for kinds of which there are few. The last-applied annotation is cut down to its apiVersion."""

    generate_name: str = ""
    managed_fields: tuple[ManagedFieldsEntry, ...] = ()


class Object(Model, frozen=True):
    """Any object. kind and api_version: as written in a manifest, or as the list was asked for."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Its namespace, "" for a cluster-scoped object."""
        return self.metadata.namespace

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name: how the picture finds it."""
        return self.kind, self.metadata.namespace, self.metadata.name


class Named(Object, frozen=True):
    """An object that is known by its metadata alone: a custom owner, a Lease's holder, whatever has no Struct of its own."""

    metadata: Metadata = Metadata()


class LocalReference(Model, frozen=True):
    """A reference by name within the namespace."""

    name: str = ""


class ObjectReference(Model, frozen=True):
    """A reference to an object elsewhere."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
