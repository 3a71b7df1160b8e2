"""`underway ingress rbac`: the personas of the Gateway API as roles and bindings, and what they add up to."""

from typing import Any

import click

from underway.cli.options import emit
from underway.errors import UsageError


@click.command(name="rbac")
@click.option(
    "--tiers", type=click.Choice(["3", "4"]), default="3", show_default=True, help="Three personas, or four with admins."
)
@click.option(
    "-n", "--namespace", "namespaces", multiple=True, required=True, metavar="NAME", help="Of an application; again for more."
)
@click.option("--group", "given", multiple=True, metavar="PERSONA=GROUP", help="The group of users that has a role.")
@click.option("--matrix", "as_matrix", is_flag=True, help="Print who can do what instead of the objects.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", show_default=True, help="How to print it."
)
def command(tiers: str, namespaces: tuple[str, ...], given: tuple[str, ...], as_matrix: bool, output: str) -> None:
    """Print the personas of the Gateway API as ClusterRoles and bindings, each with the least it needs.

    The infrastructure provider owns classes, the cluster operator Gateways and trust, the developer the routes of its namespaces;
    with four tiers an application's admin owns Gateways in those too. Nobody reads Secrets by these roles.

    Example: underway ingress rbac --tiers 4 -n shop -n news | kubectl apply -f -
    """
    from underway.ingress import personas

    groups = personas.default_groups(int(tiers))
    for one in given:
        name, _, group = one.partition("=")
        if name not in groups or not group:
            raise UsageError(f"--group {one}: write PERSONA=GROUP, with one of {', '.join(groups)}")
        groups[name] = group
    if as_matrix:
        rows = personas.matrix(int(tiers), namespaces[0], f"not-{namespaces[0]}")
        emit(rows, output, lambda: _print(rows))
        return
    made = personas.objects(int(tiers), list(namespaces), groups)
    if output == "json":
        emit({"apiVersion": "v1", "kind": "List", "items": made}, output, lambda: None)
        return
    import yaml

    click.echo(yaml.safe_dump_all(made, sort_keys=False), nl=False)


def _print(rows: list[Any]) -> None:
    """One line a kind and place, one column a persona: r reads, w writes, - neither."""
    names = list(dict.fromkeys(row.persona for row in rows))
    width = max(len(name) for name in names) + 2
    click.echo(f"{'':44}{''.join(name.ljust(width) for name in names)}".rstrip())
    for resource, namespace in dict.fromkeys((row.resource, row.namespace) for row in rows):
        cells = []
        for name in names:
            mine = [row for row in rows if (row.persona, row.resource, row.namespace) == (name, resource, namespace)]
            letters = {"r" if row.verb == "get" else "w" for row in mine if row.allowed}
            cells.append(("".join(sorted(letters)) or "-").ljust(width))
        click.echo(f"{resource:22}{namespace or '(cluster)':22}{''.join(cells)}".rstrip())
