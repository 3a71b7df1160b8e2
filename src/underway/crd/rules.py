"""Rules run over an object: at every place, with its old value where there is one, within a budget.

    rules = rule_set(schema)                       # once a schema
    verdict = validate_rules(rules, new, old)      # once an object

Source: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go (Validator). The API server runs no rule over an object
that fails its schema in type, limits, enum or a required field; who calls this does the same.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from underway.cel.go_text import format_general, quote
from underway.cel.program import COST_LIMIT, COST_LIMIT_EXCEEDED, Program
from underway.cel.values import NONE, EvalError, Option
from underway.crd.correlation import Correlated, MapList
from underway.crd.problem import NO_PATH, Problem
from underway.crd.rule_set import Rule, RuleSet

# What the rules of one object may cost together, and the longest message of a messageExpression in bytes
# (apiserver pkg/apis/cel/config.go: RuntimeCELCostBudget, MaxEvaluatedMessageExpressionSizeBytes).
BUDGET = 10_000_000
MESSAGE_BYTES_MAX = 5 * 1024
_OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"
_WORDS = {"FieldValueInvalid": "Invalid value", "FieldValueRequired": "Required value", "FieldValueForbidden": "Forbidden"}
_DUPLICATE = "FieldValueDuplicate"


class Verdict(NamedTuple):
    """All errors, the errors that ratcheting let pass, and what is left of the budget (negative: some rules did not run)."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    budget: int


def validate_rules(rules: RuleSet | None, new: Any, old: Any = None, path: str = "", budget: int = BUDGET) -> Verdict:
    """Run the rules of a schema over an object.

    old   the object before, None on create: transition rules run only with it, unless they take it as optional
    path  where the object stands, for the paths of errors
    """
    run = _Run(budget)
    if rules is not None:
        run.place(rules, path, new, old, _Ratchet(None if old is None else Correlated(new, old, rules.schema), None))
    return Verdict(tuple(run.errors), tuple(run.warnings), run.budget)


@dataclass(slots=True, frozen=True)
class _Ratchet:
    """The correlation of this place, and that of the nearest place above that has one."""

    here: Correlated | None
    above: Correlated | None

    def equal(self) -> bool:
        nearest = self.here or self.above
        return nearest is not None and nearest.unchanged

    def key(self, name: str) -> "_Ratchet":
        if self.here is None:
            return self
        if self.above is None and name in ("apiVersion", "kind"):
            return _Ratchet(None, None)  # old and new were converted to the same version: nothing to compare
        return _Ratchet(self.here.key(name), self.here)

    def index(self, place: int) -> "_Ratchet":
        return self if self.here is None else _Ratchet(self.here.index(place), self.here)


class _Run:
    """One object's way through its rules."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def place(self, rules: RuleSet, path: str, new: Any, old: Any, ratchet: _Ratchet) -> None:
        """The rules of one place, then those below; nothing more once the budget is gone."""
        if new is None or self.budget < 0:
            return
        if rules.rules:
            self.expressions(rules, path, new, old, ratchet)
        if isinstance(new, list) and rules.items is not None:
            before = MapList(rules.schema, old)
            for index, item in enumerate(new):
                self.place(rules.items, f"{path}[{index}]", item, before.get(item), ratchet.index(index))
        elif isinstance(new, dict):
            self.fields(rules, path, new, old if isinstance(old, dict) else {}, ratchet)

    def fields(self, rules: RuleSet, path: str, new: dict[str, Any], old: dict[str, Any], ratchet: _Ratchet) -> None:
        for name, value in new.items():
            if rules.additional is not None:
                self.place(rules.additional, f"{path}[{name}]", value, old.get(name), ratchet.key(name))
            below = rules.properties.get(name)
            if below is not None:
                self.place(below, _child(path, name), value, old.get(name), ratchet.key(name))

    def expressions(self, rules: RuleSet, path: str, new: Any, old: Any, ratchet: _Ratchet) -> None:
        kind = str(rules.schema.get("type") or "")
        if self.budget <= 0:
            return self.stop(path, kind, _OUT_OF_BUDGET)
        variables = _variables(rules, new, old)
        for rule in rules.rules:
            if rule.error:
                self.fail(path, kind, f"rule compile error: {rule.error}")
                continue
            if rule.program is None or (rule.transition and old is None and not rule.optional_old):
                continue
            if self.budget < 0 or not self.one(rule, rule.program, variables, path, kind, new, ratchet):
                return None
        return None

    def one(  # the parts of one rule at one place
        self, rule: Rule, program: Program, variables: "_Variables", path: str, kind: str, new: Any, ratchet: _Ratchet
    ) -> bool:
        """Whether the next rule may run."""
        bound = variables.optional if rule.optional_old else variables.strict
        if isinstance(bound, str):
            self.fail(path, kind, f"{bound} evaluating rule: {rule.text}")
            return True
        outcome = program.evaluate(bound, COST_LIMIT)
        if outcome.cost > self.budget:
            self.stop(path, kind, _OUT_OF_BUDGET)
            return False
        self.budget -= outcome.cost
        if outcome.error is not None:
            return self.broken(rule, outcome.error, path, kind)
        if outcome.value is True:
            return True
        at = _child(path, rule.path) if rule.path else path
        detail = ""
        if rule.message is not None:
            said, fatal = self.message(rule, rule.message, bound)
            if fatal:
                self.report(rule, ratchet, _error(at, "FieldValueInvalid", f"Invalid value: {quote(kind)}: {fatal}"))
                self.budget = -1
                return False
            detail = said
        omit = kind in ("object", "array")
        error = _for_reason(at, rule.source.get("reason"), None if omit else new, omit, detail or _default_message(rule))
        self.report(rule, ratchet, error)
        return True

    def broken(self, rule: Rule, error: str, path: str, kind: str) -> bool:
        if error.startswith("no such overload"):
            why = (
                f"'{error}': call arguments did not match a supported operator, function or macro signature for rule: {rule.text}"
            )
            self.fail(path, kind, why)
            return True
        if error == COST_LIMIT_EXCEEDED:
            self.stop(
                path,
                kind,
                f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {rule.text}",
            )
            return False
        self.fail(path, kind, f"{error} evaluating rule: {rule.text}")
        return True

    def message(self, rule: Rule, program: Program, variables: dict[str, Any]) -> tuple[str, str]:
        """What the messageExpression says ("" for nothing usable), and what ends the whole validation."""
        outcome = program.evaluate(variables, COST_LIMIT)
        if outcome.cost > self.budget:
            return (
                "",
                "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
            )
        if outcome.error == COST_LIMIT_EXCEEDED:
            text = quote(str(rule.source.get("messageExpression")))
            return "", f"no further validation rules will be run due to call cost exceeds limit for messageExpression: {text}"
        self.budget -= outcome.cost
        if outcome.error is not None or not isinstance(outcome.value, str):
            return "", ""
        said = outcome.value.strip()
        return ("", "") if len(said.encode()) > MESSAGE_BYTES_MAX or "\n" in said else (said, "")

    def report(self, rule: Rule, ratchet: _Ratchet, error: Problem) -> None:
        """An error; a warning only, where a rule without oldSelf judges what did not change."""
        (self.warnings if not rule.transition and ratchet.equal() else self.errors).append(error)

    def fail(self, path: str, kind: str, detail: str) -> None:
        self.errors.append(_error(path, "FieldValueInvalid", f"Invalid value: {quote(kind)}: {detail}"))

    def stop(self, path: str, kind: str, detail: str) -> None:
        self.fail(path, kind, detail)
        self.budget = -1


class _Variables(NamedTuple):
    """self and oldSelf for rules of both kinds; a text where the data does not fit the schema."""

    strict: dict[str, Any] | str
    optional: dict[str, Any] | str


def _variables(rules: RuleSet, new: Any, old: Any) -> _Variables:
    if rules.declared is None:
        return _Variables("unknown type", "unknown type")
    try:
        current = rules.declared.convert(new)
        if old is None:
            return _Variables({"self": current}, {"self": current, "oldSelf": NONE})
        before = rules.declared.convert(old)
    except EvalError as error:
        return _Variables(str(error), str(error))
    return _Variables({"self": current, "oldSelf": before}, {"self": current, "oldSelf": Option(before)})


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _error(path: str, reason: str, message: str) -> Problem:
    return Problem(path or NO_PATH, reason, message)


def _default_message(rule: Rule) -> str:
    return rule.text if rule.source.get("message") else f"failed rule: {rule.text}"


def _for_reason(path: str, reason: Any, value: Any, omit: bool, detail: str) -> Problem:
    if reason in ("FieldValueForbidden", "FieldValueRequired"):
        return _error(path, reason, f"{_WORDS[reason]}: {detail}")
    if reason == _DUPLICATE:
        return _error(path, reason, "Duplicate value" if omit else f"Duplicate value: {shown(value)}")
    return _error(path, "FieldValueInvalid", f"Invalid value: {detail}" if omit else f"Invalid value: {shown(value)}: {detail}")


def shown(value: Any) -> str:
    """A value as field errors write it (apimachinery util/validation/field, ErrorBody)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, float):
        return format_general(value)
    return go_json(value)


def go_json(value: Any) -> str:
    """JSON as Go writes it: no spaces, and no sign that HTML would take for its own."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda sign: f"\\u{ord(sign.group()):04x}", text)
