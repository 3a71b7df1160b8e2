"""A fuzz run over several processes, and its findings as YAML: shared by the command and the pytest plugin.

Rounds are cut into shards of a fixed size, each with a seed of its own drawn from the run's: however many processes there are,
the same seed finds the same.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec

from underway.crd.conversion import Conversions
from underway.crd.fuzz import Counterexample, Fuzz, Report

SHARD = 25_000
PRIME = 1_000_003  # keeps the shards of neighbouring seeds apart


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """What a run found. never_valid: versions of which no valid object was drawn; seconds: of the whole run."""

    rounds: int
    seed: int
    counterexamples: tuple[Counterexample, ...]
    by_law: dict[str, int]
    never_valid: tuple[str, ...]
    seconds: float


def shards(rounds: int, seed: int) -> list[tuple[int, int, int]]:
    """First round, rounds and seed of each shard."""
    starts = range(0, rounds, SHARD)
    return [(start, min(SHARD, rounds - start), seed * PRIME + number) for number, start in enumerate(starts)]


def run(spec: str, place: int, rounds: int, seed: int, processes: int, progress: Callable[[int], None]) -> Outcome:
    """Fuzz the conversions that MODULE:CONVERSIONS names; place: which of them. progress: told how many rounds are over."""
    begun_s = time.monotonic()
    tasks = [(spec, place, *shard) for shard in shards(rounds, seed)]
    reports = []
    if processes == 1 or len(tasks) == 1:
        results: Iterator[tuple[int, Report]] = map(_shard, tasks)
        reports = list(_counted(results, progress))
    else:
        with multiprocessing.get_context("spawn").Pool(min(processes, len(tasks))) as pool:
            reports = list(_counted(pool.imap(_shard, tasks), progress))
    return _together(reports, rounds, seed, time.monotonic() - begun_s)


def run_here(conversions: Conversions, rounds: int, seed: int) -> Outcome:
    """Fuzz conversions in this process."""
    begun_s = time.monotonic()
    fuzz = Fuzz(conversions, Random)
    reports = [(start, fuzz.run(count, own)) for start, count, own in shards(rounds, seed)]
    return _together(reports, rounds, seed, time.monotonic() - begun_s)


def _shard(task: tuple[str, int, int, int, int]) -> tuple[int, Report]:
    from underway.web.declared import conversions

    spec, place, start, rounds, seed = task
    return start, Fuzz(conversions(spec)[place], Random).run(rounds, seed)


def _counted(results: Iterator[tuple[int, Report]], progress: Callable[[int], None]) -> Iterator[tuple[int, Report]]:
    over = 0
    for start, report in results:
        over += report.rounds
        progress(over)
        yield start, report


def _together(reports: list[tuple[int, Report]], rounds: int, seed: int, seconds: float) -> Outcome:
    found: dict[tuple[str, ...], Counterexample] = {}
    by_law: dict[str, int] = {}
    for start, report in reports:
        for law, count in report.by_law.items():
            by_law[law] = by_law.get(law, 0) + count
        for one in report.counterexamples:
            found.setdefault(one.way, msgspec.structs.replace(one, round=start + one.round))
    never = set.intersection(*(set(report.never_valid) for _, report in reports))
    return Outcome(rounds, seed, tuple(found.values()), by_law, tuple(sorted(never)), round(seconds, 3))


def as_yaml(one: Counterexample) -> str:
    """A counterexample for people: what went wrong as a comment, the object as it can be applied."""
    import yaml

    lines = [f"# {one.law}: {one.path}", f"# {one.reason} (round {one.round})"]
    text = yaml.safe_dump(one.object, sort_keys=False, allow_unicode=True)
    if one.got is not None:
        got = yaml.safe_dump(one.got, sort_keys=False, allow_unicode=True)
        text += "".join(f"# {line}\n" for line in ["became:", *got.splitlines()])
    return "\n".join(lines) + "\n" + text


def plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as data."""
    value: dict[str, Any] = msgspec.to_builtins(outcome)
    return value
