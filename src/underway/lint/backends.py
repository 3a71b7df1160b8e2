"""Who answers for a Service that the API server calls: the pods behind admission and conversion webhooks.

Owns which pods count: those that are ready, on a cluster; of manifests and pods without status, those that run.
"""

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
