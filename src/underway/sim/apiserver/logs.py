"""The log of a container, as `kubectl logs` asks for it: which one, of which of its runs, how much of it.

Owns the subresource `log` of a pod: what the API server refuses itself, and in whose words the kubelet behind it refuses. What
a container has said is `Console`'s to tell; a world may replace it. A log that is followed ends with what there is. Sources:
registry/core/pod/strategy.go (LogLocation), core/validation (ValidatePodLogOptions), pkg/kubelet/kubelet_pods.go
(validateContainerLogStatus).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from underway.kube.resource import NODES, PODS, Resource
from underway.model import timestamp
from underway.sim.apiserver import status
from underway.sim.apiserver.routing import TRUE
from underway.sim.store import Object

if TYPE_CHECKING:
    from underway.sim.apiserver.registry import Registry
    from underway.sim.apiserver.server import Call

OPTIONS = Resource("", "v1", "podlogoptions", "PodLogOptions")
KUBELET_PORT = 10250
MINIMUM = {"tailLines": 0, "limitBytes": 1, "sinceSeconds": 1}
WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}

Line = tuple[int, str]
Console = Callable[[Object, str, bool], Iterable[Line]]
"""What a container has said: a pod, the name of a container, whether of its previous run; epoch milliseconds and text."""


def console(pod: Object, container: str, previous: bool) -> list[Line]:
    """What a container of the embedded cluster says: that it started, whether it is ready, how it ended."""
    found = _status_of(pod, container) or {}
    state = found.get("lastState" if previous else "state") or {}
    ended = state.get("terminated")
    begun = (state.get("running") or ended or {}).get("startedAt")
    lines = [(timestamp.parse(begun), f"{container}: started {found.get('image', '')}".rstrip())] if begun else []
    if ended and ended.get("finishedAt"):
        lines.append((timestamp.parse(ended["finishedAt"]), f"{container}: ended with exit code {ended.get('exitCode', 0)}"))
    for one in pod.get("status", {}).get("conditions") or () if state.get("running") else ():
        if one["type"] == "Ready" and one.get("lastTransitionTime"):
            word = "ready" if one["status"] == "True" else "not ready"
            lines.append((timestamp.parse(one["lastTransitionTime"]), f"{container}: {word}"))
    return lines


def read(registry: Registry, call: Call, reaches: Callable[[str], bool], said: Console) -> bytes | None:
    """The log that a call asks for, None while its pod has no node.

    reaches: whether the kubelet of a node answers; said: what its containers have said. Raises StatusError 400, 404, 422, 500.
    """
    query = call.query
    _check_options(call.name, query)
    pod = registry.get(PODS, call.namespace, call.name)
    container = _container(pod, query.get("container", ""))
    node_name = pod["spec"].get("nodeName", "")
    if not node_name:
        return None
    node = registry.find(NODES, "", node_name)
    if node is None:
        raise status.not_found(PODS, node_name)  # so the real server says it: whatever is not found here is a pod
    if not reaches(node_name):
        raise _unreachable(pod, container, query, node)
    previous = query.get("previous") in TRUE
    _check_status(pod, container, previous)
    since_ms = _since_ms(query, timestamp.parse(registry.now()))
    lines = sorted(line for line in said(pod, container, previous) if line[0] >= since_ms)
    if query.get("tailLines"):
        lines = lines[len(lines) - min(int(query["tailLines"]), len(lines)) :]
    stamped = query.get("timestamps") in TRUE
    text = "".join(f"{timestamp.format_micro(at_ms) + ' ' if stamped else ''}{line}\n" for at_ms, line in lines)
    return text.encode()[: int(query["limitBytes"]) if query.get("limitBytes") else None]


def _check_options(name: str, query: dict[str, str]) -> None:
    """That the options can be read and make sense. Raises StatusError 400, 422."""
    causes: list[dict[str, Any]] = []
    for field, least in MINIMUM.items():
        text = query.get(field, "")
        if not text:
            continue
        if not text.removeprefix("-").isdecimal():
            raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        if int(text) < least and not (field == "sinceSeconds" and query.get("sinceTime")):
            why = "must be greater than or equal to 0" if least == 0 else "must be greater than 0"
            causes.append({"reason": "FieldValueInvalid", "message": f"Invalid value: {text}: {why}", "field": field})
    if query.get("sinceSeconds") and query.get("sinceTime"):
        why = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append({"reason": "FieldValueForbidden", "message": why, "field": "[]"})
    if causes:
        raise status.invalid(OPTIONS, name, causes)


def _container(pod: Object, named: str) -> str:
    """The container that is meant. Raises StatusError 400."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    kinds = ("initContainers", "containers", "ephemeralContainers")
    known = [container["name"] for kind in kinds for container in spec.get(kind) or ()]
    if named and named not in known:
        raise status.bad_request(f"container {named} is not valid for pod {name}")
    if named:
        return named
    if len(spec["containers"]) > 1:
        raise status.bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(known)}]")
    return str(spec["containers"][0]["name"])


def _status_of(pod: Object, container: str) -> Object | None:
    state = pod.get("status", {})
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    return next((one for kind in kinds for one in state.get(kind) or () if one["name"] == container), None)


def _check_status(pod: Object, container: str, previous: bool) -> None:
    """That this run of the container has a log. Raises StatusError 400, in the kubelet's words."""
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    found = _status_of(pod, container)
    if found is None:
        raise status.bad_request(f"{where} is not available")
    state, ended = found.get("state") or {}, (found.get("lastState") or {}).get("terminated")
    if previous and not ended:
        raise status.bad_request(f"previous terminated {where} not found")
    if previous or ended or state.get("running") or state.get("terminated"):
        return
    if not state.get("waiting"):
        raise status.bad_request(f"{where} is waiting to start - no logs yet")
    reason = state["waiting"].get("reason", "")
    raise status.bad_request(f"{where} is waiting to start: {WAITING.get(reason, reason)}")


def _unreachable(pod: Object, container: str, query: dict[str, str], node: Object) -> status.StatusError:
    """500: nobody listens where the node says that its kubelet is."""
    state = node.get("status", {})
    addresses = {one["type"]: one["address"] for one in state.get("addresses") or ()}
    preferred = ("Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP")  # --kubelet-preferred-address-types
    host = next((addresses[kind] for kind in preferred if kind in addresses), "")
    if not host:
        return status.StatusError(500, "", "no preferred addresses found; known addresses: []")
    port = (state.get("daemonEndpoints") or {}).get("kubeletEndpoint", {}).get("Port") or KUBELET_PORT
    metadata = pod["metadata"]
    path = f"/containerLogs/{metadata['namespace']}/{metadata['name']}/{container}"
    names = ("follow", "limitBytes", "previous", "sinceSeconds", "tailLines", "timestamps")
    asked = "&".join(f"{name}={query[name]}" for name in names if query.get(name))
    url = f"https://{host}:{port}{path}" + (f"?{asked}" if asked else "")
    return status.StatusError(500, "", f'Get "{url}": dial tcp {host}:{port}: connect: connection refused')


def _since_ms(query: dict[str, str], now_ms: int) -> int:
    if query.get("sinceSeconds"):
        return now_ms - int(query["sinceSeconds"]) * timestamp.MILLISECONDS
    return timestamp.parse(query["sinceTime"]) if query.get("sinceTime") else 0
