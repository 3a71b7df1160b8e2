"""An enum that lacks values which another served version allows: such objects can be read there, and not be updated.

Conversion is not validated: the value arrives as it is, and every later write in the narrower version fails.
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Enums that lack values of the same field in another served version."""
    for one, other in definition.pairs():
        for here, there in ((one, other), (other, one)):
            for path, schema in here.fields.items():
                enum, more = schema.get("enum"), there.fields.get(path, {}).get("enum")
                missing = [value for value in more or () if value not in (enum or ())]
                if enum and missing:
                    names = ", ".join(map(str, missing))
                    yield here.name, path, f"the enum lacks {names}, which {there.name} allows: objects with it cannot be updated"


RULE = Rule("narrower-enum", "warning", "allow the values, or map them in the conversion (EnumMap)", look)
