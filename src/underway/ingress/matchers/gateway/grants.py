"""Whether an object may refer to one of another namespace. Source: sigs.k8s.io/gateway-api v1.6.1 referencegrant_types.go."""

from collections.abc import Iterable

from underway.ingress.objects.gateway import GROUP, ReferenceGrant


class Grants:
    """All ReferenceGrants, by the namespace they live in, which is that of the target."""

    def __init__(self, grants: Iterable[ReferenceGrant]) -> None:
        self._by_namespace: dict[str, list[ReferenceGrant]] = {}
        for grant in grants:
            self._by_namespace.setdefault(grant.metadata.namespace, []).append(grant)

    def allows(self, kind: str, namespace: str, to_kind: str, to_namespace: str, to_name: str) -> bool:
        """Whether a `kind` of `namespace` may refer to that object. to_kind: of the core group (Service, Secret)."""
        if namespace == to_namespace:
            return True
        for grant in self._by_namespace.get(to_namespace, ()):
            sources = any((one.group, one.kind, one.namespace) == (GROUP, kind, namespace) for one in grant.spec.from_)
            targets = any(one.group == "" and one.kind == to_kind and one.name in ("", to_name) for one in grant.spec.to)
            if sources and targets:
                return True
        return False
