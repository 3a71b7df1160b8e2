"""The table of all kinds that rules read: how each is decoded, and where an API server serves it.

A new kind is one Struct and one line here. `paths` are alternatives, newest first: an old cluster serves a later one.
"""

import msgspec

from underway.kube.resource import Resource
from underway.lint.objects import admission, cluster, limits, pod, storage, traffic, workload
from underway.lint.objects.meta import Object

GATEWAY = "gateway.networking.k8s.io"
SNAPSHOTS = "snapshot.storage.k8s.io"
ADMISSION = "admissionregistration.k8s.io"
RBAC = "rbac.authorization.k8s.io"


class Kind(msgspec.Struct, frozen=True):
    """One kind.

    type: what its objects are decoded to. paths: the resources that serve it, newest first. metadata_only: its content is
    never asked for. custom: not every cluster serves it, so that its absence is no loss. field_selector: what is
    left out by the server.
    """

    type: type[Object]
    paths: tuple[Resource, ...]
    metadata_only: bool = False
    custom: bool = False
    field_selector: str = ""

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.paths[0].kind


def _kind(
    type_: type[Object],
    group: str,
    versions: str,
    plural: str,
    name: str,
    *,
    namespaced: bool = True,
    metadata_only: bool = False,
    custom: bool = False,
    field_selector: str = "",
) -> Kind:
    paths = tuple(Resource(group, version, plural, name, namespaced) for version in versions.split())
    return Kind(type_, paths, metadata_only, custom, field_selector)


_ALL = (
    _kind(cluster.Node, "", "v1", "nodes", "Node", namespaced=False),
    _kind(cluster.Namespace, "", "v1", "namespaces", "Namespace", namespaced=False),
    _kind(pod.Pod, "", "v1", "pods", "Pod"),
    _kind(cluster.PodTemplateObject, "", "v1", "podtemplates", "PodTemplate"),
    _kind(workload.ReplicationController, "", "v1", "replicationcontrollers", "ReplicationController"),
    _kind(workload.Deployment, "apps", "v1", "deployments", "Deployment"),
    _kind(workload.StatefulSet, "apps", "v1", "statefulsets", "StatefulSet"),
    _kind(workload.DaemonSet, "apps", "v1", "daemonsets", "DaemonSet"),
    _kind(workload.ReplicaSet, "apps", "v1", "replicasets", "ReplicaSet"),
    _kind(workload.Job, "batch", "v1", "jobs", "Job"),
    _kind(workload.CronJob, "batch", "v1 v1beta1", "cronjobs", "CronJob"),
    _kind(traffic.Service, "", "v1", "services", "Service"),
    _kind(traffic.EndpointSlice, "discovery.k8s.io", "v1 v1beta1", "endpointslices", "EndpointSlice"),
    _kind(traffic.Ingress, "networking.k8s.io", "v1 v1beta1", "ingresses", "Ingress"),
    _kind(traffic.IngressClass, "networking.k8s.io", "v1 v1beta1", "ingressclasses", "IngressClass", namespaced=False),
    _kind(limits.PodDisruptionBudget, "policy", "v1 v1beta1", "poddisruptionbudgets", "PodDisruptionBudget"),
    _kind(limits.HorizontalPodAutoscaler, "autoscaling", "v2 v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    _kind(limits.ResourceQuota, "", "v1", "resourcequotas", "ResourceQuota"),
    _kind(limits.LimitRange, "", "v1", "limitranges", "LimitRange"),
    _kind(storage.PersistentVolume, "", "v1", "persistentvolumes", "PersistentVolume", namespaced=False),
    _kind(storage.PersistentVolumeClaim, "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    _kind(storage.StorageClass, "storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False),
    _kind(storage.VolumeAttachment, "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced=False),
    _kind(storage.VolumeSnapshot, SNAPSHOTS, "v1 v1beta1", "volumesnapshots", "VolumeSnapshot", custom=True),
    _kind(
        storage.VolumeSnapshotContent,
        SNAPSHOTS,
        "v1 v1beta1",
        "volumesnapshotcontents",
        "VolumeSnapshotContent",
        namespaced=False,
        custom=True,
    ),
    _kind(cluster.ConfigMap, "", "v1", "configmaps", "ConfigMap", metadata_only=True),
    # The type is not in the metadata, but the server selects by it; tokens of service accounts interest no rule.
    _kind(
        cluster.Secret,
        "",
        "v1",
        "secrets",
        "Secret",
        metadata_only=True,
        field_selector="type!=kubernetes.io/service-account-token",
    ),
    _kind(cluster.ServiceAccount, "", "v1", "serviceaccounts", "ServiceAccount"),
    _kind(cluster.Event, "", "v1", "events", "Event", field_selector="type=Warning"),
    _kind(cluster.Lease, "coordination.k8s.io", "v1", "leases", "Lease"),
    _kind(
        admission.ValidatingWebhookConfiguration,
        ADMISSION,
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        namespaced=False,
    ),
    _kind(
        admission.MutatingWebhookConfiguration,
        ADMISSION,
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        namespaced=False,
    ),
    # Clusters older than 1.28 have no policies, and need none read.
    _kind(
        admission.ValidatingAdmissionPolicy,
        ADMISSION,
        "v1 v1beta1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        namespaced=False,
        custom=True,
    ),
    _kind(
        admission.ValidatingAdmissionPolicyBinding,
        ADMISSION,
        "v1 v1beta1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        namespaced=False,
        custom=True,
    ),
    _kind(cluster.APIService, "apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False),
    _kind(
        cluster.CustomResourceDefinition,
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
    ),
    _kind(cluster.Role, RBAC, "v1", "roles", "Role"),
    _kind(cluster.ClusterRole, RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    _kind(traffic.Gateway, GATEWAY, "v1 v1beta1", "gateways", "Gateway", custom=True),
    _kind(traffic.ReferenceGrant, GATEWAY, "v1 v1beta1", "referencegrants", "ReferenceGrant", custom=True),
    _kind(traffic.HTTPRoute, GATEWAY, "v1 v1beta1", "httproutes", "HTTPRoute", custom=True),
    _kind(traffic.GRPCRoute, GATEWAY, "v1 v1alpha2", "grpcroutes", "GRPCRoute", custom=True),
    _kind(traffic.TCPRoute, GATEWAY, "v1 v1alpha2", "tcproutes", "TCPRoute", custom=True),
    _kind(traffic.TLSRoute, GATEWAY, "v1 v1alpha3 v1alpha2", "tlsroutes", "TLSRoute", custom=True),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob")
