"""Subject: what runs, as rules look at it: one workload with its pod spec, wherever that spec stands.

Owns the path from the object to its pod spec, and patches along it. The newest live pod speaks for a workload, since admission
may have added containers, defaults and limits; the template speaks where no pod lives.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from underway.lint.finding import Patch
from underway.lint.objects.cluster import PodTemplateObject
from underway.lint.objects.meta import Object
from underway.lint.objects.pod import Container, Pod, PodSpec
from underway.lint.objects.workload import CronJob, ReplicationController, Templated, Workload

TEMPLATE = ("spec", "template")
CRON_TEMPLATE = ("spec", "jobTemplate", "spec", "template")


class Placed(msgspec.Struct, frozen=True):
    """A container and its path. initial: it stands under initContainers, as native sidecars do too."""

    path: str
    container: Container
    initial: bool

    @property
    def sidecar(self) -> bool:
        """Whether it is a native sidecar (KEP-753)."""
        return self.initial and self.container.restart_policy == "Always"

    @property
    def plain_init(self) -> bool:
        """Whether it ends before the others begin."""
        return self.initial and self.container.restart_policy != "Always"


class Subject(msgspec.Struct, frozen=True):
    """One workload, or one pod that has none.

    about: the top owner. spec, labels, annotations: of its newest live pod, or of its template. pods: those alive, the newest
    first. template: the path from the object to its pod template, () for a pod or an unknown owner.
    """

    about: Object
    spec: PodSpec
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    pods: tuple[Pod, ...] = ()
    template: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.about.metadata.namespace

    @property
    def path(self) -> str:
        """The path to its pod spec."""
        return ".".join((*self.template, "spec"))

    @property
    def containers(self) -> Iterator[Placed]:
        """Containers, then initContainers; never ephemeral ones."""
        for initial, field, containers in (
            (False, "containers", self.spec.containers),
            (True, "initContainers", self.spec.init_containers),
        ):
            for container in containers:
                yield Placed(f'{self.path}.{field}[name="{container.name}"]', container, initial)

    def patch(self, spec: dict[str, Any]) -> Patch | None:
        """A patch of the pod spec; None where it cannot be changed: a pod's spec is immutable, an unknown owner's unknown."""
        if not self.template:
            return None
        body: dict[str, Any] = {"spec": spec}
        for step in reversed(self.template):
            body = {step: body}
        return Patch(body)

    def container_patch(self, placed: Placed, change: dict[str, Any], **beside: Any) -> Patch | None:
        """A patch of one container. None also where the container is not in the template: something injects it.

        beside: fields of the pod spec that have to change with it.
        """
        template = _template(self.about)
        field = "initContainers" if placed.initial else "containers"
        listed = (template.init_containers if placed.initial else template.containers) if template else ()
        if all(container.name != placed.container.name for container in listed):
            return None
        return self.patch({field: [{"name": placed.container.name, **change}], **beside})


def _template(about: Object) -> PodSpec | None:
    if isinstance(about, Workload | ReplicationController | CronJob):
        return about.template.spec
    return about.template.spec if isinstance(about, PodTemplateObject) else None


def newest_first(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """The newest of those that live and stay, then older ones, then those that end or have ended."""
    by_age = sorted(pods, key=lambda pod: (pod.metadata.creation_timestamp, pod.name), reverse=True)
    return tuple(sorted(by_age, key=lambda pod: pod.terminating or pod.finished))


def of_pod(pod: Pod) -> Subject:
    """One pod by itself."""
    return Subject(pod, pod.spec, pod.metadata.labels, pod.metadata.annotations, (pod,))


def of_workload(about: Object, pods: tuple[Pod, ...]) -> Subject:
    """A workload through its newest pod, or through its template."""
    template = (CRON_TEMPLATE if isinstance(about, CronJob) else TEMPLATE) if isinstance(about, Templated) else ()
    if pods:
        newest = pods[0]
        return Subject(about, newest.spec, newest.metadata.labels, newest.metadata.annotations, pods, template)
    if not isinstance(about, Templated):
        raise TypeError(f"{about.kind} has neither pods nor a template")
    made = about.template
    return Subject(about, made.spec, made.metadata.labels, made.metadata.annotations, (), template)


def of_template(thing: PodTemplateObject) -> Subject:
    """A PodTemplate that stands by itself."""
    made = thing.template
    return Subject(thing, made.spec, made.metadata.labels, made.metadata.annotations, (), ("template",))
