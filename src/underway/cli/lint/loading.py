"""Where rules come from: our own, those of installed packages (entry points), those of files (--rules).

One that cannot be loaded is named and left out; the others run.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from underway.errors import UsageError
from underway.lint.picture import Skipped
from underway.lint.rule import Rule
from underway.lint.rules import RULES

F = TypeVar("F", bound=Callable[..., Any])
ENTRY_POINTS = "underway.lint.rules"


class Loaded(msgspec.Struct, frozen=True):
    """The rules there are, and what could not be loaded."""

    rules: tuple[Rule, ...]
    broken: tuple[Skipped, ...] = ()


def rules_option(function: F) -> F:
    """--rules FILE."""
    return click.option(
        "--rules", "rule_files", multiple=True, metavar="FILE", help="A Python file with rules of your own: RULES = (...)."
    )(function)


def rules_from(files: Iterable[str]) -> Loaded:
    """All rules. Raises UsageError for a file that is not there."""
    from importlib.metadata import entry_points

    rules, broken = list(RULES), []
    sources: list[tuple[str, Callable[[], Any]]] = [
        (f"entry point {point.name} ({point.value})", point.load) for point in entry_points(group=ENTRY_POINTS)
    ]
    for file in files:
        if not Path(file).is_file():
            raise UsageError(f"--rules {file}: there is no such file")
        sources.append((file, lambda file=file: _module(file)))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    for source, load in sources:
        try:
            rules += _checked(load(), {rule.name for rule in rules})
        except (Exception, SystemExit) as error:  # noqa: BLE001  # anybody's code runs here; it must not take the others with it
            broken.append(Skipped("Rule", f"{source} cannot be loaded: {type(error).__name__}: {error}"))
    return Loaded(tuple(rules), tuple(broken))


def _module(file: str) -> Any:
    import runpy

    values = runpy.run_path(file)
    if "RULES" not in values:
        raise ValueError("it defines no RULES; end it with RULES = (my_rule,)")
    return values["RULES"]


def _checked(given: Any, known: set[str]) -> list[Rule]:
    """The rules in what a plug-in gives: a Rule, or several. Raises ValueError."""
    found = [given] if isinstance(given, Rule) else list(given)
    for rule in found:
        if not isinstance(rule, Rule):
            raise ValueError(f"{rule!r} is no underway.lint.rule.Rule")  # noqa: TRY004  # reported, not raised to a caller
        if rule.name in known:
            raise ValueError(f"there is a rule {rule.name!r} already; call it otherwise")
        known.add(rule.name)
    return found
