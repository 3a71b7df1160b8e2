"""Which ConfigMaps, Secrets and claims something uses. Owns the list of the places that name them."""

from collections.abc import Iterable, Iterator

import msgspec

from underway.lint.objects.pod import Container, PodSpec, Volume

Key = tuple[str, str]


class Usage(msgspec.Struct, frozen=True):
    """What is used, by namespace and name. made_for: beginnings of the names of StatefulSets' claims."""

    config_maps: frozenset[Key]
    secrets: frozenset[Key]
    claims: frozenset[Key]
    made_for: frozenset[Key] = frozenset()

    def claims_it(self, namespace: str, name: str) -> bool:
        """Whether a claim is mounted, or belongs to a StatefulSet: its name is TEMPLATE-STATEFULSET-ORDINAL."""
        stem, _, ordinal = name.rpartition("-")
        return (namespace, name) in self.claims or (ordinal.isdecimal() and (namespace, stem) in self.made_for)


class Uses:
    """Collects what pods name. Replicas share their containers, which are looked at once."""

    def __init__(self) -> None:
        self.config_maps: set[Key] = set()
        self.secrets: set[Key] = set()
        self.claims: set[Key] = set()
        self._seen: set[tuple[str, int]] = set()

    def pod(self, namespace: str, spec: PodSpec) -> None:
        """Take what a pod spec names."""
        for volume in spec.volumes:
            self._volume(namespace, volume)
        self.secrets.update((namespace, reference.name) for reference in spec.image_pull_secrets)
        for containers in (spec.containers, spec.init_containers):
            if (namespace, id(containers)) not in self._seen:
                self._seen.add((namespace, id(containers)))
                self.config_maps.update((namespace, name) for name in _from_variables(containers, "config_map"))
                self.secrets.update((namespace, name) for name in _from_variables(containers, "secret"))

    def _volume(self, namespace: str, volume: Volume) -> None:
        if volume.config_map is not None:
            self.config_maps.add((namespace, volume.config_map.name))
        elif volume.secret is not None:
            self.secrets.add((namespace, volume.secret.secret_name))
        elif volume.persistent_volume_claim is not None:
            self.claims.add((namespace, volume.persistent_volume_claim.claim_name))
        elif volume.csi is not None and volume.csi.node_publish_secret_ref is not None:
            self.secrets.add((namespace, volume.csi.node_publish_secret_ref.name))
        elif volume.projected is not None:
            for source in volume.projected.sources:
                if source.config_map is not None:
                    self.config_maps.add((namespace, source.config_map.name))
                if source.secret is not None:
                    self.secrets.add((namespace, source.secret.name))

    def done(self, made_for: Iterable[Key] = ()) -> Usage:
        """All that was taken."""
        return Usage(frozenset(self.config_maps), frozenset(self.secrets), frozenset(self.claims), frozenset(made_for))


def _from_variables(containers: Iterable[Container], what: str) -> Iterator[str]:
    for container in containers:
        for every in container.env_from:
            reference = getattr(every, f"{what}_ref")
            if reference is not None:
                yield reference.name
        for variable in container.env:
            selector = getattr(variable.value_from, f"{what}_key_ref", None)
            if selector is not None:
                yield selector.name
