"""Serving an embedded cluster over HTTPS while it lives, so that kubectl can look at it."""

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

import click

from underway.sim.apiserver.https import HttpsCluster
from underway.sim.world.world import World

FRAME_S = 0.1


class Served:
    """A world behind HTTPS, if wanted. lock: hold it around every touch of the world."""

    def __init__(self, world: World, *, wanted: bool) -> None:
        self._world = world
        self._cluster = HttpsCluster(world.server) if wanted else None
        self.lock: AbstractContextManager[object] = self._cluster.lock if self._cluster else nullcontext()

    def __enter__(self) -> Self:
        if self._cluster is not None:
            self._cluster.start()
            click.echo(
                f"export KUBECONFIG={self._cluster.kubeconfig}   # in another terminal, then: kubectl get nodes -w", err=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._cluster is not None:
            self._cluster.stop()

    def keep(self) -> None:
        """Let the world go on in real time until Ctrl-C."""
        if self._cluster is None:
            return
        click.echo("the embedded cluster stays up; Ctrl-C ends it", err=True)
        queue, pause = self._world.queue, threading.Event()
        begun_s, virtual_ms = time.monotonic(), queue.now_ms()
        try:
            while not pause.wait(FRAME_S):
                with self.lock:
                    queue.run_until(virtual_ms + round((time.monotonic() - begun_s) * 1_000))
        except KeyboardInterrupt:
            click.echo("", err=True)
