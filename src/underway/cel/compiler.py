"""From a checked tree to closures. Owns how each node is evaluated and what it costs; `folds` has loops, `calls` calls.

Sources: cel-go interpreter/planner.go, interpretable.go, attributes.go and runtimecost.go.
"""

from math import ceil
from typing import Any

from underway.cel import folds
from underway.cel.access import has, index, index_optional, select, select_optional
from underway.cel.calls import call, equality_cost
from underway.cel.code import FIRST_SLOT, Code, Frame, Run, Uncompilable, constant, plain
from underway.cel.environment import TYPE_IDENTS, Environment
from underway.cel.relation import equal
from underway.cel.syntax import Call, Comprehension, Ident, ListLiteral, Literal, MapLiteral, Node, Select
from underway.cel.values import NONE, EvalError, Option, TypeValue, type_name

_LIST_COST, _MAP_COST = 10, 30  # cel-go common/cost.go: ListCreateBaseCost, MapCreateBaseCost


class Compiler:
    """Compiles one expression. `slots` is the length of the frame it needs; `reads` are the variables it may read."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.scopes: list[dict[str, int | Run]] = []
        self.variables = {name: FIRST_SLOT + place for place, name in enumerate(environment.variables)}
        self.slots = FIRST_SLOT + len(self.variables)
        self.reads: set[str] = set()

    def code(self, node: Node) -> Code:
        """The code of a node. Raises Uncompilable."""
        if isinstance(node, Literal):
            return constant(node.value)
        if isinstance(node, Ident):
            return self.named(node.name)
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Call):
            return self.call(node)
        if isinstance(node, ListLiteral):
            return self.list_literal(node)
        if isinstance(node, MapLiteral):
            return self.map_literal(node)
        if isinstance(node, Comprehension):
            return self.comprehension(node)
        raise Uncompilable(f"unsupported expression at {node.at}")

    def named(self, written: str) -> Code:
        """A variable or a type."""
        name = written.removeprefix(".")
        for scope in reversed(self.scopes) if name == written else ():
            place = scope.get(name)
            if isinstance(place, int):
                return _variable(place)
            if place is not None:
                return folds.local(place, scope["slot"])  # type: ignore[arg-type]  # a bound variable has its slot beside it
        if name in self.variables:
            self.reads.add(name)
            return _variable(self.variables[name])
        if name in TYPE_IDENTS:
            return constant(TypeValue(name))
        raise Uncompilable(f"reference to undefined type: {name}")

    def select(self, node: Select) -> Code:
        """operand.name, or has(operand.name)."""
        if node.qualified:
            return self.named(node.qualified)
        operand, name = self.code(node.operand), node.name
        if node.test:
            return _presence(operand, name)
        run, bare = operand.run, operand.bare
        root = 1 if operand.chain else 2  # what a selection from a call's result costs beside the call

        def whole(frame: Frame) -> Any:
            value = select(run(frame), name)
            frame[0] += root
            return value

        def without_root(frame: Frame) -> Any:
            value = select(bare(frame), name)
            frame[0] += 1
            return value

        return Code(whole, without_root, chain=True)

    def call(self, node: Call) -> Code:
        """A call, or an operator."""
        name = node.function
        if name in ("_&&_", "_||_"):
            return _logic([self.code(arg).run for arg in node.args], decides=name == "_||_")
        parts = ([node.target] if node.target is not None else []) + node.args
        args = [self.code(part) for part in parts]
        if name == "_?_:_":
            return _conditional(*args)
        if name in ("_==_", "_!=_"):
            return _equality(args[0].run, args[1].run, negated=name == "_!=_")
        if name == "_[_]":
            return _index(args[0], args[1])
        if name in ("_[?_]", "_?._"):
            return _optional_step(args[0], args[1], field=name == "_?._")
        if name in ("or", "orValue") and node.overloads[0].startswith("optional_"):
            return _optional_or(args[0].run, args[1].run, unwrap=name == "orValue")
        found = self.environment.function(name)
        if found is None:
            raise Uncompilable(f"no such overload: {name}")
        return call(node, found, args)

    def list_literal(self, node: ListLiteral) -> Code:
        """[a, ?b]."""
        codes = [self.code(element) for element in node.elements]
        if all(code.constant for code in codes) and not node.optional:
            return constant([code.value for code in codes])
        runs = [(code.run, place in node.optional) for place, code in enumerate(codes)]

        def run(frame: Frame) -> list[Any]:
            found: list[Any] = []
            for element, optional in runs:
                value = element(frame)
                if not optional:
                    found.append(value)
                elif type(value) is not Option:
                    raise EvalError(f"cannot initialize optional list element from non-optional value of type {type_name(value)}")
                elif value is not NONE:
                    found.append(value.value)
            frame[0] += _LIST_COST
            return found

        return plain(run)

    def map_literal(self, node: MapLiteral) -> Code:
        """{key: value}."""
        codes = [(self.code(entry.key), self.code(entry.value), entry.optional) for entry in node.entries]
        if all(key.constant and value.constant and not optional for key, value, optional in codes):
            return constant({key.value: value.value for key, value, _ in codes})
        runs = [(key.run, value.run, optional) for key, value, optional in codes]

        def run(frame: Frame) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for read_key, read_value, optional in runs:
                key, value = read_key(frame), read_value(frame)
                if isinstance(key, list | dict):
                    raise EvalError(f"unsupported key type: {type_name(key)}")
                if not optional:
                    found[key] = value
                elif type(value) is not Option:
                    raise EvalError(
                        f"cannot initialize optional entry '{key}' from non-optional value of type {type_name(value)}"
                    )
                elif value is NONE:
                    found.pop(key, None)
                else:
                    found[key] = value.value
            frame[0] += _MAP_COST
            return found

        return plain(run)

    def comprehension(self, node: Comprehension) -> Code:
        """A loop, or a local variable."""
        slot = self.slots
        self.slots += 2
        if node.shape == "bind":
            value = self.code(node.start).run
            self.scopes.append({node.accumulator: value, "slot": slot})
            result = self.code(node.result)
            self.scopes.pop()
            return folds.bound(result, slot)
        over = self.code(node.range).run
        pairs = bool(node.second)
        self.scopes.append({node.variable: slot, **({node.second: slot + 1} if pairs else {})})
        code = self.fold(node, over, slot, pairs=pairs)
        self.scopes.pop()
        return code

    def fold(self, node: Comprehension, over: Run, slot: int, *, pairs: bool) -> Code:
        """The loop itself; the parts of interest stand where the macro put them."""
        step = node.step
        if not isinstance(step, Call):
            raise Uncompilable("a loop steps by a call")
        if node.shape in ("all", "exists"):
            return folds.quantifier(over, self.code(step.args[1]).run, slot, pairs=pairs, stop=node.shape == "exists")
        if node.shape == "exists_one":
            return folds.exists_one(over, self.code(step.args[0]).run, slot, pairs=pairs)
        keep: Run | None = None
        if step.function == "_?_:_":
            keep = self.code(step.args[0]).run
            inner = step.args[1]
            step = inner if isinstance(inner, Call) else step
        made = step.args[-1]
        if isinstance(made, ListLiteral) and node.shape == "list":
            return folds.collect(over, keep, self.code(made.elements[0]), slot, pairs=pairs)
        return folds.collect_map(over, keep, self.code(made).run, slot, entries=len(step.args) == 2)


def _variable(slot: int) -> Code:
    def run(frame: Frame) -> Any:
        frame[0] += 1
        return frame[slot]

    def bare(frame: Frame) -> Any:
        return frame[slot]

    return Code(run, bare, chain=True)


def _presence(operand: Code, name: str) -> Code:
    of = operand.bare

    def run(frame: Frame) -> bool:
        found = has(of(frame), name)
        frame[0] += 1
        return found

    return plain(run)


def _logic(terms: list[Run], *, decides: bool) -> Code:
    """&& (decides=False) and ||: the first term that decides ends it; an error counts only if none does."""

    def run(frame: Frame) -> Any:
        failure: EvalError | None = None
        for term in terms:
            try:
                value = term(frame)
            except EvalError as error:
                failure = failure or error
                continue
            if value is decides:
                return decides
            if value is not (not decides):
                failure = failure or EvalError("no such overload")
        if failure is not None:
            raise failure
        return not decides

    return plain(run)


def _conditional(condition: Code, yes: Code, no: Code) -> Code:
    asked, run_yes, run_no = condition.run, yes.bare, no.bare

    def run(frame: Frame) -> Any:
        value = asked(frame)
        if value is True:
            return run_yes(frame)
        if value is False:
            return run_no(frame)
        raise EvalError("no such overload")

    return Code(run, run, chain=True)


def _equality(left: Run, right: Run, *, negated: bool) -> Code:
    def run(frame: Frame) -> bool:
        one, other = left(frame), right(frame)
        if type(one) is str and type(other) is str:  # by far the most frequent, and the same as below
            frame[0] += ceil(min(len(one), len(other)) * 0.1)
            return (one == other) is not negated
        frame[0] += equality_cost(one, other)
        same: bool = equal(one, other)
        return same != negated

    return plain(run)


def _index(operand: Code, key: Code) -> Code:
    run, bare, read_key = operand.run, operand.bare, key.bare
    root = 1 if operand.chain else 2

    def whole(frame: Frame) -> Any:
        value = index(run(frame), read_key(frame))
        frame[0] += root
        return value

    def without_root(frame: Frame) -> Any:
        value = index(bare(frame), read_key(frame))
        frame[0] += 1
        return value

    return Code(whole, without_root, chain=True)


def _optional_step(operand: Code, key: Code, *, field: bool) -> Code:
    """value.?name and value[?key]: a step that is not taken costs nothing."""
    run, bare, read_key = operand.run, operand.bare, key.bare
    step: Any = select_optional if field else index_optional
    root = 0 if operand.chain else 1

    def whole(frame: Frame) -> Option:
        found: Option = step(run(frame), read_key(frame))
        frame[0] += root + (found is not NONE)
        return found

    def without_root(frame: Frame) -> Option:
        found: Option = step(bare(frame), read_key(frame))
        frame[0] += found is not NONE
        return found

    return Code(whole, without_root, chain=True)


def _optional_or(left: Run, right: Run, *, unwrap: bool) -> Code:
    def run(frame: Frame) -> Any:
        value = left(frame)
        if type(value) is not Option:
            raise EvalError("no such overload")
        if value is NONE:
            return right(frame)
        return value.value if unwrap else value

    return plain(run)
