"""Draws the fields of the served kinds from the Go sources of the pinned Kubernetes into sim/apiserver/fields.json.

    python tools/api_fields.py        needs Go, and the modules of e2e/controlplane

Each struct becomes a row: {"Name in Go": [[JSON name, protobuf number, type], ...]}; an inlined struct has no JSON name.
A type is a Go type with its pointers and packages resolved: "int32", "[]v1.Container", "map[string]string", or, for a named
scalar, list or map, "v1.Protocol=string".
"""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "underway" / "sim" / "apiserver" / "fields.json"
# The packages whose structs are met, by the name that Go shows; the group tells two packages called v1 apart.
PACKAGES = {
    "core": "k8s.io/api/core/v1",
    "apps": "k8s.io/api/apps/v1",
    "batch": "k8s.io/api/batch/v1",
    "policy": "k8s.io/api/policy/v1",
    "autoscaling": "k8s.io/api/autoscaling/v1",
    "autoscalingv2": "k8s.io/api/autoscaling/v2",
    "storage": "k8s.io/api/storage/v1",
    "coordination": "k8s.io/api/coordination/v1",
    "discovery": "k8s.io/api/discovery/v1",
    "events": "k8s.io/api/events/v1",
    "scheduling": "k8s.io/api/scheduling/v1",
    "networking": "k8s.io/api/networking/v1",
    "rbac": "k8s.io/api/rbac/v1",
    "authorization": "k8s.io/api/authorization/v1",
    "authentication": "k8s.io/api/authentication/v1",
    "admissionregistration": "k8s.io/api/admissionregistration/v1",
    "apiextensions": "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1",
    "apiregistration": "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1",
    "meta": "k8s.io/apimachinery/pkg/apis/meta/v1",
}
ROOTS = {
    "core": "Namespace Node Pod Service ConfigMap Secret ServiceAccount Event PersistentVolume PersistentVolumeClaim Binding "
    "PodTemplate ReplicationController LimitRange ResourceQuota",
    "apps": "Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision",
    "batch": "Job CronJob",
    "policy": "PodDisruptionBudget Eviction",
    "autoscaling": "Scale",
    "autoscalingv2": "HorizontalPodAutoscaler",
    "storage": "VolumeAttachment StorageClass CSINode",
    "coordination": "Lease",
    "discovery": "EndpointSlice",
    "events": "Event",
    "scheduling": "PriorityClass",
    "networking": "Ingress IngressClass NetworkPolicy",
    "rbac": "Role RoleBinding ClusterRole ClusterRoleBinding",
    "authorization": "SelfSubjectAccessReview SubjectAccessReview LocalSubjectAccessReview SelfSubjectRulesReview",
    "authentication": "SelfSubjectReview",
    "admissionregistration": "ValidatingWebhookConfiguration MutatingWebhookConfiguration "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    "apiextensions": "CustomResourceDefinition",
    "apiregistration": "APIService",
    "meta": "DeleteOptions",
}
# Structs that read themselves from JSON: their Go fields say nothing of their JSON.
LEAVES = frozenset(
    {
        *(f"meta.{name}" for name in ("Time", "MicroTime", "Duration", "FieldsV1")),
        *("resource.Quantity", "intstr.IntOrString", "runtime.RawExtension"),
        *(f"apiextensions.JSON{name}" for name in ("", *(f"SchemaPropsOr{other}" for other in ("Bool", "Array", "StringArray")))),
    }
)
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(
    r"^\t(?:(?P<name>\w+)\s+)?(?P<type>[\w.*\[\]]+)\s+"
    r"`json:\"(?P<json>[^\"]*)\"(?:[^`]*protobuf:\"\w+,(?P<number>\d+))?",
    re.MULTILINE,
)
_NAMED = re.compile(r"^type (\w+) ((?:\[\]|map\[\w+\])?[\w.]+)$", re.MULTILINE)
_IMPORT = re.compile(r'^\t(\w+) "([\w./]+)"$', re.MULTILINE)
SCALARS = frozenset({"string", "bool", "int", "int32", "int64", "uint32", "uint64", "float64", "byte"})


class Package:
    """The structs and named types of one Go package."""

    def __init__(self, group: str, folder: Path) -> None:
        self.group = group
        text = "\n".join(
            path.read_text()
            for path in sorted(folder.glob("*types*.go"))
            if not path.name.endswith(("_test.go", "_generated.go"))
        )
        self.structs = dict(_STRUCT.findall(text))
        self.named = dict(_NAMED.findall(text))
        self.aliases = {"metav1": "meta", "v1": "core", "corev1": "core", "resource": "resource", "intstr": "intstr"}
        self.aliases |= {alias: known for alias, path in _IMPORT.findall(text) for known, at in PACKAGES.items() if at == path}


def packages() -> dict[str, Package]:
    """All packages, read from the module cache."""
    listed = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Path}} {{.Dir}}", "k8s.io/api", "k8s.io/apimachinery",
         "k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator"],
        cwd=ROOT / "e2e" / "controlplane", capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    folders = dict(zip(listed[::2], map(Path, listed[1::2]), strict=True))
    found = {}
    for group, path in PACKAGES.items():
        module = next(name for name in folders if path.startswith(f"{name}/"))
        found[group] = Package(group, folders[module] / path.removeprefix(module).lstrip("/"))
    return found


def resolved(type_: str, package: Package, known: dict[str, Package]) -> str:
    """A Go type in the notation of the table; named scalars, lists and maps say what they are made of."""
    type_ = type_.lstrip("*")
    if type_.startswith("[]"):
        return "[]" + resolved(type_[2:], package, known)
    if match := re.fullmatch(r"map\[(.+?)\](.+)", type_):
        return f"map[{resolved(match[1], package, known).partition('=')[0]}]{resolved(match[2], package, known)}"
    if type_ in SCALARS:
        return type_
    prefix, _, name = type_.rpartition(".")
    group = package.aliases.get(prefix, prefix) if prefix else package.group
    whole = f"{group}.{name}"
    if whole in LEAVES or group not in known:
        # A named type of a package that is not read is a string (types.UID), or a leaf.
        return whole if whole in LEAVES else f"{group}.{name}=string"
    home = known[group]
    if name in home.named:
        return f"{whole}={resolved(home.named[name], home, known).rpartition('=')[2]}"
    return whole


def main() -> None:
    """Write the table."""
    known = packages()
    table: dict[str, list[list[object]]] = {}
    todo = [f"{group}.{name}" for group, names in ROOTS.items() for name in names.split()]
    while todo:
        whole = todo.pop()
        if whole in table or whole in LEAVES:
            continue
        group, _, name = whole.partition(".")
        rows: list[list[object]] = []
        for field in _FIELD.finditer(known[group].structs.get(name, "")):
            type_ = resolved(field["type"], known[group], known)
            options = field["json"].split(",")
            if options[0] == "-":
                continue
            rows.append(["" if "inline" in options else options[0], int(field["number"] or 0), type_])
            element = re.sub(r"^(\[\]|map\[[^\]]+\])+", "", type_.rpartition("=")[2])
            if "." in element:
                todo.append(element)
        table[whole] = rows
    lines = [f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in sorted(table.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(table)} structs, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
