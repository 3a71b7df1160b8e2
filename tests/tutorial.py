"""docs/tutorial, read by a program: each command is run in a copy of examples/kot, and prints what the page shows.

Owns what may differ from reader to reader: the webhook's port, and where it puts its authority. Reading commands are asked again
until they show what the page shows, for as long as a real API server may take to learn of a new definition.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from controlplane import free_port
from pages import ROOT, printed, talks
from waiting import wait_until

PAGE = ROOT / "docs" / "tutorial" / "README.md"
KOT = ROOT / "examples" / "kot"
PORT = "8443"
SERVED_S_MAX = 30.0
READS = ("kubectl get ", "underway crd validate --live ")
WITH_CLUSTER = re.compile(r"kubectl |underway crd (serve|migrate) |--live ")


def commands(*, cluster: bool) -> list[tuple[str, str]]:
    """Commands and what they print: those that need a cluster, or the others."""
    return [(command, shown) for command, shown in talks(PAGE) if bool(WITH_CLUSTER.search(command)) is cluster]


class Reader:
    """Somebody who works through the tutorial in a folder of their own; KUBECONFIG and PATH are the environment's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "kot"
        shutil.copytree(KOT, self.folder, symlinks=True)
        self._port = str(free_port())
        self._serving: list[subprocess.Popen[str]] = []
        for path in self.folder.rglob("*.yaml"):
            if not path.is_symlink():
                path.write_text(path.read_text().replace(f"localhost:{PORT}", f"localhost:{self._port}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for one in self._serving:
            one.terminate()
            one.communicate()

    def sees(self, command: str, shown: str) -> None:
        """Run a command; it must print what the page shows."""
        if command.endswith(" &"):
            assert self._served(command.removesuffix(" &"), shown.count("\n")) == shown, command
            return
        said = printed(command, self.folder)
        if command.startswith(READS) and said != shown:
            wait_until(lambda: printed(command, self.folder) == shown, f"{command}\n{said}")
            return
        assert said == shown, command

    def _served(self, command: str, lines: int) -> str:
        """The first lines of what goes on running."""
        line = [sys.executable, "-m", *shlex.split(command), "--port", self._port]
        server = subprocess.Popen(line, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self._serving.append(server)
        assert server.stdout is not None
        said = "".join(server.stdout.readline() for _ in range(lines))
        return re.sub(r"underway-tls-\w+", "underway-tls-k3v9q2yd", said.replace(f"localhost:{self._port}", f"localhost:{PORT}"))
