"""`underway lint run`: rules over a cluster, a snapshot or manifests."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from underway.cli.lint.loading import rules_from, rules_option
from underway.cli.lint.selecting import chosen, named, selection_options
from underway.cli.options import cluster_options
from underway.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
OUTPUTS = ("text", "json", "yaml", "sarif", "junit", "html", "markdown", "prometheus", "clusterlint-json")
LEVELS = ("error", "warning", "info", "suggestion")


def input_options(function: F) -> F:
    """-f, --snapshot, -n, -N."""
    for names, settings in (
        (("-N", "--ignore-namespace", "without"), {"multiple": True, "metavar": "NAME", "help": "Namespaces to leave out."}),
        (("-n", "--namespace", "only"), {"multiple": True, "metavar": "NAME", "help": "Namespaces to look at."}),
        (("--snapshot", "saved"), {"default": "", "metavar": "FILE", "help": "A file that `underway snapshot` wrote."}),
        (("-f", "--file", "sources"), {"multiple": True, "metavar": "FILE", "help": "Manifests; a folder; - for stdin."}),
    ):
        function = click.option(*names, **settings)(function)
    return function


def report_options(function: F) -> F:
    """-o, -l, --fail-on, --baseline, --diff, --fix."""
    for decorate in (
        click.option("--fix", is_flag=True, help="Print the patches, as kubectl commands, instead of the report."),
        click.option("--diff", "before", default="", metavar="FILE", help="Print what changed since a run saved with -o json."),
        click.option("--baseline", default="", metavar="FILE", help="Leave out what a run saved with -o json has found already."),
        click.option(
            "--fail-on",
            type=click.Choice(["error", "warning", "info"]),
            default="error",
            show_default=True,
            help="Exit with 1 if something this bad or worse is found.",
        ),
        click.option("-l", "--level", "levels", multiple=True, type=click.Choice(LEVELS), help="Show these severities only."),
        click.option("-o", "--output", type=click.Choice(OUTPUTS), default="text", show_default=True, help="How to print it."),
    ):
        function = decorate(function)
    return function


@click.command(name="run")
@input_options
@selection_options
@click.option("--target", default="", metavar="1.NN", help="The version that the cluster will be upgraded to.")
@click.option("--set", "thresholds", multiple=True, metavar="RULE.NAME=N", help="A threshold of a rule; its page lists them.")
@click.option("--team-label", default="team", show_default=True, help="The label that names who owns an object.")
@click.option(
    "--try-evictions",
    is_flag=True,
    help="Ask the API server, in a dry run that changes nothing, whether it would evict pods that budgets seem to hold.",
)
@click.option("--compat", multiple=True, type=click.Choice(["clusterlint"]), help="Behave as a peer does, known faults included.")
@report_options
@rules_option
@cluster_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Look at a cluster, a snapshot or manifests, and report what is wrong. Nothing is changed.

    Exit code 0 if nothing is as bad as --fail-on, 1 if something is, else 4 if a part could not be looked at.

    Example: underway lint run -f manifests/ --target 1.37
    """
    from underway.cli.lint.printing import Printed, changes, printed
    from underway.cli.lint.sources import Wanted, picture_from
    from underway.lint.engine import lint
    from underway.lint.finding import Severity
    from underway.lint.report.comparison import without
    from underway.lint.report.patches import commands
    from underway.lint.selection import fitting, platforms

    loaded = rules_from(given["rule_files"])
    options = _options(given, loaded.rules)
    asked = (given["groups"], given["without_groups"], given["names"], given["without_names"])
    selection, rules = chosen(asked, loaded.rules, as_clusterlint=options.as_clusterlint)
    only, left_out = named(given["only"]), named(given["without"])
    if only and left_out:
        raise UsageError("-n and -N exclude each other: name the namespaces to look at, or those to leave out")
    earlier = {name: changes(given[name]) for name in ("baseline", "before") if given[name]}
    where = (given["sources"], given["saved"], given["kubeconfig"], given["context"])
    wanted = Wanted(*where, rules, only, left_out, given["try_evictions"])
    with _uncollected():
        picture = picture_from(wanted, loaded.broken)
    if not options.as_clusterlint:
        rules = fitting(rules, selection, platforms(picture))
    report = lint(picture, rules, options)
    if "baseline" in earlier:
        report = without(report, {finding.fingerprint for finding in earlier["baseline"].findings})
    shown = _of_levels(report, given["levels"])
    if given["fix"]:
        click.echo("\n".join(commands(shown)))
    else:
        click.echo(printed(Printed(shown, rules, picture, earlier.get("before"), wanted.source), given["output"]), nl=False)
    for skipped in report.skipped:
        click.echo(f"skipped: {skipped.kind}: {skipped.reason}", err=True)
    failing = shown.at_least(Severity(given["fail_on"]))
    if "before" in earlier:
        known = {finding.fingerprint for finding in earlier["before"].findings}
        failing = tuple(finding for finding in failing if finding.fingerprint not in known)
    ctx.exit(1 if failing else 4 if report.skipped else 0)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: what is read is kept, has no cycles, and would be walked over again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _options(given: dict[str, Any], rules: Any) -> Any:
    """What the run is asked for. Raises UsageError."""
    from underway.lint.api_lifecycle import OLDEST, PLANNED
    from underway.lint.rule import Options
    from underway.live.clock import now_ms
    from underway.model.version import parse

    known = {f"{rule.name}.{name}" for rule in rules for name in rule.thresholds}
    thresholds = {}
    for text in given["thresholds"]:
        name, _, value = text.partition("=")
        if name not in known:
            raise UsageError(f"--set {text}: there is no threshold {name!r}; there are {', '.join(sorted(known)) or 'none'}")
        try:
            thresholds[name] = float(value)
        except ValueError:
            raise UsageError(f"--set {text}: {value!r} is not a number") from None
    try:
        target = parse(given["target"]) if given["target"] else None
    except ValueError:
        raise UsageError(f"--target {given['target']}: write a version as 1.37") from None
    if target is not None and not (target.major == 1 and OLDEST <= target.minor <= PLANNED):
        raise UsageError(f"--target {given['target']}: what is removed is known for 1.{OLDEST} to 1.{PLANNED}")
    return Options(
        now_ms=now_ms(),
        target=target,
        compat=frozenset(given["compat"]),
        thresholds=thresholds,
        team_label=given["team_label"],
    )


def _of_levels(report: Any, levels: tuple[str, ...]) -> Any:
    """The report with these severities alone."""
    import msgspec

    if not levels:
        return report
    kept = {level.replace("suggestion", "info") for level in levels}
    return msgspec.structs.replace(report, findings=tuple(one for one in report.findings if one.severity.value in kept))
