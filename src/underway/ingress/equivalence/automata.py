"""Regular expressions as automata over the characters of paths, so that a finite number of words stands for all of them.

Owns the parser (RE2 and PCRE where both agree), the automaton of one expression and the product of many. Everything is bounded:
an expression, its automaton and the product may be too large, and then that is the answer.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~!$&'()*+,;=:@"  # of paths, without "%"
STATES_MAX = 4000  # of one expression: x{1000} has a thousand
REPEATS_MAX = 1000  # RE2's own limit
DEPTH_MAX = 100
UNUSUAL = r"//|/\.\.?(/|$)"  # paths that proxies normalise before they look at them
_CLASSES = {"d": "0123456789", "w": ALPHABET[:62] + "_", "s": ""}
_POSIX = {
    "alnum": ALPHABET[:62],
    "alpha": ALPHABET[:52],
    "digit": _CLASSES["d"],
    "lower": ALPHABET[:26],
    "upper": ALPHABET[26:52],
    "word": _CLASSES["w"],
}
_ALL = frozenset(ALPHABET)


class TooComplex(Exception):
    """Why an expression or a set of them is not decided by automata."""


class Nfa:
    """States with edges on characters, and edges without: plain, only at the beginning (^), only at the end ($)."""

    def __init__(self) -> None:
        self.moves: list[list[tuple[frozenset[str], int]]] = []
        self.empty: list[list[int]] = []
        self.begins: list[list[int]] = []
        self.ends: list[list[int]] = []
        self.start, self.accept = 0, 0

    def state(self) -> int:
        """A new state."""
        if len(self.moves) >= STATES_MAX:
            raise TooComplex(f"an automaton of more than {STATES_MAX} states")
        for edges in (self.moves, self.empty, self.begins, self.ends):
            edges.append([])
        return len(self.moves) - 1

    def closure(self, states: Iterable[int], at_begin: bool, at_end: bool) -> frozenset[int]:
        """The states that are reached without reading."""
        seen, open_ = set(states), list(states)
        while open_:
            state = open_.pop()
            following = self.empty[state] + (self.begins[state] if at_begin else []) + (self.ends[state] if at_end else [])
            for other in following:
                if other not in seen:
                    seen.add(other)
                    open_.append(other)
        return frozenset(seen)


class _Parser:
    """Builds an Nfa by recursive descent. Each method takes the entry state and returns the exit."""

    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.pattern, self.at, self.ignore_case = pattern, 0, ignore_case
        self.nfa = Nfa()
        self.depth = 0

    def peek(self) -> str:
        return self.pattern[self.at] if self.at < len(self.pattern) else ""

    def alternatives(self, entry: int) -> int:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise TooComplex(f"groups nested more than {DEPTH_MAX} deep")
        exit_ = self.nfa.state()
        while True:
            start = self.nfa.state()
            self.nfa.empty[entry].append(start)
            self.nfa.empty[self.sequence(start)].append(exit_)
            if self.peek() != "|":
                break
            self.at += 1
        self.depth -= 1
        return exit_

    def sequence(self, entry: int) -> int:
        while self.peek() not in ("", "|", ")"):
            begin = self.at
            following = self.atom(entry)
            entry = self.quantified(entry, following, begin)
        return entry

    def quantified(self, entry: int, following: int, begin: int) -> int:
        """Apply the quantifier that follows the atom between `begin` and here."""
        end = self.at
        low, high = self.quantifier()
        if (low, high) == (1, 1):
            return following
        after = self.at
        if self.peek() == "?":
            after += 1  # lazy: the same language
        elif self.peek() == "+":
            raise TooComplex("possessive quantifiers are not decided")
        first, last = self.nfa.state(), self.nfa.state()
        self.nfa.empty[entry] = [first]
        self.nfa.moves[entry], self.nfa.begins[entry], self.nfa.ends[entry] = [], [], []
        at = first
        for _ in range(low):
            at = self.again(at, begin, end)
        if high is None:
            loop = self.nfa.state()
            self.nfa.empty[at].append(loop)
            self.nfa.empty[self.again(loop, begin, end)].append(loop)
            at = loop
        else:
            for _ in range(high - low):
                self.nfa.empty[at].append(last)
                at = self.again(at, begin, end)
        self.nfa.empty[at].append(last)
        self.at = after
        return last

    def again(self, entry: int, begin: int, end: int) -> int:
        """Parse the atom once more."""
        at, self.at = self.at, begin
        inner = self.nfa.state()
        self.nfa.empty[entry].append(inner)
        exit_ = self.atom(inner)
        if self.at != end:
            raise TooComplex("an atom that reads differently the second time")
        self.at = at
        return exit_

    def quantifier(self) -> tuple[int, int | None]:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.peek() in simple:
            self.at += 1
            return simple[self.pattern[self.at - 1]]
        close = self.pattern.find("}", self.at)
        if self.peek() != "{" or close < 0:
            return 1, 1
        low, comma, high = self.pattern[self.at + 1 : close].partition(",")
        if not low.isdigit() or not (high.isdigit() or not high):
            return 1, 1  # a brace that counts nothing is a brace
        bounds = int(low), (int(high) if high else None) if comma else int(low)
        if max(bounds[0], bounds[1] or 0) > REPEATS_MAX:
            raise TooComplex(f"more than {REPEATS_MAX} repetitions")
        self.at = close + 1
        return bounds

    def atom(self, entry: int) -> int:
        character = self.peek()
        self.at += 1
        exit_ = self.nfa.state()
        if character == "(":
            self.group_start()
            inner = self.nfa.state()
            self.nfa.empty[entry].append(inner)
            self.nfa.empty[self.alternatives(inner)].append(exit_)
            if self.peek() != ")":
                raise TooComplex("a group that is not closed")
            self.at += 1
        elif character in "^$":
            (self.nfa.begins if character == "^" else self.nfa.ends)[entry].append(exit_)
        elif character in "*+?":
            raise TooComplex(f"nothing to repeat before {character!r}")
        else:
            self.nfa.moves[entry].append((self.characters(character), exit_))
        return exit_

    def group_start(self) -> None:
        if self.peek() != "?":
            return
        for opening in ("?:", "?P<", "?<"):
            if self.pattern.startswith(opening, self.at) and not self.pattern.startswith(("?<=", "?<!"), self.at):
                self.at = self.at + 2 if opening == "?:" else self.pattern.find(">", self.at) + 1
                return
        raise TooComplex(f"group {self.pattern[self.at - 1 : self.at + 3]!r} is not decided")

    def characters(self, character: str) -> frozenset[str]:
        """The set that one character of the pattern stands for."""
        if character == ".":
            return _ALL
        if character == "[":
            return self.bracket()
        if character == "\\":
            return self.cased(self.escape())
        return self.cased(frozenset(character))

    def cased(self, found: frozenset[str]) -> frozenset[str]:
        if not self.ignore_case:
            return found
        return frozenset(other for one in found for other in (one.lower(), one.upper()))

    def escape(self) -> frozenset[str]:
        character = self.peek()
        self.at += 1
        if character.lower() in _CLASSES and character:
            found = frozenset(_CLASSES[character.lower()])
            return found if character.islower() else _ALL - found
        if not character or character.isalnum():
            raise TooComplex(f"escape \\{character} is not decided")
        return frozenset(character)

    def bracket(self) -> frozenset[str]:
        negated = self.peek() == "^"
        self.at += negated
        found: set[str] = set()
        first = True
        while self.peek() != "]" or first:
            if not self.peek():
                raise TooComplex("a bracket that is not closed")
            first = False
            if self.pattern.startswith("[:", self.at):
                close = self.pattern.find(":]", self.at)
                name = self.pattern[self.at + 2 : close]
                if name not in _POSIX:
                    raise TooComplex(f"class [:{name}:] is not decided")
                found |= set(_POSIX[name])
                self.at = close + 2
                continue
            found |= self.range()
        self.at += 1
        cased = self.cased(frozenset(found))
        return _ALL - cased if negated else cased

    def range(self) -> set[str]:
        low = self.item()
        if self.peek() != "-" or self.pattern[self.at + 1 : self.at + 2] in ("]", "") or len(low) != 1:
            return set(low)
        self.at += 1
        high = self.item()
        if len(high) != 1:
            raise TooComplex("a range that ends in a class")
        return {chr(code) for code in range(ord(min(low)), ord(min(high)) + 1)}

    def item(self) -> frozenset[str]:
        character = self.peek()
        self.at += 1
        return self.escape() if character == "\\" else frozenset(character)


class Automaton:
    """One expression as a deterministic automaton, made as far as it is walked. Its language is searched for, not matched whole:
    what is matched whole begins with ^ and ends with $."""

    def __init__(self, pattern: str, ignore_case: bool = False) -> None:
        flagged = pattern.startswith("(?i)")
        parser = _Parser(pattern.removeprefix("(?i)"), ignore_case or flagged)
        nfa = parser.nfa
        nfa.start = nfa.state()
        nfa.accept = parser.alternatives(nfa.start)
        if parser.at != len(parser.pattern):
            raise TooComplex("a bracket that closes nothing")
        self._nfa = nfa
        self._restart = nfa.closure((nfa.start,), at_begin=False, at_end=False)
        self.start = self._sticky(nfa.closure((nfa.start,), at_begin=True, at_end=False))
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._accepts: dict[frozenset[int], bool] = {}

    def sets(self) -> Iterator[frozenset[str]]:
        """The sets of characters that it tells apart."""
        for moves in self._nfa.moves:
            for characters, _ in moves:
                yield characters

    def _sticky(self, states: frozenset[int]) -> frozenset[int]:
        """Once found, found for ever: all such states are one."""
        return frozenset({self._nfa.accept}) if self._nfa.accept in states else states

    def step(self, states: frozenset[int], character: str) -> frozenset[int]:
        """The state after a character."""
        key = states, character
        found = self._steps.get(key)
        if found is None:
            nfa = self._nfa
            if nfa.accept in states:
                found = states
            else:
                reached = {other for state in states for characters, other in nfa.moves[state] if character in characters}
                found = self._sticky(nfa.closure(reached, at_begin=False, at_end=False) | self._restart)
            self._steps[key] = found
        return found

    def accepts(self, states: frozenset[int]) -> bool:
        """Whether the word that leads here is in the language."""
        found = self._accepts.get(states)
        if found is None:
            found = self._accepts[states] = self._nfa.accept in self._nfa.closure(states, at_begin=False, at_end=True)
        return found


class Words(NamedTuple):
    """Words that stand for all. complete: every combination of expressions that can hold together is among them; steps: spent."""

    words: tuple[str, ...]
    complete: bool
    steps: int


def words_of(automata: list[Automaton], steps_max: int, first: str = "/", each: int = 2) -> Words:
    """One word or more (`each`) for every combination of the automata that some word beginning with `first` has.

    The product is walked breadth first, so that words are short. steps_max: single steps of single automata; where they do not
    suffice, there is at least a word of each automaton. Words that a proxy reads as other ones (empty elements, dots) are left
    out.
    """
    alone = (
        [words_of([automaton], steps_max // len(automata), first, each) for automaton in automata] if len(automata) > 1 else []
    )
    spent = sum(one.steps for one in alone)
    automata = [*automata, Automaton(UNUSUAL)]
    alphabet = _representatives(automata)
    start = tuple(automaton.start for automaton in automata)
    for character in first:
        start = tuple(automaton.step(state, character) for automaton, state in zip(automata, start, strict=True))
    seen = {start}
    queue = [(start, first)]
    found: dict[tuple[bool, ...], list[str]] = {}
    steps, complete = spent, True
    for state, word in queue:
        signature = tuple(map(Automaton.accepts, automata, state))
        listed = found.setdefault(signature, [])
        if len(listed) < each and not signature[-1]:
            listed.append(word)
        if steps > steps_max:
            complete = False
            continue
        for character in alphabet:
            steps += len(automata)
            following = tuple(map(Automaton.step, automata, state, character * len(automata)))
            if following not in seen:
                seen.add(following)
                queue.append((following, word + character))
    listed = [word for words in found.values() for word in words]
    return Words(tuple(dict.fromkeys([*listed, *(word for one in alone for word in one.words)])), complete, steps)


def _representatives(automata: list[Automaton]) -> str:
    """One character of every set that the automata cannot tell apart."""
    sets = {characters for automaton in automata for characters in automaton.sets()}
    by_signature: dict[tuple[bool, ...], str] = {}
    for character in ALPHABET:
        by_signature.setdefault(tuple(character in characters for characters in sets), character)
    return "".join(by_signature.values())
