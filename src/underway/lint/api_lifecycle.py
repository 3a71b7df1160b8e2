"""When versions of the API's kinds are deprecated and removed, as the API server itself knows it.

Owns the table and look-ups in it. A removal is the release that does not serve the kind any more: the smaller of what the
sources say and of the first release without the type. Removals after 1.37 are planned. Where the sources name no replacement, it
is the newest version of the kind in its group. Source: k8s.io/api zz_generated.prerelease-lifecycle.go of v0.16 to v0.37;
CustomResourceDefinition and APIService v1beta1 from their own sources.
"""

import msgspec

NEWEST = 37  # the newest minor version whose sources the table was read from
OLDEST, PLANNED = 16, 43  # minor versions between which the table knows what is removed


class Lifecycle(msgspec.Struct, frozen=True):
    """One kind in one version.

    deprecated, removed: minor versions of 1.x, 0 for never; replacement: "apps/v1/Deployment", "" for none.
    """

    group: str
    version: str
    kind: str
    deprecated: int
    removed: int
    replacement: str

    @property
    def api_version(self) -> str:
        """As in manifests."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def instead(self) -> str:
        """The API version to write it in, "" for none."""
        return self.replacement.rpartition("/")[0]


def unserved(since: int) -> str:
    """The clause that says from which minor version on something is gone."""
    return f"which 1.{since} and newer do not serve"


# group version kind deprecated removed replacement ("-" for none, "~" for the same group)
_TABLE = """
- v1 EphemeralContainers 0 22 -
- v1 PodStatusResult 0 37 -
admission.k8s.io v1beta1 AdmissionReview 19 22 ~v1/AdmissionReview
admissionregistration.k8s.io v1alpha1 MutatingAdmissionPolicy 35 38 ~v1/MutatingAdmissionPolicy
admissionregistration.k8s.io v1alpha1 MutatingAdmissionPolicyBinding 35 38 ~v1/MutatingAdmissionPolicyBinding
admissionregistration.k8s.io v1alpha1 ValidatingAdmissionPolicy 29 32 ~v1/ValidatingAdmissionPolicy
admissionregistration.k8s.io v1alpha1 ValidatingAdmissionPolicyBinding 29 32 ~v1/ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io v1beta1 MutatingAdmissionPolicy 37 40 ~v1/MutatingAdmissionPolicy
admissionregistration.k8s.io v1beta1 MutatingAdmissionPolicyBinding 37 40 ~v1/MutatingAdmissionPolicyBinding
admissionregistration.k8s.io v1beta1 MutatingWebhookConfiguration 16 22 ~v1/MutatingWebhookConfiguration
admissionregistration.k8s.io v1beta1 ValidatingAdmissionPolicy 31 34 ~v1/ValidatingAdmissionPolicy
admissionregistration.k8s.io v1beta1 ValidatingAdmissionPolicyBinding 31 34 ~v1/ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io v1beta1 ValidatingWebhookConfiguration 16 22 ~v1/ValidatingWebhookConfiguration
apidiscovery.k8s.io v2beta1 APIGroupDiscovery 32 35 ~v2/APIGroupDiscovery
apiextensions.k8s.io v1beta1 CustomResourceDefinition 16 22 ~v1/CustomResourceDefinition
apiregistration.k8s.io v1beta1 APIService 19 22 ~v1/APIService
apps v1beta1 ControllerRevision 8 16 ~v1/ControllerRevision
apps v1beta1 Deployment 8 16 ~v1/Deployment
apps v1beta1 DeploymentRollback 8 16 ~v1/DeploymentRollback
apps v1beta1 Scale 8 16 autoscaling/v1/Scale
apps v1beta1 StatefulSet 8 16 ~v1/StatefulSet
apps v1beta2 ControllerRevision 9 16 ~v1/ControllerRevision
apps v1beta2 DaemonSet 9 16 ~v1/DaemonSet
apps v1beta2 Deployment 9 16 ~v1/Deployment
apps v1beta2 ReplicaSet 9 16 ~v1/ReplicaSet
apps v1beta2 Scale 9 16 autoscaling/v1/Scale
apps v1beta2 StatefulSet 9 16 ~v1/StatefulSet
auditregistration.k8s.io v1alpha1 AuditSink 0 19 -
authentication.k8s.io v1alpha1 SelfSubjectReview 29 32 ~v1/SelfSubjectReview
authentication.k8s.io v1beta1 SelfSubjectReview 30 33 ~v1/SelfSubjectReview
authentication.k8s.io v1beta1 TokenReview 19 22 ~v1/TokenReview
authorization.k8s.io v1beta1 LocalSubjectAccessReview 19 22 ~v1/LocalSubjectAccessReview
authorization.k8s.io v1beta1 SelfSubjectAccessReview 19 22 ~v1/SelfSubjectAccessReview
authorization.k8s.io v1beta1 SelfSubjectRulesReview 19 22 ~v1/SelfSubjectRulesReview
authorization.k8s.io v1beta1 SubjectAccessReview 19 22 ~v1/SubjectAccessReview
autoscaling v2beta1 HorizontalPodAutoscaler 22 25 ~v2/HorizontalPodAutoscaler
autoscaling v2beta2 HorizontalPodAutoscaler 23 26 ~v2/HorizontalPodAutoscaler
batch v1beta1 CronJob 21 25 ~v1/CronJob
batch v1beta1 JobTemplate 22 25 -
batch v2alpha1 CronJob 0 21 ~v1/CronJob
batch v2alpha1 JobTemplate 0 21 ~v1beta1/JobTemplate
certificates.k8s.io v1alpha1 ClusterTrustBundle 34 37 ~v1/ClusterTrustBundle
certificates.k8s.io v1alpha1 PodCertificateRequest 37 35 ~v1/PodCertificateRequest
certificates.k8s.io v1beta1 CertificateSigningRequest 19 22 ~v1/CertificateSigningRequest
certificates.k8s.io v1beta1 ClusterTrustBundle 37 40 ~v1/ClusterTrustBundle
certificates.k8s.io v1beta1 PodCertificateRequest 37 40 ~v1/PodCertificateRequest
coordination.k8s.io v1alpha1 LeaseCandidate 34 32 ~v1beta1/LeaseCandidate
coordination.k8s.io v1alpha2 LeaseCandidate 35 38 ~v1beta1/LeaseCandidate
coordination.k8s.io v1beta1 Lease 19 22 ~v1/Lease
coordination.k8s.io v1beta1 LeaseCandidate 36 39 -
discovery.k8s.io v1alpha1 EndpointSlice 0 21 ~v1/EndpointSlice
discovery.k8s.io v1beta1 EndpointSlice 21 25 ~v1/EndpointSlice
events.k8s.io v1beta1 Event 22 25 ~v1/Event
extensions v1beta1 DaemonSet 8 16 apps/v1/DaemonSet
extensions v1beta1 Deployment 8 16 apps/v1/Deployment
extensions v1beta1 DeploymentRollback 8 16 -
extensions v1beta1 Ingress 14 22 networking.k8s.io/v1/Ingress
extensions v1beta1 NetworkPolicy 9 16 networking.k8s.io/v1/NetworkPolicy
extensions v1beta1 PodSecurityPolicy 11 16 policy/v1beta1/PodSecurityPolicy
extensions v1beta1 ReplicaSet 8 16 apps/v1/ReplicaSet
extensions v1beta1 ReplicationControllerDummy 0 18 -
extensions v1beta1 Scale 2 16 -
flowcontrol.apiserver.k8s.io v1alpha1 FlowSchema 20 21 ~v1beta3/FlowSchema
flowcontrol.apiserver.k8s.io v1alpha1 PriorityLevelConfiguration 20 21 ~v1beta3/PriorityLevelConfiguration
flowcontrol.apiserver.k8s.io v1beta1 FlowSchema 23 26 ~v1beta3/FlowSchema
flowcontrol.apiserver.k8s.io v1beta1 PriorityLevelConfiguration 23 26 ~v1beta3/PriorityLevelConfiguration
flowcontrol.apiserver.k8s.io v1beta2 FlowSchema 26 29 ~v1beta3/FlowSchema
flowcontrol.apiserver.k8s.io v1beta2 PriorityLevelConfiguration 26 29 ~v1beta3/PriorityLevelConfiguration
flowcontrol.apiserver.k8s.io v1beta3 FlowSchema 29 32 ~v1/FlowSchema
flowcontrol.apiserver.k8s.io v1beta3 PriorityLevelConfiguration 29 32 ~v1/PriorityLevelConfiguration
lifecycle.k8s.io v1alpha1 Eviction 40 43 -
lifecycle.k8s.io v1alpha1 EvictionRequest 40 43 -
networking.k8s.io v1alpha1 ClusterCIDR 28 29 -
networking.k8s.io v1alpha1 IPAddress 30 33 ~v1/IPAddress
networking.k8s.io v1alpha1 ServiceCIDR 30 33 ~v1/ServiceCIDR
networking.k8s.io v1beta1 IPAddress 34 37 ~v1/IPAddress
networking.k8s.io v1beta1 Ingress 19 22 ~v1/Ingress
networking.k8s.io v1beta1 IngressClass 19 22 ~v1/IngressClass
networking.k8s.io v1beta1 ServiceCIDR 34 37 ~v1/ServiceCIDR
node.k8s.io v1beta1 RuntimeClass 22 25 ~v1/RuntimeClass
policy v1beta1 Eviction 22 25 ~v1/Eviction
policy v1beta1 PodDisruptionBudget 21 25 ~v1/PodDisruptionBudget
policy v1beta1 PodSecurityPolicy 21 25 -
rbac.authorization.k8s.io v1beta1 ClusterRole 17 22 ~v1/ClusterRole
rbac.authorization.k8s.io v1beta1 ClusterRoleBinding 17 22 ~v1/ClusterRoleBinding
rbac.authorization.k8s.io v1beta1 Role 17 22 ~v1/Role
rbac.authorization.k8s.io v1beta1 RoleBinding 17 22 ~v1/RoleBinding
resource.k8s.io v1alpha1 PodScheduling 0 27 -
resource.k8s.io v1alpha1 ResourceClaim 0 27 ~v1/ResourceClaim
resource.k8s.io v1alpha1 ResourceClaimTemplate 0 27 ~v1/ResourceClaimTemplate
resource.k8s.io v1alpha1 ResourceClass 0 27 ~v1alpha2/ResourceClass
resource.k8s.io v1alpha2 PodSchedulingContext 0 31 ~v1alpha3/PodSchedulingContext
resource.k8s.io v1alpha2 ResourceClaim 0 31 ~v1/ResourceClaim
resource.k8s.io v1alpha2 ResourceClaimParameters 0 31 -
resource.k8s.io v1alpha2 ResourceClaimTemplate 0 31 ~v1/ResourceClaimTemplate
resource.k8s.io v1alpha2 ResourceClass 0 31 -
resource.k8s.io v1alpha2 ResourceClassParameters 0 31 -
resource.k8s.io v1alpha2 ResourceSlice 0 31 ~v1/ResourceSlice
resource.k8s.io v1alpha3 DeviceClass 34 34 ~v1beta1/DeviceClass
resource.k8s.io v1alpha3 DeviceTaintRule 36 39 ~v1/DeviceTaintRule
resource.k8s.io v1alpha3 PodSchedulingContext 0 32 -
resource.k8s.io v1alpha3 ResourceClaim 34 34 ~v1beta1/ResourceClaim
resource.k8s.io v1alpha3 ResourceClaimTemplate 34 34 ~v1beta1/ResourceClaimTemplate
resource.k8s.io v1alpha3 ResourcePoolStatusRequest 39 42 -
resource.k8s.io v1alpha3 ResourceSlice 34 34 ~v1beta1/ResourceSlice
resource.k8s.io v1beta1 DeviceClass 35 38 ~v1/DeviceClass
resource.k8s.io v1beta1 ResourceClaim 35 38 ~v1/ResourceClaim
resource.k8s.io v1beta1 ResourceClaimTemplate 35 38 ~v1/ResourceClaimTemplate
resource.k8s.io v1beta1 ResourceSlice 35 38 ~v1/ResourceSlice
resource.k8s.io v1beta2 DeviceClass 36 39 ~v1/DeviceClass
resource.k8s.io v1beta2 DeviceTaintRule 39 42 ~v1/DeviceTaintRule
resource.k8s.io v1beta2 ResourceClaim 36 39 ~v1/ResourceClaim
resource.k8s.io v1beta2 ResourceClaimTemplate 36 39 ~v1/ResourceClaimTemplate
resource.k8s.io v1beta2 ResourceSlice 36 39 ~v1/ResourceSlice
scheduling.k8s.io v1alpha1 PriorityClass 0 36 ~v1/PriorityClass
scheduling.k8s.io v1alpha1 Workload 0 36 ~v1beta1/Workload
scheduling.k8s.io v1alpha2 PodGroup 0 37 ~v1beta1/PodGroup
scheduling.k8s.io v1alpha2 Workload 0 37 ~v1beta1/Workload
scheduling.k8s.io v1beta1 PodGroup 40 43 -
scheduling.k8s.io v1beta1 PriorityClass 14 22 ~v1/PriorityClass
scheduling.k8s.io v1beta1 Workload 40 43 -
settings.k8s.io v1alpha1 PodPreset 0 20 -
storage.k8s.io v1alpha1 CSIStorageCapacity 21 24 ~v1beta1/CSIStorageCapacity
storage.k8s.io v1alpha1 VolumeAttachment 21 24 ~v1/VolumeAttachment
storage.k8s.io v1alpha1 VolumeAttributesClass 32 35 ~v1/VolumeAttributesClass
storage.k8s.io v1beta1 CSIDriver 19 22 ~v1/CSIDriver
storage.k8s.io v1beta1 CSINode 17 22 ~v1/CSINode
storage.k8s.io v1beta1 CSIStorageCapacity 24 27 ~v1/CSIStorageCapacity
storage.k8s.io v1beta1 StorageClass 19 22 ~v1/StorageClass
storage.k8s.io v1beta1 VolumeAttachment 19 22 ~v1/VolumeAttachment
storage.k8s.io v1beta1 VolumeAttributesClass 34 37 ~v1/VolumeAttributesClass
storagemigration.k8s.io v1alpha1 StorageVersionMigration 33 35 ~v1/StorageVersionMigration
storagemigration.k8s.io v1beta1 StorageVersionMigration 37 40 ~v1/StorageVersionMigration
"""


def _parsed(line: str) -> Lifecycle:
    group, version, kind, deprecated, removed, replacement = ("" if part == "-" else part for part in line.split(" "))
    return Lifecycle(group, version, kind, int(deprecated), int(removed), replacement.replace("~", f"{group}/"))


LIFECYCLES: dict[tuple[str, str], Lifecycle] = {
    (one.api_version, one.kind): one for one in map(_parsed, _TABLE.strip().splitlines())
}


def lifecycle_of(api_version: str, kind: str) -> Lifecycle | None:
    """What is known of a kind in a version, None if it is neither deprecated nor removed."""
    return LIFECYCLES.get((api_version, kind))


def plural(kind: str) -> str:
    """The resource of a built-in kind, as apimachinery's UnsafeGuessKindToResource guesses it."""
    word = kind.lower()
    if word.endswith("s"):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def versions_of(group: str, resource: str) -> dict[str, Lifecycle]:
    """What is known of a resource's versions in a group; those that stay are not among them."""
    return _BY_RESOURCE.get((group, resource), {})


def gone(group: str, resource: str, target: int) -> Lifecycle | None:
    """The last version of a resource that a group does not serve at all at the target, None while it serves any."""
    rows = versions_of(group, resource).values()
    if not group or not rows or any(not 0 < one.removed <= target for one in rows):
        return None
    last = max(rows, key=lambda one: one.removed)
    stays = last.replacement.startswith(f"{group}/") and last.instead not in {one.api_version for one in rows}
    return None if stays else last


_BY_RESOURCE: dict[tuple[str, str], dict[str, Lifecycle]] = {}
for _one in LIFECYCLES.values():
    _BY_RESOURCE.setdefault((_one.group, plural(_one.kind)), {})[_one.version] = _one
