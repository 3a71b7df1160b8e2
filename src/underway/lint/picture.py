"""The picture that rules look at: all objects of a cluster, or of a pile of manifests, with the indexes that rules ask.

Owns who owns whom, which pods belong to which workload, which Services and budgets select them. It does not know how it was
read, and nothing here changes once it is made; indexes are computed when first asked for. Objects stand in the order of
namespace and name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from underway.lint.decode import from_values
from underway.lint.objects.cluster import Namespace, Node, PodTemplateObject, ServiceAccount
from underway.lint.objects.kinds import KINDS, WORKLOADS
from underway.lint.objects.limits import HorizontalPodAutoscaler, PodDisruptionBudget
from underway.lint.objects.meta import Metadata, Named, Object
from underway.lint.objects.pod import Pod
from underway.lint.objects.traffic import Gateway, Ingress, Service
from underway.lint.objects.workload import StatefulSet, Templated
from underway.lint.requested import RequestedAPI
from underway.lint.subject import Subject, newest_first, of_pod, of_template, of_workload
from underway.lint.trials import Trial
from underway.lint.usage import Usage, Uses
from underway.model.meta import OwnerReference
from underway.model.selector import matches

T = TypeVar("T", bound=Object)
R = TypeVar("R")
OWNERS_MAX = 16  # Pod, Job, CronJob and a custom resource are four; a chain longer than this is a mistake or an attack


class Place(msgspec.Struct, frozen=True):
    """Where a manifest holds an object."""

    file: str
    line: int


class Skipped(msgspec.Struct, frozen=True):
    """What could not be looked at. kind: of the objects, or File or Rule; reason: a sentence with what it needs."""

    kind: str
    reason: str


class Picture:
    """Everything that was read.

    objects: in any order. skipped: what could not be read; a rule that needs a kind named there is not run. places: by key
    (kind, namespace, name), for manifests. server_version: "" if there was no cluster. only, without: the namespaces that are
    looked at, or left out; objects of others are not in the picture. requested: the deprecated APIs that clients asked for.
    trials: by key of a pod, what a dry run of its eviction proved.
    """

    def __init__(
        self,
        objects: Iterable[Object],
        *,
        skipped: Iterable[Skipped] = (),
        places: Mapping[tuple[str, str, str], Place] | None = None,
        server_version: str = "",
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        requested: Iterable[RequestedAPI] = (),
        trials: Mapping[tuple[str, str, str], Trial] | None = None,
    ) -> None:
        self._only, self._without = frozenset(only), frozenset(without)
        self._by_kind: dict[str, tuple[Object, ...]] = {}
        self._derived: dict[Callable[[Picture], Any], Any] = {}
        self._of: dict[type[Object], tuple[Any, ...]] = {}
        self._serving: dict[tuple[str, str, str], tuple[Service, ...]] = {}
        grouped: dict[str, list[Object]] = {}
        for thing in objects:
            if self._looked_at(thing.metadata.namespace):
                grouped.setdefault(thing.kind, []).append(thing)
        for kind in sorted(grouped):
            self._by_kind[kind] = tuple(sorted(grouped[kind], key=lambda thing: (thing.metadata.namespace, thing.metadata.name)))
        self.skipped = tuple(skipped)
        self.places = dict(places or {})
        self.server_version = server_version
        self.requested = tuple(requested)
        self.trials = dict(trials or {})

    def _looked_at(self, namespace: str) -> bool:
        return not namespace or ((not self._only or namespace in self._only) and namespace not in self._without)

    def includes(self, namespace: str) -> bool:
        """Whether all of a namespace is in the picture. Manifests hold what they name, and take the rest for granted."""
        if not self._looked_at(namespace):
            return False
        return bool(self.server_version) or namespace in self._named

    @cached_property
    def _named(self) -> frozenset[str]:
        """The namespaces that the objects stand in, or are."""
        return frozenset(thing.name if thing.kind == "Namespace" else thing.namespace for thing in self.objects)

    def of(self, type_: type[T]) -> tuple[T, ...]:
        """All objects of a Struct, such as Pod or Deployment; for a Struct of several kinds, all of them kind by kind."""
        if type_ not in self._of:
            kinds = (kind.name for kind in KINDS.values() if issubclass(kind.type, type_))
            self._of[type_] = tuple(thing for kind in kinds for thing in self._by_kind.get(kind, ()))
        return self._of[type_]

    @property
    def objects(self) -> Iterator[Object]:
        """All objects, kind by kind."""
        return (thing for kind in self._by_kind for thing in self._by_kind[kind])

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], Object]:
        return {thing.key: thing for thing in self.objects}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, if it was read."""
        return self._index.get((kind, namespace, name))

    def namespace(self, name: str) -> Namespace | None:
        """One Namespace, if it was read."""
        found = self.get("Namespace", "", name)
        return found if isinstance(found, Namespace) else None

    @cached_property
    def missing(self) -> frozenset[str]:
        """The kinds that could not be read."""
        return frozenset(skipped.kind for skipped in self.skipped)

    def derived(self, make: "Callable[[Picture], R]") -> R:
        """What a function makes of the picture, made once: several rules ask for the same."""
        if make not in self._derived:
            self._derived[make] = make(self)
        made: R = self._derived[make]
        return made

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes."""
        return self.of(Node)

    def owners(self, thing: Object) -> tuple[Object, ...]:
        """The controllers above an object, the nearest first; an owner that was not read is known by its name alone.

        A circle ends the chain where it closes; a Node that owns a mirror pod is no workload and ends it too.
        """
        chain: list[Object] = []
        seen = {thing.key}
        reference = _owner(thing)
        while reference is not None and reference.kind != "Node" and len(chain) < OWNERS_MAX:
            owner = self._owner_object(reference, thing.metadata.namespace)
            if owner.key in seen:
                break
            seen.add(owner.key)
            chain.append(owner)
            reference = _owner(owner)
        return tuple(chain)

    def _owner_object(self, reference: OwnerReference, namespace: str) -> Object:
        for where in (namespace, ""):
            found = self.get(reference.kind, where, reference.name)
            if found is not None:
                return found
        metadata = Metadata(name=reference.name, namespace=namespace)
        return Named(api_version=reference.api_version, kind=reference.kind, metadata=metadata)

    def top_owner(self, thing: Object) -> Object:
        """What a person would change to change the object: the last of its owners, or itself."""
        chain = self.owners(thing)
        return chain[-1] if chain else thing

    @cached_property
    def _tops(self) -> dict[str, Object]:
        """The top owner by its controller's UID: all replicas of one controller have the same."""
        return {}

    def _top_of_pod(self, pod: Pod) -> Object:
        controller = pod.metadata.controller
        if controller is None or not controller.uid:
            return self.top_owner(pod)
        known = self._tops.get(controller.uid)
        if known is None:
            known = self.top_owner(pod)
            if controller.kind == "Node":
                return known
            self._tops[controller.uid] = known
        return known

    @cached_property
    def _pods_by_namespace(self) -> Mapping[str, tuple[Pod, ...]]:
        groups: dict[str, list[Pod]] = {}
        for pod in self.of(Pod):
            groups.setdefault(pod.namespace, []).append(pod)
        return {namespace: tuple(pods) for namespace, pods in groups.items()}

    def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        """The pods of a namespace, by name."""
        return self._pods_by_namespace.get(namespace, ())

    @cached_property
    def pods_by_owner(self) -> Mapping[tuple[str, str, str], tuple[Pod, ...]]:
        """Live pods by the key of their top owner, the newest first."""
        groups: dict[tuple[str, str, str], list[Pod]] = {}
        for pod in self.of(Pod):
            groups.setdefault(self._top_of_pod(pod).key, []).append(pod)
        return {key: newest_first(pods) for key, pods in groups.items()}

    @cached_property
    def _workload_subjects(self) -> tuple[Subject, ...]:
        subjects: dict[tuple[str, str, str], Subject] = {}
        for key, pods in self.pods_by_owner.items():
            about = pods[0] if pods[0].key == key else self._top_of_pod(pods[0])
            subjects[key] = of_workload(about, pods)
        for kind in WORKLOADS:
            for workload in self._by_kind.get(kind, ()):
                # A ReplicaSet or Job with an owner speaks through it; with a template of its own, for itself.
                if isinstance(workload, Templated) and workload.key not in subjects and workload.metadata.controller is None:
                    subjects[workload.key] = of_workload(workload, ())
        for template in self.of(PodTemplateObject):
            subjects[template.key] = of_template(template)
        return tuple(subjects[key] for key in sorted(subjects))

    @cached_property
    def _pod_subjects(self) -> tuple[Subject, ...]:
        return tuple(of_pod(pod) for pod in self.of(Pod))

    def subjects(self, *, per_pod: bool = False) -> tuple[Subject, ...]:
        """What runs, one Subject a workload: its newest live pod, or its template where none lives.

        per_pod: one a live pod instead, as clusterlint looks at them.
        """
        return self._pod_subjects if per_pod else self._workload_subjects

    @cached_property
    def _subject_index(self) -> dict[tuple[str, str, str], Subject]:
        return {subject.about.key: subject for subject in self._workload_subjects}

    def subject(self, thing: Object) -> Subject | None:
        """The Subject of a workload or bare pod."""
        return self._subject_index.get(thing.key)

    @cached_property
    def _services(self) -> dict[str, list[Service]]:
        groups: dict[str, list[Service]] = {}
        for service in self.of(Service):
            if service.spec.selector and service.spec.type != "ExternalName":
                groups.setdefault(service.namespace, []).append(service)
        return groups

    def services_of(self, subject: Subject) -> tuple[Service, ...]:
        """The Services whose selector matches the pods."""
        known = self._serving.get(subject.about.key)
        if known is None:
            labels = subject.labels.items()
            near = self._services.get(subject.namespace, ())
            known = tuple(service for service in near if service.spec.selector.items() <= labels)
            self._serving[subject.about.key] = known
        return known

    @cached_property
    def _budgets(self) -> dict[str, list[PodDisruptionBudget]]:
        groups: dict[str, list[PodDisruptionBudget]] = {}
        for budget in self.of(PodDisruptionBudget):
            groups.setdefault(budget.namespace, []).append(budget)
        return groups

    def budgets_of(self, namespace: str, labels: Mapping[str, str]) -> tuple[PodDisruptionBudget, ...]:
        """The budgets that an eviction of a pod with these labels asks; an empty selector matches every pod of the namespace.

        Source: kubernetes pkg/registry/core/pod/storage/eviction.go, getPodDisruptionBudgets.
        """
        return tuple(
            budget
            for budget in self._budgets.get(namespace, ())
            if budget.spec.selector is not None and matches(budget.spec.selector, labels)
        )

    @cached_property
    def _autoscalers(self) -> dict[tuple[str, str, str], HorizontalPodAutoscaler]:
        found = {}
        for autoscaler in self.of(HorizontalPodAutoscaler):
            target = autoscaler.spec.scale_target_ref
            found[(target.kind, autoscaler.namespace, target.name)] = autoscaler
        return found

    def autoscaler_of(self, thing: Object) -> HorizontalPodAutoscaler | None:
        """The HorizontalPodAutoscaler that scales a workload."""
        return self._autoscalers.get(thing.key)

    @cached_property
    def _used_by_pods(self) -> Usage:
        uses = Uses()
        for pod in self.of(Pod):
            uses.pod(pod.namespace, pod.spec)
        self._add_references(uses)
        return uses.done()

    @cached_property
    def _used(self) -> Usage:
        uses = Uses()
        for pod in self.of(Pod):
            uses.pod(pod.namespace, pod.spec)
        made_for = set()
        for thing in self.objects:
            if isinstance(thing, PodTemplateObject | Templated):
                uses.pod(thing.namespace, thing.template.spec)
            if isinstance(thing, StatefulSet):
                made_for |= {(thing.namespace, f"{one.metadata.name}-{thing.name}") for one in thing.spec.volume_claim_templates}
            elif isinstance(thing, Ingress):
                uses.secrets |= {(thing.namespace, tls.secret_name) for tls in thing.spec.tls}
            elif isinstance(thing, Gateway):
                certificates = [one for listener in thing.spec.listeners if listener.tls for one in listener.tls.certificate_refs]
                uses.secrets |= {(one.namespace or thing.namespace, one.name) for one in certificates}
        self._add_references(uses)
        return uses.done(made_for)

    def _add_references(self, uses: Uses) -> None:
        """What service accounts and nodes name."""
        for account in self.of(ServiceAccount):
            names = (*(one.name for one in account.secrets), *(one.name for one in account.image_pull_secrets))
            uses.secrets |= {(account.namespace, name) for name in names}
        for node in self.nodes:
            source = node.spec.config_source
            if source is not None and source.config_map is not None:
                uses.config_maps.add((source.config_map.namespace, source.config_map.name))

    def usage(self, *, live_only: bool = False) -> Usage:
        """Which ConfigMaps, Secrets and claims something uses. live_only: templates, Ingresses and Gateways do not count."""
        return self._used_by_pods if live_only else self._used

    def annotations_above(self, thing: Object) -> Iterator[Mapping[str, str]]:
        """Annotations that speak for an object: its own, those of its pods, of its owners, of its namespace."""
        yield thing.metadata.annotations
        if isinstance(thing, Templated):
            yield thing.template.metadata.annotations
        subject = self._subject_index.get(thing.key)
        if subject is not None:
            yield subject.annotations
        for owner in self.owners(thing):
            yield owner.metadata.annotations
        namespace = self.namespace(thing.metadata.namespace)
        if namespace is not None:
            yield namespace.metadata.annotations


def _owner(thing: Object) -> OwnerReference | None:
    """The controller, or the only owner where none is marked so."""
    owners = thing.metadata.owner_references
    return thing.metadata.controller or (owners[0] if len(owners) == 1 else None)


def picture_of(documents: Iterable[dict[str, Any]]) -> Picture:
    """A picture of plain objects; Lists are opened. Raises msgspec.ValidationError, which names the field."""
    return Picture(from_values(values) for document in documents for values in opened(document))


def opened(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects in a document: the items of a List, which may leave out their kind, or the document itself."""
    kind = document.get("kind", "")
    items = document.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for item in items:
            if isinstance(item, dict):
                described = {"apiVersion": document.get("apiVersion", ""), "kind": kind.removesuffix("List")}
                yield from opened({**described, **item} if kind != "List" else item)
    else:
        yield document


def strangers(document: dict[str, Any]) -> Iterator[int]:
    """The places in a List of what is no object: `opened` passes it over."""
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        yield from (index for index, item in enumerate(items) if not isinstance(item, dict))
