"""What lies outside of an embedded cluster and health gates ask for, in virtual time: a Prometheus, an endpoint, a command.

Owns the answers, which a test or an incident sets; nothing is measured here. Unset questions have no answer.
"""

from collections.abc import Callable

from underway.rotate.effects import Answer, Ask
from underway.sim.queue import Queue

DELAY_MS = 40


class SimProbes:
    """ports.Probes of the embedded world. values: samples by a part of the query; codes: HTTP status or exit code by URL or
    executable; down: whether nothing answers.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.values: dict[str, tuple[float, ...]] = {}
        self.codes: dict[str, int] = {}
        self.down = False

    def send(self, ask: Ask, deliver: Callable[[Answer], None]) -> None:
        """Answer a moment later, with what is true then."""
        self._queue.after(DELAY_MS, lambda: deliver(self._answer(ask)))

    def _answer(self, ask: Ask) -> Answer:
        question = ask.question
        if self.down:
            return Answer(request=ask, error=f"{question.url or question.command[0]} cannot be asked: connection refused")
        if question.kind == "prometheus":
            found = next((values for part, values in self.values.items() if part in question.query), ())
            return Answer(request=ask, code=200, values=found, elapsed_ms=DELAY_MS)
        name = question.url or question.command[0]
        if name not in self.codes:
            return Answer(request=ask, error=f"{name} cannot be asked: nobody is there")
        return Answer(request=ask, code=self.codes[name], elapsed_ms=DELAY_MS)
