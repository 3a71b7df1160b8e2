"""The options that say which rules run, and usage errors for those that contradict."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from underway.errors import UsageError
from underway.lint.rule import Rule
from underway.lint.selection import Selection, problem, selected

F = TypeVar("F", bound=Callable[..., Any])


def selection_options(function: F) -> F:
    """-g -G -c -C, each as often as you like, or several with commas."""
    for short, long, name, text in (
        ("-C", "--ignore-checks", "without_names", "Rules to leave out."),
        ("-c", "--checks", "names", "Rules to run."),
        ("-G", "--ignore-groups", "without_groups", "Groups to leave out."),
        ("-g", "--groups", "groups", "Groups to run."),
    ):
        function = click.option(short, long, name, multiple=True, metavar="NAME", help=text)(function)
    return function


def chosen(
    given: tuple[tuple[str, ...], ...], rules: Iterable[Rule], *, as_clusterlint: bool = False
) -> tuple[Selection, tuple[Rule, ...]]:
    """The selection and its rules. given: -g, -G, -c, -C. Raises UsageError."""
    selection = Selection(*(named(values) for values in given))
    wrong = problem(selection, rules)
    if wrong:
        raise UsageError(wrong)
    found = selected(selection, rules, as_clusterlint=as_clusterlint)
    if not found:
        raise UsageError("no rule is left to run: -g, -G, -c and -C together leave out all of them")
    return selection, found


def named(values: tuple[str, ...]) -> tuple[str, ...]:
    """The names in options that may be given again, or hold several with commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
