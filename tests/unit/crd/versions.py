"""Small CustomResourceDefinitions for tests: schemas by version name, written as short as they are read."""

from typing import Any

GROUP = "tests.underway.dev"


def crd(hub: str, **schemas: Any) -> dict[str, Any]:
    """A definition of kind Thing; each keyword is a version and the schema of its spec's properties."""
    versions = [
        {
            "name": name,
            "served": True,
            "storage": name == hub,
            "schema": {
                "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
            },
        }
        for name, properties in schemas.items()
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{GROUP}"},
        "spec": {"group": GROUP, "names": {"kind": "Thing", "plural": "things"}, "scope": "Namespaced", "versions": versions},
    }


def thing(version: str, spec: Any, **metadata: Any) -> dict[str, Any]:
    """An object of that kind."""
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": "Thing",
        "metadata": {"name": "one", "namespace": "here", **metadata},
        "spec": spec,
    }


STRING = {"type": "string"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}


def listed(properties: dict[str, Any]) -> dict[str, Any]:
    """A list of objects."""
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def of(properties: dict[str, Any]) -> dict[str, Any]:
    """An object."""
    return {"type": "object", "properties": properties}


def without_rules(definition: Any) -> Any:
    """A definition as it was before it had rules in CEL: objects from then are still stored."""
    if isinstance(definition, dict):
        return {key: without_rules(child) for key, child in definition.items() if key != "x-kubernetes-validations"}
    return [without_rules(child) for child in definition] if isinstance(definition, list) else definition
