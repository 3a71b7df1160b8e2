"""Who answers for a Service that the API server calls: the pods behind admission and conversion webhooks.

Owns which pods count: those that are ready, on a cluster; of manifests and pods without status, those that run; and which
webhooks would be without any, all at once.
"""

from collections.abc import Iterator

import msgspec

from underway.lint.objects.admission import Webhook, WebhookConfiguration
from underway.lint.objects.cluster import ServiceReference
from underway.lint.objects.pod import Pod
from underway.lint.objects.traffic import Service
from underway.lint.picture import Picture


def answering(picture: Picture, reference: ServiceReference) -> tuple[Pod, ...] | None:
    """The pods that answer; None where nobody can tell: a Service without a selector, one that was not read, or pods neither.

    Manifests hold templates and no pods: that none is there says nothing of them.
    """
    service = picture.get("Service", reference.namespace, reference.name)
    if not isinstance(service, Service) or not service.spec.selector or "Pod" in picture.missing:
        return None
    selector = service.spec.selector.items()
    pods = [
        pod
        for pod in picture.pods_in(reference.namespace)
        if pod.spec.node_name and not pod.terminating and not pod.finished and selector <= pod.metadata.labels.items()
    ]
    ready = tuple(pod for pod in pods if pod.ready)
    if picture.server_version:
        return ready
    return ready or tuple(pods) or None


class Alone(msgspec.Struct, frozen=True):
    """A webhook that fails closed and has its pods on one node, or none that is ready."""

    configuration: WebhookConfiguration
    webhook: Webhook
    service: ServiceReference
    pods: tuple[Pod, ...]

    @property
    def node(self) -> str:
        """Where all its pods are, "" if there is none."""
        return self.pods[0].spec.node_name if self.pods else ""

    @property
    def path(self) -> str:
        """Where the configuration holds it."""
        return f'webhooks[name="{self.webhook.name}"]'


def alone(picture: Picture) -> tuple[Alone, ...]:
    """All webhooks whose backends would leave together, or have left."""
    return tuple(_alone(picture))


def _alone(picture: Picture) -> Iterator[Alone]:
    for configuration in picture.of(WebhookConfiguration):
        for webhook in configuration.webhooks:
            reference = webhook.client_config.service
            if reference is None or webhook.failure_policy == "Ignore" or not webhook.rules:
                continue
            pods = answering(picture, reference) if picture.includes(reference.namespace) else None
            if pods is not None and len({pod.spec.node_name for pod in pods}) < 2:
                yield Alone(configuration, webhook, reference, pods)
