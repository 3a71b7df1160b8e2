"""`underway crd from-types`: definitions drawn from Python types."""

import json
from typing import Any

import click

from underway.errors import UsageError


@click.command(name="from-types")
@click.argument("spec", metavar="MODULE:DEFINITION")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print.")
def command(spec: str, output: str) -> None:
    """Print CustomResourceDefinitions that a module draws from its types.

    DEFINITION is what underway.crd.from_types.definition() returned, or a list of such. The same types give the same bytes.

    Example: underway crd from-types things/types.py:DEVICES | kubectl apply -f -
    """
    from underway.web.declared import declared

    found = declared(spec)
    several = list(found) if isinstance(found, list | tuple) else [found]
    for one in several:
        if not isinstance(one, dict) or one.get("kind") != "CustomResourceDefinition":
            raise UsageError(f"{spec} is {type(one).__name__}; what underway.crd.from_types.definition() returns is wanted")
    if output == "json":
        click.echo(json.dumps(several[0] if len(several) == 1 else several, indent=2))
    else:
        click.echo(as_yaml(several), nl=False)


def as_yaml(definitions: list[dict[str, Any]]) -> str:
    """Definitions as YAML documents, always with the same bytes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Every value in full: an anchor would be a riddle to the reader."""

        def ignore_aliases(self, _: Any) -> bool:
            return True

    return yaml.dump_all(definitions, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
