"""How the containers of a pod end: the preStop hook, SIGTERM, the exit or SIGKILL; all of it within the grace period.

Owns the timeline as a value; `kubelet` carries it out. How long a hook runs is, in this order: what the pod says in
sim.underway.dev/pre-stop-s; what the hook itself says (a sleep, as KEP-3960's action or as a command); a draw, because
what a program or an HTTP endpoint does before it answers is not written in a manifest.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer, executePreStopHook).
"""

from random import Random

import msgspec

from underway.model.hook import sleep_s
from underway.sim.store import Object
from underway.sim.world.parameters import NEVER, drawn_ms, parameter, stated

MINIMUM_MS = 2_000  # minimumGracePeriodInSeconds: so long a container gets after SIGTERM, even when its grace is used up
HOOK_S = (0.2, 20.0)  # what is not known is drawn between these, evenly in proportion: a flush, or a slow deregistration


class Ending(msgspec.Struct, frozen=True):
    """When the container that serves gets SIGTERM, and when the last container is gone, in milliseconds from the beginning."""

    term_ms: int
    exit_ms: int


def ending(pod: Object, grace_ms: int, rng: Random) -> Ending:
    """The end of a pod whose deletion allows `grace_ms`. Its first container is the one that serves."""
    ends = []
    for container in pod["spec"]["containers"]:
        hook = (container.get("lifecycle") or {}).get("preStop")
        hook_ms = _hook_ms(pod, hook, rng) if hook and grace_ms > 0 else 0.0
        ran_ms = round(min(hook_ms, grace_ms))
        # The kubelet counts the time that the hook took in whole seconds.
        left_ms = max(grace_ms - ran_ms // 1_000 * 1_000, MINIMUM_MS)
        stop_s = parameter(pod, "stop-s")
        stops_ms = left_ms if stop_s == NEVER else min(drawn_ms(stop_s, rng), left_ms)
        ends.append(Ending(ran_ms, ran_ms + stops_ms))
    return Ending(ends[0].term_ms, max(end.exit_ms for end in ends))


def _hook_ms(pod: Object, hook: Object, rng: Random) -> float:
    """How long a hook would run if nobody stopped it."""
    said = stated(pod, "pre-stop-s")
    if said is not None:
        return said if said == NEVER else drawn_ms(said, rng)
    slept_s = _slept_s(hook)
    if slept_s is not None:
        return slept_s * 1_000
    shortest_s, longest_s = HOOK_S
    return float(1_000 * shortest_s * (longest_s / shortest_s) ** rng.random())


def _slept_s(hook: Object) -> float | None:
    """The seconds of a hook that does nothing but sleep, None for any other."""
    if "sleep" in hook:
        return float(hook["sleep"].get("seconds", 0))
    return sleep_s([str(word) for word in (hook.get("exec") or {}).get("command") or ()])
