"""Keeping an embedded cluster's HTTPS API up for kubectl, with its world running in real time."""

import click

from underway.sim.world.world import World


def serve(world: World) -> None:
    """Serve until Ctrl-C; prints the kubeconfig's path."""
    from underway.sim.apiserver.https import HttpsCluster

    with HttpsCluster(world.server) as cluster:
        click.echo(f"export KUBECONFIG={cluster.kubeconfig}   # then: kubectl get nodes; Ctrl-C here ends it", err=True)
        cluster.wait(lambda: world.queue.run_until(world.queue.now_ms() + 100), period_s=0.1)
