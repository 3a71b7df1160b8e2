"""`underway crd types`: Python types written from a definition."""

import click

from underway.cli.crd.documents import definition


@click.command()
@click.option("-f", "--file", "source", required=True, metavar="FILE", help="The CustomResourceDefinition; - for standard input.")
@click.option("--version", default="", metavar="VERSION", help="The version (default: the storage version).")
def command(source: str, version: str) -> None:
    """Print a Python module of msgspec Structs for the objects of a version.

    Decoding an object with them checks types, bounds, patterns and enums. The same definition gives the same text.

    Example: underway crd types -f devices.yaml --version v1 > things_v1.py
    """
    from underway.crd.to_types import module

    click.echo(module(definition(source), version), nl=False)
