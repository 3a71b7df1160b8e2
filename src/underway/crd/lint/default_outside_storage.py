"""A default that only a version other than the storage version has.

The API server applies defaults when it reads a request, with the schema of the request's version, and when it reads from etcd,
with the schema of the stored version; never after a conversion. So objects stored without the field lack it in every GET,
LIST and WATCH, though the schema of the version they are read in promises it.
Source: apiextensions-apiserver test/integration/defaulting_test.go; the tutorial's trap a).
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule, scalar


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Defaults of served versions that the storage version, having the field, lacks."""
    storage = definition.storage
    if storage is None:
        return
    for version in definition.versions:
        if version.storage or not version.served:
            continue
        for path, schema in version.fields.items():
            stored = storage.fields.get(path)
            if schema.get("default") is not None and stored is not None and stored.get("default") is None:
                default = scalar(schema["default"])
                yield version.name, path, f"the default {default} is missing in the storage version {storage.name}: reads lack it"


RULE = Rule("default-outside-storage", "error", "give the field the same default in the storage version", look)
