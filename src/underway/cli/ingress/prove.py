"""`underway ingress prove`: whether two sides route alike, or the request that shows that they do not."""

from typing import Any

import click

from underway.cli.ingress.judging import assume_option, manifests_from, note_skipped, router_for, semantics_option
from underway.cli.options import emit
from underway.errors import UsageError


@click.command(name="prove")
@click.option("--from", "left", multiple=True, required=True, metavar="FILE", help="What is served now; a folder; - for stdin.")
@click.option("--to", "right", multiple=True, required=True, metavar="FILE", help="What is to be served.")
@semantics_option("--from-as", "left_semantics")
@semantics_option("--to-as", "right_semantics")
@assume_option
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
    output: str,
) -> None:
    """Prove that two sides answer every request alike, or show the request that they do not.

    Any pair: Ingresses and routes, whoever converted them; two sets of Ingresses; before and after an edit. Exit code 0 if it is
    proved, 1 if it is refuted, 4 otherwise.

    Example: underway ingress prove --from ingress.yaml --to routes.yaml
    """
    from underway.ingress.equivalence.proof import prove
    from underway.ingress.equivalence.verdict import Verdict, shown_proof

    if "-" in left and "-" in right:
        raise UsageError("--from - and --to -: only one of them can read standard input")
    sides = manifests_from(left), manifests_from(right)
    for side in sides:
        note_skipped(side)
    shared = [*sides[0].services, *sides[1].services]
    for side in sides:
        side.services = shared
    routers = router_for(sides[0], left_semantics, assumed), router_for(sides[1], right_semantics, assumed)
    proof = prove(*routers)
    skipped = any(side.skipped for side in sides)
    shown = shown_proof(proof, routers[0].name, routers[1].name)
    shown["problems"] = [
        f"{name}: {one}" for name, router in zip(("from", "to"), routers, strict=True) for one in router.problems
    ]
    if output == "html":
        from underway.ingress.equivalence.picture import picture_of
        from underway.web.routing import render

        click.echo(render(picture_of(*routers, proof)))
    else:
        emit(shown, output, lambda: _print(shown))
    if proof.verdict is Verdict.REFUTED:
        ctx.exit(1)
    ctx.exit(0 if proof.verdict is Verdict.PROVED and not skipped else 4)


def _print(shown: dict[str, Any]) -> None:
    from underway.ingress.equivalence.verdict import in_words

    for host in shown["hosts"]:
        if host["verdict"] == "PROVED":
            continue
        click.echo(f"{host['verdict']:8} {host['host']}  {host['reason']}")
        for difference in (host, *host.get("more", ())):
            if difference["witness"]:
                witness = difference["witness"]
                headers = "".join(f" -H '{name}: {value}'" for name, value in witness["headers"].items())
                click.echo(f"  request  {witness['method']} {witness['url']}{headers}")
                click.echo(f"    from   {in_words(difference['from'])}  [{difference['from']['rule']}]")
                click.echo(f"    to     {in_words(difference['to'])}  [{difference['to']['rule']}]")
    for problem in shown["problems"]:
        click.echo(f"note     {problem}")
    proved = sum(host["verdict"] == "PROVED" for host in shown["hosts"])
    semantics = shown["semantics"]
    click.echo(
        f"{shown['verdict']}: {proved} of {len(shown['hosts'])} hosts proved over {shown['cases']} requests "
        f"({semantics['from']} -> {semantics['to']})"
    )
