"""The kinds that rules read: where they are served, and the Struct that each is decoded into.

Owns the table. A kind that a cluster does not serve, or does not let us list, is told as skipped. Source: the API reference.
"""

from typing import Any

import msgspec

from underway.kube.resource import Resource
from underway.lint.objects import cluster, pod, workload
from underway.lint.objects.meta import AnyThing, MetaOnly, Thing

METADATA_ONLY = ("ConfigMap", "Secret")


class Kind(msgspec.Struct, frozen=True):
    """One kind. optional: that a cluster does not serve it is no gap; newest first where several versions may be served."""

    resource: Resource
    type: type[Thing]
    optional: bool = False

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.resource.kind

    @property
    def metadata_only(self) -> bool:
        """Whether nothing but metadata may be read of it: values of ConfigMaps and Secrets never are."""
        return self.name in METADATA_ONLY


def _core(plural: str, kind: str, type_: type[Thing], *, namespaced: bool = True) -> Kind:
    return Kind(Resource("", "v1", plural, kind, namespaced=namespaced), type_)


def _named(
    group: str,
    plural: str,
    kind: str,
    type_: type[Thing],
    *,
    namespaced: bool = True,
    version: str = "v1",
    optional: bool = False,
) -> Kind:
    return Kind(Resource(group, version, plural, kind, namespaced=namespaced), type_, optional)


KINDS: tuple[Kind, ...] = (
    _core("namespaces", "Namespace", MetaOnly, namespaced=False),
    _core("nodes", "Node", cluster.Node, namespaced=False),
    _core("pods", "Pod", pod.Pod),
    _core("podtemplates", "PodTemplate", pod.PodTemplate),
    _core("services", "Service", cluster.Service),
    _core("serviceaccounts", "ServiceAccount", cluster.ServiceAccount),
    _core("configmaps", "ConfigMap", MetaOnly),
    _core("secrets", "Secret", MetaOnly),
    _core("persistentvolumes", "PersistentVolume", AnyThing, namespaced=False),
    _core("persistentvolumeclaims", "PersistentVolumeClaim", cluster.VolumeClaim),
    _core("resourcequotas", "ResourceQuota", AnyThing),
    _core("limitranges", "LimitRange", AnyThing),
    _named("apps", "deployments", "Deployment", workload.Workload),
    _named("apps", "statefulsets", "StatefulSet", workload.Workload),
    _named("apps", "daemonsets", "DaemonSet", workload.Workload),
    _named("apps", "replicasets", "ReplicaSet", workload.Workload),
    _named("batch", "jobs", "Job", workload.Workload),
    _named("batch", "cronjobs", "CronJob", workload.Workload),
    _named("policy", "poddisruptionbudgets", "PodDisruptionBudget", cluster.Budget),
    _named("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", cluster.Autoscaler, version="v2"),
    _named("networking.k8s.io", "ingresses", "Ingress", AnyThing),
    _named("networking.k8s.io", "ingressclasses", "IngressClass", AnyThing, namespaced=False),
    _named("discovery.k8s.io", "endpointslices", "EndpointSlice", cluster.EndpointSlice),
    _named("storage.k8s.io", "storageclasses", "StorageClass", cluster.StorageClass, namespaced=False),
    _named(
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        cluster.WebhookConfiguration,
        namespaced=False,
    ),
    _named(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        cluster.WebhookConfiguration,
        namespaced=False,
    ),
    _named("apiregistration.k8s.io", "apiservices", "APIService", AnyThing, namespaced=False, optional=True),
    _named("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", AnyThing, namespaced=False),
    _named("snapshot.storage.k8s.io", "volumesnapshots", "VolumeSnapshot", MetaOnly, optional=True),
    _named(
        "snapshot.storage.k8s.io", "volumesnapshotcontents", "VolumeSnapshotContent", MetaOnly, namespaced=False, optional=True
    ),
    _named("gateway.networking.k8s.io", "gateways", "Gateway", AnyThing, optional=True),
    _named("gateway.networking.k8s.io", "httproutes", "HTTPRoute", AnyThing, optional=True),
    _named("gateway.networking.k8s.io", "referencegrants", "ReferenceGrant", AnyThing, version="v1beta1", optional=True),
    _named("gateway.networking.k8s.io", "grpcroutes", "GRPCRoute", AnyThing, optional=True),
    _named("gateway.networking.k8s.io", "referencegrants", "ReferenceGrant", AnyThing, version="v1beta1", optional=True),
)
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}


def decoded(kind: str, values: dict[str, Any]) -> Thing:
    """One object from plain values. Raises msgspec.ValidationError, its path beginning at the object."""
    known = BY_NAME.get(kind)
    thing: Thing = msgspec.convert(values, known.type if known is not None else MetaOnly)
    return thing
