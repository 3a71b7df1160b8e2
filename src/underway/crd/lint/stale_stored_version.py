"""status.storedVersions that names old versions: objects in them may be in etcd, and the versions cannot be taken out.

Needs a definition that was read from a cluster. Source: `crd.storage`.
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Stored versions other than the storage version."""
    storage = definition.storage
    for version in definition.stored:
        if storage is not None and version != storage.name:
            yield version, "status.storedVersions", f"objects may still be stored as {version}"


RULE = Rule("stale-stored-version", "warning", "run underway crd migrate", look)
