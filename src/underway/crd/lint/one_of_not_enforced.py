"""Members of a one-of that the schema lets be set together, or not at all: a conversion can show only one.

Which fields are members is known from the conversions (Union), or from a description that says so. They are enforced by oneOf
over them, or by a CEL rule that names them all. Source: "Unions" in the API conventions; the tutorial's trap d).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from underway.crd.lint.finding import Definition, Rule, Version

SAYS_SO = re.compile(r"\b(exactly|only|at most) one of\b", re.IGNORECASE)


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Objects whose members nothing keeps apart."""
    for version in definition.versions:
        seen = set()
        for parent, members in (*_declared(definition, version), *_described(version)):
            schema = version.fields.get(parent)
            if schema is None or parent in seen or _enforced(schema, members):
                continue
            seen.add(parent)
            yield version.name, parent, f"{', '.join(members)} are one of, and nothing keeps them apart"


def _declared(definition: Definition, version: Version) -> Iterator[tuple[str, tuple[str, ...]]]:
    conversions = definition.conversions
    if conversions is None or conversions.hub != version.name:
        return
    for spoke in conversions.spokes:
        for move in spoke.moves:
            for group in move.explains().hub_together:
                parents = {path.rpartition(".")[0] for path in group}
                if len(parents) == 1 and len(group) > 1 and not _joined(move):
                    yield parents.pop(), tuple(path.rpartition(".")[2] for path in group)


def _joined(move: Any) -> bool:
    """The parts of a Split belong together; they are no one-of."""
    return type(move).__name__ == "Split"


def _described(version: Version) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, schema in version.fields.items():
        members = tuple(name for name in (schema.get("properties") or {}) if name not in (schema.get("required") or ()))
        if len(members) > 1 and SAYS_SO.search(str(schema.get("description", ""))):
            yield path, members


def _enforced(schema: Mapping[str, Any], members: tuple[str, ...]) -> bool:
    branches = schema.get("oneOf") or ()
    required = {name for branch in branches for name in branch.get("required") or ()}
    if required and set(members) <= required:
        return True
    rules = [str(one.get("rule", "")) for one in schema.get("x-kubernetes-validations") or ()]
    return any(all(re.search(rf"self\.{re.escape(member)}\b", rule) for member in members) for rule in rules)


RULE = Rule("one-of-not-enforced", "warning", "add a rule such as [has(self.a), has(self.b)].exists_one(set, set)", look)
