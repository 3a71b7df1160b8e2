"""What people see of a rotation while it runs: the table of a terminal, the lines of a log."""

import msgspec
from rich.console import Console

from underway.cli.progress import changes, headline, table
from underway.rotate.blockers import Blocker
from underway.rotate.status import InFlight, NodeCounts, Quarantine, Status

MINUTE_MS = 60_000
TEXT = "pod shop/web-1 waits: PodDisruptionBudget shop/web needs 6 healthy pods and has 6 currently"
STUCK = InFlight("n1", "Draining", 5 * MINUTE_MS, "zone-a", "key", 2, (TEXT,), rung="NotifyOwner", stuck_ms=3 * MINUTE_MS)
CALM = InFlight("n2", "Surging", 18 * MINUTE_MS, "zone-b", waiting=("machine key is requested",))
BLOCKER = Blocker("n1", TEXT, "shop/web-1", "shop/web", "tills", "NotifyOwner", 3 * MINUTE_MS)
STATUS = Status("workers", "Progressing", nodes=NodeCounts(9, 4, 2, 3), in_flight=(STUCK, CALM), blockers=(BLOCKER,))


def shown(status: Status, width: int = 220) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(table(status, 20 * MINUTE_MS))
    return capture.get()


def test_the_table_shows_the_rung_since_when_and_the_budgets_own_words() -> None:
    lines = shown(STATUS).splitlines()
    stuck = next(line for line in lines if line.startswith("n1") and "Draining" in line)
    assert "NotifyOwner, 17m00s" in stuck
    assert f"{TEXT} (owner: tills)" in stuck
    assert "NotifyOwner" not in next(line for line in lines if line.startswith("n2"))
    assert not any("Blocked" in line for line in lines), "what a node in hand waits for is said once"


def test_what_keeps_nodes_that_are_not_in_hand_stands_below() -> None:
    outside = Blocker("n7", "PodDisruptionBudget shop/db never allows a disruption", "shop/db-0", "shop/db")
    lines = shown(msgspec.structs.replace(STATUS, blockers=(BLOCKER, outside))).splitlines()
    (line,) = [line for line in lines if "Blocked" in line]
    assert line.startswith("n7")


def test_a_narrow_terminal_folds_the_budgets_words_and_loses_none() -> None:
    words = shown(STATUS, width=80).split()
    assert {"healthy", "currently"} <= set(words)


def test_a_log_says_the_rung_and_what_keeps_the_drain_and_no_times() -> None:
    (line,) = changes(STATUS)
    assert line == f"Progressing 4/9 [n1 Draining (NotifyOwner: {TEXT}), n2 Surging]"


def test_the_headline_counts_the_quarantined() -> None:
    assert "2 in hand |" not in headline(STATUS, 0)
    apart = Status("w", "Progressing", nodes=NodeCounts(9, 4, 2, 3), quarantine=Quarantine(1, 1))
    assert headline(apart, 0) == "Progressing | 4/9 up to date, 2 in hand, 1 of them quarantined"
