"""Printer columns that one version lacks, or that show a field which the version does not have: kubectl get goes blank.

Columns belong to a version; the one that kubectl prefers decides what people see. Source: "Additional printer columns".
"""

import re
from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule, Version

SIMPLE = re.compile(r"\.?[A-Za-z0-9_.\[\]*]+")


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Served versions without columns beside others with them; columns of fields that are not there."""
    served = [version for version in definition.versions if version.served]
    having = [version.name for version in served if version.columns]
    for version in served:
        if not version.columns and having:
            yield version.name, "additionalPrinterColumns", f"has none, though {', '.join(having)} has: kubectl shows Age alone"
        for column in version.columns:
            path = str(column.get("jsonPath", ""))
            if SIMPLE.fullmatch(path) and not _exists(version, path):
                name = column.get("name")
                yield version.name, "additionalPrinterColumns", f"column {name} shows {path}, which {version.name} does not have"


def _exists(version: Version, path: str) -> bool:
    plain = re.sub(r"\[[*0-9]*\]", "[]", path.strip("."))
    if plain.split(".")[0].removesuffix("[]") in ("metadata", "apiVersion", "kind"):
        return True
    while plain:
        schema = version.fields.get(plain)
        if schema is not None:
            exact = plain == re.sub(r"\[[*0-9]*\]", "[]", path.strip("."))
            return exact or bool(schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties"))
        plain = plain.rpartition(".")[0]
    return False


RULE = Rule("printer-columns", "info", "give every served version columns of its own fields", look)
