"""The Common Expression Language in the Kubernetes dialect: parse, check, cost, evaluate. Pure; `crd` and `rotate` share it.

An expression goes through `parser` (with `tokens`, `macros`), `checker` (`types`, `unify`, `environment`, `declared`),
`validators` and `compiler` (`calls`, `folds`, `access`), and becomes a `program.Program`. `library` holds the functions, one
file each; `estimate` bounds the cost of an expression beforehand.
"""

from underway.cel.environment import Environment
from underway.cel.issue import Problem
from underway.cel.program import Outcome, Program, compile_expression
from underway.cel.types import BOOL, DOUBLE, DYN, INT, STRING, list_of, map_of

__all__ = [
    "BOOL",
    "DOUBLE",
    "DYN",
    "INT",
    "STRING",
    "Environment",
    "Outcome",
    "Problem",
    "Program",
    "compile_expression",
    "list_of",
    "map_of",
]
