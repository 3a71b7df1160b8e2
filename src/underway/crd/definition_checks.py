"""What is wrong with a CustomResourceDefinition, in the API server's words.

Owns the API's rules on a definition; those on each place of a schema are `crd.schema_checks`', whether it is structural is
`crd.structural`'s, whether its defaults are good is `crd.default_checks`'. Source: apiextensions-apiserver
pkg/apis/apiextensions/validation/validation.go.
"""

from collections.abc import Callable, Iterator
from typing import Any

from underway.crd import default_checks, definition_shape, names, structural
from underway.crd.go_values import held
from underway.crd.problem import Problem, child, forbidden, invalid, not_supported, required
from underway.crd.rule_checks import check_rules
from underway.crd.schema_checks import Place, schema_problems

Json = dict[str, Any]
REVIEW_VERSIONS = ("v1", "v1beta1")
COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
AT_ROOT_WITH_STATUS = {
    "description": "Description", "type": "Type", "format": "Format", "title": "Title", "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum", "minimum": "Minimum", "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength", "minLength": "MinLength", "pattern": "Pattern",
    "maxItems": "MaxItems", "minItems": "MinItems", "uniqueItems": "UniqueItems",
    "multipleOf": "MultipleOf", "required": "Required", "items": "Items", "properties": "Properties",
    "externalDocs": "ExternalDocs", "example": "Example", "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}  # fmt: skip
SCALE_PATHS = {
    "specReplicasPath": (".spec.",),
    "statusReplicasPath": (".status.",),
    "labelSelectorPath": (".spec.", ".status."),
}
UNIQUE_NAMES = "must contain unique version names"
ONE_STORAGE = "must have exactly one version marked as storage version"
DEPRECATION_LENGTH_MAX = 256
SCHEMA_DEPTH_MAX = 100  # deeper than any schema that a request of 1.5 MB would hold in earnest; the walk is recursive


def problems(values: Json) -> list[Problem]:
    """What the API server would say to this definition, in the order of its parts."""
    spec = values.get("spec")
    if not isinstance(spec, dict):
        return [required("spec")]
    deep = _too_deep(spec)
    shape = [] if deep else definition_shape.problems(values)
    if shape:
        return shape
    return [deep] if deep else [*_metadata(values, spec), *_spec(held(spec))]


def _too_deep(spec: Json) -> Problem | None:
    """A schema that is nested beyond reason, or that holds itself (which only an anchor in YAML can make it)."""
    for index, version in enumerate(spec.get("versions") or ()):
        held_schema = version.get("schema") if isinstance(version, dict) else None
        schema = held_schema.get("openAPIV3Schema") if isinstance(held_schema, dict) else None
        layer = [schema] if isinstance(schema, dict) else []
        for _ in range(SCHEMA_DEPTH_MAX):
            layer = [part for one in layer for part in structural.parts(one) if isinstance(part, dict)][:10_000]
        if layer:
            why = f"nested more than {SCHEMA_DEPTH_MAX} levels deep, or recursive: a structural schema cannot refer to itself"
            return forbidden(f"spec.versions[{index}].schema.openAPIV3Schema", why)
    return None


def _metadata(values: Json, spec: Json) -> Iterator[Problem]:
    name = (values.get("metadata") or {}).get("name") or ""
    wanted = f"{(spec.get('names') or {}).get('plural', '')}.{spec.get('group', '')}"
    if not name:
        yield required("metadata.name", "name or generateName is required")
        return
    for why in names.subdomain_problems(name):
        yield invalid("metadata.name", name, why)
    if name != wanted:
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _spec(spec: Json) -> Iterator[Problem]:
    group = spec.get("group") or ""
    if not group:
        yield required("spec.group")
    elif why := names.subdomain_problems(group):
        yield invalid("spec.group", group, ",".join(why))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    yield from _one_of("spec.scope", spec.get("scope") or "", ("Cluster", "Namespaced"))
    versions = spec.get("versions") or []
    for index, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema")
    for index, version in enumerate(versions):
        at = f"spec.versions[{index}]"
        if why := names.dns1035_problems(version.get("name") or ""):
            yield invalid(f"{at}.name", version.get("name") or "", ",".join(why))
            if index == 0:  # v1beta1 had a version of its own, which the first one stands for
                yield invalid("spec.version", version.get("name") or "", ",".join(why))
        yield from _deprecation(version, at)
    yield from _parts(versions)
    if len({version.get("name") for version in versions}) != len(versions):
        yield invalid("spec.versions", versions, UNIQUE_NAMES)
    yield from _storage(versions)
    yield from _names(spec.get("names") or {})
    yield from _conversion(spec.get("conversion"))


def _storage(versions: list[Json]) -> Iterator[Problem]:
    """Exactly one version is stored. What status.storedVersions is begun with (the first) has to hold the last such, too."""
    stored = [str(version.get("name") or "") for version in versions if version.get("storage")]
    if len(stored) != 1:
        yield invalid("spec.versions", versions, ONE_STORAGE)
    if not stored:
        yield invalid("status.storedVersions", None, "must have at least one stored version")
    elif stored[-1] != stored[0]:
        yield invalid("status.storedVersions", stored[:1], f"must have the storage version {stored[-1]}")


def _one_of(path: str, value: str, accepted: tuple[str, ...]) -> Iterator[Problem]:
    if not value:
        yield required(path)
    elif value not in accepted:
        yield not_supported(path, value, accepted)


def _names(found: Json) -> Iterator[Problem]:
    for name in ("plural", "singular", "kind", "listKind"):
        # The server fills in the last two and the singular; a file may leave them out.
        if not found.get(name) and name in ("plural", "kind"):
            yield required(f"spec.names.{name}")
    for name in ("plural", "singular"):
        if found.get(name) and (why := names.dns1035_problems(found[name])):
            yield invalid(f"spec.names.{name}", found[name], ",".join(why))
    for name in ("kind", "listKind"):
        if found.get(name) and (why := names.dns1035_problems(found[name].lower())):
            yield invalid(f"spec.names.{name}", found[name], f"may have mixed case, but should otherwise match: {','.join(why)}")
    for name in ("shortNames", "categories"):
        for index, one in enumerate(found.get(name) or ()):
            if why := names.dns1035_problems(one):
                yield invalid(f"spec.names.{name}[{index}]", one, ",".join(why))
    if found.get("kind") and found.get("kind") == found.get("listKind"):
        yield invalid("spec.names.listKind", found["listKind"], "kind and listKind may not be the same")


def _deprecation(version: Json, path: str) -> Iterator[Problem]:
    warning = version.get("deprecationWarning")
    if warning is None:
        return
    if not version.get("deprecated"):
        yield invalid(f"{path}.deprecationWarning", warning, "can only be set for deprecated versions")
    elif len(warning) > DEPRECATION_LENGTH_MAX:
        yield invalid(f"{path}.deprecationWarning", warning, f"must be <= {DEPRECATION_LENGTH_MAX} characters long")
    elif not warning:
        yield invalid(f"{path}.deprecationWarning", warning, "must not be an empty string")


def _parts(versions: list[Json]) -> Iterator[Problem]:
    """Schemas, subresources and columns. What all versions have alike the server knows once, under the name of v1beta1."""
    with_status = [(version.get("subresources") or {}).get("status") is not None for version in versions]
    for name, (top, check) in PARTS.items():
        if versions and all(version.get(name) == versions[0].get(name) for version in versions):
            yield from check(versions[0].get(name), top, any(with_status))
        else:
            for index, version in enumerate(versions):
                yield from check(version.get(name), f"spec.versions[{index}].{name}", with_status[index])


def _validation(validation: Json | None, path: str, with_status: bool) -> Iterator[Problem]:
    schema = (validation or {}).get("openAPIV3Schema")
    if isinstance(schema, dict):
        yield from _schema(schema, child(path, "openAPIV3Schema"), with_status=with_status)


def _columns(columns: list[Json] | None, path: str, _: bool) -> Iterator[Problem]:
    for index, column in enumerate(columns or ()):
        yield from _column(column, f"{path}[{index}]")


def _schema(schema: Json, path: str, *, with_status: bool) -> Iterator[Problem]:
    """A version's schema: shape of the root, structure, defaults, then each place."""
    found = list(_root(schema, path, with_status=with_status))
    unread = structural.unsupported(schema)
    if not unread:
        wrong = structural.problems(schema, path)
        found += wrong or default_checks.problems(schema, path)
    found += schema_problems(schema, path, Place(root=True))
    if unread and not found:
        found.append(invalid(path, "", unread))
    if not found:
        found += check_rules(schema, path)
    yield from found


def _root(schema: Json, path: str, *, with_status: bool) -> Iterator[Problem]:
    if with_status:
        for name, value in schema.items():
            if value in (None, "", [], {}, False):
                continue
            if name == "type" and value != "object":
                why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(child(path, "type"), value, why)
            elif name not in AT_ROOT_WITH_STATUS:
                listed = f"[{' '.join(AT_ROOT_WITH_STATUS.values())}]"
                why = f"only {listed} fields are allowed at the root of the schema if the status subresource is enabled"
                yield invalid(path, schema, why)
                break
    if schema.get("nullable"):
        yield forbidden(child(path, "nullable"), "nullable cannot be true at the root")


def _subresources(subresources: Json | None, path: str, _: bool) -> Iterator[Problem]:
    scale = (subresources or {}).get("scale")
    if scale is None:
        return
    for name, roots in SCALE_PATHS.items():
        value, at = scale.get(name) or "", f"{path}.scale.{name}"
        if not value:
            if name != "labelSelectorPath":
                yield required(at)
        elif not value.startswith("."):
            yield invalid(at, value, "must be a simple json path starting with .")
        elif not value.startswith(roots):
            either = "either .spec or .status" if len(roots) > 1 else roots[0].rstrip(".")
            yield invalid(at, value, f"should be a json path under {either}")


def _column(column: Json, path: str) -> Iterator[Problem]:
    if not column.get("name"):
        yield required(f"{path}.name")
    type_, format_, json_path = (column.get(name) or "" for name in ("type", "format", "jsonPath"))
    if type_ not in COLUMN_TYPES:
        why = f"must be one of {','.join(COLUMN_TYPES)}"
        yield invalid(f"{path}.type", type_, why) if type_ else required(f"{path}.type", why)
    if format_ and format_ not in COLUMN_FORMATS:
        yield invalid(f"{path}.format", format_, f"must be one of {','.join(COLUMN_FORMATS)}")
    if not json_path:
        yield required(f"{path}.JSONPath")
    elif not json_path.startswith("."):
        yield invalid(f"{path}.JSONPath", json_path, "must be a simple json path starting with .")


def _conversion(conversion: Json | None) -> Iterator[Problem]:
    if conversion is None:
        return
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook")
    yield from _one_of("spec.conversion.strategy", strategy, ("None", "Webhook"))
    config = (webhook or {}).get("clientConfig")
    versions = (webhook or {}).get("conversionReviewVersions") or []
    if strategy != "Webhook":
        if config is not None:
            yield forbidden("spec.conversion.webhookClientConfig", "should not be set when strategy is not set to Webhook")
        if versions:
            yield forbidden("spec.conversion.conversionReviewVersions", "should not be set when strategy is not set to Webhook")
        return
    if config is None:
        yield required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook")
    elif (config.get("url") is None) == (config.get("service") is None):
        yield required("spec.conversion.webhookClientConfig", "exactly one of url or service is required")
    if not versions:
        yield required("spec.conversion.conversionReviewVersions")
    elif not set(versions) & set(REVIEW_VERSIONS):
        why = f"must include at least one of {', '.join(REVIEW_VERSIONS)}"
        yield invalid("spec.conversion.conversionReviewVersions", versions, why)


# The parts of a version: where they stand if all versions have the same, and what checks them. Source: apiextensions/v1
# conversion.go.
PARTS: dict[str, tuple[str, Callable[[Any, str, bool], Iterator[Problem]]]] = {
    "schema": ("spec.validation", _validation),
    "subresources": ("spec.subresources", _subresources),
    "additionalPrinterColumns": ("spec.additionalPrinterColumns", _columns),
}


def in_file(path: str) -> str:
    """Where in a v1 definition that stands which a path of a problem speaks of."""
    if path == "spec.version":
        return "spec.versions[0].name"
    for name, (top, _) in PARTS.items():
        if path == top or path.startswith((f"{top}.", f"{top}[")):
            return f"spec.versions[0].{name}{path.removeprefix(top)}"
    return path
