"""An expression ready to run: the door of this package.

program = compile_expression("self.replicas <= 5", Environment({"self": DYN}))
if isinstance(program, Problem): print(program)            # the line and a caret
else: print(program.evaluate({"self": {"replicas": 3}}).value)
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from underway.cel.checker import check
from underway.cel.code import Frame, Run, Uncompilable
from underway.cel.compiler import Compiler
from underway.cel.environment import Environment
from underway.cel.issue import Issue, Problem
from underway.cel.parser import DEPTH_MAX, parse
from underway.cel.syntax import Node
from underway.cel.types import Type
from underway.cel.validators import validate
from underway.cel.values import CostExceeded, EvalError

# What one expression may cost (apiserver pkg/apis/cel/config.go, PerCallLimit): about a tenth of a second there.
COST_LIMIT = 1_000_000
COST_LIMIT_EXCEEDED = "operation cancelled: actual cost limit exceeded"


class Outcome(NamedTuple):
    """What came of an evaluation: a value, or an error in cel-go's words; and what it cost."""

    value: Any
    error: str | None
    cost: int


class Program:
    """A compiled expression: its text, its tree with types, the type of its value, the variables it reads."""

    __slots__ = ("_names", "_run", "_slots", "node", "reads", "text")

    def __init__(self, text: str, node: Node, run: Run, compiler: Compiler) -> None:
        self.text = text
        self.node = node
        self.reads = frozenset(compiler.reads)
        self._run = run
        self._names = tuple((name, slot) for name, slot in compiler.variables.items() if name in compiler.reads)
        self._slots = compiler.slots

    @property
    def type(self) -> Type:
        """The type of the value, as far as it is known before."""
        return self.node.type

    def evaluate(self, variables: Mapping[str, Any], cost_limit: int = COST_LIMIT) -> Outcome:
        """The value of the expression under these values of its variables (by name; those it does not read may be left out)."""
        frame: Frame = [0, cost_limit] + [None] * (self._slots - 2)
        value: Any = None
        error: str | None = None
        try:
            for name, slot in self._names:
                if name not in variables:
                    return Outcome(None, f"no such attribute(s): {name}", 0)
                frame[slot] = variables[name]
            value = self._run(frame)
        except EvalError as failed:
            error = str(failed)
        except CostExceeded:
            frame[0] = max(frame[0], cost_limit + 1)
        except RecursionError:
            error = f"expression recursion limit exceeded: {DEPTH_MAX}"
        if frame[0] > cost_limit:
            return Outcome(None, COST_LIMIT_EXCEEDED, frame[0])
        return Outcome(value, error, frame[0])


def compile_expression(text: str, environment: Environment) -> Program | Problem:
    """The program of an expression, or what is wrong with it."""
    node, issues = parse(text)
    if node is None:
        return Problem(text, tuple(issues))
    try:
        issues = check(node, environment) or validate(node)
        if issues:
            return Problem(text, tuple(issues))
        compiler = Compiler(environment)
        return Program(text, node, compiler.code(node).run, compiler)
    except Uncompilable as refused:
        return Problem(text, (Issue(-1, f"program instantiation failed: {refused}"),))
    except RecursionError:
        return Problem(text, (Issue(-1, f"expression recursion limit exceeded: {DEPTH_MAX}"),))
