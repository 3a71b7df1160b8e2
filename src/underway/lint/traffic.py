"""Who is served: the workloads that Services lead to, how far their clients are, and which of their containers answer.

Owns what all zero-downtime rules share; they look at nothing else. Jobs are not served, nor are workloads scaled to zero.
"""

import enum
from collections.abc import Iterator

import msgspec

from underway.lint.finding import Severity
from underway.lint.objects.pod import Container
from underway.lint.objects.traffic import Endpoint, EndpointSlice, Ingress, Route, Service
from underway.lint.objects.workload import Templated, Workload
from underway.lint.picture import Picture
from underway.lint.shell import seconds_slept
from underway.lint.subject import Placed, Subject

KINDS = ("Pod", "Service")
# What says how far clients are and how many pods are wanted; without it they count as near, and the replicas as wanted.
# EndpointSlices lead to pods for Services that select none.
ALSO = ("Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "HorizontalPodAutoscaler", "EndpointSlice")
SERVICE_NAME = "kubernetes.io/service-name"  # discovery/v1 well_known_labels.go
EXTERNAL_TYPES = ("LoadBalancer", "NodePort")
ENDING = ("Job", "CronJob")


class Exposure(enum.Enum):
    """Where the clients are: behind a load balancer, an Ingress or a route; or pods of the same cluster."""

    EXTERNAL = "external"
    INTERNAL = "internal"


class Served(msgspec.Struct, frozen=True):
    """A workload with the Services that lead to it. desired: how many pods are wanted, at least."""

    subject: Subject
    services: tuple[Service, ...]
    exposure: Exposure
    desired: int

    @property
    def external(self) -> bool:
        """Whether clients come from outside."""
        return self.exposure is Exposure.EXTERNAL

    @property
    def among_peers(self) -> bool:
        """Whether its Services have no address of their own: clients are peers that find each other, and try again."""
        return not self.external and all(service.spec.headless for service in self.services)

    def severity(self, outside: Severity, inside: Severity) -> Severity:
        """How bad something is, by where the clients are: one step better among peers."""
        if self.external:
            return outside
        return inside.lowered() if self.among_peers else inside

    @property
    def load_balanced(self) -> bool:
        """Whether a load balancer of the provider is in front, which learns of changes later than the cluster does."""
        return any(service.spec.type == "LoadBalancer" for service in self.services)

    @property
    def answering(self) -> tuple[Placed, ...]:
        """The containers behind the Services' ports; all but native sidecars where no port is declared for them."""
        running = [placed for placed in self.subject.containers if not placed.plain_init]
        targets = {port.target_port or port.port for service in self.services for port in service.spec.ports}
        declared = [
            placed
            for placed in running
            if any(port.container_port in targets or (port.name and port.name in targets) for port in placed.container.ports)
        ]
        return tuple(declared) or tuple(placed for placed in running if not placed.initial)


def served(picture: Picture) -> tuple[Served, ...]:
    """All workloads that are served."""
    return picture.derived(_served)


def _served(picture: Picture) -> tuple[Served, ...]:
    return tuple(_serving(picture))


def _serving(picture: Picture) -> Iterator[Served]:
    outside, listed = _outside(picture), _listed(picture)
    for subject in picture.subjects():
        services = picture.services_of(subject)
        if listed:
            named = (service for pod in subject.pods for service in listed.get((pod.namespace, pod.name), ()))
            services += tuple({service.key: service for service in named}.values())
        desired = _desired(subject, picture)
        if not services or not desired or subject.about.kind in ENDING or _over(subject):
            continue
        external = any(service.spec.type in EXTERNAL_TYPES or service.key[1:] in outside for service in services)
        yield Served(subject, services, Exposure.EXTERNAL if external else Exposure.INTERNAL, desired)


def endpoints(picture: Picture) -> dict[tuple[str, str], list[Endpoint]]:
    """The endpoints of each Service, by namespace and name; a Service of which no slice was read is not in it."""
    found: dict[tuple[str, str], list[Endpoint]] = {}
    for one in picture.of(EndpointSlice):
        found.setdefault((one.namespace, one.metadata.labels.get(SERVICE_NAME, "")), []).extend(one.endpoints)
    return found


def _listed(picture: Picture) -> dict[tuple[str, str], list[Service]]:
    """Services that select no pods, by namespace and name of the pods that somebody wrote into their EndpointSlices."""
    found: dict[tuple[str, str], list[Service]] = {}
    for one in picture.of(EndpointSlice):
        service = picture.get("Service", one.namespace, one.metadata.labels.get(SERVICE_NAME, ""))
        if not isinstance(service, Service) or service.spec.selector:
            continue
        for endpoint in one.endpoints:
            pod = endpoint.target_ref
            if pod is not None and pod.kind == "Pod":
                found.setdefault((pod.namespace or one.namespace, pod.name), []).append(service)
    return found


def _over(subject: Subject) -> bool:
    """Whether it is but pods that have ended."""
    return not isinstance(subject.about, Templated) and all(pod.finished for pod in subject.pods)


def _desired(subject: Subject, picture: Picture) -> int:
    """The least number of pods that is wanted: what an autoscaler may go down to, or the replicas."""
    autoscaler = picture.autoscaler_of(subject.about)
    if autoscaler is not None:
        least = autoscaler.spec.min_replicas
        return 1 if least is None else least
    if isinstance(subject.about, Workload) and subject.about.kind != "DaemonSet":
        return subject.about.wanted
    return max(1, len(subject.pods))


def _outside(picture: Picture) -> frozenset[tuple[str, str]]:
    """Namespace and name of the Services behind Ingresses and routes."""
    found = {(ingress.namespace, name) for ingress in picture.of(Ingress) for name in ingress.services}
    for route in picture.of(Route):
        for rule in route.spec.rules:
            found |= {(ref.namespace or route.namespace, ref.name) for ref in rule.backend_refs if ref.kind == "Service"}
    return frozenset(found)


def delay_of(container: Container) -> int | None:
    """How long its preStop hook waits, seconds: 0 without a hook, None for a hook whose time is not written."""
    hook = container.pre_stop
    if hook is None:
        return 0
    if hook.sleep is not None:
        return hook.sleep.seconds
    slept = seconds_slept(hook.exec.command) if hook.exec is not None else 0
    return slept or None


def asked_to_end(container: Container) -> bool:
    """Whether a hook other than a wait asks the program to end before any signal."""
    hook = container.pre_stop
    return hook is not None and (hook.http_get is not None or (hook.exec is not None and "quit" in " ".join(hook.exec.command)))
