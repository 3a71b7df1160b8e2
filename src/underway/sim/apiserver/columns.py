"""The columns that `kubectl get` shows for each built-in kind.

Owns how a cell is made from an object, as kubernetes pkg/printers/internalversion/printers.go makes it; names, order,
types and priorities are those of kube-apiserver 1.36. What kinds share is `sim.apiserver.cells`'.
"""

from underway.model import timestamp
from underway.sim.apiserver.cells import AGE, NONE, UNKNOWN, UNSET, Cell, Column, at, count, human, name_of, pairs, since, text
from underway.sim.apiserver.kinds import admission, autoscaling, networking, quotas
from underway.sim.apiserver.selectors import selector_text
from underway.sim.store import Object

ROLE = "node-role.kubernetes.io/"
LIST_MAX = 3  # how many ports or addresses an EndpointSlice shows before "+ n more..."


def selector(value: Object, _now_ms: int) -> str:
    """spec.selector of a workload."""
    return selector_text(value["spec"].get("selector") or {}) or NONE


def _containers(field: str, *within: str) -> Cell:
    def cell(value: Object, _now_ms: int) -> str:
        spec = (value[within[0]] if within else value)["template"]["spec"]
        return ",".join(container.get(field, "") for container in spec.get("containers") or ())

    return cell


CONTAINERS = (Column("Containers", _containers("name", "spec"), 1), Column("Images", _containers("image", "spec"), 1))
SELECTOR = Column("Selector", selector, 1)


def _node_status(value: Object, _now_ms: int) -> str:
    ready = next((c["status"] for c in value.get("status", {}).get("conditions") or () if c["type"] == "Ready"), None)
    shown = "Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"
    return f"{shown},SchedulingDisabled" if value.get("spec", {}).get("unschedulable") else shown


def _roles(value: Object, _now_ms: int) -> str:
    labels = value["metadata"].get("labels") or {}
    return ",".join(sorted(key.removeprefix(ROLE) for key in labels if key.startswith(ROLE) and key != ROLE)) or NONE


def _address(type_: str) -> Cell:
    def cell(value: Object, _now_ms: int) -> str:
        found = value.get("status", {}).get("addresses") or ()
        return next((address["address"] for address in found if address["type"] == type_), NONE)

    return cell


NODE = (
    Column("Status", _node_status),
    Column("Roles", _roles),
    AGE,
    Column("Version", text("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", _address("InternalIP"), 1),
    Column("External-IP", _address("ExternalIP"), 1),
    Column("OS-Image", text("status", "nodeInfo", "osImage", otherwise=UNKNOWN), 1),
    Column("Kernel-Version", text("status", "nodeInfo", "kernelVersion", otherwise=UNKNOWN), 1),
    Column("Container-Runtime", text("status", "nodeInfo", "containerRuntimeVersion", otherwise=UNKNOWN), 1),
)


def _statuses(value: Object) -> list[Object]:
    return list(value.get("status", {}).get("containerStatuses") or ())


def _pod_ready(value: Object, _now_ms: int) -> str:
    ready = sum(1 for one in _statuses(value) if one.get("ready"))
    return f"{ready}/{len(value['spec'].get('containers') or ())}"


def _pod_status(value: Object, _now_ms: int) -> str:
    state = value.get("status", {})
    shown = state.get("reason") or state.get("phase") or UNKNOWN
    for one in _statuses(value):
        of = one.get("state") or {}
        waiting, ended = of.get("waiting") or {}, of.get("terminated") or {}
        if waiting.get("reason"):
            shown = waiting["reason"]
        elif ended:
            shown = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
    if value["metadata"].get("deletionTimestamp"):
        return "Unknown" if state.get("reason") == "NodeLost" else "Terminating"
    gated = any(c.get("reason") == "SchedulingGated" for c in state.get("conditions") or ())
    return "SchedulingGated" if gated else str(shown)


def _restarts(value: Object, _now_ms: int) -> str:
    return str(sum(one.get("restartCount", 0) for one in _statuses(value)))


def _gates(value: Object, _now_ms: int) -> str:
    gates = value["spec"].get("readinessGates") or ()
    if not gates:
        return NONE
    held = {c["type"] for c in value.get("status", {}).get("conditions") or () if c["status"] == "True"}
    return f"{sum(1 for gate in gates if gate['conditionType'] in held)}/{len(gates)}"


POD = (
    Column("Ready", _pod_ready),
    Column("Status", _pod_status),
    Column("Restarts", _restarts),
    AGE,
    Column("IP", text("status", "podIP", otherwise=NONE), 1),
    Column("Node", text("spec", "nodeName", otherwise=NONE), 1),
    Column("Nominated Node", text("status", "nominatedNodeName", otherwise=NONE), 1),
    Column("Readiness Gates", _gates, 1),
)


def _ready_of(value: Object, _now_ms: int) -> str:
    return f"{value.get('status', {}).get('readyReplicas', 0)}/{value['spec'].get('replicas', 1)}"


DEPLOYMENT = (
    Column("Ready", _ready_of),
    Column("Up-to-date", count("status", "updatedReplicas")),
    Column("Available", count("status", "availableReplicas")),
    AGE,
    *CONTAINERS,
    SELECTOR,
)
REPLICA_SET = (
    Column("Desired", count("spec", "replicas"), type="integer"),
    Column("Current", count("status", "replicas"), type="integer"),
    Column("Ready", count("status", "readyReplicas"), type="integer"),
    AGE,
    *CONTAINERS,
    SELECTOR,
)
STATEFUL_SET = (Column("Ready", _ready_of), AGE, *CONTAINERS)
DAEMON_SET = (
    Column("Desired", count("status", "desiredNumberScheduled"), type="integer"),
    Column("Current", count("status", "currentNumberScheduled"), type="integer"),
    Column("Ready", count("status", "numberReady"), type="integer"),
    Column("Up-to-date", count("status", "updatedNumberScheduled"), type="integer"),
    Column("Available", count("status", "numberAvailable"), type="integer"),
    Column("Node Selector", lambda value, _now: pairs(value["spec"]["template"]["spec"].get("nodeSelector"))),
    AGE,
    *CONTAINERS,
    SELECTOR,
)


def _job_status(value: Object, _now_ms: int) -> str:
    held = {c["type"] for c in value.get("status", {}).get("conditions") or () if c["status"] == "True"}
    order = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    return next((type_ for type_ in order if type_ in held), "Running")


def _completions(value: Object, _now_ms: int) -> str:
    done, wanted = value.get("status", {}).get("succeeded", 0), value["spec"].get("completions")
    if wanted is not None:
        return f"{done}/{wanted}"
    parallel = value["spec"].get("parallelism", 1)
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _duration(value: Object, now_ms: int) -> str:
    state = value.get("status", {})
    if not state.get("startTime"):
        return ""
    end = state.get("completionTime")
    return human((timestamp.parse(end) if end else now_ms) - timestamp.parse(state["startTime"]))


JOB = (
    Column("Status", _job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *CONTAINERS,
    SELECTOR,
)


def _ports(value: Object, _now_ms: int) -> str:
    shown = []
    for port in value["spec"].get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(shown) or NONE


def _external(value: Object, _now_ms: int) -> str:
    spec = value["spec"]
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec.get("type") == "LoadBalancer":
        ingress = ((value.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        found = [point.get("ip") or point.get("hostname", "") for point in ingress]
        return ",".join([*found, *(spec.get("externalIPs") or ())]) or "<pending>"
    return ",".join(spec.get("externalIPs") or ()) or NONE


SERVICE = (
    Column("Type", text("spec", "type")),
    Column("Cluster-IP", text("spec", "clusterIP", otherwise=NONE)),
    Column("External-IP", _external),
    Column("Port(s)", _ports),
    AGE,
    Column("Selector", lambda value, _now: pairs(value["spec"].get("selector")), 1),
)
BUDGET = (
    Column("Min Available", text("spec", "minAvailable", otherwise="N/A")),
    Column("Max Unavailable", text("spec", "maxUnavailable", otherwise="N/A")),
    Column("Allowed Disruptions", count("status", "disruptionsAllowed"), type="integer"),
    AGE,
)


def _more(shown: list[str]) -> str:
    rest = len(shown) - LIST_MAX
    return ",".join(shown[:LIST_MAX]) + (f" + {rest} more..." if rest > 0 else "") if shown else UNSET


ENDPOINT_SLICE = (
    Column("AddressType", text("addressType")),
    Column("Ports", lambda value, _now: _more([str(port.get("port", "*")) for port in value.get("ports") or ()])),
    Column(
        "Endpoints", lambda value, _now: _more([a for one in value.get("endpoints") or () for a in one.get("addresses") or ()])
    ),
    AGE,
)


def _last_seen(value: Object, now_ms: int) -> str:
    seen = value.get("lastTimestamp") or value.get("eventTime") or value.get("firstTimestamp")
    if value.get("count", 0) > 1:
        return f"{since(seen, now_ms)} (x{value['count']} over {since(value.get('firstTimestamp'), now_ms)})"
    return since(seen, now_ms)


def _about(value: Object, _now_ms: int) -> str:
    about = value.get("involvedObject") or value.get("regarding") or {}
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}" if about.get("kind") else str(about.get("name", ""))


def _source(value: Object, _now_ms: int) -> str:
    source = value.get("source") or {}
    parts = [source.get("component") or value.get("reportingComponent", ""), source.get("host", "")]
    return ", ".join(part for part in parts if part)


EVENT = (
    Column("Last Seen", _last_seen),
    Column("Type", text("type")),
    Column("Reason", text("reason")),
    Column("Object", _about),
    Column("Subobject", text("involvedObject", "fieldPath"), 1),
    Column("Source", _source, 1),
    Column("Message", lambda value, _now: str(value.get("message") or value.get("note") or "").strip()),
    Column("First Seen", lambda value, now_ms: since(value.get("firstTimestamp") or value.get("eventTime"), now_ms), 1),
    Column("Count", lambda value, _now: str(value.get("count", 1)), 1),
    Column("Name", lambda value, _now: name_of(value), 1, format="name"),
)

MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(value: Object, _now_ms: int) -> str:
    return ",".join(MODES.get(mode, mode) for mode in value["spec"].get("accessModes") or ())


def _claim(value: Object, _now_ms: int) -> str:
    claim = value["spec"].get("claimRef")
    return f"{claim.get('namespace', '')}/{claim['name']}" if claim else ""


def _reclaim(value: Object, _now_ms: int) -> str:
    return str(value["spec"].get("persistentVolumeReclaimPolicy", ""))


VOLUME_CLASS = Column("VolumeAttributesClass", text("spec", "volumeAttributesClassName", otherwise=UNSET))
VOLUME_MODE = Column("VolumeMode", text("spec", "volumeMode", otherwise=UNSET), 1)
VOLUME = (
    Column("Capacity", text("spec", "capacity", "storage")),
    Column("Access Modes", _modes),
    Column("Reclaim Policy", _reclaim),
    Column("Status", text("status", "phase")),
    Column("Claim", _claim),
    Column("StorageClass", text("spec", "storageClassName")),
    VOLUME_CLASS,
    Column("Reason", text("status", "reason")),
    AGE,
    VOLUME_MODE,
)
CLAIM = (
    Column("Status", text("status", "phase")),
    Column("Volume", text("spec", "volumeName")),
    Column("Capacity", text("status", "capacity", "storage")),
    Column("Access Modes", _modes),
    Column("StorageClass", text("spec", "storageClassName")),
    VOLUME_CLASS,
    AGE,
    VOLUME_MODE,
)
ATTACHMENT = (
    Column("Attacher", text("spec", "attacher"), format="name"),
    Column("PV", text("spec", "source", "persistentVolumeName")),
    Column("Node", text("spec", "nodeName")),
    Column("Attached", at("status", "attached", otherwise=False), type="boolean"),
    AGE,
)

REPLICATION_CONTROLLER = (
    *REPLICA_SET[:-1],
    Column("Selector", lambda value, _now: pairs(value["spec"].get("selector")), 1),
)
POD_TEMPLATE = (
    Column("Containers", _containers("name")),
    Column("Images", _containers("image")),
    Column("Pod Labels", lambda value, _now: pairs(value["template"]["metadata"].get("labels"))),
)


def _parameters(value: Object, _now_ms: int) -> str:
    found = value["spec"].get("parameters")
    if not found:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") else ""
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


def _class_name(value: Object, _now_ms: int) -> str:
    default = (value["metadata"].get("annotations") or {}).get("ingressclass.kubernetes.io/is-default-class") == "true"
    return name_of(value) + (" (default)" if default else "")


INGRESS_CLASS = (
    Column("Name", _class_name, format="name"),
    Column("Controller", text("spec", "controller")),
    Column("Parameters", _parameters),
    AGE,
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "Node": NODE,
    "Pod": POD,
    "Deployment": DEPLOYMENT,
    "ReplicaSet": REPLICA_SET,
    "StatefulSet": STATEFUL_SET,
    "DaemonSet": DAEMON_SET,
    "Job": JOB,
    "ReplicationController": REPLICATION_CONTROLLER,
    "PodTemplate": POD_TEMPLATE,
    "IngressClass": INGRESS_CLASS,
    **autoscaling.COLUMNS,
    **quotas.COLUMNS,
    **admission.COLUMNS,
    **networking.COLUMNS,
    "Service": SERVICE,
    "PodDisruptionBudget": BUDGET,
    "EndpointSlice": ENDPOINT_SLICE,
    "Event": EVENT,
    "PersistentVolume": VOLUME,
    "PersistentVolumeClaim": CLAIM,
    "VolumeAttachment": ATTACHMENT,
    "Namespace": (Column("Status", text("status", "phase")), AGE),
    "Lease": (Column("Holder", text("spec", "holderIdentity")), AGE),
    "ConfigMap": (Column("Data", lambda v, _now: len(v.get("data") or {}) + len(v.get("binaryData") or {})), AGE),
    "Secret": (Column("Type", text("type")), Column("Data", lambda value, _now: len(value.get("data") or {})), AGE),
    "CSINode": (Column("Drivers", lambda value, _now: len(value["spec"].get("drivers") or ()), type="integer"), AGE),
    "CustomResourceDefinition": (
        Column("Created At", lambda value, _now: value["metadata"].get("creationTimestamp"), type="date"),
    ),
}
