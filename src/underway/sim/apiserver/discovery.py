"""What the embedded API server says that it serves: versions, groups and resources, aggregated and piece by piece.

Owns the documents under /api, /apis and /version. It does not know who asks. Source: "Kubernetes API Discovery";
KEP-3352 (aggregated discovery, apidiscovery.k8s.io/v2).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from underway.model.version import parse
from underway.sim.apiserver.catalogue import Entry

Document = dict[str, Any]

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
SUBRESOURCE_VERBS: dict[str, tuple[str, ...]] = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "eviction": ("create",),
    "binding": ("create",),
    "log": ("get",),
    "finalize": ("update",),
}
# Subresources whose objects are of a kind other than their parent's.
SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
}
AGGREGATED = "APIGroupDiscoveryList"
AGGREGATED_GROUP = "apidiscovery.k8s.io"
RELEASE = "v1.36.3"  # whose answers are imitated: the one that e2e/controlplane builds


def version_document(release: str) -> Document:
    """GET /version of a server of that release, as in v1.37.2. The build metadata says that this is not Kubernetes."""
    found = parse(release)
    major, minor = str(found.major), str(found.minor)
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(found.minor - 1),
        "gitVersion": f"{release}+underway",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "embedded/underway",
    }


def _groups(entries: Iterable[Entry]) -> dict[str, dict[str, list[Entry]]]:
    """Entries by group and version, resources in alphabetical order; versions by priority, stable before beta."""
    found: dict[str, dict[str, list[Entry]]] = {}
    for entry in sorted(entries, key=lambda entry: entry.resource.plural):
        found.setdefault(entry.resource.group, {}).setdefault(entry.resource.version, []).append(entry)
    return {
        group: {version: found[group][version] for version in sorted(found[group], key=priority, reverse=True)}
        for group in sorted(found)
    }


def priority(version: str) -> tuple[int, int, int]:
    """The rank of an API version: v2, v1, v1beta2, v1beta1, v1alpha1. Source: apimachinery pkg/version/helpers.go."""
    for rank, word in ((1, "beta"), (0, "alpha")):
        major, found, minor = version.removeprefix("v").partition(word)
        if found and major.isdigit() and minor.isdigit():
            return rank, int(major), int(minor)
    number = version.removeprefix("v")
    return (2, int(number), 0) if number.isdigit() else (-1, 0, 0)


def api_versions() -> Document:
    """GET /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def api_group(name: str, versions: Sequence[str]) -> Document:
    """One group."""
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def api_groups(entries: Iterable[Entry]) -> Document:
    """GET /apis."""
    groups = [api_group(name, list(versions)) for name, versions in _groups(entries).items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group_named(entries: Iterable[Entry], name: str) -> Document | None:
    """GET /apis/GROUP, None if it is not served."""
    versions = _groups(entries).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **api_group(name, list(versions))} if versions and name else None


def resources(entries: Iterable[Entry], group: str, version: str) -> Document | None:
    """GET /api/v1 or /apis/GROUP/VERSION, None if it is not served."""
    found = _groups(entries).get(group, {}).get(version)
    if found is None:
        return None
    listed: list[Document] = []
    for entry in found:
        resource = entry.resource
        common = {"namespaced": resource.namespaced, "kind": resource.kind}
        one = {"name": resource.plural, "singularName": entry.singular, **common, "verbs": list(VERBS)}
        one |= {"shortNames": list(entry.short_names)} if entry.short_names else {}
        one |= {"categories": list(entry.categories)} if entry.categories else {}
        listed.append(one)
        for name in sorted(entry.subresources):
            sub = {"name": f"{resource.plural}/{name}", "singularName": "", **common, "verbs": list(SUBRESOURCE_VERBS[name])}
            if name in SUBRESOURCE_KINDS:
                of_group, of_version, kind = SUBRESOURCE_KINDS[name]
                sub |= {"kind": kind} | ({"group": of_group, "version": of_version} if of_group else {})
            listed.append(sub)
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _aggregated_resource(entry: Entry) -> Document:
    resource = entry.resource
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    one: Document = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": entry.singular,
        "verbs": list(VERBS),
    }
    one |= {"shortNames": list(entry.short_names)} if entry.short_names else {}
    one |= {"categories": list(entry.categories)} if entry.categories else {}
    subresources = []
    for name in sorted(entry.subresources):
        of_group, of_version, of_kind = SUBRESOURCE_KINDS.get(name, (resource.group, resource.version, resource.kind))
        answers = {"group": of_group, "version": of_version, "kind": of_kind}
        subresources.append({"subresource": name, "responseKind": answers, "verbs": list(SUBRESOURCE_VERBS[name])})
    return one | ({"subresources": subresources} if subresources else {})


def aggregated(entries: Iterable[Entry], *, core: bool) -> Document:
    """GET /api or /apis for clients that ask for everything at once."""
    items = []
    for group, versions in _groups(entries).items():
        if (group == "") is not core:
            continue
        listed = [
            {"version": version, "resources": [_aggregated_resource(entry) for entry in found], "freshness": "Current"}
            for version, found in versions.items()
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": listed})
    return {"kind": AGGREGATED, "apiVersion": f"{AGGREGATED_GROUP}/v2", "metadata": {}, "items": items}
