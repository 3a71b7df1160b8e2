"""CEL: microseconds an expression over plain data, beside common-expression-language, whose evaluator is written in Rust.

What a call costs is told: Underway evaluates Python values where they lie, the peer takes them over into Rust each time.
"""

import time
from collections.abc import Callable
from typing import Any

import cel

from bench.table import show
from underway.cel.environment import Environment
from underway.cel.issue import Problem
from underway.cel.program import compile_expression
from underway.cel.types import DYN

OBJECT = {
    "replicas": 3,
    "maxReplicas": 5,
    "name": "web",
    "labels": {"app": "web"},
    "items": [{"name": f"i{number}", "value": number} for number in range(20)],
}
EXPRESSIONS = (
    "self.replicas <= self.maxReplicas",
    "has(self.labels.app) && self.labels['app'] in ['web', 'db']",
    "self.name.matches('^[a-z]+$') && size(self.name) <= 63",
    "self.items.all(i, i.value < 100 && i.name.startsWith('i'))",
    "self.items.exists_one(i, i.name == 'i7')",
    "self.items.map(i, i.value).filter(v, v > 5).size() == 14",
    "self.items.all(i, self.items.exists_one(j, j.name == i.name))",
)
FOR_S = 0.2


def microseconds(call: Callable[..., Any], *args: Any) -> float:
    """The best of five rounds."""
    count, best = 0, float("inf")
    begun_s = time.perf_counter()
    while time.perf_counter() - begun_s < FOR_S / 5:
        call(*args)
        count += 1
    for _ in range(5):
        begun_s = time.perf_counter()
        for _ in range(count):
            call(*args)
        best = min(best, (time.perf_counter() - begun_s) / count)
    return best * 1e6


def run() -> None:
    """Print the table."""
    rows = []
    environment = Environment({"self": DYN})
    for text in EXPRESSIONS:
        program = compile_expression(text, environment)
        if isinstance(program, Problem):
            raise SystemExit(str(program))
        peer = cel.compile(text)
        variables = {"self": OBJECT}
        if program.evaluate(variables).value is not True or peer.execute(variables) is not True:
            raise SystemExit(f"{text}: not true")
        ours = microseconds(program.evaluate, variables)
        theirs = microseconds(peer.execute, variables)
        compiling = microseconds(compile_expression, text, environment)
        rows.append((text, f"{ours:.1f}", f"{theirs:.1f}", f"{compiling:.0f}"))
    show("CEL, microseconds", ("expression", "underway", "common-expression-language", "to compile, with types"), rows)
