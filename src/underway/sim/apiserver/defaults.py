"""What the API server fills in when an object is created, as far as the embedded world or a client depends on it.

Source: kubernetes pkg/apis/*/v1/defaults.go and the strategies in pkg/registry. Not everything the real server fills in
is here: tests/parity lists what is compared.
"""

from collections.abc import Callable
from typing import Any

from underway.sim.apiserver.kinds import admission, autoscaling, networking, quotas

Object = dict[str, Any]

NODE_INFO = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)
_NOT_READY_S = 300  # DefaultTolerationSeconds admission plugin


def _tolerations(spec: Object) -> list[Object]:
    present = list(spec.get("tolerations", ()))
    for condition in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{condition}"
        if not any(t.get("key") in (key, None, "") and t.get("effect") in ("NoExecute", None, "") for t in present):
            present.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _NOT_READY_S})
    return present


def pod_spec(spec: Object) -> Object:
    """Defaults of a pod or of a pod template (a template gets no tolerations)."""
    filled = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        **spec,
    }
    filled["containers"] = [_container(container) for container in spec.get("containers", ())]
    if spec.get("initContainers"):
        filled["initContainers"] = [_container(container) for container in spec["initContainers"]]
    return filled


def _container(container: Object) -> Object:
    """Source: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Container."""
    tag = container.get("image", "").rpartition("/")[2].partition(":")[2]
    filled = {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always" if tag in ("", "latest") else "IfNotPresent",
        **container,
    }
    if container.get("ports"):
        filled["ports"] = [{"protocol": "TCP", **port} for port in container["ports"]]
    return filled


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort. Source: pkg/apis/core/v1/helper/qos."""
    resources = [container.get("resources") or {} for container in spec.get("containers", ())]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= set(r.get("limits", {})) and r.get("requests", r["limits"]) == r["limits"] for r in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _pod(value: Object) -> Object:
    spec = pod_spec(value.get("spec", {}))
    spec = {
        **spec,
        "tolerations": _tolerations(spec),
        "enableServiceLinks": spec.get("enableServiceLinks", True),
        "preemptionPolicy": spec.get("preemptionPolicy", "PreemptLowerPriority"),
        "priority": spec.get("priority", 0),
        "serviceAccountName": spec.get("serviceAccountName", "default"),
    }
    status = {"phase": "Pending", "qosClass": qos_class(spec), **value.get("status", {})}
    return {**value, "spec": spec, "status": status}


def _with_template(value: Object, **spec: Any) -> Object:
    given = value.get("spec", {})
    template = given.get("template", {})
    template = {
        **template,
        "metadata": template.get("metadata", {}),
        "spec": pod_spec(template.get("spec", {})),
    }
    return {**value, "spec": {**spec, **given, "template": template}, "status": value.get("status", {})}


def _deployment(value: Object) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    return _with_template(value, replicas=1, strategy=strategy, revisionHistoryLimit=10, progressDeadlineSeconds=600)


def _replica_set(value: Object) -> Object:
    filled = _with_template(value, replicas=1)
    return {**filled, "status": {"replicas": 0, **filled["status"]}}


def _stateful_set(value: Object) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    filled = _with_template(
        value,
        replicas=1,
        podManagementPolicy="OrderedReady",
        updateStrategy=strategy,
        revisionHistoryLimit=10,
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
    )
    return {**filled, "status": {"replicas": 0, "availableReplicas": 0, **filled["status"]}}


def _daemon_set(value: Object) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    filled = _with_template(value, updateStrategy=strategy, revisionHistoryLimit=10)
    counts = dict.fromkeys(("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"), 0)
    return {**filled, "status": {**counts, **filled["status"]}}


def _job(value: Object) -> Object:
    return _with_template(value, parallelism=1, completions=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)


def _cron_job(value: Object) -> Object:
    spec = value.get("spec", {})
    job = spec.get("jobTemplate", {})
    template = job.get("spec", {}).get("template", {})
    filled = {**template, "metadata": template.get("metadata", {}), "spec": pod_spec(template.get("spec", {}))}
    given = {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, **spec}
    given["jobTemplate"] = {"metadata": {}, **job, "spec": {**job.get("spec", {}), "template": filled}}
    return {**value, "spec": given, "status": value.get("status", {})}


def _replication_controller(value: Object) -> Object:
    """Its selector, and its own labels, are those of its template where none are given."""
    labels = ((value.get("spec", {}).get("template") or {}).get("metadata") or {}).get("labels")
    metadata = {**value["metadata"], **({"labels": labels} if labels and not value["metadata"].get("labels") else {})}
    given = {"replicas": 1, **({"selector": labels} if labels else {})}
    filled = _with_template({**value, "metadata": metadata}, **given)
    return {**filled, "status": {"replicas": 0, **filled["status"]}}


def _pod_template(value: Object) -> Object:
    template = value.get("template", {})
    filled = {**template, "metadata": template.get("metadata", {}), "spec": pod_spec(template.get("spec", {}))}
    return {**value, "template": filled}


def _service(value: Object) -> Object:
    spec = {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster", **value.get("spec", {})}
    if spec["type"] != "ExternalName":
        spec = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", **spec}
    spec["ports"] = [{"protocol": "TCP", "targetPort": port.get("port"), **port} for port in spec.get("ports", ())]
    return {**value, "spec": spec, "status": value.get("status", {"loadBalancer": {}})}


def _budget(value: Object) -> Object:
    counts = dict.fromkeys(("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"), 0)
    return {**value, "spec": value.get("spec", {}), "status": {**counts, **value.get("status", {})}}


def _node(value: Object) -> Object:
    """What a Node gets that is created through the API: kubelets of the world write their own."""
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    taints = list(value.get("spec", {}).get("taints") or ())
    # TaintNodesByCondition admission plugin: until its conditions are looked at, nothing shall run there.
    if not any(present.get("key") == taint["key"] for present in taints):
        taints.append(taint)
    state = value.get("status") or {}
    info = dict.fromkeys(NODE_INFO, "") | (state.get("nodeInfo") or {})
    ports = {"kubeletEndpoint": {"Port": 0}}
    filled = {"daemonEndpoints": ports, **state, "nodeInfo": info}
    return {**value, "spec": {**value.get("spec", {}), "taints": taints}, "status": filled}


def admitted(kind: str, value: Object) -> Object:
    """What admission adds to an object that a client creates, and the world's own writes do without."""
    return _node(value) if kind == "Node" else value


def _labelled(value: Object) -> Object:
    """A namespace with the label that is its name, whoever takes it away."""
    metadata = value["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    return {**value, "metadata": {**metadata, "labels": labels}}


def _namespace(value: Object) -> Object:
    return {**_labelled(value), "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _unchanged(value: Object) -> Object:
    return value


DEFAULTS: dict[str, Callable[[Object], Object]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "PodDisruptionBudget": _budget,
    "Namespace": _namespace,
    "ReplicationController": _replication_controller,
    "PodTemplate": _pod_template,
    **autoscaling.DEFAULTS,
    **quotas.DEFAULTS,
    **admission.DEFAULTS,
    **networking.DEFAULTS,
}

# The kinds whose defaults do not depend on their creation.
REFILLED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Service"}) | frozenset(
    {"CronJob", "ReplicationController", "PodTemplate", "LimitRange", *autoscaling.DEFAULTS, *admission.DEFAULTS}
    | networking.DEFAULTS.keys()
)


def refilled(kind: str, value: Object) -> Object:
    """The object that an update or a patch leaves, with the defaults of what it brought."""
    if kind == "Pod":
        return {**value, "spec": pod_spec(value.get("spec") or {})}
    if kind == "Namespace":
        return _labelled(value)
    return DEFAULTS[kind](value) if kind in REFILLED else value


def reported(kind: str, value: Object) -> Object:
    """The object that an update of its status leaves."""
    return {**value, "status": {**autoscaling.STATUS, **value.get("status", {})}} if kind == autoscaling.KIND else value


def defaulted(kind: str, value: Object) -> Object:
    """The object with its kind's defaults filled in."""
    return DEFAULTS.get(kind, _unchanged)(value)
