"""What stands on a MachineDeployment: its replicas, which keys it was asked for, and whose replica was taken back.

Owns how these change together, so that one write carries a change and why it was made. A change that stands there already
changes nothing: it may be repeated, and several may be made of one look at it. It sends nothing.
"""

from typing import Any

import msgspec

Json = dict[str, Any]

ASKED = "rotation.underway.dev/asked"
ENDED = "rotation.underway.dev/ended"
ENDED_MAX = 100  # far more than are in hand at once; an annotation holds 256 KiB


class Tally(msgspec.Struct, frozen=True):
    """asked: the keys that were asked for and have no Machine yet, each with the uids of the Machines that there were then;
    ended: the nodes (or keys) whose replica was taken back, each with its Machine's uid.
    """

    replicas: int
    asked: dict[str, list[str]]
    ended: dict[str, str]

    def with_boot(self, key: str, before: list[str]) -> "Tally":
        """One replica more, for a key. before: the uids of the Machines that are not meant."""
        return self if key in self.asked else Tally(self.replicas + 1, {**self.asked, key: before}, self.ended)

    def without_boot(self, key: str) -> "Tally":
        """One replica fewer: that of a key which has no Machine yet."""
        return Tally(self.replicas - 1, self._asked_but(key), self.ended) if key in self.asked else self

    def with_end(self, name: str, uid: str, key: str) -> "Tally":
        """One replica fewer, that of a Machine. name: of its node, or else its key."""
        if self.ended.get(name) == uid:
            return self
        ended = {**self.ended, name: uid}
        return Tally(self.replicas - 1, self._asked_but(key), dict(list(ended.items())[-ENDED_MAX:]))

    def with_asked(self, asked: dict[str, list[str]]) -> "Tally":
        """Other keys wait for the Machines that are to come."""
        return Tally(self.replicas, asked, self.ended)

    @property
    def patch(self) -> Json:
        """It as a merge patch of the MachineDeployment."""
        annotations = {ASKED: _packed(self.asked), ENDED: _packed(self.ended)}
        return {"metadata": {"annotations": annotations}, "spec": {"replicas": self.replicas}}

    def _asked_but(self, key: str) -> dict[str, list[str]]:
        return {known: before for known, before in self.asked.items() if known != key}


def tally_of(deployment: Json) -> Tally:
    """What stands on a MachineDeployment."""
    annotations = deployment["metadata"].get("annotations") or {}
    return Tally(
        deployment["spec"].get("replicas", 1),
        msgspec.json.decode(annotations.get(ASKED) or "{}", type=dict[str, list[str]]),
        msgspec.json.decode(annotations.get(ENDED) or "{}", type=dict[str, str]),
    )


def strategy_of(deployment: Json) -> str:
    """How a MachineDeployment rolls; it has moved between the versions of the API."""
    spec: Any = deployment["spec"]
    return str((spec.get("rollout", {}).get("strategy") or spec.get("strategy") or {}).get("type") or "RollingUpdate")


def _packed(value: Json) -> str | None:
    return msgspec.json.encode(value).decode() if value else None
