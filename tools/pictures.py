"""Draws the README's pictures anew: python tools/pictures.py FOLDER writes demo.svg (a frame of the demo) and report.html."""

import sys
from pathlib import Path

from rich.console import Console

from underway.cli.demo import _frame, _write
from underway.sim.demo import Demo

FRAME_MS = 402_000  # half-way, with nodes in several phases


def main() -> None:
    """Draw both."""
    folder = Path(sys.argv[1])
    demo = Demo(7)
    demo.prepare()
    demo.rehearsal.advance(demo.rehearsal.trace.start_ms + FRAME_MS)
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=128, file=nowhere, force_terminal=True)
        console.print(_frame(demo))
    console.save_svg(str(folder / "demo.svg"), title="underway demo")
    demo.rehearsal.run()
    _write(demo, demo.finish(), str(folder / "report.html"))


if __name__ == "__main__":
    main()
