"""Pages whose console blocks are run: what a command prints is what the page shows."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from underway.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
# A command line that needs no shell, and whether its exit code is shown.
_PLAIN = re.compile(r'underway ([^|;&<>$*]*)(; echo "exit code \$\?")?')


def talks(page: Path) -> list[tuple[str, str]]:
    """Commands and what they print, in the order of the page."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


def printed(command: str, folder: Path) -> str:
    """What a command prints in a folder, on both streams: in this process where no shell is needed, as that takes a tenth."""
    plain = _PLAIN.fullmatch(command)
    if plain is None:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        line = ["bash", "-c", f"{{ {command}; }} 2>&1"]
        return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout
    told, code = io.StringIO(), 0
    with contextlib.chdir(folder), contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            main(shlex.split(plain[1]))
        except SystemExit as ended:
            code = int(ended.code or 0)
    return told.getvalue() + (f"exit code {code}\n" if plain[2] else "")
