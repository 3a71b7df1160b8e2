"""One cluster, or a pile of manifests, as rules see it: objects by kind, who owns whom, who serves whom.

Owns the indexes, each made when it is first asked for. It does not know how it was read: `live`, a snapshot and files end in
the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from underway.lint.api_lifecycle import NEWEST
from underway.lint.finding import ObjectRef, Skipped
from underway.lint.objects.cluster import Budget, Node, Service
from underway.lint.objects.meta import MetaOnly, Thing
from underway.lint.objects.pod import Container, Pod, PodSpec
from underway.lint.objects.workload import Workload
from underway.lint.options import Options
from underway.model.meta import OwnerReference
from underway.model.selector import is_empty, matches

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
OWNERS_MAX = 10  # of a chain: Pod, ReplicaSet, Deployment and a few custom kinds; a cycle ends here too


class Subject:
    """A pod specification, and the object that a person would change to mend it.

    object: the top owner; spec: of the newest live pod where there is one, so that injected sidecars count, else of the
    template; template: as written; path: of the specification within the object.
    """

    __slots__ = ("labels", "path", "pods", "spec", "template", "thing", "workload")

    def __init__(
        self, thing: Thing, spec: PodSpec, template: PodSpec, path: str, labels: Mapping[str, str], pods: tuple[Pod, ...]
    ) -> None:
        self.thing, self.spec, self.template, self.path, self.labels, self.pods = thing, spec, template, path, labels, pods
        self.workload = thing if isinstance(thing, Workload) else None

    @property
    def namespace(self) -> str:
        """The namespace of its pods."""
        return self.thing.metadata.namespace


class Picture:
    """Everything that was read. skipped: what could not be; origins: file and line of objects from files, by identity."""

    def __init__(
        self,
        objects: Mapping[str, Iterable[Thing]],
        skipped: Iterable[Skipped] = (),
        origins: Mapping[int, tuple[str, int]] | None = None,
        *,
        live: bool = False,
        version: str = "",
    ) -> None:
        self._objects = {kind: tuple(sorted(values, key=lambda one: one.key)) for kind, values in objects.items()}
        self.skipped = tuple(skipped)
        self._origins = origins or {}
        self.live = live
        self.version = version

    def of(self, kind: str) -> tuple[Any, ...]:
        """The objects of a kind, by namespace and name."""
        return self._objects.get(kind, ())

    def has(self, kind: str) -> bool:
        """Whether the kind could be read, even if there are none; of manifests, whether there are any."""
        return kind in self._objects and (self.live or bool(self._objects[kind]))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that were read."""
        return tuple(sorted(self._objects))

    @property
    def everything(self) -> Iterator[Thing]:
        """All objects, kind by kind."""
        return (one for kind in self.kinds for one in self._objects[kind])

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All live pods."""
        return self.of("Pod")

    def workloads(self, kind: str) -> tuple[Workload, ...]:
        """All workloads of a kind."""
        return self.of(kind)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes."""
        return self.of("Node")

    @property
    def services(self) -> tuple[Service, ...]:
        """All Services."""
        return self.of("Service")

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """All PodDisruptionBudgets."""
        return self.of("PodDisruptionBudget")

    @cached_property
    def by_key(self) -> dict[tuple[str, str], Thing]:
        """Objects by kind and namespace/name."""
        return {(kind, one.key): one for kind, values in self._objects.items() for one in values}

    @cached_property
    def namespaces(self) -> dict[str, MetaOnly]:
        """Namespaces by name."""
        return {one.metadata.name: one for one in self.of("Namespace")}

    def target(self, options: Options) -> int:
        """The minor version to upgrade to: as asked, else the one after the cluster's, else the newest known."""
        if options.target is not None:
            return options.target
        current = minor_of(self.version)
        return current + 1 if current else NEWEST

    def ref(self, thing: Thing) -> ObjectRef:
        """How findings name an object."""
        file, line = self._origins.get(id(thing), ("", 0))
        metadata = thing.metadata
        return ObjectRef(thing.kind, metadata.namespace, metadata.name, thing.api_version, file, line)

    # Owners

    def owner(self, thing: Thing) -> Thing | None:
        """The controller of an object, None if it has none or it was not read."""
        reference = thing.metadata.controller
        return self._owned_by(thing, reference) if reference is not None else None

    def _owned_by(self, thing: Thing, reference: OwnerReference) -> Thing | None:
        namespace = thing.metadata.namespace
        return self.by_key.get((reference.kind, f"{namespace}/{reference.name}")) or self.by_key.get(
            (reference.kind, reference.name)
        )

    def top(self, thing: Thing) -> Thing:
        """The last owner of a chain that was read: the object that a person would change. A cycle ends where it began."""
        seen = {id(thing)}
        for _ in range(OWNERS_MAX):
            owner = self.owner(thing)
            if owner is None or id(owner) in seen:
                break
            seen.add(id(owner))
            thing = owner
        return thing

    def chain(self, thing: Thing) -> Iterator[Thing]:
        """An object and its owners, upwards."""
        seen: set[int] = set()
        current: Thing | None = thing
        while current is not None and id(current) not in seen and len(seen) <= OWNERS_MAX:
            seen.add(id(current))
            yield current
            current = self.owner(current)

    # Pods and what makes them

    @cached_property
    def _pods_by_top(self) -> dict[int, list[Pod]]:
        groups: dict[int, list[Pod]] = {}
        for pod in self.pods:
            groups.setdefault(id(self.top(pod)), []).append(pod)
        return groups

    def pods_of(self, thing: Thing) -> tuple[Pod, ...]:
        """The live pods under a top owner."""
        return tuple(self._pods_by_top.get(id(thing), ()))

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """Each pod specification once: by top owner, not by replica."""
        found = [self._of_workload(one) for kind in WORKLOADS for one in self.workloads(kind) if self.top(one) is one]
        for pod in self.pods:
            top = self.top(pod)
            if top is pod:
                found.append(Subject(pod, pod.spec, pod.spec, "spec", pod.metadata.labels, (pod,)))
            elif not isinstance(top, Workload) and self._pods_by_top[id(top)][0] is pod:
                # A custom kind makes the pods: one of them stands for all.
                pods = tuple(self._pods_by_top[id(top)])
                newest = max(pods, key=lambda one: one.metadata.creation_timestamp)
                found.append(Subject(newest, newest.spec, newest.spec, "spec", newest.metadata.labels, pods))
        return tuple(found)

    def pod_subjects(self, options: Options) -> tuple[Subject, ...]:
        """The subjects of a run: each workload once, or, with clusterlint's semantics, each live pod."""
        if not options.as_clusterlint:
            return self.subjects
        return tuple(Subject(pod, pod.spec, pod.spec, "spec", pod.metadata.labels, (pod,)) for pod in self.pods)

    def containers(self, options: Options) -> Iterator[tuple[Subject, Container, str]]:
        """Each container and init container of the subjects, with its path."""
        for subject in self.pod_subjects(options):
            for field, containers in (("containers", subject.spec.containers), ("initContainers", subject.spec.init_containers)):
                for index, container in enumerate(containers):
                    yield subject, container, f"{subject.path}.{field}[{index}]"

    def _of_workload(self, workload: Workload) -> Subject:
        template = workload.template
        pods = self.pods_of(workload)
        living = [pod for pod in pods if not pod.metadata.deletion_timestamp]
        newest = max(living, key=lambda one: one.metadata.creation_timestamp, default=None)
        spec = newest.spec if newest is not None else template.spec
        path = f"{workload.template_path}.spec"
        return Subject(workload, spec, template.spec, path, template.metadata.labels, pods)

    # Services and budgets

    @cached_property
    def _services_by_namespace(self) -> dict[str, list[Service]]:
        groups: dict[str, list[Service]] = {}
        for service in self.services:
            groups.setdefault(service.metadata.namespace, []).append(service)
        return groups

    def services_of(self, subject: Subject) -> tuple[Service, ...]:
        """The Services whose selector matches the subject's labels; one without a selector or by name only selects nothing."""
        labels = subject.labels.items()
        return tuple(
            service
            for service in self._services_by_namespace.get(subject.namespace, ())
            if service.spec.selector and service.spec.type != "ExternalName" and service.spec.selector.items() <= labels
        )

    def budgets_of(self, namespace: str, labels: Mapping[str, str]) -> tuple[Budget, ...]:
        """The budgets whose selector matches; an empty one matches nothing in an eviction."""
        return tuple(
            budget
            for budget in self.budgets
            if budget.metadata.namespace == namespace
            and budget.spec.selector is not None
            and not is_empty(budget.spec.selector)
            and matches(budget.spec.selector, labels)
        )


def minor_of(version: str) -> int:
    """The minor version in "v1.36.4", 0 if there is none."""
    found = re.match(r"v?1\.(\d+)", version)
    return int(found[1]) if found else 0


def grouped(things: Iterable[Thing]) -> dict[str, list[Thing]]:
    """Objects by kind."""
    groups: dict[str, list[Thing]] = {}
    for thing in things:
        groups.setdefault(thing.kind, []).append(thing)
    return groups
