"""Finitely many requests that stand for all of them.

Hosts: every predicate over hosts is an equality, "*.S" for one label, or "*.S" for one label or more, so each host written down,
one and two labels in front of each S, each S and one foreign host meet every combination. Paths: let s be the longest of the
strings that the predicates compare with and that the path begins with; what holds depends on s alone, and on whether the path is
s or goes on, so s itself and s with something fresh meet every combination. Expressions: words of the product automaton.
"""

import re
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from underway.ingress.equivalence.automata import Automaton, TooComplex, words_of
from underway.ingress.matchers.paths import stripped
from underway.ingress.matchers.request import METHODS, Request
from underway.ingress.matchers.router import Condition, PathAtom

ANY = "*"
COMBINATIONS_MAX = 512  # of methods, headers and parameters for one path
STEPS_MAX = 2_000_000  # of automata for one host, about a second
STEPS_IN_ALL_MAX = 20_000_000  # for all hosts together
_TOKENS = ("zq", "zqz", "qzq7", "zq7q", "q7z7")


class Hosts(NamedTuple):
    """The hosts that stand for all those of one line of the report."""

    label: str
    hosts: tuple[str, ...]


def host_classes(hosts: Iterable[str]) -> list[Hosts]:
    """The hosts to ask for, by the pattern they belong to. hosts: as both sides write them; "" is any.

    Names under .invalid are left out: they never resolve (RFC 6761), and a Gateway that needs one listener takes such a name.
    """
    written = {host for host in hosts if host and not host.startswith("~") and not host.endswith(".invalid")}
    precise = {host for host in written if not host.startswith("*.")}
    suffixes = {host[2:] for host in written if host.startswith("*.")}
    fresh = fresh_token("".join(written))
    found = [Hosts(host, (host,)) for host in sorted(precise)]
    for suffix in sorted(suffixes):
        below = (f"{fresh}.{suffix}", f"{fresh}.{fresh}.{suffix}")
        found.append(Hosts(f"*.{suffix}", below if suffix in precise else (*below, suffix)))
    return [*found, Hosts(ANY, (f"{fresh}.{fresh}-other",))]


def fresh_token(text: str) -> str:
    """A word that stands nowhere in `text`."""
    token = next((token for token in _TOKENS if token not in text), "")
    number = 0
    while not token:
        number += 1
        token = f"zq{number}q" if f"zq{number}q" not in text else ""
    return token


class Paths(NamedTuple):
    """The paths to ask for. exhausted: they stand for all paths; why: why they do not; steps: of automata that were spent."""

    paths: tuple[str, ...]
    exhausted: bool = True
    why: str = ""
    steps: int = 0


def path_classes(atoms: Iterable[PathAtom], steps_max: int = STEPS_MAX) -> Paths:
    """The paths that stand for all that the predicates tell apart. steps_max: of automata, at most."""
    distinct = set(atoms)
    strings = {"/"}
    for atom in distinct:
        if atom.kind == "elements":
            strings |= {stripped(atom.value) or "/", f"{stripped(atom.value)}/"}
        elif atom.kind != "regex":
            strings.add(atom.value)
    fresh = fresh_token("".join(strings))
    paths = dict.fromkeys(path for string in sorted(strings) for path in (string, string + fresh))
    if not any(atom.kind == "regex" for atom in distinct):
        return Paths(tuple(paths))
    return _with_expressions(sorted(distinct), paths, fresh, steps_max)


def _with_expressions(atoms: list[PathAtom], paths: dict[str, None], fresh: str, steps_max: int) -> Paths:
    automata, why = [], ""
    for atom in atoms:
        try:
            automata.append(Automaton(_pattern(atom), atom.ignore_case))
        except TooComplex as error:
            why = f"{atom.value!r}: {error}"
    words = words_of(automata, steps_max)
    if not words.complete:
        why = why or f"the expressions together take more than {steps_max} steps of automata"
    # Words that go on show whether two rewrites keep the same rest of a path.
    for word in words.words:
        paths.update(dict.fromkeys((word, word + fresh, f"{word}/{fresh}")))
    for path in list(paths):
        paths[path.upper()] = None
    return Paths(tuple(path for path in paths if "//" not in path), not why, why, words.steps)


def _pattern(atom: PathAtom) -> str:
    if atom.kind == "regex":
        return atom.value
    literal = re.sub(r"([^A-Za-z0-9/_])", r"\\\1", stripped(atom.value) if atom.kind == "elements" else atom.value)
    return f"^{literal}" + {"exact": "$", "elements": "(/|$)", "string": ""}[atom.kind]


class Requests(NamedTuple):
    """The requests for one path. exhausted, why: as for paths."""

    requests: list[Request]
    exhausted: bool = True
    why: str = ""


def requests_of(base: Request, conditions: Iterable[Condition]) -> Requests:
    """The request with every combination of methods, headers, parameters and cookies that the conditions tell apart."""
    grouped: dict[tuple[str, str], list[Condition]] = {}
    for condition in dict.fromkeys(conditions):
        grouped.setdefault((condition.part, condition.name), []).append(condition)
    if not grouped:
        return Requests([base])
    why = ""
    choices: list[list[tuple[str, str, str | None]]] = []
    for (part, name), listed in grouped.items():
        values, undecided = _values(part, listed)
        why = why or undecided
        choices.append([(part, name, value) for value in values])
    found: list[Request] = []
    for number, combination in enumerate(product(*choices)):
        if number >= COMBINATIONS_MAX:
            why = why or f"more than {COMBINATIONS_MAX} combinations of methods, headers and parameters"
            break
        found.append(_made(base, combination))
    return Requests(found, not why, why)


def _values(part: str, conditions: list[Condition]) -> tuple[list[str | None], str]:
    """The values that stand for all: none, each that is compared with, one that is not, and words of expressions."""
    exact = [condition.value for condition in conditions if not condition.regex]
    if part == "method":
        other = next((method for method in METHODS if method not in exact), "")
        return ([other, *exact] if other else list(exact)), ""
    values: list[str | None] = [None, *exact, fresh_token("".join(exact))]
    patterns = {condition.value for condition in conditions if condition.regex}
    why = ""
    try:
        words = words_of([Automaton(pattern) for pattern in sorted(patterns)], STEPS_MAX, first="", each=1) if patterns else None
    except TooComplex as error:
        words, why = None, f"an expression of a {part}: {error}"
    if words is not None:
        values += words.words
        why = "" if words.complete else f"expressions of a {part} that take more than {STEPS_MAX} steps of automata"
    return list(dict.fromkeys(values)), why


def _made(base: Request, combination: tuple[tuple[str, str, str | None], ...]) -> Request:
    method, headers, query, cookies = base.method, list(base.headers), list(base.query), []
    for part, name, value in combination:
        if value is None:
            continue
        if part == "method":
            method = value
        elif part == "header":
            headers.append((name, value))
        elif part == "query":
            query.append((name, value))
        else:
            cookies.append(f"{name}={value}")
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    return Request(base.host, base.path, base.scheme, method, tuple(headers), tuple(query), base.port)
