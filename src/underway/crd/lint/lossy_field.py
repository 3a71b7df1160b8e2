"""A field that another served version does not have, where nothing converts: the API server prunes it.

With strategy None the API server writes another apiVersion and prunes with the schema of the version that was asked for. A
client that reads in one version and writes back takes the other version's fields away.
Source: apiextensions-apiserver pkg/apiserver/conversion/nop_converter.go, pkg/apiserver/schema/pruning.
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule, Version


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Fields that one of two served versions lacks; only the topmost of a branch."""
    if definition.strategy != "None":
        return
    for one, other in definition.pairs():
        for here, there in ((one, other), (other, one)):
            for path in _alone(here, there):
                yield here.name, path, f"{there.name} does not have it: who reads and writes {there.name} loses it"


def _alone(here: Version, there: Version) -> Iterator[str]:
    for path in here.fields:
        parent = path.rpartition(".")[0] if not path.endswith("[]") else path[:-2]
        known = parent == "" or parent.removesuffix(".*") in there.fields or parent in there.fields
        kept = parent in there.fields and there.fields[parent].get("x-kubernetes-preserve-unknown-fields")
        if path not in there.fields and known and not kept:
            yield path


RULE = Rule("lossy-field", "error", "declare conversions that keep the field (underway.crd.conversion), or add it to both", look)
