"""What a list or a watch is asked for: label and field selectors.

Owns the fields that may be selected by, which every kind says for itself. Source: kubernetes pkg/registry/core/pod/strategy.go
and its siblings; apimachinery pkg/fields.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from underway.model.meta import LabelSelector
from underway.model.selector import matches
from underway.model.selector_text import parse
from underway.sim.apiserver import status
from underway.sim.store import Object

if TYPE_CHECKING:
    from underway.sim.apiserver.server import Call

FIELDS = {
    "metadata.name": lambda value: value["metadata"]["name"],
    "metadata.namespace": lambda value: value["metadata"].get("namespace", ""),
}
POD_FIELDS = {
    "spec.nodeName": lambda value: value["spec"].get("nodeName", ""),
    "spec.restartPolicy": lambda value: value["spec"].get("restartPolicy", ""),
    "spec.schedulerName": lambda value: value["spec"].get("schedulerName", ""),
    "spec.serviceAccountName": lambda value: value["spec"].get("serviceAccountName", ""),
    "status.phase": lambda value: value.get("status", {}).get("phase", ""),
}
INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def _field(*path: str) -> Callable[[Object], Any]:
    """What reads one field, "" where it is not set."""

    def read(value: Object) -> Any:
        found: Any = value
        for part in path:
            found = (found or {}).get(part, "")
        return found

    return read


EVENT_FIELDS = {f"involvedObject.{name}": _field("involvedObject", name) for name in INVOLVED}
EVENT_FIELDS |= {name: _field(name) for name in ("reason", "type", "reportingComponent")}
KINDS_WITH_FIELDS: dict[str, dict[str, Callable[[Object], Any]]] = {
    "Pod": POD_FIELDS,
    "Event": EVENT_FIELDS,
    "Node": {"spec.unschedulable": lambda value: "true" if value.get("spec", {}).get("unschedulable") else "false"},
    "Namespace": {"status.phase": lambda value: value.get("status", {}).get("phase", "")},
    "Secret": {"type": lambda value: value.get("type", "")},
    "Job": {"status.successful": lambda value: str(value.get("status", {}).get("succeeded", 0))},
}


class Selection(msgspec.Struct, frozen=True):
    """The label and field selectors of a list or a watch."""

    labels: LabelSelector
    fields: tuple[tuple[str, str, bool], ...]
    namespace: str
    kind: str

    def __call__(self, value: Object) -> bool:
        """Whether the object is selected."""
        metadata = value["metadata"]
        if self.namespace and metadata.get("namespace", "") != self.namespace:
            return False
        if self.fields:
            extractors = fields_of(self.kind)
            if not all((extractors[path](value) == wanted) is equal for path, wanted, equal in self.fields):
                return False
        return matches(self.labels, metadata.get("labels") or {})


def fields_of(kind: str) -> dict[str, Callable[[Object], Any]]:
    """The field selectors that a kind supports."""
    return FIELDS | KINDS_WITH_FIELDS.get(kind, {})


def selection(call: "Call") -> Selection:
    """The selectors of a call. Raises StatusError 400."""
    fields = []
    for part in filter(None, call.query.get("fieldSelector", "").split(",")):
        path, _, wanted = part.replace("==", "=").partition("=")
        equal = not path.endswith("!")
        path = path.rstrip("!")
        if path not in fields_of(call.resource.kind):
            if call.resource.kind in KINDS_WITH_FIELDS:
                raise status.bad_request(f"field label not supported: {path}")
            raise status.bad_request(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')
        fields.append((path, wanted, equal))
    try:
        labels = parse(call.query.get("labelSelector", ""))
    except ValueError as error:
        raise status.bad_request(str(error)) from None
    return Selection(labels, tuple(fields), call.namespace, call.resource.kind)
