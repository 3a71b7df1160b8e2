"""How wide what is printed may be: a terminal says so itself, a pipe has no width."""

import os
import sys

PIPED_WIDTH = 200  # columns: a row stays a line for grep, and names stay whole


def width() -> int | None:
    """For rich's Console on standard output; None leaves it to the terminal, or to $COLUMNS."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
