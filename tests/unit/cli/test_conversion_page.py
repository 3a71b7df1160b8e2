"""docs/conversion.md: every console block is run in examples/kot, and what it prints is what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
KOT = ROOT / "examples" / "kot"
PAGE = (ROOT / "docs" / "conversion.md").read_text()


def talks() -> list[tuple[str, str]]:
    """Commands and what they print, in the order of the page."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


@pytest.mark.parametrize(("command", "shown"), talks(), ids=lambda text: text[:40])
def test_the_page_shows_what_is_printed(command: str, shown: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"{command} 2>&1"], cwd=KOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == shown


def test_every_move_is_on_the_page() -> None:
    from underway.crd import conversion

    moves = {name for name in conversion.__all__ if hasattr(getattr(conversion, name), "explains")} - {"Move"}
    assert {f"`{name}`" for name in moves} <= set(re.findall(r"`\w+`", PAGE))
