"""`underway manifests`: what the operator needs in a cluster, to be piped into kubectl."""

from typing import Any

import click

from underway import __version__


@click.command(name="manifests")
@click.option("--image", default=f"underway:{__version__}", show_default=True, help="The operator's image.")
@click.option("--namespace", default="underway-system", show_default=True, help="Where the operator runs.")
@click.option("--replicas", type=click.IntRange(1, 5), default=2, show_default=True, help="One leads, the others stand by.")
@click.option(
    "--evict-in", multiple=True, metavar="NAMESPACE", help="Let it evict pods of this namespace only; may be given again."
)
@click.option(
    "--fleet", is_flag=True, help="Make it a hub: it reads kubeconfig Secrets of its namespace and rotates their clusters."
)
@click.option("--webhook", is_flag=True, help="Serve v1beta1 and v1alpha1 beside v1, with the webhook that converts them.")
@click.option(
    "--provider",
    "providers",
    multiple=True,
    type=click.Choice(["ClusterAPI", "Karpenter"]),
    help="Grant what this machine provider asks of the API server; may be given again. The others need no right here.",
)
@click.option(
    "--iam-policy",
    type=click.Choice(["AutoScalingGroup", "EKSNodegroup"]),
    help="Print the IAM policy that a machine provider of AWS needs, as JSON, and nothing else.",
)
@click.option(
    "--grant",
    "grants",
    multiple=True,
    type=click.Choice(["DeadlineDelete", "Checkpoint", "SingleReplicaSurge"]),
    help="Grant what a Rotation needs that asks for this; may be given again.",
)
@click.option("--crds-only", is_flag=True, help="Print the CustomResourceDefinitions alone.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print them.")
def command(
    image: str,
    namespace: str,
    replicas: int,
    evict_in: tuple[str, ...],
    fleet: bool,
    webhook: bool,
    providers: tuple[str, ...],
    iam_policy: str | None,
    grants: tuple[str, ...],
    crds_only: bool,
    output: str,
) -> None:
    """Print the CustomResourceDefinitions, the rights and the Deployment of the operator.

    The same input gives the same bytes, so that the output can be kept in a repository.

    Example: underway manifests | kubectl apply -f -
    """
    if iam_policy:
        print_policy(iam_policy)
        return
    from underway.machines import PROVIDERS
    from underway.rotate.gates import GATES
    from underway.rotate.kinds.definitions import fleet_definition, rotation_definition
    from underway.rotate.kinds.installation import Installation, installation

    names = [gate.name for gate in GATES], list(PROVIDERS)
    definitions = [rotation_definition(*names), fleet_definition(*names)]
    wanted = Installation(image, namespace, replicas, evict_in, fleet, providers, grants)
    added: list[dict[str, Any]] = []
    if webhook:
        from underway.web import own_kinds, own_webhook

        definitions = list(own_kinds.definitions(*names, namespace))
        added = own_webhook.webhook(image, namespace, replicas, tuple(one["metadata"]["name"] for one in definitions))
    print_objects(definitions if crds_only else [*installation(wanted, definitions), *added], output)


def print_policy(provider: str) -> None:
    """Print what AWS has to grant."""
    import json

    from underway.machines.aws_policies import policy

    click.echo(json.dumps(policy(provider), indent=2))


def print_objects(objects: list[dict[str, Any]], output: str) -> None:
    """Print objects as a stream of YAML documents, or as one JSON List."""
    import json

    if output == "json":
        click.echo(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=2))
        return
    import yaml

    class Dumper(yaml.SafeDumper):
        """Every value in full: an anchor would be a riddle to the reader, and to some parsers."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    for value in objects:
        click.echo("---\n" + yaml.dump(value, Dumper=Dumper, sort_keys=False, width=130), nl=False)
