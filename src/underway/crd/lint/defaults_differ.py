"""Two versions that give the same field different defaults: what an object means depends on who created it.

Source: API conventions, "Defaulting"; "Versions in CustomResourceDefinitions".
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule, scalar


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Fields with a default in two served versions, and not the same."""
    for one, other in definition.pairs():
        for path, schema in one.fields.items():
            first, second = schema.get("default"), other.fields.get(path, {}).get("default")
            if first is not None and second is not None and first != second:
                yield other.name, path, f"the default is {scalar(second)}, and {scalar(first)} in {one.name}"


RULE = Rule("defaults-differ", "warning", "give the field one default, or set it in the conversion", look)
