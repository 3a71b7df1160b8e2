"""The CustomResourceDefinitions of Rotation and Fleet, as values.

Owns names, scope, versions, printer columns and the subresource; the schemas are drawn by `rotate.kinds.structural`.
Which gates and providers there are is handed in: a third party may have brought its own.
"""

from collections.abc import Iterable
from typing import Any

from underway.kube.resource import Resource
from underway.rotate.fields import NAME_MAX
from underway.rotate.kinds.fleet import FleetSpec, FleetStatus
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.kinds.structural import Schema, structural, with_values
from underway.rotate.spec import RotationSpec

GROUP = "underway.dev"
ROTATIONS = Resource(GROUP, "v1", "rotations", "Rotation", namespaced=False)
FLEETS = Resource(GROUP, "v1", "fleets", "Fleet", namespaced=False)
Definition = dict[str, Any]

NAME_RULE = {
    "rule": f"size(self.metadata.name) <= {NAME_MAX}",
    "message": f"metadata.name: must have at most {NAME_MAX} characters: it becomes part of machine names",
}


def _column(name: str, path: str, kind: str = "string", *, wide: bool = False, description: str = "") -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": kind, "jsonPath": path}
    if description:
        column["description"] = description
    if wide:
        column["priority"] = 1
    return column


ROTATION_COLUMNS = (
    _column("State", ".status.state", description="Progressing, Waiting, Frozen, Blocked, Finished or Failed"),
    _column("Up-To-Date", ".status.nodes.upToDate", "integer"),
    _column("Nodes", ".status.nodes.total", "integer"),
    _column("In-Hand", ".status.nodes.inHand", "integer"),
    _column("Healthy", '.status.conditions[?(@.type=="Healthy")].status'),
    _column("Until", ".status.predictedFinish", "string", wide=True, description="When it will be done if all goes well"),
    _column("Reason", ".status.reason", wide=True),
    _column("Age", ".metadata.creationTimestamp", "date"),
)
FLEET_COLUMNS = (
    _column("State", ".status.state", description="Progressing, Soaking, Frozen, Failed or Finished"),
    _column("Reason", ".status.reason"),
    _column("Age", ".metadata.creationTimestamp", "date"),
)


def rotation_definition(gates: Iterable[str], providers: Iterable[str]) -> Definition:
    """The definition of Rotation."""
    spec = structural(RotationSpec)
    _named(spec, "", gates, providers)
    return _definition(ROTATIONS, ("rot",), spec, structural(RotationStatus, defaults=False), ROTATION_COLUMNS)


def fleet_definition(gates: Iterable[str], providers: Iterable[str]) -> Definition:
    """The definition of Fleet."""
    spec = structural(FleetSpec)
    _named(spec, "rotation.spec.", gates, providers)
    return _definition(FLEETS, ("fl",), spec, structural(FleetStatus, defaults=False), FLEET_COLUMNS)


def _named(spec: Schema, prefix: str, gates: Iterable[str], providers: Iterable[str]) -> None:
    with_values(spec, f"{prefix}health[].gate", gates)
    with_values(spec, f"{prefix}machines.provider", providers)


def _definition(
    resource: Resource, short: tuple[str, ...], spec: Schema, status: Schema, columns: tuple[dict[str, Any], ...]
) -> Definition:
    schema = {
        "type": "object",
        "description": f"One {resource.kind}.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
        "x-kubernetes-validations": [NAME_RULE],
    }
    version = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": list(columns),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "shortNames": list(short),
                "categories": ["underway"],
            },
            "versions": [version],
        },
    }
