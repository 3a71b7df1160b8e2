"""`underway ingress`: one file a subcommand."""

import click

from underway.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "convert": "Convert Ingresses: to v1, back to v1beta1, or to the Gateway API.",
    "match": "Say which rule, backend or redirect answers a request, and why the others do not.",
    "prove": "Prove that two sides answer every request alike, or show the request that they do not.",
    "rbac": "Print the personas of the Gateway API as roles, with what each can do.",
    "migrate": "Move a class of Ingresses to the Gateway API on a live cluster, step by step.",
}


@click.group(name="ingress", cls=LazyGroup, table=COMMANDS, package="underway.cli.ingress")
def command() -> None:
    """Move from Ingress to the Gateway API, with a proof.

    Example: underway ingress match -f ingress.yaml https://shop.example.com/cart
    """
