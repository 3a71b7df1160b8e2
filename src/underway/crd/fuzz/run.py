"""A run of so many rounds: which law each tries, what it found, and the smallest object that shows it.

Owns the mixture of laws and the end of a run: each way of going wrong (law, versions, place) is reported once, with the first
object that showed it, made small. The same seed gives the same run.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from underway.crd.conversion import Conversions
from underway.crd.fuzz import laws
from underway.crd.fuzz.draw import objects
from underway.crd.fuzz.laws import Broken
from underway.crd.fuzz.possible import possible
from underway.crd.fuzz.shrink import shrunk
from underway.crd.fuzz.validity import Validity

if TYPE_CHECKING:
    from random import Random

Object = dict[str, Any]
Way = tuple[str, str, str, str]
COUNTEREXAMPLES_MAX = 40
EDIT_AT = 0.25  # how often a round edits
VALID_AT = 0.1  # how often a round asks for validity,
VALID_ROUNDS_MAX = 200  # but in so many rounds of a run at most: validation takes ten times as long as conversion


class Counterexample(msgspec.Struct, frozen=True):
    """One way in which conversions go wrong.

    round: in which it was seen first; object: the smallest found; got: after; beside: values of enums that stand beside what
    went wrong, as "type=Integer": another type is another way.
    """

    law: str
    path: str
    reason: str
    round: int
    object: Object
    got: Any = None
    beside: str = ""

    @property
    def way(self) -> Way:
        """What makes two counterexamples the same: the law, the versions and the place, whatever the values."""
        return self.law, self.path, _place(self.reason), self.beside


class Report(msgspec.Struct, frozen=True):
    """What a run found.

    by_law: rounds by law that was tried; never_valid: versions of which no object was drawn that their own schema takes.
    """

    rounds: int
    seed: int
    counterexamples: tuple[Counterexample, ...]
    by_law: dict[str, int]
    never_valid: tuple[str, ...] = ()


class Fuzz:
    """A run over the conversions of one kind. rng_of: the dice for a seed (`random.Random`), which the pure half may not make."""

    def __init__(self, conversions: Conversions, rng_of: "Callable[[int], Random]") -> None:
        self._conversions, self._rng_of = conversions, rng_of
        versions = conversions.versions
        self._draws = {
            version: objects(schema, f"{versions.group}/{version}", versions.kind) for version, schema in versions.schemas.items()
        }
        self._enums = frozenset(pair for schema in versions.schemas.values() for pair in _enums(schema))
        self._possible = {version: possible(schema) for version, schema in versions.schemas.items()}
        self._validity = Validity(conversions.crd)
        self._spokes = tuple(spoke.version for spoke in conversions.spokes)
        hub = conversions.hub
        pairs = [(spoke, hub) for spoke in self._spokes] + [(hub, spoke) for spoke in self._spokes]
        pairs += [(one, other) for one in self._spokes for other in self._spokes if one != other]
        self._pairs = tuple(pairs)

    def run(self, rounds: int, seed: int, done: Callable[[int], None] = lambda _: None) -> Report:
        """Play so many rounds. done: told now and then how many are over."""
        rng = self._rng_of(seed)
        found: dict[Way, Counterexample] = {}
        tried: dict[str, int] = {}
        valid: dict[str, bool] = {}
        pairs, random = self._pairs, rng.random
        validity_below = EDIT_AT + min(VALID_AT, VALID_ROUNDS_MAX / rounds)
        for number in range(rounds):
            source, through = pairs[int(random() * len(pairs))]
            value = self._draws[source](rng)
            luck = random()
            law, again = "round trip", partial(laws.round_trip, self._conversions, through=through)
            if luck < EDIT_AT:
                law, again = "edit", partial(self._edit, through=through, number=seed * 1_000_003 + number)
            elif luck < validity_below:
                sound = self._validity.drawn(value, self._draws[source], rng)
                valid[source] = valid.get(source, False) or sound is not None
                if sound is not None:
                    value, law, again = sound, "validity", partial(self._stays_valid, through=through)
            broken = again(value)
            tried[law] = tried.get(law, 0) + 1
            if broken is not None and len(found) < COUNTEREXAMPLES_MAX:
                self._note(found, broken, value, number, again)
            if number % 5_000 == 4_999:
                done(number + 1)
        never = tuple(sorted(version for version, sound in valid.items() if not sound))
        return Report(rounds, seed, tuple(found.values()), tried, never)

    def _edit(self, value: Object, through: str, number: int) -> Broken | None:
        """Dice of its own, so that shrinking can throw the same ones again."""
        rng = self._rng_of(number)
        return laws.edit(self._conversions, value, through, self._draws[through](rng), rng)

    def _stays_valid(self, value: Object, through: str) -> Broken | None:
        """An object that is not valid where it comes from shows nothing."""
        if self._validity.of_new(value) is not None:
            return None
        return laws.validity(self._conversions, self._validity, value, through)

    def _note(
        self,
        found: dict[Way, Counterexample],
        broken: Broken,
        value: Object,
        number: int,
        again: Callable[[Object], Broken | None],
    ) -> None:
        """Keep the first of each way of going wrong, made small. again: tries an object as the round did."""
        way = self._way(broken)
        if way in found:
            return
        could_be = self._possible[value["apiVersion"].rpartition("/")[2]]

        def still(candidate: Object) -> bool:
            if not could_be(candidate):
                return False
            now = again(candidate)
            return now is not None and self._way(now) == way

        smallest = shrunk(value, still)
        final = again(smallest) or broken
        shown = final.wanted if final.law == "edit" else smallest
        found[way] = Counterexample(final.law, final.path, final.reason, number + 1, shown, final.got, way[3])

    def _way(self, broken: Broken) -> Way:
        """What makes two failures the same: the law, the versions, the place, and the enums beside it."""
        above, _, field = _exact(broken.reason).rpartition(".")
        beside = _inside(broken.wanted, above)
        named = (
            f"{key}={value}"
            for key, value in sorted(beside.items())
            if key != field and isinstance(value, str) and (key, value) in self._enums
        )
        return broken.law, broken.path, _place(broken.reason), " ".join(named)


def _inside(value: Any, path: str) -> Object:
    """The object at a path such as spec.inputs[0], {} if there is none."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _exact(reason: str) -> str:
    """The path at the beginning of a reason."""
    return re.split(r" was | should | is lost| appeared|: ", reason)[0]


def _place(reason: str) -> str:
    """The path without the places of items: wherever it is in a list, it is the same failure."""
    return re.sub(r"\[\d+\]", "[]", re.split(r" was | should |; it was|: ", reason)[0])


def _enums(schema: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All values of enums, with the names of their fields."""
    if not isinstance(schema, Mapping):
        return
    yield from ((name, value) for value in schema.get("enum") or () if isinstance(value, str))
    for key, child in (schema.get("properties") or {}).items():
        yield from _enums(child, key)
    for key in ("items", "additionalProperties"):
        yield from _enums(schema.get(key), name)
