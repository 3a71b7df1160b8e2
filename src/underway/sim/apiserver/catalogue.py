"""What the embedded API server serves: resources, their subresources, short names and verbs. Source: the API reference."""

from typing import Any

import msgspec

from underway.crd.definition import Version
from underway.kube import resource as r
from underway.kube.resource import Resource

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
CONTROLLER_REVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
CRON_JOBS = Resource("batch", "v1", "cronjobs", "CronJob")
STORAGE_CLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False)
CSI_NODES = Resource("storage.k8s.io", "v1", "csinodes", "CSINode", namespaced=False)
EVENTS_V1 = Resource("events.k8s.io", "v1", "events", "Event")
CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
PRIORITY_CLASSES = Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False)
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
INGRESS_CLASSES = Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False)
POD_TEMPLATES = Resource("", "v1", "podtemplates", "PodTemplate")
REPLICATION_CONTROLLERS = Resource("", "v1", "replicationcontrollers", "ReplicationController")
LIMIT_RANGES = Resource("", "v1", "limitranges", "LimitRange")
RESOURCE_QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)

ADMISSION = "admissionregistration.k8s.io"
VALIDATING_WEBHOOKS = Resource(
    ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced=False
)
ADMISSION_POLICIES = Resource(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False)
ADMISSION_POLICY_BINDINGS = Resource(
    ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced=False
)
MUTATING_WEBHOOKS = Resource(ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", namespaced=False)

RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(RBAC, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)


class Entry(msgspec.Struct, frozen=True):
    """One served resource.

    custom: defined by a CustomResourceDefinition; then schema is its openAPIV3Schema, version the same compiled, and columns
    its additionalPrinterColumns.
    """

    resource: Resource
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    custom: bool = False
    schema: dict[str, Any] | None = None
    version: Version | None = None
    columns: tuple[dict[str, Any], ...] = ()

    @property
    def singular(self) -> str:
        """The name of one of them, as kubectl takes it."""
        return self.resource.kind.lower()


CATALOGUE: tuple[Entry, ...] = (
    Entry(r.NAMESPACES, ("ns",), ("finalize", "status")),
    Entry(r.NODES, ("no",), ("status",)),
    Entry(r.PODS, ("po",), ("status", "eviction", "binding", "log"), ("all",)),
    Entry(r.SERVICES, ("svc",), ("status",), ("all",)),
    Entry(CONFIG_MAPS, ("cm",)),
    Entry(SECRETS),
    Entry(SERVICE_ACCOUNTS, ("sa",)),
    Entry(r.EVENTS, ("ev",)),
    Entry(r.PERSISTENT_VOLUMES, ("pv",), ("status",)),
    Entry(r.PERSISTENT_VOLUME_CLAIMS, ("pvc",), ("status",)),
    Entry(r.DEPLOYMENTS, ("deploy",), ("status", "scale"), ("all",)),
    Entry(r.REPLICA_SETS, ("rs",), ("status", "scale"), ("all",)),
    Entry(r.STATEFUL_SETS, ("sts",), ("status", "scale"), ("all",)),
    Entry(r.DAEMON_SETS, ("ds",), ("status",), ("all",)),
    Entry(CONTROLLER_REVISIONS),
    Entry(r.JOBS, (), ("status",), ("all",)),
    Entry(CRON_JOBS, ("cj",), ("status",), ("all",)),
    Entry(r.POD_DISRUPTION_BUDGETS, ("pdb",), ("status",)),
    Entry(r.VOLUME_ATTACHMENTS, (), ("status",)),
    Entry(STORAGE_CLASSES, ("sc",)),
    Entry(CSI_NODES),
    Entry(r.LEASES),
    Entry(r.ENDPOINT_SLICES),
    Entry(EVENTS_V1, ("ev",)),
    Entry(PRIORITY_CLASSES, ("pc",)),
    Entry(INGRESSES, ("ing",), ("status",)),
    Entry(INGRESS_CLASSES),
    Entry(NETWORK_POLICIES, ("netpol",)),
    Entry(POD_TEMPLATES),
    Entry(REPLICATION_CONTROLLERS, ("rc",), ("status", "scale"), ("all",)),
    Entry(LIMIT_RANGES, ("limits",)),
    Entry(RESOURCE_QUOTAS, ("quota",), ("status",)),
    Entry(r.HORIZONTAL_POD_AUTOSCALERS, ("hpa",), ("status",), ("all",)),
    Entry(VALIDATING_WEBHOOKS, (), (), ("api-extensions",)),
    Entry(ADMISSION_POLICIES, (), ("status",), ("api-extensions",)),
    Entry(ADMISSION_POLICY_BINDINGS, (), (), ("api-extensions",)),
    Entry(MUTATING_WEBHOOKS, (), (), ("api-extensions",)),
    Entry(API_SERVICES, (), ("status",), ("api-extensions",)),
    *(Entry(resource) for resource in (ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)),
    Entry(CUSTOM_RESOURCE_DEFINITIONS, ("crd", "crds"), ("status",), ("api-extensions",)),
)


def served_as(resource: Resource) -> tuple[str, str, str]:
    """The key of a resource among the entries of a server: group, version, plural."""
    return resource.group, resource.version, resource.plural
