"""Automata against RE2 itself, and their bounds."""

import random

import pytest

from underway.ingress.equivalence.automata import Automaton, TooComplex, words_of
from underway.ingress.matchers.expressions import compiled

PATTERNS = [
    "^/x(/|$)(.*)",
    "(?i)^/item/[0-9]+",
    "a|b$",
    "^(?:/a.*)$",
    "^/(a+)+$",
    "^/a{2,3}b?",
    "/[^/]+/x",
    "^/(foo|bar)?/baz",
    r"^/[a-c-]\d\.js",
    "x{0,2}y+?",
    "^$|z",
    "^/[[:digit:]x]{2,}$",
    r"^/\w+\W",
    "^/(?P<name>a)(?:b)*",
    "a{,2}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ignore_case", [False, True])
def test_an_automaton_finds_what_re2_finds(pattern: str, ignore_case: bool) -> None:
    automaton, expression = Automaton(pattern, ignore_case), compiled(pattern, ignore_case)
    rng = random.Random(7)
    for _ in range(400):
        word = rng.choice(["", "/", "/x", "/item/", "/foo"]) + "".join(rng.choices("ab/xyzfo01.jsABX-", k=rng.randint(0, 8)))
        state = automaton.start
        for character in word:
            state = automaton.step(state, character)
        assert automaton.accepts(state) == (expression.search(word) is not None), word


def test_words_meet_every_combination_that_can_hold() -> None:
    words = words_of([Automaton("^/a"), Automaton("^/ab"), Automaton("b$")], 100_000)
    assert words.complete
    held = {(word.startswith("/a"), word.startswith("/ab"), word.endswith("b")) for word in words.words}
    assert held == {
        (False, False, False),
        (False, False, True),
        (True, False, False),
        (True, False, True),
        (True, True, False),
        (True, True, True),
    }


def test_words_that_a_proxy_would_read_as_others_are_left_out() -> None:
    words = words_of([Automaton("^/(foo)?/baz"), Automaton(r"/\.\.")], 100_000)
    assert "/foo/baz" in words.words
    assert not any("//" in word or word.endswith("/..") for word in words.words)


def test_where_steps_do_not_suffice_each_automaton_still_has_its_word() -> None:
    words = words_of([Automaton(f"^/{name}/[0-9]+/x") for name in ("first", "second", "third")], 2000)
    assert not words.complete
    assert {"/first/0/x", "/second/0/x", "/third/0/x"} <= set(words.words)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("((a{1,100}){1,100}){1,100}", "more than 4000 states"),
        ("a{1,2000}", "more than 1000 repetitions"),
        ("(" * 200 + "a" + ")" * 200, "nested more than 100 deep"),
        ("(?=a)", r"group '\(\?=a' is not decided"),
        ("(?<!a)b", "is not decided"),
        ("a*+", "possessive"),
        (r"(a)\1", r"escape \\1 is not decided"),
        (r"\bx", r"escape \\b is not decided"),
        ("[a", "a bracket that is not closed"),
        ("(a", "a group that is not closed"),
        ("a)", "a bracket that closes nothing"),
        ("*a", "nothing to repeat"),
        ("[[:nonsense:]]", "is not decided"),
        (r"[a-\d]", "a range that ends in a class"),
    ],
)
def test_what_is_not_decided_says_why(pattern: str, why: str) -> None:
    with pytest.raises(TooComplex, match=why):
        Automaton(pattern)
