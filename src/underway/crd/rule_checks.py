"""What a CustomResourceDefinition may hold as rules: what they name, their types, and what they can cost at most.

    problems = check_rules(schema, "spec.versions[0].schema.openAPIV3Schema")

Source: apiextensions-apiserver pkg/apis/apiextensions/validation (validation.go, cel_validation.go).
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from underway.cel.declared import Declared
from underway.cel.estimate import estimate
from underway.cel.go_text import quote
from underway.cel.ranges import UNBOUNDED
from underway.crd.problem import Problem
from underway.crd.rule_paths import field_path
from underway.crd.rule_set import Rule, compile_rules
from underway.crd.rule_types import REQUEST_BYTES_MAX, Schema, declared, escape
from underway.crd.rules import go_json

# What a rule may cost at most, counted once for every place where it can run, and all rules of a schema together.
RULE_COST_MAX = 10_000_000
SCHEMA_COST_MAX = 100_000_000
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
)
_BLAMED_MAX = 4
# The fields of a rule in the order of the API type, with what an absent one is there.
_FIELDS: tuple[tuple[str, Any], ...] = (
    ("rule", ""),
    ("message", ""),
    ("messageExpression", ""),
    ("reason", None),
    ("fieldPath", ""),
    ("optionalOldSelf", None),
)


def check_rules(schema: Schema, path: str) -> list[Problem]:
    """Everything that the API server would refuse in the rules of a structural schema; its other faults, and the
    shape of rules, are for `structural` and `schema_checks`, and come first: this takes a schema without them.
    """
    check = _Check()
    check.place(_Place(schema, path, declared(schema, resource=True), 1, ""))
    if check.total > SCHEMA_COST_MAX:
        blame = "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
        check.problems += [Problem(at, "FieldValueForbidden", blame) for _, at in check.expensive]
        name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        check.problems.append(_too_expensive(path, name, check.total, SCHEMA_COST_MAX))
    return check.problems


class _Place(NamedTuple):
    """A place of a schema.

    occurs        how often it can occur at most; None without a limit
    uncorrelated  the path of a list above it whose items have no old values, or ""
    """

    schema: Schema
    path: str
    of: Declared | None
    occurs: int | None
    uncorrelated: str


class _Check:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.total = 0
        self.expensive: list[tuple[int, str]] = []

    def place(self, at: _Place) -> bool:
        """Whether the rules here and below are well formed; only then are they compiled."""
        well_formed = True
        for below in _below(at):
            well_formed = self.place(below) and well_formed
        sources = at.schema.get("x-kubernetes-validations") or ()
        for index, source in enumerate(sources):
            written = str(source.get("fieldPath") or "")
            if written and field_path(written, at.schema) is None:
                self.invalid(f"{at.path}.x-kubernetes-validations[{index}].fieldPath", quote(written), "must be a valid path")
                well_formed = False
        if well_formed and sources and at.of is not None:
            for index, rule in enumerate(compile_rules(sources, at.schema, at.of)):
                self.rule(rule, at, at.of, f"{at.path}.x-kubernetes-validations[{index}]")
        return well_formed

    def rule(self, rule: Rule, at: _Place, of: Declared, path: str) -> None:
        if rule.program is not None:
            # Without a limit above, as often as the smallest such value fits into a request.
            times = REQUEST_BYTES_MAX // (of.bytes_min + 1) if at.occurs is None else at.occurs
            cost = min(estimate(rule.program.node, rule.environment).high * times, UNBOUNDED)
            self.cost(f"{path}.rule", "estimated rule cost", cost)
        if rule.error:
            self.invalid(f"{path}.rule", _json(rule.source), rule.error)
        if rule.message_error:
            self.invalid(f"{path}.messageExpression", _json(rule.source), rule.message_error)
        elif rule.message is not None:
            self.cost(
                f"{path}.messageExpression",
                "estimated messageExpression cost",
                estimate(rule.message.node, rule.environment).high,
            )
        if rule.transition:
            if at.uncorrelated:
                why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {at.uncorrelated}"
                self.invalid(f"{path}.rule", quote(str(rule.source.get("rule"))), why)
        elif rule.source.get("optionalOldSelf") is not None:
            set_to = json.dumps(rule.source["optionalOldSelf"])
            self.invalid(f"{path}.optionalOldSelf", set_to, "may not be set if oldSelf is not used in rule")

    def cost(self, path: str, name: str, cost: int) -> None:
        if cost > RULE_COST_MAX:
            self.problems.append(_too_expensive(path, name, cost, RULE_COST_MAX))
        self.total = min(self.total + cost, UNBOUNDED)
        if cost >= SCHEMA_COST_MAX // 100:
            self.expensive = sorted([*self.expensive, (cost, path)], key=lambda one: -one[0])[:_BLAMED_MAX]

    def invalid(self, path: str, value: str, detail: str) -> None:
        self.problems.append(Problem(path, "FieldValueInvalid", f"Invalid value: {value}: {detail}"))


def _below(at: _Place) -> list[_Place]:
    """The places below, with their types and counts."""
    schema = at.schema
    found: list[_Place] = []
    extra = schema.get("additionalProperties")
    items = schema.get("items")
    element = at.of.element if at.of is not None else None
    if isinstance(extra, Mapping):
        count = _times(at.occurs, schema.get("maxProperties"))
        found.append(_Place(extra, f"{at.path}.additionalProperties", _typed(extra, element), count, at.uncorrelated))
    for name, one in (schema.get("properties") or {}).items():
        hidden = at.uncorrelated or (at.path if schema.get("x-kubernetes-map-type") not in (None, "granular", "atomic") else "")
        written = escape(name)
        known = at.of.fields.get(written) if at.of is not None and at.of.fields is not None and written is not None else None
        count = at.occurs if not isinstance(extra, Mapping) else _times(at.occurs, schema.get("maxProperties"))
        found.append(_Place(one, f"{at.path}.properties[{name}]", _typed(one, known), count, hidden))
    if isinstance(items, Mapping):
        hidden = at.uncorrelated or (at.path if schema.get("x-kubernetes-list-type") != "map" else "")
        count = _times(at.occurs, schema.get("maxItems"))
        found.append(_Place(items, f"{at.path}.items", _typed(items, element), count, hidden))
    return found


def _typed(schema: Schema, known: Declared | None) -> Declared | None:
    return known or declared(schema, resource=bool(schema.get("x-kubernetes-embedded-resource")))


def _times(count: int | None, limit: Any) -> int | None:
    return None if count is None or limit is None else min(count * max(int(limit), 0), UNBOUNDED)


def _json(source: Mapping[str, Any]) -> str:
    """A rule as the error shows it."""
    ordered = {name[0].upper() + name[1:]: source.get(name, otherwise) for name, otherwise in _FIELDS}
    return go_json(ordered)


def _too_expensive(path: str, name: str, cost: int, limit: int) -> Problem:
    factor = cost / limit
    by = "more than 100x" if factor > 100 else (f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x")
    return Problem(path, "FieldValueForbidden", f"Forbidden: {name} exceeds budget by factor of {by} {_ADVICE}")
