"""The rules of a schema (x-kubernetes-validations), compiled: a tree of the same shape as the schema, where it has rules.

Owns how a rule becomes programs; running them is in `rules`, what a CustomResourceDefinition may hold in `rule_checks`.
Source: apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go and validation.go (NewValidator).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from underway.cel.declared import Declared
from underway.cel.environment import Environment
from underway.cel.issue import Problem
from underway.cel.program import Program, compile_expression
from underway.cel.types import BOOL, STRING, Type
from underway.crd.rule_paths import field_path
from underway.crd.rule_types import Schema, declared, escape

_SELF, _OLD = "self", "oldSelf"


@dataclass(slots=True, frozen=True)
class Rule:
    """One rule. A program is None where the expression did not compile: `error` and `message_error` say why.

    transition  whether it reads oldSelf
    path        its fieldPath as errors write it, or ""
    """

    source: Mapping[str, Any]
    environment: Environment
    program: Program | None
    error: str = ""
    message: Program | None = None
    message_error: str = ""
    path: str = ""

    @property
    def transition(self) -> bool:
        """Whether the rule compares with the old value."""
        return self.program is not None and _OLD in self.program.reads

    @property
    def optional_old(self) -> bool:
        """Whether oldSelf is an optional value, so that the rule runs on create as well."""
        return bool(self.source.get("optionalOldSelf"))

    @property
    def text(self) -> str:
        """How errors name the rule: its message, or the rule itself."""
        return str(self.source.get("message") or self.source.get("rule") or "").strip()


@dataclass(slots=True, frozen=True)
class RuleSet:
    """The rules of one place of a schema and of the places below it."""

    schema: Schema
    declared: Declared | None
    rules: tuple[Rule, ...]
    properties: "dict[str, RuleSet]" = field(default_factory=dict)
    additional: "RuleSet | None" = None
    items: "RuleSet | None" = None


def rule_set(schema: Schema, *, resource: bool = True) -> RuleSet | None:
    """The compiled rules of a structural schema, or None if it has none.

    resource: whether the schema is that of a whole resource, whose metadata every rule may read.
    """
    return _set(schema, declared(schema, resource=resource)) if has_rules(schema) else None


def has_rules(schema: Schema) -> bool:
    """Whether there is a rule anywhere on the spine of the schema."""
    if schema.get("x-kubernetes-validations"):
        return True
    below = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(has_rules(one) for one in below if isinstance(one, Mapping))


def _set(schema: Schema, of: Declared | None) -> RuleSet | None:
    sources = schema.get("x-kubernetes-validations") or ()
    rules = compile_rules(sources, schema, of) if of is not None else ()
    element = of.element if of is not None else None
    items, additional = (_below(schema.get(name), element) for name in ("items", "additionalProperties"))
    properties: dict[str, RuleSet] = {}
    for name, one in (schema.get("properties") or {}).items():
        found = _below(one, _field(of, name, one)) if of is not None else None
        if found is not None:
            properties[name] = found
    if not (rules or items or additional or properties):
        return None
    return RuleSet(schema, of, rules, properties, additional, items)


def _below(schema: object, of: Declared | None) -> RuleSet | None:
    return _set(schema, of) if isinstance(schema, Mapping) else None


def _field(of: Declared, name: str, schema: Schema) -> Declared | None:
    """The type of a property; one whose name expressions cannot write has a type as well."""
    written = escape(name)
    if written is None:
        return declared(schema, resource=bool(schema.get("x-kubernetes-embedded-resource")))
    return of.fields.get(written) if of.fields is not None else None


def compile_rules(sources: Any, schema: Schema, of: Declared) -> tuple[Rule, ...]:
    """The rules of one place, in their order."""
    named = of.named("selfType")
    both = {_SELF: named, _OLD: named}
    strict, optional = Environment(both), Environment(both, optional=frozenset((_OLD,)))
    return tuple(_rule(source, schema, optional if source.get("optionalOldSelf") else strict) for source in sources)


def _rule(source: Mapping[str, Any], schema: Schema, environment: Environment) -> Rule:
    text = str(source.get("rule") or "")
    if not text.strip():
        return Rule(source, environment, None)
    program, why = _program(text, environment, BOOL, "compilation failed", "cel expression must evaluate to a bool")
    if program is None:
        return Rule(source, environment, None, error=why)
    message: Program | None = None
    message_error = ""
    written = str(source.get("messageExpression") or "")
    if written:
        wrong = "messageExpression must evaluate to a string"
        message, message_error = _program(written, environment, STRING, "messageExpression compilation failed", wrong)
    path = field_path(str(source["fieldPath"]), schema) if source.get("fieldPath") else None
    return Rule(source, environment, program, message=message, message_error=message_error, path=path or "")


def _program(text: str, environment: Environment, wanted: Type, failed: str, wrong: str) -> tuple[Program | None, str]:
    """The program, or why there is none, in the API server's words."""
    found = compile_expression(text, environment)
    if isinstance(found, Problem):
        bare = len(found.issues) == 1 and found.issues[0].message.startswith("program instantiation failed")
        return None, found.issues[0].message if bare else f"{failed}: {found}"
    return (found, "") if found.type == wanted else (None, wrong)
