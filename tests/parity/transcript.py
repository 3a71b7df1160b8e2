"""Makes the transcripts of two servers comparable: what must differ gets a name, what is not modelled is left out.

Owns what "the same answer" means. Uids are numbered as they appear, times become <time>, resourceVersions of objects
their rank in the conversation (so that order is compared, not numbers), a list says whether its own is at least as new
as every object in it. UNMODELLED is the whole list of what the embedded server is allowed to lack.
"""

import re
from typing import Any

Json = dict[str, Any]

# Path of a field within its object ("*" is any item of a list), and why the embedded server does without it.
UNMODELLED = {
    "metadata.managedFields": "only server-side apply is tracked; its conflicts, which depend on it, are compared",
    "metadata.continue": "opaque by contract; what the next page holds is compared",
    "columnDefinitions.*.description": "documentation for people",
    "spec.serviceAccount": "the deprecated alias of serviceAccountName",
    "status.conditions.*.lastProbeTime": "always null in what is compared",
    **dict.fromkeys(
        [f"body.{key}" for key in ("gitVersion", "gitCommit", "gitTreeState", "buildDate", "compiler", "goVersion", "platform")],
        "the embedded server says that it is no Kubernetes",
    ),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Numbers that must differ, and the insides of Go that its messages show: types, structs, source lines, storage keys.
_INSIDE = (
    (re.compile(r"too old resource version: \d+ \(\d+\)"), "too old resource version: <n> (<n>)"),
    (re.compile(r"(ResourceVersion in (?:the precondition|record|object meta)):? \(?\d+\)?"), r"\1 <n>"),
    (re.compile(r"converting \([\w.]+\) to \([\w.]+\)"), "converting"),
    (re.compile(r' in scheme "[^"]*"'), ""),
    (re.compile(r"StorageError: invalid object, Code: 4, .*AdditionalErrorMsg: "), ""),
    # The whole object, as text or as Go prints it; it stands in the answers before.
    (re.compile(r'Invalid value: (?:\{.*\}|"\{.*\}"|"map\[.*\]"): '), "Invalid value: <struct>: "),
    (re.compile(r"\n@@ .*", re.DOTALL), ""),
    (re.compile(r"^\d+s$"), "<age>"),
)


def comparable(said: list[Json]) -> list[Any]:
    """A transcript that another server's can be compared with."""
    versions = sorted({int(version) for version in _object_versions(said)})
    ranks = {str(version): rank for rank, version in enumerate(versions, 1)}
    return [_Plain(ranks).value(step) for step in _Uids().value(said)]


def _object_versions(value: Any) -> list[str]:
    if isinstance(value, list):
        return [version for child in value for version in _object_versions(child)]
    if not isinstance(value, dict):
        return []
    found = [version for child in value.values() for version in _object_versions(child)]
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and "uid" in metadata and str(metadata.get("resourceVersion", "")).isdigit():
        found.append(metadata["resourceVersion"])
    return found


class _Uids:
    """Uids and times, named in order of appearance."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.value(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return [self.value(child) for child in value]
        if isinstance(value, str):
            named = _UID.sub(lambda match: self._seen.setdefault(match[0], f"<uid {len(self._seen) + 1}>"), value)
            return _TIME.sub("<time>", named)
        return value


class _Plain:
    """resourceVersions as ranks, unmodelled fields left out, numbers that must differ taken out of messages."""

    def __init__(self, ranks: dict[str, int]) -> None:
        self._ranks = ranks

    def value(self, value: Any, path: str = "") -> Any:
        if isinstance(value, list):
            return [self.value(child, f"{path}.*" if path else "") for child in value]
        if isinstance(value, str):
            for pattern, plain_text in _INSIDE:
                value = pattern.sub(plain_text, value)
            return value
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("metadata"), dict):
            path = path if path.startswith("spec") else ""
        plain: Json = {}
        if isinstance(value.get("items"), list) and str(value.get("kind", "")).endswith("List"):
            plain["fresh"] = _list_is_fresh(value)
        for key, child in value.items():
            at = f"{path}.{key}" if path else key
            if at in UNMODELLED:
                continue
            plain[key] = self._version(value, child) if key == "resourceVersion" else self.value(child, at)
        return plain

    def _version(self, value: Json, version: str) -> str:
        if version in self._ranks and "uid" in value:
            return f"<version {self._ranks[version]}>"
        return "<a version>" if version.isdigit() else f"<{version}>"


def _list_is_fresh(value: Json) -> bool:
    """Whether a list's version is at least as new as everything in it."""
    newest = max((int(item["metadata"]["resourceVersion"]) for item in value["items"]), default=0)
    return int(value["metadata"]["resourceVersion"]) >= newest
