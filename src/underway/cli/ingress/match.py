"""`underway ingress match`: who answers a request, and why the others do not."""

from typing import Any

import click

from underway.cli.ingress.judging import assume_option, class_option, manifests_from, note_skipped, router_for, semantics_option
from underway.cli.options import emit, output_option


@click.command(name="match")
@click.option("-f", "--file", "sources", multiple=True, required=True, metavar="FILE", help="Manifests; a folder; - for stdin.")
@semantics_option("--as", "semantics")
@click.option("-X", "--request", "method", default="GET", show_default=True, metavar="METHOD", help="The method.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'K: V'", help="A header; may be given again.")
@class_option
@assume_option
@click.argument("url")
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    semantics: str,
    method: str,
    headers: tuple[str, ...],
    class_name: str,
    assumed: tuple[str, ...],
    url: str,
    output: str,
) -> None:
    """Say which rule, backend or redirect answers a request, and why the others do not.

    Exit code 0 if a backend or a redirect answers, 1 if nothing does, 4 if a part of the files had to be skipped.

    Example: underway ingress match -f ingress.yaml https://shop.example.com/cart
    """
    from underway.ingress.matchers.request import request_of

    manifests = manifests_from(sources, class_name)
    request = request_of(url, method, headers)
    router = router_for(manifests, semantics, assumed)
    note_skipped(manifests)
    views = router.views(request.scheme, request.host, request.port)
    answer, why = views[0].answer(request), views[0].why(request)
    if len(views) > 1:
        why.append(f"{len(views)} data planes claim {request.host}; this is the answer of the first")
    if answer.undefined:
        why.append(answer.undefined)
    shown = _shown(answer, why, router.name)
    emit(shown, output, lambda: _print(shown, url))
    ctx.exit(4 if manifests.skipped else int(answer.answer == "none"))


def _shown(answer: Any, why: list[str], semantics: str) -> dict[str, Any]:
    """The result as data: the shape that scripts rely on."""
    from underway.ingress.equivalence.verdict import shown_answer

    return {**shown_answer(answer), "why": why, "as": semantics}


def _print(shown: dict[str, Any], url: str) -> None:
    from underway.ingress.equivalence.verdict import in_words

    click.echo(f"{url}\n  {in_words(shown)}")
    if shown["rule"]:
        click.echo(f"  by   {shown['rule']}")
    for reason in shown["why"]:
        click.echo(f"  why  {reason}")
