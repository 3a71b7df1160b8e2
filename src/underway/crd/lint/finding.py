"""Findings over the versions of one definition, and what a rule looks at.

Owns the Finding, the Rule and the picture of a definition that all rules share. Rules know nothing of each other; what
is wrong with one schema alone is `crd.structural`'s.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from underway.crd.conversion import Conversions
from underway.errors import UsageError

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
DEPTH_MAX = 64
FIELDS_MAX = 50_000  # as in crd.conversion.completeness
ROOT = ("apiVersion", "kind", "metadata")


class Finding(msgspec.Struct, frozen=True):
    """One thing that will surprise somebody. version, path: where; remedy: what to do."""

    rule: str
    severity: Severity
    version: str
    path: str
    message: str
    remedy: str


class Version(msgspec.Struct, frozen=True):
    """One version. fields: schema by path ("spec.inputs[].name"; map values are ".*")."""

    name: str
    served: bool
    storage: bool
    fields: dict[str, Mapping[str, Any]]
    columns: tuple[Mapping[str, Any], ...]


class Definition(msgspec.Struct, frozen=True):
    """A definition as rules see it. conversions: None if they were not given."""

    name: str
    kind: str
    strategy: str
    review_versions: tuple[str, ...]
    versions: tuple[Version, ...]
    stored: tuple[str, ...]
    conversions: Conversions | None

    @property
    def storage(self) -> Version | None:
        """The storage version."""
        return next((version for version in self.versions if version.storage), None)

    def pairs(self) -> Iterator[tuple[Version, Version]]:
        """Every two served versions, in the order of the definition."""
        served = [version for version in self.versions if version.served]
        for index, one in enumerate(served):
            for other in served[index + 1 :]:
                yield one, other


class Rule(msgspec.Struct, frozen=True):
    """One rule. look: yields version, path and message of each finding."""

    name: str
    severity: Severity
    remedy: str
    look: Callable[[Definition], Iterator[tuple[str, str, str]]]

    def findings(self, definition: Definition) -> Iterator[Finding]:
        """What the rule finds."""
        for version, path, message in self.look(definition):
            yield Finding(self.name, self.severity, version, path, message, self.remedy)


def definition_of(crd: Mapping[str, Any], conversions: Conversions | None = None) -> Definition:
    """Read a definition. Raises UsageError if it is none."""
    try:
        spec = crd["spec"]
        conversion = spec.get("conversion") or {}
        versions = tuple(
            Version(
                name=one["name"],
                served=bool(one.get("served")),
                storage=bool(one.get("storage")),
                fields=_counted((one.get("schema") or {}).get("openAPIV3Schema") or {}),
                columns=tuple(one.get("additionalPrinterColumns") or ()),
            )
            for one in spec["versions"]
        )
        return Definition(
            name=crd["metadata"]["name"],
            kind=spec["names"]["kind"],
            strategy=conversion.get("strategy", "None"),
            review_versions=tuple((conversion.get("webhook") or {}).get("conversionReviewVersions") or ()),
            versions=versions,
            stored=tuple((crd.get("status") or {}).get("storedVersions") or ()),
            conversions=conversions,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"the CustomResourceDefinition cannot be read: {error!r} is missing or of another type") from None


def _counted(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for path, child in _fields(schema, "", 0):
        found[path] = child
        if len(found) > FIELDS_MAX:
            raise UsageError(f"a schema has more than {FIELDS_MAX} fields")
    return found


def _fields(schema: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if depth > DEPTH_MAX:
        raise UsageError(f"the schema is nested deeper than {DEPTH_MAX} levels at {path!r}")
    for name, child in (schema.get("properties") or {}).items():
        if path or name not in ROOT:
            here = f"{path}.{name}" if path else name
            yield here, child
            yield from _fields(child, here, depth + 1)
    for key, suffix in (("items", "[]"), ("additionalProperties", ".*")):
        inner = schema.get(key)
        if isinstance(inner, Mapping):
            yield f"{path}{suffix}", inner
            yield from _fields(inner, f"{path}{suffix}", depth + 1)


def scalar(value: Any) -> str:
    """A value in a message."""
    return msgspec.json.encode(value).decode()
