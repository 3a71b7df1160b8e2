"""How a simulated application behaves, written as annotations of its pods: data, not code.

sim.underway.dev/start-s     container creation to running (image, init)           default 4
sim.underway.dev/ready-s     running to Ready                                      default 4
sim.underway.dev/pre-stop-s  a preStop hook, or "never": it ends with the grace    default: see `termination`
sim.underway.dev/stop-s      SIGTERM to exit; "never" waits for SIGKILL            default 1
sim.underway.dev/run-s       for Jobs: how long the work takes                     default 60
sim.underway.dev/save-s      for Jobs: how long a checkpoint takes                    default: it never answers
sim.underway.dev/rps         for Services: requests a second                       default 0
sim.underway.dev/work-ms     for Services: median time of one request              default 20
"""

from random import Random
from typing import Any

PREFIX = "sim.underway.dev/"
NEVER = float("inf")
DEFAULTS = {"start-s": 4.0, "ready-s": 4.0, "stop-s": 1.0, "run-s": 60.0, "rps": 0.0, "work-ms": 20.0}


def parameter(value: dict[str, Any], name: str) -> float:
    """One parameter of an object, in its own unit."""
    said = stated(value, name)
    return DEFAULTS[name] if said is None else said


def stated(value: dict[str, Any], name: str) -> float | None:
    """One parameter of an object, None where the object does not name it."""
    text = (value["metadata"].get("annotations") or {}).get(PREFIX + name)
    if text is None:
        return None
    return NEVER if text == "never" else float(text)


def drawn_ms(mean_s: float, rng: Random) -> int:
    """A duration around its mean, in milliseconds: up to a quarter more or less."""
    return round(mean_s * 1_000 * rng.uniform(0.75, 1.25))
