"""Versions that need a conversion and have none: a type that changed under strategy None, a version without a spoke.

With strategy None the API server shows the value of one type where the schema promises another; clients with typed decoders
then fail on the whole list.
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Types that differ without a webhook; versions that the conversions, if given, do not have."""
    if definition.strategy == "None":
        for one, other in definition.pairs():
            for path, schema in one.fields.items():
                first, second = schema.get("type"), other.fields.get(path, schema).get("type")
                if first != second:
                    yield (
                        other.name,
                        path,
                        f"the type is {second}, and {first} in {one.name}; with strategy None nothing converts",
                    )
    if definition.conversions is not None:
        known = definition.conversions.versions.order
        for version in definition.versions:
            if version.name not in known:
                yield version.name, "", "the conversions do not have this version: it has no spoke"


RULE = Rule("missing-conversion", "error", "set spec.conversion.strategy: Webhook, and declare a spoke for every version", look)
