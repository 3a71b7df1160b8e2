"""`underway ingress prove`: whether two sides route alike, or the request that shows that they do not."""

from typing import Any

import click

from underway.cli.ingress.judging import (
    assume_option,
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
    assumed: tuple[str, ...],
    every_reading: bool,
    output: str,
) -> None:
    """Prove that two sides answer every request alike, or show the request that they do not.

    Any pair: Ingresses and routes, whoever converted them; two sets of Ingresses; before and after an edit. Exit code 0 if it is
    proved, 1 if it is refuted, 4 otherwise.

    Example: underway ingress prove --from ingress.yaml --to routes.yaml
    """
    from underway.ingress.equivalence.proof import prove
    from underway.ingress.equivalence.readings import shown_readings
    from underway.ingress.equivalence.verdict import Verdict, shown_proof, worst

    if "-" in left and "-" in right:
        raise UsageError("--from - and --to -: only one of them can read standard input")
    sides = manifests_from(left), manifests_from(right)
    for side in sides:
        note_skipped(side)
    shared = [*sides[0].services, *sides[1].services]
    for side in sides:
        side.services = shared

    def routers_as(*more: str) -> tuple[Any, Any]:
        wishes = (*assumed, *more)
        flags = ("--from-as", "--to-as")
        return (
            router_for(sides[0], left_semantics, wishes, flags[0]),
            router_for(sides[1], right_semantics, wishes, flags[1]),
        )

    routers = routers_as()
    proof = prove(*routers)
    shown = shown_proof(proof, routers[0].name, routers[1].name)
    verdict = proof.verdict
    if every_reading:
        texts = dict.fromkeys(text for router in routers for text in readings_of(router.name, assumed))
        others = [(text, prove(*routers_as(text))) for text in texts]
        shown["readings"] = shown_readings(proof, others)
        verdict = worst([verdict, *(other.verdict for _, other in others)])
        shown["verdict"] = verdict.value
    shown["problems"] = [
        f"{name}: {one}" for name, router in zip(("from", "to"), routers, strict=True) for one in router.problems
    ]
    if output == "html":
        from underway.ingress.equivalence.picture import picture_of
        from underway.web.routing import render

        click.echo(render(picture_of(*routers, proof)))
    else:
        emit(shown, output, lambda: _print(shown))
    if verdict is Verdict.REFUTED:
        ctx.exit(1)
    ctx.exit(0 if verdict is Verdict.PROVED and not any(side.skipped for side in sides) else 4)


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
