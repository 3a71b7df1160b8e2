"""What must hold at the end of more than one scenario, as sentences about what did not."""

from underway.sim.scenarios.play import Holds, Run


def finished(run: Run) -> str:
    """The rotation did its work."""
    return "" if run.rehearsal.trace.evictions else "nothing was evicted"


def heard(*parts: str) -> Holds:
    """These words were told as a reason, each of them."""

    def holds(run: Run) -> str:
        missing = [part for part in parts if not run.heard(part)]
        return f"nobody was told {missing[0]!r}; told was: {'; '.join(run.said)}" if missing else ""

    return holds
