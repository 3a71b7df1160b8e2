"""`underway lint run`: rules over a cluster, a snapshot or manifests."""

import time
from typing import Any

import click

from underway.cli.lint.loading import rules_from, rules_option
from underway.cli.lint.selecting import chosen, selection_options
from underway.cli.options import cluster_options, emit, output_option
from underway.errors import UsageError


@click.command(name="run")
@click.option("-f", "--file", "sources", multiple=True, metavar="FILE", help="Manifests; a folder; - for stdin.")
@click.option("--snapshot", "saved", default="", metavar="FILE", help="A file that `underway snapshot` wrote.")
@selection_options
@click.option("--target", default="", metavar="1.NN", help="The version that the cluster will be upgraded to.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="Exit with 1 if something this bad or worse is found.",
)
@click.option("--compat", multiple=True, type=click.Choice(["clusterlint"]), help="Behave as a peer does, known faults included.")
@rules_option
@cluster_options
@output_option
@click.pass_context
def command(ctx: click.Context, /, fail_on: str, output: str, **given: Any) -> None:
    """Look at a cluster, a snapshot or manifests, and report what is wrong. Nothing is changed.

    Exit code 0 if nothing is as bad as --fail-on, 1 if something is, 4 if a part could not be looked at (and nothing is).

    Example: underway lint run -f manifests/ --target 1.37
    """
    from underway.cli.lint.sources import picture_from
    from underway.lint.engine import lint
    from underway.lint.finding import Severity
    from underway.lint.report.plain import plain
    from underway.lint.rule import Options
    from underway.lint.selection import fitting, platforms

    loaded = rules_from(given["rule_files"])
    options = Options(now_ms=time.time_ns() // 1_000_000, target=_target(given["target"]), compat=frozenset(given["compat"]))
    asked = (given["groups"], given["without_groups"], given["names"], given["without_names"])
    selection, rules = chosen(asked, loaded.rules, as_clusterlint=options.as_clusterlint)
    picture = picture_from(given["sources"], given["saved"], given["kubeconfig"], given["context"], rules, loaded.broken)
    if not options.as_clusterlint:
        rules = fitting(rules, selection, platforms(picture))
    report = lint(picture, rules, options)
    emit(plain(report), output, lambda: _print(report))
    for skipped in report.skipped:
        click.echo(f"skipped: {skipped.kind}: {skipped.reason}", err=True)
    failing = report.at_least(Severity(fail_on))
    ctx.exit(1 if failing else 4 if report.skipped else 0)


def _target(text: str) -> Any:
    from underway.model.version import parse

    try:
        return parse(text) if text else None
    except ValueError as error:
        raise UsageError(f"--target: {error}") from None


def _print(report: Any) -> None:
    for finding in report.findings:
        place = f" ({finding.file}:{finding.line})" if finding.file else ""
        click.echo(f"{finding}{place}")
    click.echo(f"score {report.score}")
