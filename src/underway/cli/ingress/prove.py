"""`underway ingress prove`: whether two sides route alike, or the request that shows that they do not."""

from typing import Any

import click

from underway.cli.ingress.judging import (
    assume_option,
    class_option,
    manifests_from,
    note_skipped,
    readings_of,
    router_for,
    semantics_option,
)
from underway.cli.options import emit
from underway.errors import UsageError

HOSTS_SHOWN, PROBLEMS_SHOWN = 25, 25  # as text; -o json has all


@click.command(name="prove")
@click.option("--from", "left", multiple=True, required=True, metavar="FILE", help="What is served now; a folder; - for stdin.")
@click.option("--to", "right", multiple=True, required=True, metavar="FILE", help="What is to be served.")
@semantics_option("--from-as", "left_semantics")
@semantics_option("--to-as", "right_semantics")
@class_option
@assume_option
@click.option(
    "--every-reading", is_flag=True, help="Read each open point otherwise too, one at a time; the worst verdict counts."
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "yaml", "html"]),
    default="text",
    show_default=True,
    help="How to print the result; html draws both routing trees side by side.",
)
@click.pass_context
def command(
    ctx: click.Context,
    left: tuple[str, ...],
    right: tuple[str, ...],
    left_semantics: str,
    right_semantics: str,
    class_name: str,
    assumed: tuple[str, ...],
    every_reading: bool,
    output: str,
) -> None:
    """Prove that two sides answer every request alike, or show the request that they do not.

    Any pair: Ingresses and routes, whoever converted them; two sets of Ingresses; before and after an edit. Exit code 0 if it is
    proved, 1 if it is refuted, 4 otherwise.

    Example: underway ingress prove --from ingress.yaml --to routes.yaml
    """
    from underway.ingress.equivalence.verdict import Verdict

    sides = _sides(left, right, class_name)
    judged = _Judged(sides, (left_semantics, right_semantics), assumed, every_reading)
    if output == "html":
        from underway.ingress.equivalence.picture import picture_of
        from underway.web.routing import render

        click.echo(render(picture_of(*judged.routers, judged.proof)))
    else:
        emit(judged.shown, output, lambda: _print(judged.shown))
    if judged.verdict is Verdict.REFUTED:
        ctx.exit(1)
    ctx.exit(0 if judged.verdict is Verdict.PROVED and not any(side.skipped for side in sides) else 4)


def _sides(left: tuple[str, ...], right: tuple[str, ...], class_name: str) -> tuple[Any, Any]:
    """The objects of both sides; Services of either resolve the ports of both. Raises UsageError."""
    if "-" in left and "-" in right:
        raise UsageError("--from - and --to -: only one of them can read standard input")
    sides = manifests_from(left, class_name), manifests_from(right, class_name)
    shared = [*sides[0].services, *sides[1].services]
    for side in sides:
        note_skipped(side)
        side.services = shared
    return sides


class _Judged:
    """The proof of two sides, and of every other reading where that is wanted."""

    def __init__(self, sides: tuple[Any, Any], semantics: tuple[str, str], assumed: tuple[str, ...], every_reading: bool) -> None:
        from underway.ingress.equivalence.proof import prove
        from underway.ingress.equivalence.readings import shown_readings
        from underway.ingress.equivalence.verdict import shown_proof, worst

        self._sides, self._semantics = sides, semantics
        self.routers = self._routers(assumed)
        self.proof = prove(*self.routers)
        self.verdict = self.proof.verdict
        self.shown = shown_proof(self.proof, *(router.name for router in self.routers))
        named = zip(("from", "to"), self.routers, strict=True)
        self.shown["problems"] = [f"{name}: {problem}" for name, router in named for problem in router.problems]
        if every_reading:
            texts = dict.fromkeys(text for router in self.routers for text in readings_of(router.name, assumed))
            others = [(text, prove(*self._routers((*assumed, text)))) for text in texts]
            self.shown["readings"] = shown_readings(self.proof, others)
            self.verdict = worst([self.verdict, *(other.verdict for _, other in others)])
            self.shown["verdict"] = self.verdict.value

    def _routers(self, assumed: tuple[str, ...]) -> tuple[Any, Any]:
        left = router_for(self._sides[0], self._semantics[0], assumed, "--from-as")
        return left, router_for(self._sides[1], self._semantics[1], assumed, "--to-as")


def _print(shown: dict[str, Any]) -> None:
    from underway.ingress.equivalence.verdict import in_words

    unproved = [host for host in shown["hosts"] if host["verdict"] != "PROVED"]
    for host in unproved[:HOSTS_SHOWN]:
        click.echo(f"{host['verdict']:8} {host['host']}  {host['reason']}")
        for difference in (host, *host.get("more", ())):
            if difference["witness"]:
                witness = difference["witness"]
                headers = "".join(f" -H '{name}: {value}'" for name, value in witness["headers"].items())
                click.echo(f"  request  {witness['method']} {witness['url']}{headers}")
                click.echo(f"    from   {in_words(difference['from'])}  [{difference['from']['rule']}]")
                click.echo(f"    to     {in_words(difference['to'])}  [{difference['to']['rule']}]")
    if len(unproved) > HOSTS_SHOWN:
        click.echo(f"and {len(unproved) - HOSTS_SHOWN} more hosts that are not proved: -o json or -o html has them")
    for problem in shown["problems"][:PROBLEMS_SHOWN]:
        click.echo(f"note     {problem}")
    if len(shown["problems"]) > PROBLEMS_SHOWN:
        click.echo(f"note     and {len(shown['problems']) - PROBLEMS_SHOWN} more: -o json has them")
    for reading in shown.get("readings", ()):
        where = f"  {reading['host']}: {reading['reason']}  {reading['request']}" if reading["host"] else "  as before"
        click.echo(f"{reading['verdict']:8} with --assume {reading['assume']}{where}")
    proved = sum(host["verdict"] == "PROVED" for host in shown["hosts"])
    semantics = shown["semantics"]
    click.echo(
        f"{shown['verdict']}: {proved} of {len(shown['hosts'])} hosts proved over {shown['cases']} requests "
        f"({semantics['from']} -> {semantics['to']})"
    )
