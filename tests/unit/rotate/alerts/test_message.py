"""What a message says."""

from underway.model import timestamp
from underway.rotate.alerts.cause import Cause
from underway.rotate.alerts.memory import Told, fresh
from underway.rotate.alerts.message import SHOWN_MAX, TITLE_MAX, message
from underway.rotate.alerts.telling import Due

NOW_MS = timestamp.parse("2026-11-25T03:00:00Z")
SHOW = "underway status workers"
SINCE_MS = timestamp.parse("2026-11-25T02:30:00Z")
BLOCKED = Cause(
    "Blocked",
    "PodDisruptionBudget shop/web",
    "pod shop/web-1 waits: needs 3 healthy pods and has 3 currently",
    "pod shop/web-1 on node n2",
    SINCE_MS,
    "tills",
    "kubectl describe poddisruptionbudget web --namespace shop",
    rung="NotifyOwner",
)


def due(cause: Cause, *, again: bool = False, over: bool = False) -> Due:
    return Due(fresh("ops", cause, NOW_MS), None if over else cause, again)


def test_it_holds_cause_object_owner_since_and_the_next_command() -> None:
    said = message("workers", [due(BLOCKED)], NOW_MS, SHOW)
    assert said.title == "[workers] Blocked: PodDisruptionBudget shop/web"
    assert said.severity == "warning"
    assert said.body == (
        "Blocked: PodDisruptionBudget shop/web\n"
        "  why    pod shop/web-1 waits: needs 3 healthy pods and has 3 currently\n"
        "  object pod shop/web-1 on node n2\n"
        "  rung   NotifyOwner\n"
        "  owner  tills\n"
        "  since  2026-11-25T02:30:00Z, for 30m00s\n"
        "  next   kubectl describe poddisruptionbudget web --namespace shop"
    )


def test_a_reminder_and_an_end_say_so() -> None:
    assert (
        message("workers", [due(BLOCKED, again=True)], NOW_MS, SHOW).title
        == "[workers] still Blocked: PodDisruptionBudget shop/web"
    )
    over = message("workers", [due(BLOCKED, over=True)], NOW_MS, SHOW)
    assert over.title == "[workers] Blocked no more: PodDisruptionBudget shop/web"
    assert over.severity == "success"
    assert "  was    pod shop/web-1 waits" in over.body


def test_many_causes_are_one_message_with_the_gravest_severity_and_a_bound() -> None:
    failed = Cause("Failed", "rotation workers", "cannot list nodes", command="underway status workers")
    many = [due(Cause("Blocked", f"pod shop/{index}", "x")) for index in range(40)]
    said = message("workers", [*many, due(failed)], NOW_MS, SHOW)
    assert said.title == "[workers] Blocked: pod shop/0; and 40 more"
    assert said.severity == "failure"
    assert said.body.count("Blocked:") == SHOWN_MAX
    assert said.body.endswith("and 31 more: underway status workers")


def test_what_a_server_says_cannot_break_the_lines_or_flood_the_reader() -> None:
    wild = Cause("Blocked", "pod shop/" + "n" * 300, "one\nnext   rm -rf /\n" + "x" * 9_000)
    said = message("workers", [Due(Told("ops", "Blocked", wild.about), wild)], NOW_MS, SHOW)
    assert len(said.title) <= TITLE_MAX
    assert "\nnext" not in said.body
    assert len(said.body) < 2_000
