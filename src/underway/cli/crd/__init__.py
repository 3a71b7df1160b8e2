"""`underway crd`: multi-version custom resources, one file a subcommand."""

import click

from underway.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "check": "Check definitions as the API server does.",
    "prune": "Show what the API server would keep of objects.",
    "default": "Show objects as the API server would hold them.",
    "validate": "Validate objects as the API server does.",
    "convert": "Convert objects to another version, as the API server would.",
    "fuzz": "Look for objects that conversions lose, change, refuse or restore stale.",
    "lint": "Find what will surprise those who use several versions.",
    "migrate": "Bring all objects to the storage version, then trim storedVersions.",
    "from-types": "Print definitions that are drawn from Python types.",
    "types": "Print Python types for the objects of a definition.",
    "serve": "Serve conversion and admission webhooks over TLS.",
}


@click.group(name="crd", cls=LazyGroup, table=COMMANDS, package="underway.cli.crd")
def command() -> None:
    """Many versions of a custom resource, and no surprises.

    Example: underway crd convert --crd crd.yaml --with conversions.py:CONVERSIONS --to v1 -f object.yaml
    """
